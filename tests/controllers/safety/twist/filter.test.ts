import { describe, expect, it } from 'vitest';
import { CLIPPED } from '../../../../controllers/safety/envelope.ts';
import { bits, close, filtered, JERKY, type Row, type Vector } from './table.ts';

describe('the speed of a twist', () => {
  it.each<Row>([
    ['inside every limit, as it is', { wish: [0.05, 0.02, 0.1] }, [0.05, 0.02, 0.1]],
    ['at the speed limit, as it is', { wish: [1.2, 1.6, 0], was: [1.2, 1.6, 0] }, [1.2, 1.6, 0]],
    ['at the limit of the turn, as it is', { wish: [0, 0, -2], was: [0, 0, -2] }, [0, 0, -2]],
    ['above it', { wish: [3, 0, 0], was: [2, 0, 0] }, [2, 0, 0], ['speed']],
    ['above it backwards', { wish: [-3, 0, 0], was: [-2, 0, 0] }, [-2, 0, 0], ['speed']],
    ['above it askew: the direction stays', { wish: [3, 4, 0], was: [1.2, 1.6, 0] }, [1.2, 1.6, 0], ['speed']],
    ['above it in a curve: the curve stays', { wish: [4, 0, 1], was: [2, 0, 0.5] }, [2, 0, 0.5], ['speed']],
    ['a turn above its limit', { wish: [0, 0, 3], was: [0, 0, 2] }, [0, 0, 2], ['speed']],
    ['a turn above its limit to the right', { wish: [0, 0, -3], was: [0, 0, -2] }, [0, 0, -2], ['speed']],
    ['a turn above its limit in a curve', { wish: [1, 0, 4], was: [0.5, 0, 2] }, [0.5, 0, 2], ['speed']],
    ['both above, the translation more', { wish: [4, 0, 3], was: [2, 0, 1.5] }, [2, 0, 1.5], ['speed']],
    ['both above, the turn more', { wish: [3, 0, 8], was: [0.75, 0, 2] }, [0.75, 0, 2], ['speed']],
    ['at half scale', { wish: [2, 0, 0], was: [1, 0, 0], scale: 0.5 }, [1, 0, 0], ['speed']],
    ['a turn at half scale', { wish: [0, 0, 2], was: [0, 0, 1], scale: 0.5 }, [0, 0, 1], ['speed']],
    ['at scale 0', { wish: [0.05, 0, 0.1], scale: 0 }, [0, 0, 0], ['speed']],
    ['at a scale below 0', { wish: [0.05, 0, 0.1], scale: -1 }, [0, 0, 0], ['speed']],
    ['at a scale that is no number', { wish: [0.05, 0, 0.1], scale: Number.NaN }, [0, 0, 0], ['speed']],
    ['at a scale above 1', { wish: [3, 0, 0], was: [2, 0, 0], scale: 2 }, [2, 0, 0], ['speed']],
    [
      'of a base that cannot go sideways',
      { wish: [0.05, 0.02, 0], limits: { sideways: false } },
      [0.05, 0, 0],
      ['speed'],
    ],
    ['that does not ask it to', { wish: [0.05, 0, 0.1], limits: { sideways: false } }, [0.05, 0, 0.1]],
    [
      'sideways and too fast: only what is left counts',
      { wish: [2, 9, 0], was: [2, 0, 0], limits: { sideways: false } },
      [2, 0, 0],
      ['speed'],
    ],
  ])('%s', (_name, given, out, flags) => {
    expect(filtered(given)).toEqual({ out: close(out), flags: bits(flags) });
  });

  it('within rounding of a limit it is left as it is, so that a second pass changes nothing', () => {
    for (const v of [2 * (1 + 5e-10), 5e-13]) {
      const wish: Vector = [v, 0, 0];
      const scale = v > 1 ? 1 : 0;
      expect(filtered({ wish, was: [v > 1 ? 2 : 0, 0, 0], scale })).toEqual({ out: wish, flags: 0 });
      expect(filtered({ wish: [0, 0, v], was: [0, 0, v > 1 ? 2 : 0], scale })).toEqual({ out: [0, 0, v], flags: 0 });
    }
    for (const v of [2 * (1 + 2e-9), 2e-12]) {
      const was: Vector = [v > 1 ? 2 : 0, 0, 0];
      expect(filtered({ wish: [v, 0, 0], was, scale: v > 1 ? 1 : 0 }).flags).toBe(CLIPPED.speed);
    }
  });
});

describe('the change of a twist', () => {
  it.each<Row>([
    ['faster than it may accelerate', { wish: [1, 0, 0] }, [0.1, 0, 0], ['acceleration']],
    ['the same backwards', { wish: [-1, 0, 0] }, [-0.1, 0, 0], ['acceleration']],
    ['askew, on the straight line', { wish: [0.6, 0.8, 0] }, [0.06, 0.08, 0], ['acceleration']],
    ['a turn', { wish: [0, 0, 1] }, [0, 0, 0.2], ['acceleration']],
    ['a turn to the right', { wish: [0, 0, -1] }, [0, 0, -0.2], ['acceleration']],
    ['both, the translation more', { wish: [1, 0, 1] }, [0.1, 0, 0.1], ['acceleration']],
    ['both, the turn more', { wish: [0.1, 0, 1] }, [0.02, 0, 0.2], ['acceleration']],
    ['faster than it may slow down', { wish: [0, 0, 0], was: [1, 0, 0] }, [0.9, 0, 0], ['acceleration']],
    ['a bend', { wish: [0, 1, 0], was: [1, 0, 0] }, [1 - Math.SQRT1_2 / 10, Math.SQRT1_2 / 10, 0], ['acceleration']],
    ['as fast as it may', { wish: [0.16, 0.08, 1.2], was: [0.1, 0, 1] }, [0.16, 0.08, 1.2]],
    ['after two periods: rates know one only', { wish: [1, 0, 0], elapsed: 0.02 }, [0.1, 0, 0], ['acceleration']],
    ['after half a period', { wish: [1, 0, 1], elapsed: 0.005 }, [0.05, 0, 0.05], ['acceleration']],
    ['after no time', { wish: [1, 0, 0], was: [0.5, 0, 0.3], elapsed: 0 }, [0.5, 0, 0.3], ['acceleration']],
    ['after a time that went back', { wish: [1, 0, 0], was: [0.5, 0, 0], elapsed: -1 }, [0.5, 0, 0], ['acceleration']],
    [
      'after a time that is no number',
      { wish: [1, 0, 0], was: [0.5, 0, 0], elapsed: Number.NaN },
      [0.5, 0, 0],
      ['acceleration'],
    ],
    ['at once round: it goes through rest', { wish: [-1, 0, 0], was: [0.05, 0, 0] }, [-0.05, 0, 0], ['acceleration']],
  ])('%s', (_name, given, out, flags) => {
    expect(filtered(given)).toEqual({ out: close(out), flags: bits(flags) });
  });

  it.each<Row>([
    ['more jerk than allowed', { wish: [1, 0, 0] }, [0.04, 0, 0], ['acceleration', 'jerk']],
    ['the same askew', { wish: [0.6, 0.8, 0] }, [0.024, 0.032, 0], ['acceleration', 'jerk']],
    ['a turn with more', { wish: [0, 0, -1] }, [0, 0, -0.04], ['acceleration', 'jerk']],
    ['more while it speeds up', { wish: [1, 0, 0], slope: [5, 0, 0] }, [0.09, 0, 0], ['acceleration', 'jerk']],
    ['the same sideways', { wish: [0, 1, 0], slope: [0, 5, 0] }, [0, 0.09, 0], ['acceleration', 'jerk']],
    [
      'a turn with more while it turns faster',
      { wish: [0, 0, 1], slope: [0, 0, 5] },
      [0, 0, 0.09],
      ['acceleration', 'jerk'],
    ],
    ['within the jerk limit, as it is', { wish: [0.04, 0, 0.04] }, [0.04, 0, 0.04]],
    ['within it while it speeds up', { wish: [0.09, 0, 0.06], slope: [5, 0, 2] }, [0.09, 0, 0.06]],
    ['within it while it speeds up sideways', { wish: [0, 0.09, 0], slope: [0, 5, 0] }, [0, 0.09, 0]],
    // From A a change of A²/2J + A·dt is landed on: 16/800 + 0.04 m/s from 4 m/s².
    ['0.06 m/s away it makes for 4 m/s², to land on it', { wish: [0.06, 0, 0] }, [0.04, 0, 0], ['acceleration']],
    ['the same with a turn', { wish: [0, 0, 0.06] }, [0, 0, 0.04], ['acceleration']],
    ['0.16 m/s away for 8 m/s²', { wish: [0.16, 0, 0], slope: [4, 0, 0] }, [0.08, 0, 0], ['acceleration']],
    ['to rest it may jerk', { wish: [0, 0, 0], was: [0.1, 0, 0.2] }, [0, 0, 0]],
    ['also the turn alone', { wish: [0.1, 0, 0], was: [0.1, 0, 0.2] }, [0.1, 0, 0]],
    ['also the translation alone', { wish: [0, 0, 0.2], was: [0, 0.1, 0.2] }, [0, 0, 0.2]],
    [
      'one element at rest is not',
      { wish: [0, 0.05, 0], was: [0.1, 0.05, 0] },
      [0.06, 0.05, 0],
      ['acceleration', 'jerk'],
    ],
    ['nor the other', { wish: [0.05, 0, 0], was: [0.05, 0.1, 0] }, [0.05, 0.06, 0], ['acceleration', 'jerk']],
    ['nor a turn that goes on', { wish: [0, 0, 0.1], was: [0.1, 0, 0.2] }, [0.06, 0, 0.16], ['acceleration', 'jerk']],
    ['it may stay as fast as it is', { wish: [1, 0.1, 1], was: [1, 0.1, 1], slope: [9, 0, 9] }, [1, 0.1, 1]],
    // Its acceleration of 5 m/s² can become 1 m/s² at best: 0.01 m/s more.
    [
      'it overshoots for a moment',
      { wish: [1.9, 0, 0], was: [1.985, 0, 0], slope: [5, 0, 0] },
      [1.995, 0, 0],
      ['acceleration', 'jerk'],
    ],
    [
      'but not past the speed limit',
      { wish: [1.9, 0, 0], was: [1.995, 0, 0], slope: [5, 0, 0] },
      [1.995, 0, 0],
      ['acceleration', 'jerk'],
    ],
    [
      'nor past that of the turn',
      { wish: [0, 0, 1.9], was: [0, 0, 1.995], slope: [0, 0, 5] },
      [0, 0, 1.995],
      ['acceleration', 'jerk'],
    ],
    [
      'nor sideways',
      { wish: [0, 1.9, 0], was: [0, 1.995, 0], slope: [0, 5, 0] },
      [0, 1.995, 0],
      ['acceleration', 'jerk'],
    ],
    // A deceleration of 10 m/s² can become 6 m/s² at best: 0.06 m/s less than 0.05 m/s.
    [
      'what need not turn round stops',
      { wish: [0.03, 0, 0], was: [0.05, 0, 0], slope: [-10, 0, 0] },
      [0, 0, 0],
      ['acceleration', 'jerk'],
    ],
    [
      'the same backwards',
      { wish: [-0.03, 0, 0], was: [-0.05, 0, 0], slope: [10, 0, 0] },
      [0, 0, 0],
      ['acceleration', 'jerk'],
    ],
    [
      'the same sideways',
      { wish: [0, 0.03, 0], was: [0, 0.05, 0], slope: [0, -10, 0] },
      [0, 0, 0],
      ['acceleration', 'jerk'],
    ],
    [
      'what is to turn round does',
      { wish: [-1, 0, 0], was: [0.05, 0, 0], slope: [-10, 0, 0] },
      [-0.05, 0, 0],
      ['acceleration'],
    ],
    ['sideways too', { wish: [0, -1, 0], was: [0, 0.05, 0], slope: [0, -10, 0] }, [0, -0.05, 0], ['acceleration']],
    // Half-way between braking on and going sideways it would go 0.022 m/s back.
    [
      'what is to go sideways does not turn round either',
      { wish: [0, 1, 0], was: [0.05, 0, 0], slope: [-10, 0, 0] },
      [0, 0, 0],
      ['acceleration', 'jerk'],
    ],
    [
      'a turn that need not change sides stops',
      { wish: [0, 0, 0.09], was: [0, 0, 0.1], slope: [0, 0, -20] },
      [0, 0, 0],
      ['acceleration', 'jerk'],
    ],
    [
      'a turn that is to change sides does',
      { wish: [0, 0, -1], was: [0, 0, 0.1], slope: [0, 0, -20] },
      [0, 0, -0.1],
      ['acceleration'],
    ],
    // The turn would go 0.16 rad/s to the other side; of 0.1 m/s the translation has a share of 0.04/0.19.
    [
      'a turn that is to end stops, the translation goes on',
      { wish: [1, 0, 0], was: [0, 0, 0.1], slope: [0, 0, -20] },
      [0.1 * (0.04 / 0.19), 0, 0],
      ['acceleration', 'jerk'],
    ],
  ])('with a jerk limit: %s', (_name, given, out, flags) => {
    const said = filtered({ ...given, limits: JERKY });
    expect(said).toEqual({ out: out.map((x) => expect.closeTo(x, 6)), flags: bits(flags) });
  });
});
