import { clamp, rotationBetween } from '../../src/core/geometry.ts';
import { solveSymmetric } from './cholesky.ts';
import type { Physics } from './mujoco.ts';

/**
 * The robot's own servo: Cartesian impedance about the peg's tip at the physics rate, after SERL's controller
 * (serl_franka_controllers, cartesian_impedance_controller.cpp). The pose error is clipped *here*, in the real-time
 * loop, so that the contact force stays near K·Δ whatever is commanded.
 *
 *   e = clip(x_d − x, ±Δ) ;  τ = Jᵀ(K e − D J q̇) + (I − JᵀJ̄ᵀ)(k₀(q₀ − q) − d₀ q̇) + bias ;  |Δτ| ≤ rate·dt
 */
const CLIP_POSITION = 0.01;
const CLIP_ROTATION = 0.1;
const DAMPING_RATIO = 2;
/** Apparent mass and inertia at the tip, for the damping: D = 2ζ√(K·m). */
const APPARENT_MASS = 3;
const APPARENT_INERTIA = 0.15;
const NULLSPACE_STIFFNESS = 10;
const NULLSPACE_DAMPING = 5;
/** Nm/s on every joint (FR3). */
const TORQUE_RATE = 1000;
const REGULARISATION = 1e-6;

export class ImpedanceController {
  /** `[x y z qx qy qz qw kt kr]`, m, N/m, Nm/rad. */
  readonly setpoint = new Float64Array(9);
  readonly #n: number;
  readonly #effort: Float64Array;
  readonly #rest: Float64Array;
  readonly #torque: Float64Array;
  readonly #jacobian: Float64Array;
  readonly #error = new Float64Array(6);
  readonly #wrench = new Float64Array(6);
  readonly #gram = new Float64Array(36);
  readonly #solve = new Float64Array(6);
  readonly #null: Float64Array;

  /** `effort`: largest joint torques, Nm. `rest`: joint posture that the null space prefers, rad. */
  constructor(effort: Float64Array, rest: Float64Array) {
    this.#n = effort.length;
    this.#effort = effort;
    this.#rest = rest;
    this.#torque = new Float64Array(this.#n);
    this.#jacobian = new Float64Array(6 * this.#n);
    this.#null = new Float64Array(this.#n);
  }

  /** Takes the gravity torques as the torque in force: no transient after a reset. */
  reset(physics: Physics): void {
    this.#torque.set(physics.bias);
    physics.applied.set(this.#torque);
  }

  /** Takes the torques in force from a measurement, Nm: what comes next changes from there. */
  resume(effort: Float64Array): void {
    for (let j = 0; j < this.#n; j++) this.#torque[j] = clamp(effort[j]!, -this.#effort[j]!, this.#effort[j]!);
  }

  /** Writes the joint torques for the state after `step1`. `pose`: measured tip pose `[x y z qx qy qz qw]`. */
  apply(physics: Physics, site: number, pose: Float64Array): void {
    const n = this.#n;
    const J = this.#jacobian;
    physics.jacobian(site, J);
    const qvel = physics.qvel;
    const kt = this.setpoint[7]!;
    const kr = this.setpoint[8]!;
    const dt = 2 * DAMPING_RATIO * Math.sqrt(kt * APPARENT_MASS);
    const dr = 2 * DAMPING_RATIO * Math.sqrt(kr * APPARENT_INERTIA);
    const e = this.#error;
    for (let i = 0; i < 3; i++) e[i] = clamp(this.setpoint[i]! - pose[i]!, -CLIP_POSITION, CLIP_POSITION);
    rotationBetween(pose, 3, this.setpoint, 3, e, 3);
    for (let i = 3; i < 6; i++) e[i] = clamp(e[i]!, -CLIP_ROTATION, CLIP_ROTATION);
    for (let r = 0; r < 6; r++) {
      let v = 0;
      for (let j = 0; j < n; j++) v += J[r * n + j]! * qvel[j]!;
      this.#wrench[r] = r < 3 ? kt * e[r]! - dt * v : kr * e[r]! - dr * v;
    }
    this.#nullspace(physics, J);
    const bias = physics.bias;
    const applied = physics.applied;
    const step = TORQUE_RATE * physics.timestep;
    for (let j = 0; j < n; j++) {
      let tau = this.#null[j]! + bias[j]!;
      for (let r = 0; r < 6; r++) tau += J[r * n + j]! * this.#wrench[r]!;
      tau = clamp(tau, -this.#effort[j]!, this.#effort[j]!);
      tau = clamp(tau, this.#torque[j]! - step, this.#torque[j]! + step);
      this.#torque[j] = tau;
      applied[j] = tau;
    }
  }

  /** Posture torque projected off the task: τ₀ − Jᵀ(JJᵀ + εI)⁻¹ J τ₀. */
  #nullspace(physics: Physics, J: Float64Array): void {
    const n = this.#n;
    const tau = this.#null;
    const qpos = physics.qpos;
    const qvel = physics.qvel;
    for (let j = 0; j < n; j++)
      tau[j] = NULLSPACE_STIFFNESS * (this.#rest[j]! - qpos[j]!) - NULLSPACE_DAMPING * qvel[j]!;
    const G = this.#gram;
    const x = this.#solve;
    for (let r = 0; r < 6; r++) {
      for (let c = 0; c <= r; c++) {
        let s = r === c ? REGULARISATION : 0;
        for (let j = 0; j < n; j++) s += J[r * n + j]! * J[c * n + j]!;
        G[r * 6 + c] = s;
        G[c * 6 + r] = s;
      }
      let b = 0;
      for (let j = 0; j < n; j++) b += J[r * n + j]! * tau[j]!;
      x[r] = b;
    }
    solveSymmetric(G, x, 6);
    for (let j = 0; j < n; j++) for (let r = 0; r < 6; r++) tau[j] = tau[j]! - J[r * n + j]! * x[r]!;
  }
}
