import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Physics } from '../../../bridges/mujoco/mujoco.ts';
import { packageRoot } from '../../core/paths.ts';
import { SeededRandom } from '../../core/random.ts';
import type { SteppedEnvironment, StepResult } from '../environment.ts';

const TIMESTEP = 0.01;
const FRAMES = 2;
/** m: targets are drawn from the disc of this radius. */
const REACH = 0.2;

/**
 * Reacher-v5 of Gymnasium (envs/mujoco/reacher_v5.py, MIT), its numbers: bring the tip of two links to a target.
 *
 *   r = −‖tip − target‖ − ‖a‖², of the state after the step
 *
 * Its docstring gives the control term the weight 0.1; its code has 1, and so has this. Observation `[cos θ₀, cos θ₁, sin θ₀, sin θ₁, target
 * x y, θ̇₀, θ̇₁, tip − target x y]`; action 1 is 200 Nm at a joint, for 0.02 s. Starts at θ in U(−0.1, 0.1), θ̇ in U(−0.005, 0.005), and the target
 * anywhere in a disc of 0.2 m. It never terminates.
 *
 * As in Gymnasium, the positions of the bodies are those that the physics last computed within its step.
 */
export class Reacher implements SteppedEnvironment {
  readonly name = 'reacher';
  readonly observationSize = 10;
  readonly actionSize = 2;
  readonly horizon = 50;
  readonly #physics: Physics;
  readonly #tip: number;
  readonly #target: number;
  readonly #result = { reward: 0, cost: 0, terminated: false, success: false };

  private constructor(physics: Physics) {
    this.#physics = physics;
    this.#tip = physics.id('body', 'fingertip');
    this.#target = physics.id('body', 'target');
  }

  static async load(): Promise<Reacher> {
    const model = readFileSync(join(packageRoot, 'configs/worlds/reacher.xml'), 'utf8');
    return new Reacher(await Physics.load(model, TIMESTEP));
  }

  reset(seed: number, observation: Float64Array): void {
    const random = new SeededRandom(seed).fork('reacher');
    const angles = [random.range(-0.1, 0.1), random.range(-0.1, 0.1)] as const;
    let goal: [number, number];
    do goal = [random.range(-REACH, REACH), random.range(-REACH, REACH)];
    while (Math.hypot(...goal) >= REACH);
    const speeds = [random.range(-0.005, 0.005), random.range(-0.005, 0.005)] as const;
    this.begin(Float64Array.of(...angles, ...goal), Float64Array.of(...speeds, 0, 0), observation);
  }

  /** Begins at a state of choice: `[θ₀ θ₁ target x y]` and its velocities. */
  begin(position: Float64Array, velocity: Float64Array, observation: Float64Array): void {
    const p = this.#physics;
    p.resetData();
    p.qpos.set(position);
    p.qvel.set(velocity);
    p.forward();
    this.#observe(observation);
  }

  step(action: Float64Array, observation: Float64Array): StepResult {
    const control = this.#physics.control;
    let effort = 0;
    for (let i = 0; i < 2; i++) {
      const a = Math.max(-1, Math.min(1, action[i]!));
      control[i] = a;
      effort += a * a;
    }
    for (let i = 0; i < FRAMES; i++) this.#physics.step();
    this.#observe(observation);
    this.#result.reward = -Math.hypot(observation[8]!, observation[9]!) - effort;
    return this.#result;
  }

  dispose(): void {
    this.#physics.dispose();
  }

  #observe(out: Float64Array): void {
    const { qpos, qvel, bodyPosition } = this.#physics;
    for (let i = 0; i < 2; i++) {
      out[i] = Math.cos(qpos[i]!);
      out[2 + i] = Math.sin(qpos[i]!);
      out[4 + i] = qpos[2 + i]!;
      out[6 + i] = qvel[i]!;
      out[8 + i] = bodyPosition[3 * this.#tip + i]! - bodyPosition[3 * this.#target + i]!;
    }
  }
}
