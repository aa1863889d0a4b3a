import { norm3 } from '../../../src/core/geometry.ts';
import type { CartesianLimits } from './limits.ts';

export interface RecoveryOptions {
  /** m beyond the measured position that the setpoint is drawn to; bounded by Δ. */
  readonly reach: number;
  /** Share of the policy's speed. */
  readonly speedScale: number;
  /** Share of the stiffness range above its floor. */
  readonly stiffnessShare: number;
  /** Force below which its direction means nothing, N. */
  readonly forceFloor: number;
}

export const RECOVERY_DEFAULTS: RecoveryOptions = { reach: 0.005, speedScale: 0.5, stiffnessShare: 0.1, forceFloor: 2 };

/**
 * The recovery: retreat. Lift, and yield along the measured external force (the environment pushes the tool along +f, so
 * moving along +f unloads), with a soft spring and in the present orientation. Its aim passes the same filter as a
 * policy's; it has no authority of its own (facts/safety.md 4.1).
 */
export class Recovery {
  readonly options: RecoveryOptions;
  readonly #stiffness: number;
  readonly #reach: number;

  constructor(limits: CartesianLimits, options: RecoveryOptions = RECOVERY_DEFAULTS) {
    this.options = options;
    this.#reach = Math.min(options.reach, limits.reference);
    this.#stiffness = limits.stiffnessMin + options.stiffnessShare * (limits.stiffnessMax - limits.stiffnessMin);
  }

  /** Writes the aim: from the measured pose, away from contact. */
  aim(pose: Float64Array, force: Float64Array, last: Float64Array, out: Float64Array): void {
    // REAL-TIME: judged as a candidate in every tick with authority.
    const f = norm3(force, 0);
    const yieldTo = f > this.options.forceFloor ? 1 / f : 0;
    let x = force[0]! * yieldTo;
    let y = force[1]! * yieldTo;
    // A force from above must not turn the lift into a push downwards.
    let z = 1 + Math.max(0, force[2]! * yieldTo);
    const n = Math.sqrt(x * x + y * y + z * z);
    x /= n;
    y /= n;
    z /= n;
    out[0] = pose[0]! + x * this.#reach;
    out[1] = pose[1]! + y * this.#reach;
    out[2] = pose[2]! + z * this.#reach;
    for (let i = 3; i < 7; i++) out[i] = last[i]!;
    out[7] = Math.min(last[7]!, this.#stiffness);
    out[8] = last[8]!;
  }
}
