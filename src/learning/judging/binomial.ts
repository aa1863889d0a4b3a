/** Intervals and bounds for a share of which `k` of `n` were seen. */

/** Wilson score interval (Wilson 1927) for `k` successes of `n`, at 95 %. */
export function wilson(k: number, n: number): [number, number] {
  if (n === 0) return [0, 1];
  const z = 1.959963984540054;
  const p = k / n;
  const centre = (p + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z / (1 + (z * z) / n)) * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}

/** P(X ≤ k) for X ~ Binomial(n, p). */
export function binomialCdf(k: number, n: number, p: number): number {
  if (k < 0) return 0;
  if (k >= n || p <= 0) return 1;
  if (p >= 1) return 0;
  const odds = Math.log(p) - Math.log1p(-p);
  let term = n * Math.log1p(-p);
  let sum = Math.exp(term);
  for (let i = 1; i <= k; i++) {
    term += Math.log((n - i + 1) / i) + odds;
    sum += Math.exp(term);
  }
  return Math.min(1, sum);
}

/**
 * Upper bound of the share at `confidence`, one-sided (Clopper and Pearson 1934): the largest p under which `k` or fewer are still seen
 * with chance 1 − confidence. It holds for every n, by no approximation.
 */
export function upperBound(k: number, n: number, confidence: number): number {
  if (k >= n) return 1;
  let [lo, hi] = [k / n, 1];
  for (let i = 0; i < 60; i++) {
    const p = (lo + hi) / 2;
    if (binomialCdf(k, n, p) > 1 - confidence) lo = p;
    else hi = p;
  }
  return hi;
}

/** Lower bound of the share at `confidence`, one-sided. */
export const lowerBound = (k: number, n: number, confidence: number): number => 1 - upperBound(n - k, n, confidence);
