import { norm3 } from '../../src/core/geometry.ts';

/** Force below which its direction means nothing, N. */
export const FORCE_FLOOR = 2;

/**
 * The way away from contact, a unit vector into the first three of `out`: lift, and yield along the measured external
 * force, base frame, N (the environment pushes the tool along +f, so moving along +f unloads).
 *
 * @param floor force below which its direction means nothing, N
 */
export function retreat(force: Float64Array, floor: number, out: Float64Array): void {
  // REAL-TIME: judged as a candidate in every tick with authority.
  const f = norm3(force, 0);
  const yieldTo = f > floor ? 1 / f : 0;
  const x = force[0]! * yieldTo;
  const y = force[1]! * yieldTo;
  // A force from above must not turn the lift into a push downwards.
  const z = 1 + Math.max(0, force[2]! * yieldTo);
  const n = Math.sqrt(x * x + y * y + z * z);
  out[0] = x / n;
  out[1] = y / n;
  out[2] = z / n;
}
