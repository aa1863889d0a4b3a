import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../src/core/random.ts';
import {
  calibrate,
  discountedDanger,
  falseInterventions,
  violationsNeeded,
  warning,
} from '../../../src/learning/judging/calibration.ts';
import { reliability } from '../../../src/learning/judging/reliability.ts';

describe('calibration of a risk threshold', () => {
  it('needs 29 violations for 10 % at 95 %, and 299 for 1 %', () => {
    expect(violationsNeeded({ missed: 0.1, confidence: 0.95 })).toBe(29);
    expect(violationsNeeded({ missed: 0.01, confidence: 0.95 })).toBe(299);
    const warnings = (n: number) => Array.from({ length: n }, (_, i) => 0.2 + i / 100);
    expect(calibrate(warnings(28), { missed: 0.1, confidence: 0.95 })).toBeNull();
    // With 29 none may be missed: just below the least.
    expect(calibrate(warnings(29), { missed: 0.1, confidence: 0.95 })).toMatchObject({
      threshold: 0.1999,
      missedSeen: 0,
    });
    // With 46 one may: P(Binomial(46, 0.1) ≤ 1) = 0.048.
    expect(calibrate(warnings(46), { missed: 0.1, confidence: 0.95 })).toMatchObject({
      threshold: 0.2099,
      missedSeen: 1,
    });
    expect(calibrate(warnings(45), { missed: 0.1, confidence: 0.95 })).toMatchObject({ missedSeen: 0 });
  });

  it('has no threshold where the critic gave no warning', () => {
    const blind = [...new Array(5).fill(Number.NEGATIVE_INFINITY), ...new Array(40).fill(0.9)];
    expect(calibrate(blind, { missed: 0.1, confidence: 0.95 })).toBeNull();
    expect(calibrate(new Array(60).fill(0), { missed: 0.1, confidence: 0.95 })).toBeNull();
  });

  it('keeps its word: over many draws, more is missed than said no more often than 5 times in 100', () => {
    const random = new SeededRandom(3);
    // The warning of a violation is uniform² in [0, 1): below τ with chance √τ.
    const draws = 600;
    let broken = 0;
    for (let d = 0; d < draws; d++) {
      const warnings = Array.from({ length: 80 }, () => random.uniform() ** 2);
      const { threshold } = calibrate(warnings, { missed: 0.1, confidence: 0.95 })!;
      if (Math.sqrt(threshold) > 0.1) broken++;
    }
    // 30 expected at most; four standard deviations above are 52.
    expect(broken).toBeLessThan(52);
    // And it is not so careful that it says nothing: k = 3 of 80 is P = 0.0353.
    expect(broken).toBeGreaterThan(4);
  });

  it('a warning counts only while there is time', () => {
    const episode = { risks: [0.1, 0.3, 0.2, 0.9, 0.95], violationAt: 4 };
    expect([0, 1, 2, 3].map((lead) => warning(episode, lead))).toEqual([0.95, 0.9, 0.3, 0.3]);
    expect(warning(episode, 5)).toBe(Number.NEGATIVE_INFINITY);
  });

  it('false interventions by hand: one of three calm episodes, two of seven ticks', () => {
    const episodes = [
      { risks: [0.1, 0.2], violationAt: -1 },
      { risks: [0.6, 0.7, 0.1], violationAt: -1 },
      { risks: [0.5, 0.5], violationAt: -1 },
      { risks: [0.9], violationAt: 0 },
    ];
    const seen = falseInterventions(episodes, 0.5);
    expect(seen).toMatchObject({ episodes: 3, alarmed: 1, share: 1 / 3, ticks: 2 / 7 });
    // 1 of 3: the largest p with (1−p)³ + 3p(1−p)² = 0.05.
    expect(seen.upper95).toBeCloseTo(0.86465, 5);
  });
});

describe('reliability', () => {
  it('by hand: two bins of ten, and the error weighed by their rows', () => {
    const { bins, ece, worst } = reliability([0.05, 0.05, 0.85, 0.85, 0.85, 1], [0, 1, 1, 1, 0, 1]);
    expect(bins[0]).toEqual({ from: 0, to: 0.1, count: 2, predicted: 0.05, observed: 0.5 });
    expect(bins[8]).toMatchObject({
      count: 3,
      predicted: expect.closeTo(0.85, 12),
      observed: expect.closeTo(2 / 3, 12),
    });
    expect(bins[9]).toMatchObject({ count: 1, predicted: 1, observed: 1 });
    expect(bins[3]).toMatchObject({ count: 0, predicted: Number.NaN });
    expect(ece).toBeCloseTo((2 / 6) * 0.45 + (3 / 6) * (0.85 - 2 / 3), 12);
    expect(worst).toBeCloseTo(0.45, 12);
  });

  it('danger is discounted by the ticks that were left', () => {
    expect(discountedDanger({ risks: [0, 0, 0, 0], violationAt: 2 }, 0.5)).toEqual([0.25, 0.5, 1, 0]);
    expect(discountedDanger({ risks: [0, 0], violationAt: -1 }, 0.5)).toEqual([0, 0]);
  });
});
