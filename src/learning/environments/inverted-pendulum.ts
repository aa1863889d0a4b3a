import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Physics } from '../../../bridges/mujoco/mujoco.ts';
import { packageRoot } from '../../core/paths.ts';
import { SeededRandom } from '../../core/random.ts';
import type { SteppedEnvironment, StepResult } from '../environment.ts';

const TIMESTEP = 0.02;
const FRAMES = 2;
const MAX_CONTROL = 3;
const MAX_ANGLE = 0.2;
const RESET_NOISE = 0.01;

/**
 * InvertedPendulum-v5 of Gymnasium (envs/mujoco/inverted_pendulum_v5.py, MIT), its numbers: keep a pole on a cart upright.
 *
 * Observation `[x θ ẋ θ̇]`, m and rad; action 1 is the control 3, 300 N on the cart, for 0.04 s. Reward 1 for each step after which |θ| ≤ 0.2;
 * beyond, or when a number is not finite, it ends with reward 0. Starts at U(−0.01, 0.01) in all four.
 */
export class InvertedPendulum implements SteppedEnvironment {
  readonly name = 'inverted-pendulum';
  readonly observationSize = 4;
  readonly actionSize = 1;
  readonly horizon = 1000;
  readonly #physics: Physics;
  readonly #result = { reward: 0, cost: 0, terminated: false, success: false };

  private constructor(physics: Physics) {
    this.#physics = physics;
  }

  static async load(): Promise<InvertedPendulum> {
    const model = readFileSync(join(packageRoot, 'configs/worlds/inverted-pendulum.xml'), 'utf8');
    return new InvertedPendulum(await Physics.load(model, TIMESTEP));
  }

  reset(seed: number, observation: Float64Array): void {
    const random = new SeededRandom(seed).fork('inverted-pendulum');
    const noise = () => random.range(-RESET_NOISE, RESET_NOISE);
    this.begin(Float64Array.of(noise(), noise()), Float64Array.of(noise(), noise()), observation);
  }

  /** Begins at a state of choice: `[x θ]` and its velocities. */
  begin(position: Float64Array, velocity: Float64Array, observation: Float64Array): void {
    const p = this.#physics;
    p.resetData();
    p.qpos.set(position);
    p.qvel.set(velocity);
    p.forward();
    this.#observe(observation);
  }

  step(action: Float64Array, observation: Float64Array): StepResult {
    this.#physics.control[0] = Math.max(-1, Math.min(1, action[0]!)) * MAX_CONTROL;
    for (let i = 0; i < FRAMES; i++) this.#physics.step();
    this.#observe(observation);
    const healthy = observation.every(Number.isFinite) && Math.abs(observation[1]!) <= MAX_ANGLE;
    this.#result.reward = healthy ? 1 : 0;
    this.#result.terminated = !healthy;
    return this.#result;
  }

  dispose(): void {
    this.#physics.dispose();
  }

  #observe(out: Float64Array): void {
    out.set(this.#physics.qpos, 0);
    out.set(this.#physics.qvel, 2);
  }
}
