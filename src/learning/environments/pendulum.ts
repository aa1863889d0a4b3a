import { SeededRandom } from '../../core/random.ts';
import type { SteppedEnvironment, StepResult } from '../environment.ts';

const MAX_TORQUE = 2;
const MAX_SPEED = 8;
const TIMESTEP = 0.05;

/**
 * Pendulum-v1 of Gymnasium (classic_control/pendulum.py, MIT), its numbers: swing a rod of 1 kg and 1 m up and keep it there.
 *
 *   r = −(θ̄² + 0.1 θ̇² + 0.001 u²), of the state before the step ; θ̄ = θ wrapped to [−π, π)
 *   θ̇ ← clip(θ̇ + (15 sin θ + 3 u)·0.05, ±8) ;  θ ← θ + θ̇·0.05
 *
 * Observation [cos θ, sin θ, θ̇], θ = 0 upright. Action 1 is a torque of 2 Nm. Starts at θ in [−π, π), θ̇ in [−1, 1). It never
 * terminates: the value at the horizon has to be bootstrapped.
 */
export class Pendulum implements SteppedEnvironment {
  readonly name = 'pendulum';
  readonly observationSize = 3;
  readonly actionSize = 1;
  readonly horizon = 200;
  /** `[θ θ̇]`, rad and rad/s; may be written. */
  readonly state = new Float64Array(2);
  readonly #result = { reward: 0, cost: 0, terminated: false, success: false };

  reset(seed: number, observation: Float64Array): void {
    const random = new SeededRandom(seed).fork('pendulum');
    this.state[0] = random.range(-Math.PI, Math.PI);
    this.state[1] = random.range(-1, 1);
    this.#observe(observation);
  }

  step(action: Float64Array, observation: Float64Array): StepResult {
    const [angle, speed] = this.state as unknown as [number, number];
    const torque = Math.max(-1, Math.min(1, action[0]!)) * MAX_TORQUE;
    this.#result.reward = -(wrapped(angle) ** 2 + 0.1 * speed ** 2 + 0.001 * torque ** 2);
    const faster = speed + (15 * Math.sin(angle) + 3 * torque) * TIMESTEP;
    this.state[1] = Math.max(-MAX_SPEED, Math.min(MAX_SPEED, faster));
    this.state[0] = angle + this.state[1] * TIMESTEP;
    this.#observe(observation);
    return this.#result;
  }

  #observe(out: Float64Array): void {
    out[0] = Math.cos(this.state[0]!);
    out[1] = Math.sin(this.state[0]!);
    out[2] = this.state[1]!;
  }
}

/** The same angle in [−π, π), rad. */
function wrapped(angle: number): number {
  const turn = 2 * Math.PI;
  return ((((angle + Math.PI) % turn) + turn) % turn) - Math.PI;
}
