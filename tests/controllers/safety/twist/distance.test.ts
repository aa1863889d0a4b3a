import { describe, expect, it } from 'vitest';
import { CLIPPED } from '../../../../controllers/safety/envelope.ts';
import { bits, close, filtered, JERKY, type Row, type Vector, type Wish } from './table.ts';

/**
 * The room that a twist needs towards an obstacle, |p|·cos·(τ + T/2): with so much it is left as it is, bit for bit; with a
 * millionth less it is not.
 */
describe('the distance of a twist', () => {
  const at = (angle: number): [number, number] => [Math.cos(angle), Math.sin(angle)];
  const FRONT = { limits: { x: 0.4 } };
  it.each<[string, Vector, [number, number], number, Omit<Wish, 'wish'>?]>([
    ['straight on', [1, 0, 0], [1, 0], 0.2],
    ['twice as fast', [2, 0, 0], [1, 0], 0.6],
    ['backwards', [-1, 0, 0], [-1, 0], 0.2],
    ['sideways', [0, -1, 0], [0, -1], 0.2],
    ['askew', [0.6, 0.8, 0], [0.6, 0.8], 0.2],
    ['towards what is ahead on the left', [1, 0, 0], [0.6, 0.8], 0.12],
    ['towards what is ahead on the right', [1, 0, 0], [0.6, -0.8], 0.12],
    ['with time for the ramps of a stop', [1, 0, 0], [1, 0], 0.25, { limits: { ramp: 0.05 } }],
    // 1 m/s and 1 rad/s: 0.2 s, in which it turns by 0.2 rad.
    ['in a curve, straight ahead', [1, 0, 1], [1, 0], 0.2],
    ['in a curve, towards what it will point at', [1, 0, 1], at(0.1), 0.2],
    ['in a curve, towards what it will point at last', [1, 0, 1], at(0.2), 0.2],
    ['in a curve, towards what is further round', [1, 0, 1], at(0.3), 0.2 * Math.cos(0.1)],
    ['in a curve, towards what is on the outside', [1, 0, 1], at(-0.1), 0.2 * Math.cos(0.1)],
    ['in a curve, towards what is beside', [1, 0, 1], [0, 1], 0.2 * Math.sin(0.2)],
    ['in a curve to the right, towards what it will point at', [1, 0, -1], at(-0.1), 0.2],
    ['in a curve to the right, towards what is outside', [1, 0, -1], at(0.1), 0.2 * Math.cos(0.1)],
    ['in a curve to the right, beside', [1, 0, -1], [0, -1], 0.2 * Math.sin(0.2)],
    ['in a curve, sideways', [0, 1, 1], at(Math.PI / 2 + 0.1), 0.2],
    ['with a turn that takes longer to brake', [0.5, 0, 2], [1, 0], 0.1],
    ['with a turn that takes less', [1, 0, 0.5], [1, 0], 0.2],
    // A turn of 1 rad/s stops in 0.15 s, 0.15 rad on; 0.4 m off its axis that is 0.06 m.
    ['a footprint in front of the axis swings to the side', [0, 0, 1], [0, 1], 0.06, FRONT],
    ['and back at last', [0, 0, 1], [-1, 0], 0.06 * Math.sin(0.15), FRONT],
    ['to the other side', [0, 0, -1], [0, -1], 0.06, FRONT],
    ['and faster, driving sideways', [0, 1, 1], [0, 1], 0.28, FRONT],
    ['or slower', [0, 1, -1], [0, 1], 0.12, FRONT],
    ['one beside the axis goes back', [0, 0, 1], [-1, 0], 0.06, { limits: { y: 0.4 } }],
    ['and slower, driving on', [1, 0, 1], [1, 0], 0.12, { limits: { y: 0.4 } }],
    ['one on the other side faster', [1, 0, 1], [1, 0], 0.28, { limits: { y: -0.4 } }],
    ['as it may have turned by now', [1, 0, 0], at(0.3), 0.2, { at: [[0, 0, 0.3]] }],
    [
      'or anything between',
      [1, 0, 0],
      at(0.2),
      0.2,
      {
        at: [
          [0, 0, 0.1],
          [0, 0, 0.3],
        ],
      },
    ],
    [
      'in whatever order',
      [1, 0, 0],
      at(0.2),
      0.2,
      {
        at: [
          [0, 0, 0.3],
          [0, 0, 0.1],
        ],
      },
    ],
    [
      'less than it may have turned',
      [1, 0, 0],
      [1, 0],
      0.2 * Math.cos(0.1),
      {
        at: [
          [0, 0, 0.1],
          [0, 0, 0.3],
        ],
      },
    ],
    [
      'more than it may have turned',
      [1, 0, 0],
      at(0.5),
      0.2 * Math.cos(0.2),
      {
        at: [
          [0, 0, 0.1],
          [0, 0, 0.3],
        ],
      },
    ],
    [
      'and turns on',
      [1, 0, 1],
      at(0.5),
      0.2,
      {
        at: [
          [0, 0, 0.1],
          [0, 0, 0.3],
        ],
      },
    ],
    [
      'or back',
      [1, 0, -1],
      at(-0.1),
      0.2,
      {
        at: [
          [0, 0, 0.1],
          [0, 0, 0.3],
        ],
      },
    ],
    [
      'less than it may have turned, sideways',
      [0, 1, 0],
      [0, 1],
      0.2 * Math.cos(0.1),
      {
        at: [
          [0, 0, 0.1],
          [0, 0, 0.3],
        ],
      },
    ],
    [
      'within a wide turn',
      [1, 0, 0],
      at(0.6),
      0.2,
      {
        at: [
          [0, 0, 0],
          [0, 0, 1.2],
        ],
      },
    ],
    [
      'to either side',
      [1, 0, 0],
      at(0.05),
      0.2,
      {
        at: [
          [0, 0, -0.3],
          [0, 0, 0.3],
        ],
      },
    ],
    [
      'to either side, sideways',
      [0, 1, 0],
      [0, 1],
      0.2,
      {
        at: [
          [0, 0, -0.1],
          [0, 0, 0.1],
        ],
      },
    ],
    [
      'to either side, sideways, a little on',
      [0, 1, 0],
      at(Math.PI / 2 + 0.05),
      0.2,
      {
        at: [
          [0, 0, -0.3],
          [0, 0, 0.3],
        ],
      },
    ],
    // 50 ms at 2 rad/s.
    ['with a turn that nobody remembers', [1, 0, 0], at(0.3), 0.2 * Math.cos(0.2), { unknown: 0.05 }],
    ['to either side', [1, 0, 0], at(-0.3), 0.2 * Math.cos(0.2), { unknown: 0.05 }],
    ['and within it', [1, 0, 0], at(-0.05), 0.2, { unknown: 0.05 }],
    [
      'turned by half a turn and more: anywhere',
      [1, 0, 0],
      [-1, 0],
      0.2,
      {
        at: [
          [0, 0, -1.6],
          [0, 0, 1.6],
        ],
      },
    ],
    ['with no heading to rely on: anywhere', [1, 0, 0], [-1, 0], 0.2, { at: [[0, 0, Number.NaN]] }],
  ])('%s', (_name, wish, [nx, ny], room, by = {}) => {
    const near = 1e-6 * room;
    for (const others of [[], [[nx, ny, room + 1]], [[-nx, -ny, 9]]] as Vector[][]) {
      const free = filtered({ wish, was: wish, ...by, obstacles: [...others, [nx, ny, room + near]] });
      expect(free).toEqual({ out: wish, flags: 0 });
      const bound = filtered({ wish, was: wish, ...by, obstacles: [[nx, ny, room - near], ...others] });
      expect(bound.flags & CLIPPED.distance).toBe(CLIPPED.distance);
    }
  });

  it.each<[string, Vector, [number, number], Omit<Wish, 'wish'>?]>([
    ['what is behind', [1, 0, 0], [-1, 0]],
    ['what is beside', [1, 0, 0], [0, 1]],
    ['what is behind in a curve', [1, 0, 1], at(0.1 + Math.PI)],
    ['what is on the outside of a curve', [1, 0, 1], [0, -1]],
    ['what is around a base that turns on the spot', [0, 0, 1], [1, 0]],
    ['what is around a base that rests', [0, 0, 0], [1, 0]],
    [
      'what is behind, turned by less than half a turn',
      [1, 0, 0],
      [-1, 0],
      {
        at: [
          [0, 0, -1.5],
          [0, 0, 1.5],
        ],
      },
    ],
  ])('is free of %s, however near', (_name, wish, [nx, ny], by = {}) => {
    const obstacles: Vector[] = [[nx, ny, -0.3]];
    expect(filtered({ wish, was: wish, ...by, obstacles })).toEqual({ out: wish, flags: 0 });
  });

  it('is free within rounding, so that a second pass changes nothing', () => {
    expect(filtered({ wish: [1, 0, 0], was: [1, 0, 0], obstacles: [[1, 0, 0.2 * (1 - 1e-10)]] }).flags).toBe(0);
  });

  it.each<Row>([
    ['no step towards what is too near', { wish: [0.05, 0, 0], obstacles: [[1, 0, -0.1]] }, [0, 0, 0], ['distance']],
    [
      'nor towards what is a little too near',
      { wish: [0.05, 0, 0], obstacles: [[1, 0, -0.001]] },
      [0, 0, 0],
      ['distance'],
    ],
    ['nor towards what is as near as allowed', { wish: [0.05, 0, 0], obstacles: [[1, 0, 0]] }, [0, 0, 0], ['distance']],
    [
      'nor towards a distance that is no number',
      { wish: [0.05, 0, 0], obstacles: [[1, 0, Number.NaN]] },
      [0, 0, 0],
      ['distance'],
    ],
    // 1.1 m/s have 0.2 m: a share k with 1.1·(0.1·k + 0.11·k²) = 0.2.
    [
      'as fast as it may',
      { wish: [2, 0, 0], was: [1, 0, 0], obstacles: [[1, 0, 0.2]] },
      [1, 0, 0],
      ['acceleration', 'distance'],
    ],
    [
      'the whole curve slower',
      { wish: [1.1, 0, 0.55], was: [1, 0, 0.5], obstacles: [[1, 0, 0.2]] },
      [1, 0, 0.5],
      ['distance'],
    ],
    [
      'a swing as fast as it may',
      { wish: [0, 0, 2], was: [0, 0, 1], limits: { x: 0.4 }, obstacles: [[0, 1, 0.06]] },
      [0, 0, 1],
      ['acceleration', 'distance'],
    ],
    [
      'by the nearest',
      {
        wish: [2, 0, 0],
        was: [1, 0, 0],
        obstacles: [
          [1, 0, 0.3],
          [0.6, 0.8, 0.12],
          [1, 0, 0.25],
        ],
      },
      [1, 0, 0],
      ['acceleration', 'distance'],
    ],
    // 0.1·v + v²/10 = 0.15 is 0.82 m/s: more than a step away. The way to rest is all that is left, and not enough.
    [
      'what came too near is braked for, and said',
      { wish: [1, 0, 0], was: [1, 0, 0], obstacles: [[1, 0, 0.15]] },
      [0.9, 0, 0],
      ['acceleration', 'distance', 'conflict'],
    ],
    [
      'also in a turn',
      { wish: [0, 0, 1], was: [0, 0, 1], limits: { x: 0.4 }, obstacles: [[0, 1, 0.01]] },
      [0, 0, 0.8],
      ['acceleration', 'distance', 'conflict'],
    ],
    [
      'along the curve',
      { wish: [1, 0, 1], was: [1, 0, 1], obstacles: [[1, 0, 0.1]] },
      [0.9, 0, 0.9],
      ['acceleration', 'distance', 'conflict'],
    ],
    [
      'as the turn needs it',
      { wish: [0.2, 0, 2], was: [0.2, 0, 2], obstacles: [[1, 0, 0.01]] },
      [0.18, 0, 1.8],
      ['acceleration', 'distance', 'conflict'],
    ],
    [
      'sideways',
      { wish: [0, 1, 0], was: [0, 1, 0], obstacles: [[0, 1, 0.1]] },
      [0, 0.9, 0],
      ['acceleration', 'distance', 'conflict'],
    ],
    [
      'in no time not at all',
      { wish: [1, 0, 0], was: [1, 0, 0], elapsed: 0, obstacles: [[1, 0, 0.1]] },
      [1, 0, 0],
      ['acceleration', 'distance', 'conflict'],
    ],
    [
      'never beyond rest',
      { wish: [0.05, 0, 0], was: [0.05, 0, 0], obstacles: [[1, 0, -0.1]] },
      [0, 0, 0],
      ['distance'],
    ],
  ])('%s', (_name, given, out, flags) => {
    const said = filtered(given);
    expect(said.out).toEqual(close(out));
    expect(said.flags & ~CLIPPED.acceleration).toBe(bits(flags) & ~CLIPPED.acceleration);
  });
});

/**
 * 1 m/s towards an obstacle, with 0.04 m/s of jerk and 0.1 m/s of acceleration a tick, and τ = 0.1 s or, with its ramps,
 * 0.1625 s. Needed are 0.2625 m to stay at 1 m/s, 0.24816 m for the step of 0.04 m/s; without the ramps 0.18816 m.
 */
describe('four things are tried', () => {
  const limits = { ...JERKY, ramp: 0.0625 };
  const left = (gap: number, by: Partial<Wish> = {}): { out: number[]; flags: number } =>
    filtered({ wish: [1, 0, 0], was: [1, 0, 0], limits, ...by, obstacles: [[1, 0, gap]] });

  it('the wish', () => {
    expect(left(0.2626)).toEqual({ out: [1, 0, 0], flags: 0 });
  });

  it('its admissible share, if that is a step away', () => {
    // 0.1625·v + v²/10 = 0.25.
    const v = (Math.sqrt(1.625 ** 2 + 10) - 1.625) / 2;
    expect(v).toBeCloseTo(0.965183, 6);
    expect(left(0.25)).toEqual({ out: close([v, 0, 0]), flags: CLIPPED.distance });
  });

  it('the way towards that share', () => {
    // Towards a wall beside, 1 mm away: of (1, 0.1) only 9 % may be. 0.1 m/s on the way there is slow enough.
    const stop = Math.hypot(1, 0.1) / 5;
    const share = 0.02 / (0.1 + Math.sqrt(0.01 + 2 * stop * 0.01));
    const way = Math.hypot(share - 1, 0.1 * share);
    const said = filtered({ wish: [1, 0.1, 0], was: [1, 0, 0], obstacles: [[0, 1, 0.001]] });
    expect(said).toEqual({
      out: close([1 + (0.1 * (share - 1)) / way, (0.01 * share) / way, 0]),
      flags: CLIPPED.distance,
    });
  });

  it('the step towards rest within the jerk limits, at best with the ramps', () => {
    // 0.247 m allow 0.957 m/s with the ramps: more than a step away. For that step 0.18816 m do without them.
    for (const gap of [0.2475, 0.247, 0.19])
      expect(left(gap)).toEqual({ out: close([0.96, 0, 0]), flags: CLIPPED.distance });
  });

  it('a step to rest that is free, where the wish leads to another side', () => {
    // (1, 0.1) and what is towards its share need more than 0.1715 m, 0.9 m/s straight on 0.09 + 0.081 m.
    const said = filtered({ wish: [1, 0.1, 0], was: [1, 0, 0], obstacles: [[1, 0, 0.1715]] });
    expect(said).toEqual({ out: close([0.9, 0, 0]), flags: CLIPPED.distance });
  });

  it('of that step its admissible share, if that is a step away', () => {
    // Towards rest it makes for 7.3 m/s²: 0.067 m/s. 0.1625·v + v²/10 = 0.008375, and 9 m/s² are within A and the jerk limit.
    const v = 0.05;
    const was: Vector = [0.14, 0, 0];
    const slope: Vector = [-6, 0, 0];
    const swinging = { ...limits, x: 0.4 };
    const said = filtered({ wish: [-2, -1, 1], was, slope, limits: swinging, obstacles: [[1, 0, 0.008375]] });
    expect(said.out).toEqual(close([v, 0, 0]));
    expect(said.flags & (CLIPPED.distance | CLIPPED.conflict)).toBe(CLIPPED.distance);
  });

  it('or the way towards it', () => {
    // The step towards rest is (0.0495, 0.1241) m/s, of which 90.1 % may be: (0.0446, 0.1118), more than a step of jerk away.
    // On the way there (0.0429, 0.1350) needs 0.0429·(0.1 + 0.0142) m.
    const was: Vector = [-0.02, 0.15, 0];
    const said = filtered({ wish: [1, 0, 0], was, slope: [10, 0, 0], limits: JERKY, obstacles: [[1, 0, 0.005]] });
    expect(said.out).toEqual([0.0429218, 0.1349931, 0].map((x) => expect.closeTo(x, 6)));
    expect(said.flags & (CLIPPED.distance | CLIPPED.conflict)).toBe(CLIPPED.distance);
  });

  it('else the brake, at full acceleration, and says so', () => {
    expect(left(0.188)).toEqual({ out: close([0.9, 0, 0]), flags: CLIPPED.distance | CLIPPED.conflict });
    expect(left(0.1)).toEqual({ out: close([0.9, 0, 0]), flags: CLIPPED.distance | CLIPPED.conflict });
  });
});
