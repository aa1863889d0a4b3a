import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plain } from '../../../src/cli/bench/index.ts';
import { bars, histogramOf, quantile, rowOf, slopeOf, tailRow } from '../../../src/cli/bench/rows.ts';

describe('quantile', () => {
  it('is the value at the nearest rank', () => {
    const ten = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    expect([0, 0.1, 0.11, 0.5, 0.99, 1].map((q) => quantile(ten, q))).toEqual([1, 1, 2, 5, 10, 10]);
    expect(quantile([], 0.5)).toBe(0);
  });

  it('of a row never grows smaller towards the tail, and max is the largest value', () => {
    const values = fc.array(fc.double({ min: 0.001, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(values, (v) => {
        const row = tailRow('c', 'ours', 'ms', v, 1e5);
        expect(row.p50).toBeLessThanOrEqual(row.p99);
        expect(row.p99).toBeLessThanOrEqual(row.p99_9!);
        expect(row.p99_9).toBeLessThanOrEqual(row.max);
        expect(row.max).toBe(Number(Math.max(...v).toPrecision(4)));
        expect(row.samples).toBe(v.length);
      }),
    );
  });

  it('sorts numbers as numbers, and leaves what it was given as it was', () => {
    const values = [10, 9, 100];
    expect(rowOf('c', 'ours', 'ms', values)).toMatchObject({ p50: 10, p99: 100, max: 100 });
    expect(values).toEqual([10, 9, 100]);
  });
});

describe('histogramOf', () => {
  it('counts a value on an edge below it, zero in the first bucket, and keeps empty buckets between', () => {
    expect(histogramOf([0, 1, 1.001, 2, 4.5], 1)).toEqual([
      [1, 2],
      [2, 2],
      [3, 0],
      [4, 0],
      [5, 1],
    ]);
    expect(histogramOf([], 1)).toEqual([]);
  });

  it('counts every value once, the last bucket is not empty, and edges are whole steps', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 50, noNaN: true }), { minLength: 1 }), (values) => {
        const histogram = histogramOf(values, 0.1);
        expect(histogram.reduce((n, [, count]) => n + count, 0)).toBe(values.length);
        expect(histogram.at(-1)![1]).toBeGreaterThan(0);
        histogram.forEach(([upper], i) => void expect(upper).toBeCloseTo((i + 1) * 0.1, 9));
      }),
    );
  });
});

describe('bars', () => {
  it('begin at the first bucket that is not empty; the most has the whole width, one of many still a mark', () => {
    const text = bars(
      [
        [1, 0],
        [9, 100],
        [10, 0],
        [11, 1],
      ],
      'ms',
      10,
    );
    expect(text.split('\n')).toEqual(['   ≤ 9 ms  ########## 100', '  ≤ 10 ms  0', '  ≤ 11 ms  # 1']);
  });
});

describe('slopeOf', () => {
  it('is that of the line, and of the best line through scattered points', () => {
    const line = [0, 10, 20].map((x): [number, number] => [x, 5 + 3 * x]);
    expect(slopeOf(line)).toBeCloseTo(3, 12);
    // By hand: mean (1, 2), sum of products (-1)(-2) + 0 + 1·1 = 3, sum of squares 2.
    expect(
      slopeOf([
        [0, 0],
        [1, 3],
        [2, 3],
      ]),
    ).toBeCloseTo(1.5, 12);
    expect([slopeOf([]), slopeOf([[1, 1]])]).toEqual([0, 0]);
  });
});

describe('the plain output', () => {
  it('has a column only where a row has something to say, then shapes, peers and notes', () => {
    const row = { case: 'c', subject: 'ours', unit: 'us', p50: 1, p99: 2, max: 3, samples: 4 };
    expect(plain({ results: [row] })).toBe(
      'case  subject  p50  p99  max  unit  samples\nc     ours       1    2    3  us    4',
    );
    const told = plain({
      results: [{ ...row, p99_9: 2.5, histogram: [[1, 4]] }],
      peers: { c: 'cc 1' },
      notes: ['flat'],
    });
    expect(told).toContain('p99.9');
    expect(told).toMatch(/\nc, ours\n {2}≤ 1 us {2}#+ 4\nc: cc 1\nflat$/);
  });
});
