/**
 * The braking law of a joint: next velocity on the way from `v` to rest. Decelerates at A, ramped in by J and out along
 * v = a²/(2·J), so that a robot with a jerk limit can follow. Reversal is blocked: never beyond zero.
 *
 * @param v velocity of the last sent setpoint, rad/s; `a` its acceleration, rad/s²
 * @param dt s since it was sent
 */
export function brakeVelocity(v: number, a: number, acceleration: number, jerk: number, dt: number): number {
  // REAL-TIME: every tick of STOPPING.
  const speed = Math.abs(v);
  if (speed === 0 || !(dt > 0)) return v;
  const slowing = v < 0 ? a : -a;
  const wanted = Math.min(acceleration, Math.sqrt(2 * jerk * speed));
  // Ramped in: a joint that still speeds up may do so for a moment more, within the jerk limit.
  const ramped = Math.min(wanted, slowing + jerk * dt);
  const next = speed - ramped * dt;
  if (next <= 0) return 0;
  return v < 0 ? -next : next;
}
