import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance, nearest } from '../../../src/core/config/nearest.ts';
import { wrongUnit } from '../../../src/core/config/suffix.ts';

describe('edit distance', () => {
  it.each([
    ['', '', 0],
    ['abc', 'abc', 0],
    ['', 'abc', 3],
    ['velocty', 'velocity', 1],
    ['spede', 'speed', 1], // one swap
    ['kitten', 'sitting', 3],
    ['ca', 'abc', 3], // optimal string alignment, where unrestricted Damerau-Levenshtein gives 2
  ])('%j to %j is %i', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
  });

  it('is symmetric, zero only for equal words, and never above the longer length', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
        const d = editDistance(a, b);
        expect(d).toBe(editDistance(b, a));
        expect(d === 0).toBe(a === b);
        expect(d).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    );
  });
});

describe('nearest', () => {
  const keys = ['force_soft', 'force_limit', 'speed', 'off'];
  it('forgives case, dashes and about one slip in three letters', () => {
    expect(nearest('Force-Limit', keys)).toBe('force_limit');
    expect(nearest('forse_limt', keys)).toBe('force_limit');
    expect(nearest('sped', keys)).toBe('speed');
  });

  it('suggests nothing where nothing is near', () => {
    expect(nearest('gripper', keys)).toBeUndefined();
    expect(nearest('x'.repeat(100_000), keys)).toBeUndefined();
  });
});

describe('wrong unit', () => {
  it('converts between units of one quantity only', () => {
    expect(wrongUnit('tilt_deg', 90, ['tilt'])).toEqual({ key: 'tilt', unit: 'SI', value: 1.57079632679 });
    expect(wrongUnit('timestep_ms', 2, ['timestep_us'])).toEqual({ key: 'timestep_us', unit: 'us', value: 2000 });
    expect(wrongUnit('state_hz', 100, ['state_ms'])).toEqual({ key: 'state_ms', unit: 'ms', value: undefined });
  });

  it('is silent about a key that differs in more than its suffix', () => {
    expect(wrongUnit('state_ages', 1, ['state_age_ms'])).toBeUndefined();
  });
});
