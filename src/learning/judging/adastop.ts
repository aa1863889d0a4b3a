import { type Random, SeededRandom } from '../../core/random.ts';
import { flip, type Relabelling, split } from './relabelling.ts';

export interface AdaStopOptions {
  /** Scores of one algorithm at each interim: N. */
  blockSize: number;
  /** Interims at most: K. */
  interims: number;
  /** Paths of relabellings at most: above, they are drawn instead of all tried. B. */
  permutations: number;
  /** Chance that any pair of equal algorithms is called different, over all pairs and interims. */
  level: number;
  /** Of the permutations. */
  seed: number;
  /** The i-th score of every algorithm comes from the same seed: only such pairs are exchanged. */
  paired: boolean;
  /**
   * `absolute`: the reference distribution is that of the largest |sum|, as the statistic is. `as_published`: that of the largest
   * signed sum, as the authors' code has it, which calls a difference too easily; and paths are not branched.
   */
  statistic: 'absolute' | 'as_published';
}

export const ADASTOP_DEFAULTS: AdaStopOptions = {
  blockSize: 5,
  interims: 5,
  permutations: 10_000,
  level: 0.05,
  seed: 1,
  paired: false,
  statistic: 'absolute',
};

/** Of the first algorithm of the pair against the second. `open`: not decided yet. */
export type Verdict = 'larger' | 'smaller' | 'equal' | 'open';

export interface Pair {
  readonly a: string;
  readonly b: string;
  verdict: Verdict;
  /** Interim at which it was decided; 0 while it is open. */
  decidedAt: number;
  /** Σ over the interims so far of (mean of a's block − mean of b's block). */
  sum: number;
}

export interface Interim {
  /** From 1. */
  interim: number;
  /** What |sum| must exceed, of the pairs that were open last. */
  boundary: number;
  /** Level spent so far, of `level`. */
  levelSpent: number;
  /** Decided at this interim. */
  decided: Pair[];
}

/** A pair with its sum under every relabelling path. */
interface Tracked {
  readonly pair: Pair;
  paths: Float64Array;
}

/**
 * AdaStop (Mathieu et al. 2024): compares algorithms on scores that come in blocks, and stops as soon as it knows, with a family-wise error of at most
 * `level` over all pairs and all looks.
 *
 * At each interim, T = |Σ (mean of a's block − mean of b's block)| of the open pair where it is largest is held against a boundary. That is the smallest
 * value which the largest T of relabelled scores exceeds with no more chance than what of level·k/K is unspent. Above it, that pair
 * is decided, and the rest are looked at again (step-down). Relabellings act within a block; a path that would have stopped earlier is
 * left out. While there are fewer than `permutations` paths, all are tried; after that each path goes on with drawn ones, as many as there is room
 * for (as published: with one, which makes later verdicts depend on the seed). What is open after the last interim is `equal`.
 *
 * NOTE never give it the same scores twice: the guarantee is for one run of it.
 */
export class AdaStop {
  readonly pairs: readonly Pair[];
  readonly options: AdaStopOptions;
  readonly #relabelling: Relabelling;
  readonly #random: Random;
  #tracked: Tracked[];
  #interim = 0;
  #boundary = Number.POSITIVE_INFINITY;
  #spent = 0;
  /** Paths before any was left out: each weighs one of these. */
  #weight = 1;

  constructor(algorithms: readonly string[], options: Partial<AdaStopOptions> = {}) {
    this.options = { ...ADASTOP_DEFAULTS, ...options };
    this.#relabelling = this.options.paired ? flip : split;
    this.#random = new SeededRandom(this.options.seed).fork('adastop');
    this.pairs = algorithms.flatMap((a, i) =>
      algorithms.slice(i + 1).map((b): Pair => ({ a, b, verdict: 'open', decidedAt: 0, sum: 0 })),
    );
    this.#tracked = this.pairs.map((pair) => ({ pair, paths: new Float64Array(1) }));
  }

  /** Algorithms of which another block is needed; none when everything is decided. */
  get wanted(): string[] {
    return [...new Set(this.#tracked.flatMap(({ pair }) => [pair.a, pair.b]))];
  }

  /** The next block of every wanted algorithm, `blockSize` scores each. @throws RangeError for another number of them */
  next(blocks: Readonly<Record<string, readonly number[]>>): Interim {
    const { blockSize, interims } = this.options;
    for (const name of this.wanted)
      if (blocks[name]?.length !== blockSize)
        throw new RangeError(`a block of ${blocks[name]?.length ?? 0} scores of ${name}; allowed: ${blockSize}`);
    this.#interim++;
    this.#extend(blocks);
    const decided = this.#decide();
    if (this.#interim === interims) {
      for (const { pair } of this.#tracked) {
        decide(pair, 'equal', this.#interim);
        decided.push(pair);
      }
      this.#tracked = [];
    }
    return { interim: this.#interim, boundary: this.#boundary, levelSpent: this.#spent, decided };
  }

  /** Adds the block to every pair's sum and to every path that did not stop before. */
  #extend(blocks: Readonly<Record<string, readonly number[]>>): void {
    const { blockSize: n, permutations, statistic } = this.options;
    const relabelling = this.#relabelling;
    const first = this.#tracked[0]!.paths;
    // Under the others the test would have stopped before.
    const going = Array.from(first.keys()).filter((path) => !(this.#largest(path, Math.abs) > this.#boundary));
    const count = relabelling.count(n);
    let branches: number;
    let labels: (path: number, branch: number) => Uint8Array;
    if (count ** this.#interim < permutations) {
      const all = [...relabelling.all(n)];
      branches = count;
      labels = (_path, branch) => all[branch]!;
    } else {
      const room = Math.max(1, Math.floor(permutations / going.length));
      branches = statistic === 'as_published' && this.#interim > 1 ? 1 : room;
      const drawn = Array.from({ length: going.length * branches }, (_, i) =>
        i === 0 ? relabelling.identity(n) : relabelling.draw(n, this.#random),
      );
      labels = (path, branch) => drawn[path * branches + branch]!;
    }
    this.#weight *= branches;
    for (const tracked of this.#tracked) {
      const { pair, paths } = tracked;
      const [a, b] = [blocks[pair.a]!, blocks[pair.b]!];
      pair.sum += relabelling.difference(a, b, relabelling.identity(n));
      const longer = new Float64Array(going.length * branches);
      for (const [path, before] of going.entries())
        for (let branch = 0; branch < branches; branch++)
          longer[path * branches + branch] = paths[before]! + relabelling.difference(a, b, labels(path, branch));
      tracked.paths = longer;
    }
  }

  /** The boundary, and the pairs beyond it, largest first. */
  #decide(): Pair[] {
    const { level, interims, statistic } = this.options;
    const allowed = (level * this.#interim) / interims;
    const size = statistic === 'absolute' ? Math.abs : (value: number) => value;
    const decided: Pair[] = [];
    let added = 0;
    while (this.#tracked.length > 0) {
      const reference = this.#tracked[0]!.paths.map((_, path) => this.#largest(path, size)).sort();
      const exceeding = (i: number) => (reference.length - 1 - i) / this.#weight;
      let at = 0;
      while (this.#spent + exceeding(at) > allowed) at++;
      this.#boundary = reference[at]!;
      added = exceeding(at);
      const furthest = this.#tracked.reduce((a, b) => (Math.abs(b.pair.sum) > Math.abs(a.pair.sum) ? b : a));
      if (!(Math.abs(furthest.pair.sum) > this.#boundary)) break;
      decide(furthest.pair, furthest.pair.sum > 0 ? 'larger' : 'smaller', this.#interim);
      decided.push(furthest.pair);
      this.#tracked = this.#tracked.filter((t) => t !== furthest);
    }
    this.#spent += added;
    return decided;
  }

  #largest(path: number, size: (value: number) => number): number {
    let most = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < this.#tracked.length; i++) most = Math.max(most, size(this.#tracked[i]!.paths[path]!));
    return most;
  }
}

function decide(pair: Pair, verdict: Verdict, interim: number): void {
  pair.verdict = verdict;
  pair.decidedAt = interim;
}
