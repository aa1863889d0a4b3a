import type { Random } from '../../core/random.ts';

/**
 * What may be exchanged in a block of scores when two algorithms are the same: the null hypothesis of a permutation test, as a set
 * of relabellings.
 */
export interface Relabelling {
  readonly name: 'split' | 'flip';
  /** How many there are for blocks of `n` scores each. */
  count(n: number): number;
  /** All of them; the first leaves everything as it is. */
  all(n: number): Iterable<Uint8Array>;
  identity(n: number): Uint8Array;
  draw(n: number, random: Random): Uint8Array;
  /** Mean of `a` less mean of `b` after relabelling. */
  difference(a: readonly number[], b: readonly number[], labels: Uint8Array): number;
}

/** Independent scores: any n of the 2n could have been the first algorithm's. `labels`: 1 for those that are. */
export const split: Relabelling = {
  name: 'split',
  count: (n) => choose(2 * n, n),
  *all(n) {
    const chosen = Array.from({ length: n }, (_, i) => i);
    for (;;) {
      const labels = new Uint8Array(2 * n);
      for (const i of chosen) labels[i] = 1;
      yield labels;
      // The next combination in lexicographic order.
      let at = n - 1;
      while (at >= 0 && chosen[at] === n + at) at--;
      if (at < 0) return;
      chosen[at] = chosen[at]! + 1;
      for (let i = at + 1; i < n; i++) chosen[i] = chosen[i - 1]! + 1;
    }
  },
  identity: (n) => new Uint8Array(2 * n).fill(1, 0, n),
  draw(n, random) {
    const order = new Uint32Array(2 * n);
    for (let i = 0; i < 2 * n; i++) order[i] = i;
    const labels = new Uint8Array(2 * n);
    for (let i = 0; i < n; i++) {
      const j = i + random.integer(2 * n - i);
      labels[order[j]!] = 1;
      order[j] = order[i]!;
    }
    return labels;
  },
  difference(a, b, labels) {
    const n = a.length;
    let sum = 0;
    for (let i = 0; i < n; i++) {
      sum += labels[i] === 1 ? a[i]! : -a[i]!;
      sum += labels[n + i] === 1 ? b[i]! : -b[i]!;
    }
    return sum / n;
  },
};

/**
 * Paired scores: the i-th of both come from the same seed, so within a pair either could have been the first algorithm's.
 * `labels`: 0 for pairs that are exchanged. What the seed does to both falls out, which needs fewer episodes.
 */
export const flip: Relabelling = {
  name: 'flip',
  count: (n) => 2 ** n,
  *all(n) {
    for (let bits = 0; bits < 2 ** n; bits++)
      yield Uint8Array.from({ length: n }, (_, i) => 1 - (Math.floor(bits / 2 ** i) % 2));
  },
  identity: (n) => new Uint8Array(n).fill(1),
  draw: (n, random) => Uint8Array.from({ length: n }, () => random.integer(2)),
  difference(a, b, labels) {
    let sum = 0;
    for (let i = 0; i < a.length; i++) sum += (labels[i] === 1 ? 1 : -1) * (a[i]! - b[i]!);
    return sum / a.length;
  },
};

function choose(n: number, k: number): number {
  let count = 1;
  for (let i = 1; i <= k; i++) count = (count * (n - k + i)) / i;
  return Math.round(count);
}
