import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../src/core/random.ts';
import { AdaStop, type AdaStopOptions } from '../../../src/learning/judging/adastop.ts';
import { flip, split } from '../../../src/learning/judging/relabelling.ts';
import { WALKER } from './walker.ts';

const block = (k: number, names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, WALKER[name]!.slice(5 * k, 5 * k + 5)]));

/** The published example, to its end; and how many scores of each were needed. */
function walker(options: Partial<AdaStopOptions> = {}) {
  const test = new AdaStop(['PPO', 'DDPG', 'SAC', 'TRPO'], options);
  const used: Record<string, number> = { PPO: 0, DDPG: 0, SAC: 0, TRPO: 0 };
  for (let k = 0; test.wanted.length > 0; k++) {
    for (const name of test.wanted) used[name]! += 5;
    test.next(block(k, test.wanted));
  }
  const verdicts = Object.fromEntries(test.pairs.map((p) => [`${p.a} ${p.b}`, `${p.verdict} ${p.decidedAt}`]));
  return { verdicts, used };
}

describe('AdaStop on the published walker example', () => {
  it('sums up as published, interim by interim, and spends 2 of 252 at the first', () => {
    const test = new AdaStop(['PPO', 'DDPG', 'SAC', 'TRPO'], { statistic: 'as_published' });
    // The scores are rounded, and so are the sums that were published.
    const sumsAre = (...published: number[]) => {
      for (const [i, sum] of published.entries()) expect(Math.abs(test.pairs[i]!.sum - sum)).toBeLessThan(0.02);
    };
    const first = test.next(block(0, ['PPO', 'DDPG', 'SAC', 'TRPO']));
    sumsAre(2156.6, -1297.33, 1977.99, -3453.94, -178.61, 3275.32);
    expect(Math.abs(first.boundary - 2241.94)).toBeLessThan(0.02);
    expect(first.levelSpent).toBeCloseTo(2 / 252, 12);
    expect(first.decided.map((p) => [p.a, p.b, p.verdict])).toEqual([
      ['DDPG', 'SAC', 'smaller'],
      ['SAC', 'TRPO', 'larger'],
    ]);
    expect(test.wanted).toEqual(['PPO', 'DDPG', 'SAC', 'TRPO']);
    test.next(block(1, ['PPO', 'DDPG', 'SAC', 'TRPO']));
    // Decided pairs keep the sum with which they were decided.
    sumsAre(3652.41, -3283.74, 3532.41, -3453.94, -119.99, 3275.32);
    expect(test.wanted).toEqual(['DDPG', 'TRPO']);
    for (const [k, sum] of [-288.11, -1042.74, -1656.48].entries()) {
      test.next(block(2 + k, ['DDPG', 'TRPO']));
      expect(Math.abs(test.pairs[4]!.sum - sum)).toBeLessThan(0.02);
    }
  });

  it.each(['absolute', 'as_published'] as const)(
    'decides the five stable pairs the same way for 100 seeds of its permutations (%s)',
    (statistic) => {
      const open: string[] = [];
      for (let seed = 0; seed < 100; seed++) {
        const { verdicts, used } = walker({ statistic, seed });
        const { 'DDPG TRPO': unstable, ...stable } = verdicts;
        expect(stable).toEqual({
          'PPO DDPG': 'larger 2',
          'PPO SAC': 'smaller 2',
          'PPO TRPO': 'larger 2',
          'DDPG SAC': 'smaller 1',
          'SAC TRPO': 'larger 1',
        });
        expect(used).toEqual({ PPO: 10, SAC: 10, DDPG: 25, TRPO: 25 });
        open.push(unstable!);
      }
      // The last pair depends on the permutations: as published about half and half, with absolute values mostly equal.
      const equal = open.filter((v) => v === 'equal 5').length;
      if (statistic === 'absolute') expect(equal).toBeGreaterThan(80);
      else expect(equal).toBeLessThan(80);
      expect(open.every((v) => v === 'equal 5' || v === 'smaller 5')).toBe(true);
    },
  );
});

describe('AdaStop', () => {
  it('by hand: of two blocks of three, one above the other, only the identity and its mirror are as far apart', () => {
    const test = new AdaStop(['a', 'b'], { blockSize: 3, interims: 2, level: 0.2 });
    const { boundary, levelSpent, decided } = test.next({ a: [11, 12, 13], b: [2, 3, 4] });
    // The next largest swaps the nearest two, 11 and 4: |9 − 2·7/3|. The level of the first look is 2 of 20.
    expect(test.pairs[0]!.sum).toBe(9);
    expect(boundary).toBeCloseTo(9 - 14 / 3, 12);
    expect(decided).toHaveLength(1);
    expect(levelSpent).toBeCloseTo(2 / 20, 12);
    expect(test.wanted).toEqual([]);
  });

  it('says different of the same thing no more often than its level, over all pairs and looks', () => {
    const random = new SeededRandom(7);
    let wrong = 0;
    for (let run = 0; run < 400; run++) {
      const test = new AdaStop(['a', 'b', 'c'], { seed: run, permutations: 1000 });
      while (test.wanted.length > 0)
        test.next(Object.fromEntries(test.wanted.map((n) => [n, Array.from({ length: 5 }, () => random.normal())])));
      if (test.pairs.some((p) => p.verdict !== 'equal')) wrong++;
    }
    // 20 expected at most; four standard deviations above are 37.
    expect(wrong).toBeLessThan(37);
  });

  it('paired, it finds a difference that the seeds hide otherwise, and keeps its level', () => {
    const play = (paired: boolean, better: number, seed: number) => {
      const random = new SeededRandom(seed);
      const test = new AdaStop(['a', 'b'], { paired, blockSize: 10, seed, permutations: 2000 });
      while (test.wanted.length > 0) {
        const luck = Array.from({ length: 10 }, () => 5 * random.normal());
        const score = (by: number) => luck.map((l) => l + by + 0.5 * random.normal());
        test.next({ a: score(better), b: score(0) });
      }
      return test.pairs[0]!.verdict;
    };
    const found = (paired: boolean, better: number) =>
      Array.from({ length: 100 }, (_, seed) => play(paired, better, seed)).filter((v) => v !== 'equal').length;
    expect(found(true, 0.7)).toBeGreaterThan(90);
    expect(found(false, 0.7)).toBeLessThan(10);
    expect(found(true, 0)).toBeLessThan(14);
  });

  it('refuses a block of another size', () => {
    const blocks = { a: [1], b: [1, 2, 3, 4, 5] };
    expect(() => new AdaStop(['a', 'b']).next(blocks)).toThrow('a block of 1 scores of a; allowed: 5');
  });
});

describe('relabellings', () => {
  it('of a split: all of them once, the identity first, and the mirror is exactly the negative', () => {
    const all = [...split.all(3)].map((l) => l.join(''));
    expect(all).toHaveLength(20);
    expect(new Set(all).size).toBe(20);
    expect(all[0]).toBe('111000');
    expect(all.every((l) => l.replaceAll('0', '').length === 3)).toBe(true);
    const a = [0.1, 0.7, 0.2];
    const b = [1e9, 0.3, 7.7];
    const labels = Uint8Array.of(1, 0, 1, 0, 1, 0);
    const mirror = labels.map((l) => 1 - l);
    expect(split.difference(a, b, labels)).toBe(-split.difference(a, b, mirror));
    expect(split.count(5)).toBe(252);
  });

  it('of a split, drawn: each of the 20 about as often', () => {
    const random = new SeededRandom(1);
    const seen = new Map<string, number>();
    for (let i = 0; i < 8000; i++) {
      const l = split.draw(3, random).join('');
      seen.set(l, (seen.get(l) ?? 0) + 1);
    }
    expect(seen.size).toBe(20);
    // 400 expected; the standard deviation is 19.5.
    for (const count of seen.values()) expect(Math.abs(count - 400)).toBeLessThan(80);
  });

  it('of pairs: signs of differences', () => {
    expect([...flip.all(2)].map((l) => l.join(''))).toEqual(['11', '01', '10', '00']);
    expect(flip.difference([3, 5], [1, 1], Uint8Array.of(1, 0))).toBe((2 - 4) / 2);
  });
});
