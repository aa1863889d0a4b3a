import { describe, expect, it } from 'vitest';
import { binomialCdf, lowerBound, upperBound, wilson } from '../../../src/learning/judging/binomial.ts';

describe('intervals of a share', () => {
  it('Wilson intervals as tabled: 8 of 10 is [0.490, 0.943], 0 of 10 is [0, 0.278]', () => {
    const [lo, hi] = wilson(8, 10);
    expect(lo).toBeCloseTo(0.4902, 3);
    expect(hi).toBeCloseTo(0.9433, 3);
    expect(wilson(0, 10)[0]).toBe(0);
    expect(wilson(0, 10)[1]).toBeCloseTo(0.2775, 3);
    expect(wilson(0, 0)).toEqual([0, 1]);
  });

  it('the binomial distribution by hand, and at its ends', () => {
    // Three throws of a coin: 1/8, 4/8, 7/8, 1.
    expect([0, 1, 2, 3].map((k) => binomialCdf(k, 3, 0.5))).toEqual([
      expect.closeTo(1 / 8, 12),
      expect.closeTo(4 / 8, 12),
      expect.closeTo(7 / 8, 12),
      1,
    ]);
    expect([binomialCdf(-1, 3, 0.5), binomialCdf(2, 3, 0), binomialCdf(2, 3, 1)]).toEqual([0, 1, 0]);
    // 10 000 throws: no underflow, and half of it lies below the mean and at it.
    expect(binomialCdf(5000, 10_000, 0.5)).toBeCloseTo(0.504, 3);
  });

  it('Clopper–Pearson bounds as tabled: none of 29 is below 9.81 % at 95 %, none of 10 below 25.9 %', () => {
    // 1 − 0.05^(1/n)
    expect(upperBound(0, 29, 0.95)).toBeCloseTo(1 - 0.05 ** (1 / 29), 10);
    expect(upperBound(0, 10, 0.95)).toBeCloseTo(0.2589, 4);
    // The two-sided 95 % interval of 8 of 10 is [0.4439, 0.9748].
    expect(upperBound(8, 10, 0.975)).toBeCloseTo(0.9748, 4);
    expect(lowerBound(8, 10, 0.975)).toBeCloseTo(0.4439, 4);
    expect([upperBound(5, 5, 0.9), lowerBound(0, 5, 0.9), upperBound(0, 0, 0.9)]).toEqual([1, 0, 1]);
  });
});
