import type { SafeAction } from '../../src/core/signals.ts';

/** Commands without positions of their own reach none. */
export const NO_REACH: Float64Array = new Float64Array(0);

/** A SafeAction while it is being written: the brand comes with a cast in the gate, and nowhere else. */
export type ActionBuffer = { -readonly [K in keyof SafeAction as K extends string ? K : never]: SafeAction[K] };

export const makeActionBuffer = (setpointSize: number, leaseMs: number, reach = NO_REACH): ActionBuffer => ({
  setpoint: new Float64Array(setpointSize),
  reach,
  mode: 'BOOT',
  source: 'none',
  epoch: 0,
  seq: 0,
  stampNs: 0,
  expiresNs: 0,
  leaseMs,
  stateStampNs: 0,
});
