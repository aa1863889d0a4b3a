import type { JointLimits } from './limits.ts';
import type { JointMotion } from './motion.ts';

/**
 * The post-check of joint setpoints: is this one inside every limit? Written apart from the filter, with none of its
 * code: where the filter solves for a velocity, this follows the joint to where it would stop.
 *
 * One thing is admissible beyond them: to brake. A setpoint that slows a joint down without turning it round may exceed
 * the jerk limit, and one that slows it at full acceleration may lie wherever it lies, for nothing better exists.
 */
export const REFUSAL = [
  '',
  'not_finite',
  'joint_speed',
  'joint_acceleration',
  'joint_jerk',
  'joint_limit',
  'reference_limit',
] as const;

const SHARE = 1 + 1e-6;
const RADIAN = 1e-9;

/** Index into REFUSAL of the first limit that is broken; 0 when the setpoint is admissible. */
export function admissible(
  s: Float64Array,
  last: Float64Array,
  measured: Float64Array,
  elapsed: number,
  motion: JointMotion,
  l: JointLimits,
): number {
  // REAL-TIME: every tick, after the filter; reads only.
  const dt = elapsed > l.period ? l.period : elapsed > 0 ? elapsed : 0;
  for (let i = 0; i < l.joints; i++) {
    const to = s[i]!;
    if (!Number.isFinite(to)) return 1;
    const v0 = motion.velocity[i]!;
    // Position setpoints carry the rounding of positions, which dt makes large as a velocity.
    const room = l.position && dt > 0 ? (4e-16 * (Math.abs(to) + Math.abs(last[i]!))) / dt + RADIAN : RADIAN;
    if (l.position && dt === 0 && to !== last[i]!) return 3;
    const v = l.position ? (dt > 0 ? (to - last[i]!) / dt : v0) : to;
    if (!(Math.abs(v) <= l.velocity[i]! * SHARE + room)) return 2;
    const change = v - v0;
    const most = l.acceleration[i]! * dt;
    if (!(Math.abs(change) <= most * SHARE + room)) return 3;

    const brakes = v * v0 >= 0 && Math.abs(v) <= Math.abs(v0);
    const jerked = Math.abs(change - motion.acceleration[i]! * dt);
    if (!brakes && !(jerked <= l.jerk[i]! * dt * dt * SHARE + room)) return 4;
    const fully = brakes && (Math.abs(v0) - Math.abs(v) >= most - room || Math.abs(v) <= room);
    if (fully) continue;

    const stop = v * l.reaction[i]! + (v * Math.abs(v)) / (2 * l.deceleration[i]!);
    const highest = (l.position ? last[i]! : motion.highest[i]!) + stop;
    const lowest = (l.position ? last[i]! : motion.lowest[i]!) + stop;
    const slack = RADIAN + room * (l.reaction[i]! + Math.abs(v) / l.deceleration[i]!);
    if (v > room && !(highest <= l.max[i]! + slack)) return 5;
    if (v < -room && !(lowest >= l.min[i]! - slack)) return 5;
    if (l.position) {
      const away = to - measured[i]!;
      const was = last[i]! - measured[i]!;
      if (!(Math.abs(away) <= l.reference + RADIAN) && !(Math.abs(away) < Math.abs(was))) return 6;
    }
  }
  return 0;
}
