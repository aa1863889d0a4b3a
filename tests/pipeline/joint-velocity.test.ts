import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JointVelocity } from '../../src/pipeline/joint-velocity.ts';

const MS = 1e6;
/** So wide that it lets everything through. */
const WIDE = 1e9;
const of = (...v: number[]) => Float64Array.from(v);

describe('velocities from positions', () => {
  it('are the difference by the time between stamps, for each joint by itself', () => {
    const v = new JointVelocity(2, WIDE);
    expect(v.update(of(1, -1), 0)).toBe(false);
    expect(v.update(of(1.02, -1.01), 10 * MS)).toBe(true);
    expect(v.estimate[0]).toBeCloseTo(2, 9);
    expect(v.estimate[1]).toBeCloseTo(-1, 9);
  });

  it('of a message that comes twice are those of the first time', () => {
    const v = new JointVelocity(1, WIDE);
    v.update(of(0), 0);
    v.update(of(0.01), 10 * MS);
    expect(v.update(of(0.01), 10 * MS)).toBe(true);
    expect(v.estimate[0]).toBeCloseTo(1, 9);
  });

  it.each([
    ['after a gap', 400],
    ['for a stamp that went back', 5],
    ['for no stamp', Number.NaN],
  ])('are none %s, and are there again with the next', (_what, ms) => {
    const v = new JointVelocity(1, WIDE);
    v.update(of(0), 0);
    v.update(of(0.01), 10 * MS);
    expect(v.update(of(1), ms * MS)).toBe(false);
    const next = Number.isNaN(ms) ? 0 : ms;
    if (Number.isNaN(ms)) expect(v.update(of(1), next * MS)).toBe(false);
    expect(v.update(of(1.03), (next + 10) * MS)).toBe(true);
    expect(v.estimate[0]).toBeCloseTo(3, 9);
  });

  it('of a position that is no number are none, and forget it', () => {
    const v = new JointVelocity(1, 20);
    v.update(of(0), 0);
    v.update(of(0.01), 10 * MS);
    v.update(of(Number.NaN), 20 * MS);
    expect(v.estimate[0]).toBeNaN();
    v.update(of(0.03), 30 * MS);
    expect(v.estimate[0]).toBeNaN();
    v.update(of(0.04), 40 * MS);
    expect(v.estimate[0]).toBeCloseTo(1, 9);
  });

  it('come to a constant speed, and take 1/(2π·20 Hz) for 63 % of a step', () => {
    const v = new JointVelocity(1, 20);
    let position = 0;
    for (let n = 0; n <= 10; n++) v.update(of(position), n * MS);
    // 8 ms of a speed of 1 rad/s: 1 − e^(−2π·20·0.008) = 0.634.
    for (let n = 11; n <= 18; n++) {
      position += 0.001;
      v.update(of(position), n * MS);
    }
    expect(v.estimate[0]).toBeCloseTo(1 - Math.exp(-2 * Math.PI * 20 * 0.008), 9);
  });

  it('are never further from rest than the fastest difference', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 2, maxLength: 40 }),
        (positions) => {
          const v = new JointVelocity(1, 20);
          let fastest = 0;
          for (const [n, at] of positions.entries()) {
            if (n > 0) fastest = Math.max(fastest, Math.abs(at - positions[n - 1]!) / 0.01);
            if (v.update(of(at), n * 10 * MS))
              expect(Math.abs(v.estimate[0]!)).toBeLessThanOrEqual(fastest * (1 + 1e-9));
          }
        },
      ),
    );
  });
});
