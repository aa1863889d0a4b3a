/** A pose in the plane: m, m, rad. */
export interface Planar {
  x: number;
  y: number;
  heading: number;
}

/** A pose to write into: the origin. */
export const planar = (): Planar => ({ x: 0, y: 0, heading: 0 });

/** Where a base is after `seconds` of a constant twist `[vx vy wz]` at `twist[at]`, seen from where it was: an arc. */
export function arc(twist: Float64Array, at: number, seconds: number, out: Planar): void {
  // REAL-TIME: a few times a tick.
  const vx = twist[at]!;
  const vy = twist[at + 1]!;
  const turned = twist[at + 2]! * seconds;
  const small = Math.abs(turned) < 1e-4;
  const s = small ? 1 - (turned * turned) / 6 : Math.sin(turned) / turned;
  const c = small ? turned / 2 : (1 - Math.cos(turned)) / turned;
  out.x = (vx * s - vy * c) * seconds;
  out.y = (vx * c + vy * s) * seconds;
  out.heading = turned;
}
