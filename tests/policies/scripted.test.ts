import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scriptedAction } from '../../policies/base/scripted.ts';

const act = (x: number, y: number, z: number) => {
  const out = new Float64Array(4).fill(9);
  scriptedAction([x, y, z], out);
  return Array.from(out);
};

describe('the scripted expert', () => {
  it('asks for a tenth of the sideways error: 10 mm off is 1 mm, 0.2 of the scale', () => {
    const [x, y] = act(0.01, -0.02, 0.04);
    expect(x).toBeCloseTo(-0.2, 12);
    expect(y).toBeCloseTo(0.4, 12);
  });

  it('descends whether it is centred or not: fast far above, slowly near the mouth, steadily inside', () => {
    for (const side of [0, 0.01]) {
      expect(act(side, side, 0.03)[2]).toBe(-0.8);
      expect(act(side, side, 0.005)[2]).toBe(-0.35);
      expect(act(side, side, -0.01)[2]).toBe(-0.6);
    }
  });

  it('leaves the stiffness at its nominal', () => {
    expect(act(0.01, 0, 0.03)[3]).toBe(0);
  });

  it('hands a NaN on, for the gate to refuse, rather than make a motion of it', () => {
    expect(act(Number.NaN, 0, 0)[0]).toBeNaN();
    expect(act(0, 0, Number.NaN)[2]).toBeNaN();
  });

  it('stays within [-1, 1] wherever the tip is', () => {
    const far = fc.double({ min: -10, max: 10, noNaN: true });
    fc.assert(
      fc.property(far, far, far, (x, y, z) => act(x, y, z).every((a) => Math.abs(a) <= 1)),
      { seed: 1 },
    );
    expect(act(1, -1, 0).slice(0, 2)).toEqual([-1, 1]);
  });
});
