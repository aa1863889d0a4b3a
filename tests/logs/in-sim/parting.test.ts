import { describe, expect, it } from 'vitest';
import { Parting } from '../../../src/logs/in-sim/parting.ts';

const apart = (v: number) => ({ joints: Float64Array.of(v, 2 * v), tip: 3 * v, turn: 4 * v, force: 5 * v });

describe('how simulation and log part', () => {
  it('is a root mean square and a largest, over all states', () => {
    const p = new Parting(2);
    p.begin();
    // √((1 + 49) / 2) = 5
    for (const [n, v] of [1, 7].entries()) p.take(n / 10, apart(v));
    p.end();
    expect(p.parted).toEqual({
      states: 2,
      joints: [
        { rms: 5, max: 7 },
        { rms: 10, max: 14 },
      ],
      tip_m: { rms: 15, max: 21 },
      tip_rad: { rms: 20, max: 28 },
      force_n: { rms: 25, max: 35 },
    });
  });

  it('at 1, 5 and 10 s and at the end, over those episodes that last so long', () => {
    const p = new Parting(2);
    for (const [v, lengthS] of [
      [1, 6],
      [7, 2],
    ] as const) {
      p.begin();
      for (let s = 0; s <= lengthS; s += 0.5) p.take(s, apart(s < 1.5 ? v : 10 * v));
      p.end();
    }
    expect(p.at).toEqual([
      { at: 1, episodes: 2, joint_rad: 10, tip_m: 15, tip_rad: 20 },
      { at: 5, episodes: 1, joint_rad: 20, tip_m: 30, tip_rad: 40 },
      { at: 'end', episodes: 2, joint_rad: 100, tip_m: 150, tip_rad: 200 },
    ]);
  });

  it('that is no number stays none', () => {
    const p = new Parting(2);
    p.begin();
    p.take(0, apart(Number.NaN));
    p.take(0.1, apart(1));
    expect(p.parted.tip_m).toEqual({ rms: Number.NaN, max: Number.NaN });
  });
});
