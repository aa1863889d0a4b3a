import { FORCE_FLOOR, retreat } from '../retreat.ts';
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

export const RECOVERY_DEFAULTS: RecoveryOptions = {
  reach: 0.005,
  speedScale: 0.5,
  stiffnessShare: 0.1,
  forceFloor: FORCE_FLOOR,
};

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
    retreat(force, this.options.forceFloor, out);
    for (let i = 0; i < 3; i++) out[i] = pose[i]! + out[i]! * this.#reach;
    for (let i = 3; i < 7; i++) out[i] = last[i]!;
    out[7] = Math.min(last[7]!, this.#stiffness);
    out[8] = last[8]!;
  }
}
