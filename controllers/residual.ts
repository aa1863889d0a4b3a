import { clamp } from '../src/core/geometry.ts';

/**
 * The proposed action: base + residual·fraction, in normalised units, never outside [-1, 1]. The residual is first
 * clipped to its own bound.
 *
 * House rule 5: where the residual or the fraction is zero, the result is the base bit for bit, negative zero included
 * (`-0 + 0` would be `+0`); a base inside [-1, 1] passes the final clamp unchanged.
 */
export function compose(
  base: Float64Array,
  residual: Float64Array,
  fraction: number,
  bound: number,
  out: Float64Array,
): void {
  // REAL-TIME: called for each candidate of each tick; writes into `out` only.
  for (let i = 0; i < base.length; i++) {
    const correction = clamp(residual[i]!, -bound, bound) * fraction;
    out[i] = clamp(correction === 0 ? base[i]! : base[i]! + correction, -1, 1);
  }
}
