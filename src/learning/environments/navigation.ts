import { type Random, SeededRandom } from '../../core/random.ts';
import type { SteppedEnvironment, StepResult } from '../environment.ts';

/** A closed box of the plane: `[x from, x to, y from, y to]`. */
export type Box = readonly [number, number, number, number];

/** Where the two tasks of Recovery RL have their obstacles. */
export const OBSTACLES = {
  1: [
    [-100, 150, 5, 10],
    [-100, -80, -10, 10],
    [-100, 150, -10, -5],
  ],
  2: [[-30, -20, -7.5, 7.5]],
} as const satisfies Record<1 | 2, readonly Box[]>;

const START = [-50, 0] as const;
const NOISE = 0.05;
const HORIZON = 100;
/** Distance from the goal, the origin, at which an episode has succeeded. */
export const GOAL_RADIUS = 4;

export interface NavigationOptions {
  map: 1 | 2;
  /** Steps of the environment in one decision: 1 as published; more, for a safety layer that looks in between. */
  controlSteps?: number;
}

/**
 * Navigation 1 and 2 of Recovery RL (Thananjeyan et al. 2021; env/navigation{1,2}.py, MIT), their numbers: a point that goes to the
 * origin past obstacles.
 *
 *   s' = s + clip(a, ±1) + 0.05·N(0, I), and s' = s inside an obstacle ;  r = −‖s‖, of the state before the step
 *   success ⇔ r > −4 ;  cost 1 ⇔ s' in an obstacle ;  both end the episode
 *
 * Observation (x, y), which starts at (−50, 0) + N(0, I). In map 2 the straight way always crashes and a detour always succeeds.
 *
 * With `controlSteps` k, a step is the k-th part of a decision: a/k, noise 0.05/√k, r/k and k times the horizon, so that k steps of one
 * action are one decision.
 */
export class Navigation implements SteppedEnvironment {
  readonly name: string;
  readonly observationSize = 2;
  readonly actionSize = 2;
  readonly horizon: number;
  /** (x, y); may be written. */
  readonly state = new Float64Array(2);
  readonly #obstacles: readonly Box[];
  readonly #part: number;
  readonly #noise: number;
  readonly #result = { reward: 0, cost: 0, terminated: false, success: false };
  #random: Random = new SeededRandom(0);

  constructor({ map, controlSteps = 1 }: NavigationOptions) {
    this.name = `navigation-${map}`;
    this.#obstacles = OBSTACLES[map];
    this.horizon = HORIZON * controlSteps;
    this.#part = 1 / controlSteps;
    this.#noise = NOISE * Math.sqrt(this.#part);
  }

  reset(seed: number, observation: Float64Array): void {
    this.begin(new SeededRandom(seed).fork('navigation'));
    for (let i = 0; i < 2; i++) this.state[i] = START[i]! + this.#random.normal();
    observation.set(this.state);
  }

  /** Takes its chance from `random` from now on; the state stays what it is. */
  begin(random: Random): void {
    this.#random = random;
  }

  step(action: Float64Array, observation: Float64Array): StepResult {
    const r = this.#result;
    const distance = Math.hypot(this.state[0]!, this.state[1]!);
    if (!this.inObstacle()) {
      for (let i = 0; i < 2; i++) {
        const a = Math.max(-1, Math.min(1, action[i]!)) * this.#part;
        this.state[i] = this.state[i]! + a + this.#noise * this.#random.normal();
      }
    }
    r.reward = -distance * this.#part;
    r.success = distance < GOAL_RADIUS;
    r.cost = this.inObstacle() ? 1 : 0;
    r.terminated = r.success || r.cost > 0;
    observation.set(this.state);
    return r;
  }

  inObstacle(): boolean {
    const [x, y] = this.state as unknown as [number, number];
    return this.#obstacles.some(([x0, x1, y0, y1]) => x0 <= x && x <= x1 && y0 <= y && y <= y1);
  }
}
