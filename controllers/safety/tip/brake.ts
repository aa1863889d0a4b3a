import { norm3 } from '../../../src/core/geometry.ts';
import { brakeVelocity } from '../joint/brake.ts';
import type { TipLimits, VectorLimits } from './limits.ts';
import type { TipMotion } from './motion.ts';

/**
 * The braking law of a tip: the next twist on the way to rest. Translation and rotation are slowed down each by itself and
 * along its own direction (joint/brake.ts): the one does not change where the other leads.
 *
 * @param gently within the jerk limits; else at full acceleration at once
 * @param dt s since the last command; in none, or less, nothing changes
 */
export function brakeTip(motion: TipMotion, l: TipLimits, gently: boolean, dt: number, out: Float64Array): void {
  // REAL-TIME: every tick of STOPPING.
  brakeVector(motion, 0, l.linear, gently, dt, out);
  brakeVector(motion, 3, l.angular, gently, dt, out);
}

function brakeVector(
  { twist, acceleration: a }: TipMotion,
  at: number,
  l: VectorLimits,
  gently: boolean,
  dt: number,
  out: Float64Array,
): void {
  const v = norm3(twist, at);
  const along = v > 0 ? (a[at]! * twist[at]! + a[at + 1]! * twist[at + 1]! + a[at + 2]! * twist[at + 2]!) / v : 0;
  const next = gently
    ? brakeVelocity(v, along, l.acceleration, l.jerk, dt)
    : brakeVelocity(v, 0, l.acceleration, Number.POSITIVE_INFINITY, dt);
  const kept = v > 0 ? Math.min(1, next / v) : 0;
  for (let i = at; i < at + 3; i++) out[i] = twist[i]! * kept;
}
