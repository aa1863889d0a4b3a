import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compose } from '../../controllers/residual.ts';

const run = (base: number[], residual: number[], fraction: number, bound = 0.3): number[] => {
  const out = new Float64Array(base.length).fill(7);
  compose(Float64Array.from(base), Float64Array.from(residual), fraction, bound, out);
  return [...out];
};
const unit = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 });

describe('base and residual', () => {
  it('add up, the residual cut to its bound first and the sum to [-1, 1] last', () => {
    expect(run([0.5, 0.5, 0.9, -0.9], [0.25, 5, 0.25, -0.25], 1)).toEqual([0.75, 0.8, 1, -1]);
    expect(run([0, 0], [-100, 100], 0.5)).toEqual([-0.15, 0.15]);
  });

  it('give the base bit for bit at fraction 0, and where the residual is 0: negative zero stays negative', () => {
    fc.assert(
      fc.property(unit, unit, (base, residual) => {
        expect(run(base, residual, 0)).toEqual(base);
        expect(run(base, [0, 0, 0, 0], 1)).toEqual(base);
        expect(run(base, [-0, -0, -0, -0], 1)).toEqual(base);
      }),
    );
    expect(Object.is(run([-0], [0], 1)[0], -0)).toBe(true);
    expect(Object.is(run([-0], [0.3], 0)[0], -0)).toBe(true);
  });

  it('cut a base that is out of range even without a residual', () => {
    expect(run([1.5, -1.5], [0, 0], 1)).toEqual([1, -1]);
  });
});
