/** One bin of predicted risk. */
export interface ReliabilityBin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** Mean of what was predicted, and of what came; NaN in an empty bin. */
  readonly predicted: number;
  readonly observed: number;
}

export interface Reliability {
  readonly bins: readonly ReliabilityBin[];
  /** Expected calibration error: mean over the rows of |predicted − observed| of their bin (Naeini et al. 2015). */
  readonly ece: number;
  /** Largest |predicted − observed| of a bin. */
  readonly worst: number;
}

/**
 * How well predictions in [0, 1] fit what came: in bins of equal width, the mean of what was predicted beside the mean of
 * what was observed, which is 0 or 1, or a discounted chance between them.
 */
export function reliability(predicted: ArrayLike<number>, observed: ArrayLike<number>, bins = 10): Reliability {
  const count = new Float64Array(bins);
  const said = new Float64Array(bins);
  const came = new Float64Array(bins);
  for (let i = 0; i < predicted.length; i++) {
    const bin = Math.min(bins - 1, Math.floor(predicted[i]! * bins));
    count[bin]!++;
    said[bin]! += predicted[i]!;
    came[bin]! += observed[i]!;
  }
  const made = Array.from(count, (n, b): ReliabilityBin => {
    const [mean, seen] = n === 0 ? [Number.NaN, Number.NaN] : [said[b]! / n, came[b]! / n];
    return { from: b / bins, to: (b + 1) / bins, count: n, predicted: mean, observed: seen };
  });
  const filled = made.filter((b) => b.count > 0);
  const gap = (b: ReliabilityBin) => Math.abs(b.predicted - b.observed);
  return {
    bins: made,
    ece: filled.reduce((sum, b) => sum + (b.count / predicted.length) * gap(b), 0),
    worst: filled.reduce((most, b) => Math.max(most, gap(b)), 0),
  };
}
