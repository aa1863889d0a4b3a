import { describe, expect, it } from 'vitest';
import { arc, type Planar } from '../../../../controllers/safety/twist/arc.ts';
import type { TwistLimits } from '../../../../controllers/safety/twist/limits.ts';
import { TwistMotion } from '../../../../controllers/safety/twist/motion.ts';
import { limitsOf, MS, type Vector } from './table.ts';

type Command = [twist: Vector, ms: number];

/** Commands that were sent, 10 ms apart as far as rates go. */
const sent = (commands: Command[], limits: Partial<TwistLimits> = {}): TwistMotion => {
  const motion = new TwistMotion(limitsOf(limits));
  for (const [twist, ms] of commands) motion.sent(Float64Array.from(twist), 0.01, ms * MS);
  return motion;
};
const slope = (...twists: Vector[]): number[] => [
  ...sent(twists.map((twist, i): Command => [twist, 10 * i])).acceleration,
];
const close = (v: number[]): number[] => v.map((x) => expect.closeTo(x, 9));

describe('a base after a while of one twist', () => {
  const moved = (twist: Vector, seconds: number): number[] => {
    const out: Planar = { x: 9, y: 9, heading: 9 };
    arc(Float64Array.of(7, ...twist, 7), 1, seconds, out);
    return [out.x, out.y, out.heading];
  };
  it.each<[string, Vector, number, number[]]>([
    ['straight on', [0.5, 0, 0], 0.4, [0.2, 0, 0]],
    ['sideways', [0, 0.5, 0], 0.4, [0, 0.2, 0]],
    ['turning on the spot', [0, 0, 0.5], 0.4, [0, 0, 0.2]],
    ['a quarter of a circle of 1 m', [1, 0, 1], Math.PI / 2, [1, 1, Math.PI / 2]],
    ['the same to the right', [1, 0, -1], Math.PI / 2, [1, -1, -Math.PI / 2]],
    ['sideways in a quarter of a circle', [0, 1, 1], Math.PI / 2, [-1, 1, Math.PI / 2]],
    ['sideways in a quarter to the right', [0, 1, -1], Math.PI / 2, [1, 1, -Math.PI / 2]],
    // 1 - 4e-10/6 ahead, 2e-5/2 beside.
    ['a very gentle curve', [1, 0, 2e-5], 1, [1 - 4e-10 / 6, 1e-5, 2e-5]],
    ['a very gentle curve to the right, sideways', [0, 1, -2e-5], 1, [1e-5, 1 - 4e-10 / 6, -2e-5]],
  ])('%s', (_name, twist, seconds, pose) => {
    expect(moved(twist, seconds)).toEqual(pose.map((x) => expect.closeTo(x, 12)));
  });
});

describe('what was sent', () => {
  it('has a twist, and the acceleration to it', () => {
    const motion = sent([
      [[0.01, -0.02, 0.03], 0],
      [[0.02, -0.04, 0.1], 10],
    ]);
    expect([...motion.twist]).toEqual([0.02, -0.04, 0.1]);
    expect([...motion.acceleration]).toEqual(close([1, -2, 7]));
  });

  it.each<[string, Vector[], number[]]>([
    ['more than was allowed is rounding: it counts as allowed', [[1, 0, 0]], [10, 0, 0]],
    ['askew', [[0.3, -0.4, 0]], [6, -8, 0]],
    ['a turn', [[0, 0, 1]], [0, 0, 20]],
    ['a turn to the right', [[0, 0, -1]], [0, 0, -20]],
    ['the one without the other', [[0.05, 0, 1]], [5, 0, 20]],
    ['the other without the one', [[1, 0, 0.05]], [10, 0, 5]],
    [
      'at rest nothing accelerates',
      [
        [0.05, 0, 0.1],
        [0, 0, 0],
      ],
      [0, 0, 0],
    ],
    [
      'a turn at rest',
      [
        [0.05, 0, 0.1],
        [0.06, 0, 0],
      ],
      [1, 0, 0],
    ],
    [
      'a translation at rest',
      [
        [0.05, 0.05, 0.1],
        [0, 0, 0.15],
      ],
      [0, 0, 5],
    ],
    [
      'one element at rest is not',
      [
        [0.05, 0.05, 0],
        [0, 0.05, 0],
      ],
      [-5, 0, 0],
    ],
    [
      'nor the other',
      [
        [0.05, 0.05, 0],
        [0.05, 0, 0],
      ],
      [0, -5, 0],
    ],
  ])('%s', (_name, twists, acceleration) => {
    expect(slope(...twists)).toEqual(close(acceleration));
  });

  it('keeps its acceleration when no time has passed', () => {
    const motion = sent([[[0.05, 0, 0.1], 0]]);
    for (const dt of [0, -1]) motion.sent(Float64Array.of(0.5, 0, 1), dt, 0);
    expect([...motion.twist, ...motion.acceleration]).toEqual(close([0.5, 0, 1, 5, 0, 10]));
  });

  it('is forgotten by seed', () => {
    const motion = sent([[[1, 2, 3], 0]]);
    motion.seed();
    expect([...motion.twist, ...motion.acceleration]).toEqual([0, 0, 0, 0, 0, 0]);
    motion.predict(10 * MS, 30 * MS);
    expect([motion.count, motion.x[0], motion.y[0], motion.heading[0]]).toEqual([1, 0, 0, 0]);
    const asked = new Float64Array(3);
    motion.asked(0, 30 * MS, asked);
    expect([...asked]).toEqual([0, 0, 0]);
    // What is sent then is the only thing that there is.
    motion.sent(Float64Array.of(1, 0, 0), 0.01, 20 * MS);
    motion.asked(0, 30 * MS, asked);
    expect([...asked]).toEqual(close([0.01, 0, 0]));
    motion.predict(20 * MS, 30 * MS);
    expect(motion.count).toBe(1);
    expect(motion.x[0]).toBeCloseTo(0.01, 12);
  });
});

describe('where a base may be by now, with a delay of up to 20 ms', () => {
  const places = (motion: TwistMotion, receivedMs: number, nowMs: number): number[][] => {
    motion.predict(receivedMs * MS, nowMs * MS);
    return Array.from({ length: motion.count }, (_, h) => [motion.x[h]!, motion.y[h]!, motion.heading[h]!]);
  };
  const ON: Vector = [1, 0, 0];
  // A quarter of a turn in 10 ms.
  const QUARTER: Vector = [0, 0, 50 * Math.PI];
  it.each<[string, Command[], number, number, number[][]]>([
    ['nothing was sent', [], 0, 30, [[0, 0, 0]]],
    ['what was sent after the measurement is not in it', [[ON, 0]], 0, 30, [[0.03, 0, 0]]],
    [
      'of what was sent before, any share is',
      [[ON, 0]],
      10,
      30,
      [
        [0.02, 0, 0],
        [0.03, 0, 0],
      ],
    ],
    [
      'sideways',
      [[[0, -1, 0], 0]],
      10,
      30,
      [
        [0, -0.02, 0],
        [0, -0.03, 0],
      ],
    ],
    [
      'what was sent longer ago than the delay is in it',
      [[ON, 0]],
      100,
      100,
      [
        [0, 0, 0],
        [0.02, 0, 0],
      ],
    ],
    [
      'the same with time passed since',
      [[ON, 0]],
      100,
      110,
      [
        [0.01, 0, 0],
        [0.03, 0, 0],
      ],
    ],
    [
      'before the measurement, all of them',
      [
        [ON, 0],
        [[3, 0, 0], 10],
      ],
      20,
      20,
      [
        [0, 0, 0],
        [0.03, 0, 0],
        [0.04, 0, 0],
      ],
    ],
    [
      'two after it',
      [
        [ON, 10],
        [[3, 0, 0], 20],
      ],
      0,
      30,
      [[0.04, 0, 0]],
    ],
    [
      'one that was replaced at once',
      [
        [ON, 10],
        [[3, 0, 0], 10],
      ],
      0,
      30,
      [[0.06, 0, 0]],
    ],
    [
      'a tick before the measurement',
      [[ON, 0]],
      30,
      20,
      [
        [0, 0, 0],
        [0.01, 0, 0],
      ],
    ],
    ['one that is sent later than now', [[ON, 20]], 0, 10, [[0, 0, 0]]],
    ['one in the instant of the measurement', [[ON, 10]], 10, 30, [[0.02, 0, 0]]],
    ['along its arc', [[[1, 0, 50 * Math.PI], 0]], 0, 10, [[0.02 / Math.PI, 0.02 / Math.PI, Math.PI / 2]]],
    [
      'first a turn, then on: to the side',
      [
        [QUARTER, 0],
        [ON, 10],
      ],
      0,
      20,
      [[0, 0.01, Math.PI / 2]],
    ],
    [
      'first on, then a turn',
      [
        [ON, 0],
        [QUARTER, 10],
      ],
      0,
      20,
      [[0.01, 0, Math.PI / 2]],
    ],
    [
      'first a turn, then sideways: back',
      [
        [QUARTER, 0],
        [[0, 1, 0], 10],
      ],
      0,
      20,
      [[-0.01, 0, Math.PI / 2]],
    ],
    [
      'two turns, then on',
      [
        [QUARTER, 0],
        [QUARTER, 10],
        [ON, 20],
      ],
      0,
      30,
      [[-0.01, 0, Math.PI]],
    ],
    [
      'a share of a turn before it went on',
      [
        [QUARTER, 0],
        [ON, 10],
      ],
      10,
      20,
      [
        [0.01, 0, 0],
        [0, 0.01, Math.PI / 2],
      ],
    ],
  ])('%s', (_name, commands, receivedMs, nowMs, expected) => {
    expect(places(sent(commands), receivedMs, nowMs)).toEqual(expected.map(close));
  });

  it('a footprint off the axis is where the turn takes it', () => {
    // (0.4, 0.1) turned by a quarter is (-0.1, 0.4): away by (-0.5, 0.3).
    const motion = sent([[QUARTER, 0]], { x: 0.4, y: 0.1 });
    expect(places(motion, 0, 10)).toEqual([close([-0.5, 0.3, Math.PI / 2])]);
    expect(places(sent([[ON, 0]], { x: 0.4, y: 0.1 }), 0, 10)).toEqual([close([0.01, 0, 0])]);
  });

  it('what the ring no longer holds is motion that nobody remembers', () => {
    // 96 places: 8, and 4 for each of the 22 periods of delay and late states.
    const REST: Vector = [0, 0, 0];
    const commands = (n: number): Command[] => Array.from({ length: n }, (_, i): Command => [REST, 100 + i * 1e-3]);
    const full = sent(commands(96));
    full.predict(101 * MS, 101 * MS);
    // From 81 ms to the oldest command that is known.
    expect(full.unknown).toBeCloseTo(0.019, 12);
    expect(full.count).toBe(97);
    expect([full.x[96], full.y[96], full.heading[96]]).toEqual([0, 0, 0]);
    // One more: the first is gone.
    full.sent(Float64Array.from(REST), 0.01, 100.096 * MS);
    full.predict(101 * MS, 101 * MS);
    expect(full.unknown).toBeCloseTo(0.019001, 12);
    const roomy = sent(commands(95));
    roomy.predict(101 * MS, 101 * MS);
    expect(roomy.unknown).toBe(0);
    // And a full ring that reaches back far enough knows all, whatever it did not know before.
    full.predict(121 * MS, 121 * MS);
    expect(full.unknown).toBe(0);
    full.seed();
    full.predict(101 * MS, 101 * MS);
    expect(full.unknown).toBe(0);
  });

  it('the ring goes round: the place before its first is its last', () => {
    const commands = Array.from({ length: 100 }, (_, i): Command => [[i, 0, 0], 10 * i]);
    // 98 m/s for 10 ms, and 99 m/s for 5 ms.
    const motion = sent(commands);
    expect(places(motion, 980, 995)).toEqual(
      [close([1.475, 0, 0]), close([2.445, 0, 0]), close([3.405, 0, 0])].slice(0, 3),
    );
  });
});

describe('what a base was asked to move between two times', () => {
  it.each([
    [5, 15, 0.02],
    [-10, 5, 0.005],
    [-10, 0, 0],
    [12, 15, 0.009],
    [20, 20, 0],
    [15, 5, 0],
    [0, 10, 0.01],
  ])('from %d ms to %d ms: %d m', (from, to, moved) => {
    const motion = sent([
      [[1, 2, -1], 0],
      [[3, 6, -3], 10],
    ]);
    const out = Float64Array.of(1, 1, 1, 7);
    motion.asked(from * MS, to * MS, out);
    expect([...out]).toEqual(close([1 + moved, 1 + 2 * moved, 1 - moved, 7]));
  });

  it('also when the ring went round', () => {
    const motion = sent(Array.from({ length: 100 }, (_, i): Command => [[i, 0, 0], 10 * i]));
    const out = new Float64Array(3);
    motion.asked(940 * MS, 970 * MS, out);
    expect([...out]).toEqual(close([0.94 + 0.95 + 0.96, 0, 0]));
  });
});
