const QUANTILES = { q01: 0.01, q10: 0.1, q50: 0.5, q90: 0.9, q99: 0.99 } as const;

export type Statistics = Record<'min' | 'max' | 'mean' | 'std' | 'count' | keyof typeof QUANTILES, number[]>;

/**
 * Statistics of each number of a vector over rows, as numpy has them: the standard deviation of all (not of a sample), quantiles
 * with linear interpolation. `count` has one number, the rows. At least one row.
 */
export function statisticsOf(rows: readonly Float64Array[]): Statistics {
  const n = rows.length;
  const columns = Array.from(rows[0]!, (_, i) => Float64Array.from(rows, (row) => row[i]!).sort());
  const means = columns.map((column) => column.reduce((sum, v) => sum + v, 0) / n);
  const quantiles = Object.entries(QUANTILES).map(([name, q]) => [name, columns.map((column) => quantile(column, q))]);
  return {
    min: columns.map((column) => column[0]!),
    max: columns.map((column) => column[n - 1]!),
    mean: means,
    std: columns.map((column, i) => Math.sqrt(column.reduce((sum, v) => sum + (v - means[i]!) ** 2, 0) / n)),
    count: [n],
    ...(Object.fromEntries(quantiles) as Record<keyof typeof QUANTILES, number[]>),
  };
}

function quantile(sorted: Float64Array, q: number): number {
  const at = q * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (at - below) * (sorted[above]! - sorted[below]!);
}
