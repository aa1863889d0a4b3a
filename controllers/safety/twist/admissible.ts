import { slowedTo } from '../slowed.ts';
import { arc, planar } from './arc.ts';
import type { TwistLimits } from './limits.ts';
import type { TwistMotion } from './motion.ts';
import type { TwistScene } from './scene.ts';

/**
 * The post-check of twists: is this one inside every limit? Written apart from the filter, with none of its code: where
 * the filter solves for a share, this follows the base along its arc to where it would stop, for every delay that the
 * commands in flight may have.
 *
 * One thing is admissible beyond the limits: to brake. A translation or a rotation that is the last one slowed down may
 * exceed the jerk limit, and a twist that is slowed down at full acceleration may lead wherever it leads, for nothing
 * better exists.
 */
export const REFUSAL = [
  '',
  'not_finite',
  'sideways',
  'speed',
  'turn_speed',
  'acceleration',
  'turn_acceleration',
  'jerk',
  'turn_jerk',
  'min_distance',
] as const;

const SHARE = 1 + 1e-6;
const ROOM = 1e-9;
/** Rounding of positions, m. */
const METRE = 1e-6;
/** Places on the way to rest that are looked at. */
const STEPS = 8;

const end = planar();
const centre = new Float64Array(3);

/** Index into REFUSAL of the first limit that is broken; 0 when the twist is admissible. */
export function admissible(u: Float64Array, elapsed: number, m: TwistMotion, o: TwistScene, l: TwistLimits): number {
  // REAL-TIME: every tick, after the filter; reads only.
  const dt = elapsed > l.period ? l.period : elapsed > 0 ? elapsed : 0;
  for (let i = 0; i < 3; i++) if (!Number.isFinite(u[i]!)) return 1;
  if (!l.sideways && u[1] !== 0) return 2;
  const v = Math.hypot(u[0]!, u[1]!);
  const w = Math.abs(u[2]!);
  if (!(v <= l.speed * SHARE + ROOM)) return 3;
  if (!(w <= l.turn * SHARE + ROOM)) return 4;
  const was = m.twist;
  const dx = u[0]! - was[0]!;
  const dy = u[1]! - was[1]!;
  const dw = u[2]! - was[2]!;
  if (!(Math.hypot(dx, dy) <= l.acceleration * dt * SHARE + ROOM)) return 5;
  if (!(Math.abs(dw) <= l.turnAcceleration * dt * SHARE + ROOM)) return 6;

  const a = m.acceleration;
  const jerk = Math.hypot(dx - a[0]! * dt, dy - a[1]! * dt);
  const turnJerk = Math.abs(dw - a[2]! * dt);
  if (slowedTo(u, was, 0, 2) < 0 && !(jerk <= l.jerk * dt * dt * SHARE + ROOM)) return 7;
  if (slowedTo(u, was, 2, 3) < 0 && !(turnJerk <= l.turnJerk * dt * dt * SHARE + ROOM)) return 8;
  const kept = slowedTo(u, was, 0, 3);
  if (kept >= 0) {
    const fastest = Math.max(Math.hypot(was[0]!, was[1]!) / l.acceleration, Math.abs(was[2]!) / l.turnAcceleration);
    if (kept * fastest <= Math.max(0, fastest - dt) + ROOM) return 0;
  }
  return stopsInTime(u, v, w, m, o, l) ? 0 : 9;
}

/** Follows the footprint's centre along the arc to rest: never nearer to an obstacle than allowed, or than it will be. */
function stopsInTime(u: Float64Array, v: number, w: number, m: TwistMotion, o: TwistScene, l: TwistLimits): boolean {
  const seconds = l.reaction + Math.max(v / l.deceleration, w / l.turnDeceleration) / 2;
  centre[0] = u[0]! - u[2]! * l.y;
  centre[1] = u[1]! + u[2]! * l.x;
  centre[2] = u[2]!;
  const lost = m.unknown * (l.speed + l.turn * Math.hypot(l.x, l.y));
  for (let step = 1; step <= STEPS; step++) {
    arc(centre, 0, (seconds * step) / STEPS, end);
    for (let h = 0; h < m.count; h++) {
      const c = Math.cos(m.heading[h]!);
      const s = Math.sin(m.heading[h]!);
      const x = m.x[h]! + c * end.x - s * end.y;
      const y = m.y[h]! + s * end.x + c * end.y;
      for (let i = 0; i < o.count; i++) {
        const towards = o.x[i]! * x + o.y[i]! * y + lost;
        if (towards <= o.distance[i]! - l.clearance + METRE) continue;
        if (!(towards <= o.x[i]! * m.x[h]! + o.y[i]! * m.y[h]! + lost + METRE)) return false;
      }
    }
  }
  return true;
}
