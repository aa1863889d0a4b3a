import type { Physics } from './mujoco.ts';

/** Cut-off of the force filter, Hz: contact spikes of a millisecond are no violation. */
export const FORCE_FILTER_HZ = 30;

/**
 * The external wrench at the tip in the base frame, from the force-torque sensor between flange and tool.
 *
 * The sensor gives the force of the flange on the tool in its own frame: turned to the base frame it is the tool's
 * weight at rest, and less when the world pushes up. So external = weight − R·raw, and pressing down gives +z. The
 * moment is moved from the flange to the tip: T_tip = T − r × F. The tool's inertia stays in the signal, which is why
 * it is filtered (first order).
 */
export class WristSensor {
  /** `[fx fy fz tx ty tz]`, N and Nm, filtered. */
  readonly filtered = new Float64Array(6);
  readonly #sensor: number;
  readonly #tip: number;
  readonly #tool: number;
  readonly #weight: number;
  readonly #share: number;
  readonly #wrench = new Float64Array(6);

  constructor(physics: Physics, cutOffHz: number) {
    this.#sensor = physics.id('site', 'ft');
    this.#tip = physics.id('site', 'tip');
    this.#tool = physics.id('body', 'tool');
    this.#weight = -physics.gravity * physics.bodyMass[this.#tool]!;
    this.#share = physics.timestep / (physics.timestep + 1 / (2 * Math.PI * cutOffHz));
  }

  reset(): void {
    this.filtered.fill(0);
  }

  /** Goes on from a measured wrench, filtered as this one is. */
  resume(wrench: Float64Array): void {
    this.filtered.set(wrench);
  }

  /** Norm of the filtered force, N. */
  get force(): number {
    const f = this.filtered;
    return Math.sqrt(f[0]! * f[0]! + f[1]! * f[1]! + f[2]! * f[2]!);
  }

  /** Takes the sensor's value after a physics step. */
  update(physics: Physics): void {
    const raw = physics.sensors;
    const R = physics.siteRotation;
    const p = physics.sitePosition;
    const com = physics.bodyInertialPosition;
    const at = 9 * this.#sensor;
    const w = this.#wrench;
    for (let i = 0; i < 3; i++) {
      w[i] = -rotate(R, at, raw, 0, i);
      w[3 + i] = -rotate(R, at, raw, 3, i);
    }
    w[2] = w[2]! + this.#weight;
    // The weight also turns about the flange: r_com × (0, 0, m g).
    w[3] = w[3]! + rotate(R, at, com, 3 * this.#tool, 1) * this.#weight;
    w[4] = w[4]! - rotate(R, at, com, 3 * this.#tool, 0) * this.#weight;
    const rx = p[3 * this.#tip]! - p[3 * this.#sensor]!;
    const ry = p[3 * this.#tip + 1]! - p[3 * this.#sensor + 1]!;
    const rz = p[3 * this.#tip + 2]! - p[3 * this.#sensor + 2]!;
    w[3] = w[3]! - (ry * w[2]! - rz * w[1]!);
    w[4] = w[4]! - (rz * w[0]! - rx * w[2]!);
    w[5] = w[5]! - (rx * w[1]! - ry * w[0]!);
    const f = this.filtered;
    for (let i = 0; i < 6; i++) f[i] = f[i]! + this.#share * (w[i]! - f[i]!);
  }
}

/** Row `i` of the row-major 3×3 at `at`, times the vector at `from`. */
function rotate(R: Float64Array, at: number, v: Float64Array, from: number, i: number): number {
  return R[at + 3 * i]! * v[from]! + R[at + 3 * i + 1]! * v[from + 1]! + R[at + 3 * i + 2]! * v[from + 2]!;
}
