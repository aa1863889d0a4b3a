import type { Random } from '../../core/random.ts';

/**
 * An orthogonal matrix `[inputs][units]`, row-major, times `gain` (Saxe 2014): columns are orthonormal, or rows where there
 * are fewer of them. Gram–Schmidt on normal numbers, twice, in float64.
 */
export function orthogonal(random: Random, inputs: number, units: number, gain: number): Float64Array {
  const out = new Float64Array(inputs * units);
  if (gain === 0) return out;
  const [count, length] = [Math.min(inputs, units), Math.max(inputs, units)];
  const vectors = Array.from({ length: count }, () => Float64Array.from({ length }, () => random.normal()));
  vectors.forEach((v, k) => {
    for (let pass = 0; pass < 2; pass++)
      for (let j = 0; j < k; j++) {
        const u = vectors[j]!;
        let dot = 0;
        for (let i = 0; i < length; i++) dot += v[i]! * u[i]!;
        for (let i = 0; i < length; i++) v[i] = v[i]! - dot * u[i]!;
      }
    const norm = Math.hypot(...v);
    for (let i = 0; i < length; i++) v[i] = v[i]! / norm;
  });
  for (let r = 0; r < inputs; r++)
    for (let c = 0; c < units; c++) out[r * units + c] = gain * (inputs >= units ? vectors[c]![r]! : vectors[r]![c]!);
  return out;
}
