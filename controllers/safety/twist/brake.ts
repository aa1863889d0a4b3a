import { brakeVelocity } from '../joint/brake.ts';
import type { TwistLimits } from './limits.ts';
import type { TwistMotion } from './motion.ts';

/**
 * The braking law of a base: the next twist on the way to rest, along the arc that it is on. Translation and rotation are
 * scaled together by the slower of the two laws (joint/brake.ts): a base that brakes one of them only would leave its arc.
 *
 * @param gently within the jerk limits; else at full acceleration at once
 * @param dt s since the last command; in none, or less, nothing changes
 */
export function brakeTwist(motion: TwistMotion, l: TwistLimits, gently: boolean, dt: number, out: Float64Array): void {
  // REAL-TIME: every tick of STOPPING.
  const { twist, acceleration: a } = motion;
  const v = Math.hypot(twist[0]!, twist[1]!);
  const w = twist[2]!;
  const along = v > 0 ? (a[0]! * twist[0]! + a[1]! * twist[1]!) / v : 0;
  const jerk = gently ? l.jerk : Number.POSITIVE_INFINITY;
  const turnJerk = gently ? l.turnJerk : Number.POSITIVE_INFINITY;
  const nextV = brakeVelocity(v, gently ? along : 0, l.acceleration, jerk, dt);
  const nextW = brakeVelocity(w, gently ? a[2]! : 0, l.turnAcceleration, turnJerk, dt);
  const kept = Math.min(1, Math.max(v > 0 ? nextV / v : 0, w !== 0 ? nextW / w : 0));
  for (let i = 0; i < 3; i++) out[i] = twist[i]! * kept;
}
