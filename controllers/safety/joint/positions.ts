import type { TrajectoryEnd } from '../../interfaces/trajectory-end.ts';
import type { JointLead } from './lead.ts';
import type { JointLimits } from './limits.ts';

const SHARE = 1 + 1e-6;
/** The rounding of an integrated position, rad. */
const RADIAN = 1e-6;

/**
 * The post-check of the positions that go out beside joint velocities: those of lead.ts, as they are on the wire. A joint's
 * positions lie between the first point's, its `reach`, and where it comes to rest from there; so these two are judged. In
 * the words of admissible.ts:
 *
 *   not_finite       one of them is no number
 *   joint_speed      the way from where the joint is by now to the first point, within `hold`, is longer than V·hold
 *   joint_limit      one is outside the limits, and further out than the joint is by now
 *   reference_limit  one is further from the measured position than any stop from full speed comes (limits.ts, `away`)
 *
 * @returns index into REFUSAL, 0 when all of them may go out
 */
export function positionsAdmissible(
  velocities: Float64Array,
  measured: Float64Array,
  lead: JointLead,
  end: TrajectoryEnd,
  l: JointLimits,
): number {
  // REAL-TIME: every tick that writes; reads only.
  for (let i = 0; i < l.joints; i++) {
    const v = velocities[i]!;
    const now = lead.position[i]!;
    const first = lead.reach[i]!;
    const last = first + end.way(i, v, end.stopSeconds(i, v));
    // The last one is no number if the first one or the velocity is none.
    if (!(Number.isFinite(now) && Number.isFinite(last))) return 1;
    if (!(Math.abs(first - now) <= l.velocity[i]! * end.hold * SHARE + RADIAN)) return 2;
    const highest = Math.max(first, last);
    const lowest = Math.min(first, last);
    if (!(highest <= Math.max(l.max[i]!, now) + RADIAN)) return 5;
    if (!(lowest >= Math.min(l.min[i]!, now) - RADIAN)) return 5;
    if (!(highest - measured[i]! <= l.away[i]! && measured[i]! - lowest <= l.away[i]!)) return 6;
  }
  return 0;
}
