/** Rounding of velocities, m/s or rad/s. */
const ROOM = 1e-9;

/**
 * What is left of the elements `from` to `to` (not included) of the last velocity when `u` is nothing but that, slowed down;
 * else a negative number. For post-checks: to brake is admissible beyond other limits.
 */
export function slowedTo(u: Float64Array, was: Float64Array, from: number, to: number): number {
  // REAL-TIME: every tick, after the filter; reads only.
  let largest = from;
  for (let i = from; i < to; i++) if (Math.abs(was[i]!) > Math.abs(was[largest]!)) largest = i;
  const kept = was[largest] === 0 ? 0 : u[largest]! / was[largest]!;
  if (!(kept <= 1 + ROOM)) return -1;
  for (let i = from; i < to; i++) if (!(Math.abs(u[i]! - kept * was[i]!) <= ROOM)) return -1;
  return kept;
}
