/**
 * Angle between orientations from the chord of the unit quaternions: 4·asin(|a ∓ b| / 2), exact near zero. For
 * post-checks: no logarithm, which the filters take.
 */
export function chordAngle(a: Float64Array, aAt: number, b: Float64Array, bAt: number): number {
  // REAL-TIME: every tick, after the filter; reads only.
  let minus = 0;
  let plus = 0;
  for (let i = 0; i < 4; i++) {
    minus += (a[aAt + i]! - b[bAt + i]!) ** 2;
    plus += (a[aAt + i]! + b[bAt + i]!) ** 2;
  }
  return 4 * Math.asin(Math.min(1, Math.sqrt(Math.min(minus, plus)) / 2));
}
