import { SeededRandom } from '../../core/random.ts';
import type { SteppedEnvironment, StepResult } from '../environment.ts';

const MAX_SPEED = 0.07;
const LEFT = -1.2;
const RIGHT = 0.6;
const GOAL = 0.45;

/**
 * MountainCarContinuous-v0 of Gymnasium (classic_control/continuous_mountain_car.py, MIT), its numbers: a car too weak for the hill.
 *
 *   v ← clip(v + 0.0015 f − 0.0025 cos 3x, ±0.07) ;  x ← clip(x + v, −1.2, 0.6) ;  v = 0 at the left wall
 *   r = 100 at the goal (x ≥ 0.45 and v ≥ 0, which ends it) − 0.1 f²
 *
 * Observation `[x v]`; the action is f. Starts at x in [−0.6, −0.4), at rest. Gymnasium rounds the state to 32 bits after each step.
 */
export class MountainCar implements SteppedEnvironment {
  readonly name = 'mountain-car';
  readonly observationSize = 2;
  readonly actionSize = 1;
  readonly horizon = 999;
  /** `[x v]`; may be written. */
  readonly state = new Float64Array(2);
  readonly #result = { reward: 0, cost: 0, terminated: false, success: false };

  reset(seed: number, observation: Float64Array): void {
    this.state[0] = new SeededRandom(seed).fork('mountain-car').range(-0.6, -0.4);
    this.state[1] = 0;
    observation.set(this.state);
  }

  step(action: Float64Array, observation: Float64Array): StepResult {
    const force = Math.max(-1, Math.min(1, action[0]!));
    let [x, v] = this.state as unknown as [number, number];
    v = Math.max(-MAX_SPEED, Math.min(MAX_SPEED, v + 0.0015 * force - 0.0025 * Math.cos(3 * x)));
    x = Math.max(LEFT, Math.min(RIGHT, x + v));
    if (x === LEFT && v < 0) v = 0;
    this.state[0] = x;
    this.state[1] = v;
    observation.set(this.state);
    const there = x >= GOAL && v >= 0;
    this.#result.reward = (there ? 100 : 0) - 0.1 * force ** 2;
    this.#result.terminated = there;
    this.#result.success = there;
    return this.#result;
  }
}
