/**
 * The scripted expert: where to go from the tip's position relative to a hole. Fed the true hole it demonstrates; fed
 * the estimate it is the blind script that the base policy is measured against. It descends whether or not it is
 * centred: a demonstrator that waits until it is centred teaches a clone to hover.
 *
 * `relative`: tip − hole, m, base frame. Writes `[dx dy dz k]` in [-1, 1]. Pure.
 */
const SCALE = 0.005;
const GAIN = 0.6;

export function scriptedAction(relative: ArrayLike<number>, out: Float64Array): void {
  const bound = (v: number) => Math.max(-1, Math.min(1, v));
  const height = relative[2]!;
  out[0] = bound((-GAIN * relative[0]!) / SCALE);
  out[1] = bound((-GAIN * relative[1]!) / SCALE);
  // Fast through free air, slow where contact is due (impact force grows with speed), steady inside.
  out[2] = height > 0.012 ? -0.8 : height > -0.003 ? -0.35 : -0.6;
  out[3] = 0;
}
