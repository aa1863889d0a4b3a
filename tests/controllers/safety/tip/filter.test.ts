import { describe, expect, it } from 'vitest';
import { bits, close, filtered, type Row, type Twist, wall } from './table.ts';

const R = Math.SQRT1_2;

describe('the speed of a tip', () => {
  it.each<Row>([
    ['inside every limit, as it is', { wish: [0.05, 0.02, -0.01, 0.1, 0, 0.05] }, [0.05, 0.02, -0.01, 0.1, 0, 0.05]],
    ['at its limit, as it is', { wish: [1.2, 0, 1.6, 0, 0, 0], was: [1.2, 0, 1.6, 0, 0, 0] }, [1.2, 0, 1.6, 0, 0, 0]],
    ['above it', { wish: [0, 3, 0, 0, 0, 0], was: [0, 2, 0, 0, 0, 0] }, [0, 2, 0, 0, 0, 0], ['speed']],
    [
      'above it askew: the direction stays',
      { wish: [2, 4, 4, 0, 0, 0], was: [2 / 3, 4 / 3, 4 / 3, 0, 0, 0] },
      [2 / 3, 4 / 3, 4 / 3, 0, 0, 0],
      ['speed'],
    ],
    ['of a rotation', { wish: [0, 0, 0, 0, 0, -3], was: [0, 0, 0, 0, 0, -2] }, [0, 0, 0, 0, 0, -2], ['speed']],
    [
      'of a screw, which stays the screw: the translation too fast',
      { wish: [4, 0, 0, 0, 1, 0], was: [2, 0, 0, 0, 0.5, 0] },
      [2, 0, 0, 0, 0.5, 0],
      ['speed'],
    ],
    ['the rotation too fast', { wish: [1, 0, 0, 0, 4, 0], was: [0.5, 0, 0, 0, 2, 0] }, [0.5, 0, 0, 0, 2, 0], ['speed']],
    ['at half scale', { wish: [2, 0, 0, 0, 0, 2], was: [1, 0, 0, 0, 0, 1], scale: 0.5 }, [1, 0, 0, 0, 0, 1], ['speed']],
    ['at scale 0', { wish: [0.05, 0, 0, 0, 0.1, 0], scale: 0 }, [0, 0, 0, 0, 0, 0], ['speed']],
    ['at a scale below 0', { wish: [0.05, 0, 0, 0, 0, 0], scale: -1 }, [0, 0, 0, 0, 0, 0], ['speed']],
    ['at a scale that is none', { wish: [0.05, 0, 0, 0, 0, 0], scale: Number.NaN }, [0, 0, 0, 0, 0, 0], ['speed']],
    [
      'at a scale above 1',
      { wish: [3, 0, 0, 0, 0, 0], was: [2, 0, 0, 0, 0, 0], scale: 2 },
      [2, 0, 0, 0, 0, 0],
      ['speed'],
    ],
  ])('%s', (_name, given, out, flags) => {
    expect(filtered(given)).toEqual({ out: close(out), flags: bits(flags) });
  });

  it('within rounding of its limit is left as it is, so that a second pass changes nothing', () => {
    for (const v of [2 * (1 + 5e-10), 5e-13]) {
      const was: Twist = [v > 1 ? 2 : 0, 0, 0, 0, 0, 0];
      expect(filtered({ wish: [v, 0, 0, 0, 0, 0], was, scale: v > 1 ? 1 : 0 })).toEqual({
        out: [v, 0, 0, 0, 0, 0],
        flags: 0,
      });
    }
    for (const v of [2 * (1 + 2e-9), 2e-12]) {
      const was: Twist = [0, 0, 0, v > 1 ? 2 : 0, 0, 0];
      expect(filtered({ wish: [0, 0, 0, v, 0, 0], was, scale: v > 1 ? 1 : 0 }).flags).toBe(bits(['speed']));
    }
  });
});

/** 0.04 m/s and 0.04 rad/s a tick of change in what changes a tick. */
const JERKY = { linear: { jerk: 400 }, angular: { jerk: 400 } };

describe('the change of a twist', () => {
  it.each<Row>([
    ['faster than it may accelerate', { wish: [1, 0, 0, 0, 0, 0] }, [0.1, 0, 0, 0, 0, 0], ['acceleration']],
    ['backwards', { wish: [0, -1, 0, 0, 0, 0] }, [0, -0.1, 0, 0, 0, 0], ['acceleration']],
    ['askew, on the straight line', { wish: [0, 0.6, 0.8, 0, 0, 0] }, [0, 0.06, 0.08, 0, 0, 0], ['acceleration']],
    ['a rotation', { wish: [0, 0, 0, 0, 1, 0] }, [0, 0, 0, 0, 0.2, 0], ['acceleration']],
    ['each by its own limit', { wish: [0, 0, 1, 1, 0, 0] }, [0, 0, 0.1, 0.2, 0, 0], ['acceleration']],
    ['a rotation that is there already', { wish: [1, 0, 0, 0, 0, 0.2] }, [0.1, 0, 0, 0, 0, 0.2], ['acceleration']],
    ['slower', { wish: [0, 0, 0, 0, 0, 0], was: [1, 0, 0, 0, 0, 1] }, [0.9, 0, 0, 0, 0, 0.8], ['acceleration']],
    [
      'a bend',
      { wish: [0, 1, 0, 0, 0, 0], was: [1, 0, 0, 0, 0, 0] },
      [1 - R / 10, R / 10, 0, 0, 0, 0],
      ['acceleration'],
    ],
    ['as fast as it may', { wish: [0.16, 0.08, 0, 0, 0, 0], was: [0.1, 0, 0, 0, 0, 0] }, [0.16, 0.08, 0, 0, 0, 0]],
    [
      'after two periods: one counts',
      { wish: [1, 0, 0, 0, 0, 0], elapsed: 0.02 },
      [0.1, 0, 0, 0, 0, 0],
      ['acceleration'],
    ],
    ['after half a period', { wish: [1, 0, 0, 0, 1, 0], elapsed: 0.005 }, [0.05, 0, 0, 0, 0.1, 0], ['acceleration']],
    ...[0, -1, Number.NaN].map(
      (elapsed): Row => [
        `after ${elapsed} s`,
        { wish: [1, 0, 0, 0, 0, 0], was: [0.5, 0, 0, 0, 0.3, 0], elapsed },
        [0.5, 0, 0, 0, 0.3, 0],
        ['acceleration'],
      ],
    ),
    [
      'round: through rest',
      { wish: [-1, 0, 0, 0, 0, 0], was: [0.05, 0, 0, 0, 0, 0] },
      [-0.05, 0, 0, 0, 0, 0],
      ['acceleration'],
    ],
    ['jerkily', { wish: [0, 0, 1, 0, 0, 0], limits: JERKY }, [0, 0, 0.04, 0, 0, 0], ['acceleration', 'jerk']],
    [
      'jerkily, from what it did before',
      { wish: [0, 0, 1, 0, 0, 0], was: [0, 0, 0.1, 0, 0, 0], slope: [0, 0, 4, 0, 0, 0], limits: JERKY },
      [0, 0, 0.18, 0, 0, 0],
      ['acceleration', 'jerk'],
    ],
    [
      'jerkily, a rotation',
      { wish: [0, 0, 0, 0, -1, 0], limits: JERKY },
      [0, 0, 0, 0, -0.04, 0],
      ['acceleration', 'jerk'],
    ],
    [
      'to land: 0.1 m/s left may fall by 400·(√(0.01² + 0.2/400) - 0.01)·0.01 a tick',
      { wish: [1, 0, 0, 0, 0, 0], was: [0.9, 0, 0, 0, 0, 0], slope: [2, 0, 0, 0, 0, 0], limits: JERKY },
      [0.9 + 4 * (Math.sqrt(6e-4) - 0.01), 0, 0, 0, 0, 0],
      ['acceleration'],
    ],
    [
      'to rest at once, whatever it did',
      { wish: [0, 0, 0, 0, 0, 0], was: [0.05, 0, 0, 0, 0, 0], slope: [9, 0, 0, 0, 0, 0], limits: JERKY },
      [0, 0, 0, 0, 0, 0],
    ],
    [
      'to nothing else, whatever it did',
      { wish: [0.05, 0, 0, 0, 0, 0], was: [0.05, 0, 0, 0, 0, 0], slope: [9, 0, 0, 0, 0, 0], limits: JERKY },
      [0.05, 0, 0, 0, 0, 0],
    ],
    [
      'that would be too fast by what it did before: it stays',
      { wish: [1.99, 0, 0, 0, 0, 0], was: [1.98, 0, 0, 0, 0, 0], slope: [10, 0, 0, 0, 0, 0], limits: JERKY },
      [1.98, 0, 0, 0, 0, 0],
      ['acceleration', 'jerk'],
    ],
    ['jerkily, along y only', { wish: [0, 0.06, 0, 0, 0, 0], limits: JERKY }, [0, 0.04, 0, 0, 0, 0], ['acceleration']],
    [
      'that would turn it round along y: it stops',
      { wish: [0, 0.05, 0, 0, 0, 0], was: [0, 0.02, 0, 0, 0, 0], slope: [0, -10, 0, 0, 0, 0], limits: JERKY },
      [0, 0, 0, 0, 0, 0],
      ['acceleration', 'jerk'],
    ],
    [
      'that would turn it round by what it did before: it stops',
      { wish: [0.05, 0, 0, 0, 0, 0], was: [0.02, 0, 0, 0, 0, 0], slope: [-10, 0, 0, 0, 0, 0], limits: JERKY },
      [0, 0, 0, 0, 0, 0],
      ['acceleration', 'jerk'],
    ],
  ])('%s', (_name, given, out, flags) => {
    expect(filtered(given)).toEqual({ out: close(out), flags: bits(flags) });
  });
});

const AHEAD = (d: number) => ({ walls: [wall([1, 0, 0], d)] });

describe('a wall', () => {
  it.each<Row>([
    // 1 m/s needs 0.2 m, and 0.4 m are left.
    [
      'far enough away is nothing',
      { wish: [1, 0, 0, 0, 0, 0], was: [1, 0, 0, 0, 0, 0], limits: AHEAD(0.4) },
      [1, 0, 0, 0, 0, 0],
    ],
    [
      'as far away as a stop takes is nothing',
      { wish: [1, 0, 0, 0, 0, 0], was: [1, 0, 0, 0, 0, 0], limits: AHEAD(0.2) },
      [1, 0, 0, 0, 0, 0],
    ],
    // v·0.1 + v²/10 = 0.1875: v = -0.5 + √(0.25 + 1.875) = 0.9577.
    [
      'ahead: the stopping-distance bound',
      { wish: [1, 0, 0, 0, 0, 0], was: [1, 0, 0, 0, 0, 0], limits: AHEAD(0.1875) },
      [-0.5 + Math.sqrt(2.125), 0, 0, 0, 0, 0],
      ['box'],
    ],
    [
      'behind is nothing',
      { wish: [-1, 0, 0, 0, 0, 0], was: [-1, 0, 0, 0, 0, 0], limits: AHEAD(0.01) },
      [-1, 0, 0, 0, 0, 0],
    ],
    ['beside is nothing', { wish: [0, 1, 0, 0, 0, 0], was: [0, 1, 0, 0, 0, 0], limits: AHEAD(0) }, [0, 1, 0, 0, 0, 0]],
    [
      'is nothing to a rotation',
      { wish: [0, 0, 0, 1, 0, 0], was: [0, 0, 0, 1, 0, 0], limits: AHEAD(-1) },
      [0, 0, 0, 1, 0, 0],
    ],
    [
      'from where the tip is measured',
      { wish: [1, 0, 0, 0, 0, 0], was: [1, 0, 0, 0, 0, 0], at: [0.0125, 9, 9], limits: AHEAD(0.2) },
      [-0.5 + Math.sqrt(2.125), 0, 0, 0, 0, 0],
      ['box'],
    ],
    [
      'from the furthest that commands in flight may have taken it',
      {
        wish: [1, 0, 0, 0, 0, 0],
        was: [1, 0, 0, 0, 0, 0],
        moved: [
          [0, 0, 0, 0, 0, 0],
          [0.0125, 0, 0, 0, 0, 0],
          [0.01, 5, 5, 0, 0, 0],
        ],
        limits: AHEAD(0.2),
      },
      [-0.5 + Math.sqrt(2.125), 0, 0, 0, 0, 0],
      ['box'],
    ],
    [
      'from what nobody remembers',
      { wish: [1, 0, 0, 0, 0, 0], was: [1, 0, 0, 0, 0, 0], unknown: 0.00625, limits: AHEAD(0.2) },
      [-0.5 + Math.sqrt(2.125), 0, 0, 0, 0, 0],
      ['box'],
    ],
    [
      'with the ramps of a stop',
      { wish: [1, 0, 0, 0, 0, 0], was: [1, 0, 0, 0, 0, 0], limits: { ...AHEAD(0.3), linear: { ramp: 0.1 } } },
      [1, 0, 0, 0, 0, 0],
    ],
    [
      // From 0 towards a wall that is reached: along it only.
      'that is reached: what leads along it stays',
      { wish: [0.03, 0.04, 0, 0, 0, 0], limits: AHEAD(0) },
      [0, 0.04, 0, 0, 0, 0],
      ['box'],
    ],
    ['that is passed: the same', { wish: [0.03, 0.04, 0, 0, 0, 0], limits: AHEAD(-1) }, [0, 0.04, 0, 0, 0, 0], ['box']],
    [
      'that is passed: the way back is open',
      { wish: [-0.03, 0.04, 0, 0, 0, 0], limits: AHEAD(-1) },
      [-0.03, 0.04, 0, 0, 0, 0],
    ],
    [
      // c·0.1 + c·(0.6 + c)/10 = 0.0135 for the rest of 0.6 m/s: c = 5·(√(0.16² + 0.0054) - 0.16) = 0.0803…
      'that is near: towards it no faster than can be stopped beside the rest',
      { wish: [0.1, 0.6, 0, 0, 0, 0], was: [0.1, 0.6, 0, 0, 0, 0], limits: AHEAD(0.0135) },
      [5 * (Math.sqrt(0.0256 + 0.0054) - 0.16), 0.6, 0, 0, 0, 0],
      ['box'],
    ],
    [
      'of a half-space',
      { wish: [0.05, 0.05, 0, 0, 0, 0], limits: { walls: [wall([R, R, 0], 0, 'workspace_plane')] } },
      [0, 0, 0, 0, 0, 0],
      ['plane'],
    ],
    [
      'of the box around a target that is not known',
      { wish: [0.05, 0, 0, 0, 0, 0], limits: { walls: [wall([1, 0, 0], -9, 'target_box')] } },
      [0.05, 0, 0, 0, 0, 0],
    ],
    [
      'and another: the nearer one has its name',
      {
        wish: [0, 0, 0.09, 0, 0, 0],
        limits: { walls: [wall([0, 0, 1], 0.01), wall([0, 0, 1], 0, 'workspace_plane'), wall([1, 0, 0], -1)] },
      },
      [0, 0, 0, 0, 0, 0],
      ['plane'],
    ],
    [
      'into a corner: neither',
      { wish: [0.05, 0.05, 0.05, 0, 0, 0], limits: { walls: [wall([1, 0, 0], 0), wall([0, 1, 0], 0)] } },
      [0, 0, 0.05, 0, 0, 0],
      ['box'],
    ],
    [
      'that came to be too near: brakes, and says so',
      { wish: [1, 0, 0, 0, 0, 0], was: [0.6, 0.8, 0, 0, 0, 0], limits: AHEAD(0.01) },
      [0.54, 0.72, 0, 0, 0, 0],
      ['acceleration', 'box', 'conflict'],
    ],
    [
      'that came to be too near: never beyond rest',
      { wish: [1, 0, 0, 0, 0, 0], was: [0.05, 0, 0, 0, 0, 0], limits: AHEAD(-0.1) },
      [0, 0, 0, 0, 0, 0],
      ['acceleration', 'box'],
    ],
    [
      // 0.96 m/s by the jerk; of which the ramps of 0.1 s have no room, but the reaction has: 0.096 + 0.09216 m.
      'that a ramp would pass: the way towards rest, as long as the stop itself has room',
      {
        wish: [1, 0, 0, 0, 0, 0],
        was: [1, 0, 0, 0, 0, 0],
        limits: { ...AHEAD(0.19), linear: { jerk: 400, ramp: 0.1 } },
      },
      [0.96, 0, 0, 0, 0, 0],
      ['box'],
    ],
    [
      'that a ramp would pass, without room for the stop: the brake',
      {
        wish: [1, 0, 0, 0, 0, 0],
        was: [1, 0, 0, 0, 0, 0],
        limits: { ...AHEAD(0.18), linear: { jerk: 400, ramp: 0.1 } },
      },
      [0.9, 0, 0, 0, 0, 0],
      ['box', 'conflict'],
    ],
  ])('%s', (_name, given, out, flags) => {
    expect(filtered(given)).toEqual({ out: close(out), flags: bits(flags) });
  });
});

const CONE = { limits: { tilt: 0.15 } };

describe('the cone', () => {
  it.each<Row>([
    [
      'as wide as a stop takes is nothing',
      { wish: [0, 0, 0, 1, 0, 0], was: [0, 0, 0, 1, 0, 0], ...CONE },
      [0, 0, 0, 1, 0, 0],
    ],
    // w·0.1 + w²/20 = 0.1: w = -1 + √(1 + 2) = 0.732.
    [
      'bounds a tilt',
      { wish: [0, 0, 0, 1, 0, 0], was: [0, 0, 0, 0.9, 0, 0], turn: [0.05, 0, 0], ...CONE },
      [0, 0, 0, Math.sqrt(3) - 1, 0, 0],
      ['rotation'],
    ],
    [
      'lets it back',
      { wish: [0, 0, 0, -1, 0, 0], was: [0, 0, 0, -1, 0, 0], turn: [0.05, 0, 0], ...CONE },
      [0, 0, 0, -1, 0, 0],
    ],
    [
      // √(0.15² - 0.09²) = 0.12 rad to the edge: w·0.1 + w²/20 = 0.12, w = -1 + √3.4.
      'askew',
      { wish: [0, 0, 0, 0, 1, 0], was: [0, 0, 0, 0, 0.9, 0], turn: [0.09, 0, 0], ...CONE },
      [0, 0, 0, 0, Math.sqrt(3.4) - 1, 0],
      ['rotation'],
    ],
    [
      'from wherever commands in flight may have turned it',
      {
        wish: [0, 0, 0, 1, 0, 0],
        was: [0, 0, 0, 0.9, 0, 0],
        moved: [
          [0, 0, 0, 0, 0, 0],
          [0, 0, 0, 0.05, 0, 0],
          [0, 0, 0, 0.01, 0, 0],
        ],
        ...CONE,
      },
      [0, 0, 0, Math.sqrt(3) - 1, 0, 0],
      ['rotation'],
    ],
    [
      'less what nobody remembers',
      { wish: [0, 0, 0, 1, 0, 0], was: [0, 0, 0, 0.9, 0, 0], unknown: 0.025, ...CONE },
      [0, 0, 0, Math.sqrt(3) - 1, 0, 0],
      ['rotation'],
    ],
    [
      'at its edge: no further',
      { wish: [0, 0, 0, 0.1, 0, 0], turn: [0.15, 0, 0], ...CONE },
      [0, 0, 0, 0, 0, 0],
      ['rotation'],
    ],
    [
      'outside: no further',
      { wish: [0, 0, 0, 0.1, 0, 0], turn: [0.4, 0, 0], ...CONE },
      [0, 0, 0, 0, 0, 0],
      ['rotation'],
    ],
    [
      'outside: the way back is open',
      { wish: [0, 0, 0, -0.1, 0, 0], turn: [0.4, 0, 0], ...CONE },
      [0, 0, 0, -0.1, 0, 0],
    ],
    [
      'outside: the way back is open at full speed',
      { wish: [0, 0, 0, -2, 0, 0], was: [0, 0, 0, -2, 0, 0], turn: [0.4, 0, 0], ...CONE },
      [0, 0, 0, -2, 0, 0],
    ],
    [
      'outside: also a way back that leads round',
      { wish: [0, 0, 0, -0.02, 0.09, 0], turn: [0.4, 0, 0], ...CONE },
      [0, 0, 0, -0.02, 0.09, 0],
    ],
    [
      'is nothing to a translation',
      { wish: [0.05, 0, 0, 0.1, 0, 0], turn: [0.4, 0, 0], ...CONE },
      [0.05, 0, 0, 0, 0, 0],
      ['rotation'],
    ],
    [
      'that came to be too narrow: brakes, and says so',
      { wish: [0, 0, 0, 1, 0, 0], was: [0, 0, 0, 1, 0, 0], turn: [0.15, 0, 0], ...CONE },
      [0, 0, 0, 0.8, 0, 0],
      ['rotation', 'conflict'],
    ],
  ])('%s', (_name, given, out, flags) => {
    expect(filtered(given)).toEqual({ out: close(out), flags: bits(flags) });
  });
});
