import { describe, expect, it } from 'vitest';
import { admissible, REFUSAL } from '../../../../controllers/safety/twist/admissible.ts';
import type { TwistLimits } from '../../../../controllers/safety/twist/limits.ts';
import { JERKY, limitsOf, type Moving, motionOf, sceneOf, type Vector } from './table.ts';

interface Case extends Moving {
  to: Vector;
  elapsed?: number;
  obstacles?: Vector[];
  limits?: Partial<TwistLimits>;
}
type Row = [string, Case, (typeof REFUSAL)[number]];

function judged(c: Case): string {
  const l = limitsOf(c.limits);
  return REFUSAL[
    admissible(Float64Array.from(c.to), c.elapsed ?? 0.01, motionOf(l, c), sceneOf(l, c.obstacles), l)
  ] as string;
}

it('the refusals are an interface of the log', () => {
  expect(REFUSAL).toEqual([
    '',
    'not_finite',
    'sideways',
    'speed',
    'turn_speed',
    'acceleration',
    'turn_acceleration',
    'jerk',
    'turn_jerk',
    'min_distance',
  ]);
});

describe('the post-check of a twist', () => {
  it.each([0, 1, 2])('refuses an element %d that is no number, or without end', (i) => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const to: Vector = [0, 0, 0];
      to[i] = value;
      expect(judged({ to })).toBe('not_finite');
    }
  });

  it.each<Row>([
    ['sideways, of a base that can', { to: [0, 0.05, 0] }, ''],
    ['sideways, of one that cannot', { to: [0, 0.05, 0], limits: { sideways: false } }, 'sideways'],
    ['straight on, of one that cannot go sideways', { to: [0.05, 0, 0], limits: { sideways: false } }, ''],
    ['at the speed limit', { to: [1.2, 1.6, 0], was: [1.2, 1.6, 0] }, ''],
    ['above it', { to: [1.2, 1.601, 0], was: [1.2, 1.6, 0] }, 'speed'],
    ['above it backwards', { to: [-2.001, 0, 0], was: [-2, 0, 0] }, 'speed'],
    ['above it by rounding', { to: [2 * (1 + 1e-6) + 5e-10, 0, 0], was: [2, 0, 0] }, ''],
    ['by more', { to: [2 * (1 + 1e-6) + 2e-9, 0, 0], was: [2, 0, 0] }, 'speed'],
    ['at the limit of the turn', { to: [0, 0, 2], was: [0, 0, 2] }, ''],
    ['above it', { to: [0, 0, 2.001], was: [0, 0, 2] }, 'turn_speed'],
    ['above it to the right', { to: [0, 0, -2.001], was: [0, 0, -2] }, 'turn_speed'],
    ['above it by rounding', { to: [0, 0, 2 * (1 + 1e-6) + 5e-10], was: [0, 0, 2] }, ''],
    ['by more', { to: [0, 0, 2 * (1 + 1e-6) + 2e-9], was: [0, 0, 2] }, 'turn_speed'],
    ['at the acceleration limit', { to: [0.06, 0.08, 0] }, ''],
    ['above it', { to: [0.06, 0.081, 0] }, 'acceleration'],
    ['above it backwards', { to: [-0.1001, 0, 0] }, 'acceleration'],
    ['that slows down faster than allowed', { to: [0.89, 0, 0], was: [1, 0, 0] }, 'acceleration'],
    ['that bends faster than allowed', { to: [1, 0.11, 0], was: [1, 0, 0] }, 'acceleration'],
    ['that bends as fast as allowed', { to: [1, 0.1, 0], was: [1, 0, 0] }, ''],
    ['at the acceleration limit of the turn', { to: [0, 0, 0.2] }, ''],
    ['above it', { to: [0, 0, 0.2001] }, 'turn_acceleration'],
    ['above it to the right', { to: [0, 0, -0.2001] }, 'turn_acceleration'],
    ['that slows its turn faster than allowed', { to: [0, 0, 0.79], was: [0, 0, 1] }, 'turn_acceleration'],
    ['after two periods: rates know one only', { to: [0.15, 0, 0], elapsed: 0.02 }, 'acceleration'],
    ['after half a period', { to: [0.06, 0, 0], elapsed: 0.005 }, 'acceleration'],
    ['after half a period, half as much', { to: [0.05, 0, 0.1], elapsed: 0.005 }, ''],
    ['after half a period, a turn', { to: [0, 0, 0.11], elapsed: 0.005 }, 'turn_acceleration'],
    ['after no time', { to: [0.001, 0, 0], elapsed: 0 }, 'acceleration'],
    ['after a time that went back', { to: [0.001, 0, 0], elapsed: -1 }, 'acceleration'],
    ['after a time that is no number', { to: [0.001, 0, 0], elapsed: Number.NaN }, 'acceleration'],
    ['the same after no time', { to: [0.5, 0, 1], was: [0.5, 0, 1], elapsed: 0 }, ''],
  ])('%s', (_name, given, refusal) => {
    expect(judged(given)).toBe(refusal);
  });

  it.each<Row>([
    ['at the jerk limit', { to: [0.024, 0.032, 0] }, ''],
    ['above it', { to: [0.024, 0.033, 0] }, 'jerk'],
    ['at the jerk limit while it speeds up', { to: [0.054, 0.072, 0], slope: [3, 4, 0] }, ''],
    ['above it while it speeds up', { to: [0.055, 0.072, 0], slope: [3, 4, 0] }, 'jerk'],
    ['that no longer speeds up, too suddenly', { to: [0.005, 0, 0], slope: [5, 0, 0] }, 'jerk'],
    ['that goes on speeding up', { to: [0.015, 0, 0], slope: [5, 0, 0] }, ''],
    ['that brakes beyond the jerk limit', { to: [0.95, 0, 0], was: [1, 0, 0] }, ''],
    ['the same backwards', { to: [-0.95, 0, 0], was: [-1, 0, 0] }, ''],
    ['the same sideways', { to: [0, 0.95, 0], was: [0, 1, 0] }, ''],
    ['the same askew', { to: [0.57, -0.76, 0], was: [0.6, -0.8, 0] }, ''],
    ['that brakes and bends', { to: [0.95, 0.01, 0], was: [1, 0, 0] }, 'jerk'],
    ['that brakes one element alone', { to: [0.3, 0.35, 0], was: [0.3, 0.4, 0] }, 'jerk'],
    ['that brakes the other alone', { to: [0.35, 0.3, 0], was: [0.4, 0.3, 0] }, 'jerk'],
    ['that brakes the smaller one alone', { to: [0.4, 0.25, 0], was: [0.4, 0.3, 0] }, 'jerk'],
    ['that turns round beyond the jerk limit', { to: [-0.01, 0, 0], was: [0.05, 0, 0] }, 'jerk'],
    ['that speeds up beyond the jerk limit', { to: [1.05, 0, 0], was: [1, 0, 0] }, 'jerk'],
    ['a turn at the jerk limit', { to: [0, 0, 0.04] }, ''],
    ['above it', { to: [0, 0, 0.041] }, 'turn_jerk'],
    ['above it to the right', { to: [0, 0, -0.041] }, 'turn_jerk'],
    ['at the jerk limit while it turns faster', { to: [0, 0, 0.09], slope: [0, 0, 5] }, ''],
    ['above it while it turns faster', { to: [0, 0, 0.0905], slope: [0, 0, 5] }, 'turn_jerk'],
    ['a turn that is braked beyond the jerk limit', { to: [0, 0, 0.9], was: [0, 0, 1] }, ''],
    ['a turn that is braked, translation as it is', { to: [1, 0, 0.9], was: [1, 0, 1] }, ''],
    ['a translation that is braked, turn as it is', { to: [0.45, 0, 1], was: [0.5, 0, 1] }, ''],
    ['a turn that goes over to the other side', { to: [0, 0, -0.01], was: [0, 0, 0.05] }, 'turn_jerk'],
    ['a turn that grows beyond the jerk limit', { to: [0, 0, 1.05], was: [0, 0, 1] }, 'turn_jerk'],
    ['rest from rest, whatever its acceleration', { to: [0, 0, 0], slope: [5, 0, 5] }, ''],
    ['after half a period a quarter of it', { to: [0.01, 0, 0.01], elapsed: 0.005 }, ''],
    ['and no more', { to: [0.0101, 0, 0], elapsed: 0.005 }, 'jerk'],
    ['and no more turn', { to: [0, 0, 0.0101], elapsed: 0.005 }, 'turn_jerk'],
  ])('with a jerk limit: %s', (_name, given, refusal) => {
    expect(judged({ ...given, limits: JERKY })).toBe(refusal);
  });
});

/** Along its arc a base goes on for τ + T/2: 0.2 s at 1 m/s or 2 rad/s, 0.15 s at 1 rad/s. */
describe('the way to rest ends no nearer than allowed', () => {
  const OFF = { limits: { x: 0.4 } };
  it.each<[string, Omit<Case, 'obstacles'>, [number, number], number]>([
    ['straight on', { to: [1, 0, 0] }, [1, 0], 0.2],
    ['twice as fast', { to: [2, 0, 0] }, [1, 0], 0.6],
    ['backwards', { to: [-1, 0, 0] }, [-1, 0], 0.2],
    ['sideways', { to: [0, -1, 0] }, [0, -1], 0.2],
    ['askew', { to: [0.6, 0.8, 0] }, [0.6, 0.8], 0.2],
    ['towards what is ahead on the left', { to: [1, 0, 0] }, [0.6, 0.8], 0.12],
    ['towards what is ahead on the right', { to: [1, 0, 0] }, [0.6, -0.8], 0.12],
    ['in a curve, towards what is beside', { to: [1, 0, 1] }, [0, 1], 1 - Math.cos(0.2)],
    ['in a curve to the right', { to: [1, 0, -1] }, [0, -1], 1 - Math.cos(0.2)],
    ['in a curve, towards what is ahead', { to: [1, 0, 1] }, [1, 0], Math.sin(0.2)],
    ['with a turn that takes longer to brake', { to: [0.5, 0, 2] }, [1, 0], 0.25 * Math.sin(0.4)],
    ['a footprint in front of the axis swings to the side', { to: [0, 0, 1], ...OFF }, [0, 1], 0.4 * Math.sin(0.15)],
    ['to the other side', { to: [0, 0, -1], ...OFF }, [0, -1], 0.4 * Math.sin(0.15)],
    ['and back a little', { to: [0, 0, 1], ...OFF }, [-1, 0], 0.4 * (1 - Math.cos(0.15))],
    ['one beside the axis goes back', { to: [0, 0, 1], limits: { y: 0.4 } }, [-1, 0], 0.4 * Math.sin(0.15)],
    ['one on the other side goes on', { to: [0, 0, 1], limits: { y: -0.4 } }, [1, 0], 0.4 * Math.sin(0.15)],
    ['from where it may be by now', { to: [1, 0, 0], at: [[0.05, 0.3, 0]] }, [1, 0], 0.25],
    ['from beside', { to: [0, 1, 0], at: [[0.3, 0.05, 0]] }, [0, 1], 0.25],
    [
      'from the worst of these places',
      {
        to: [1, 0, 0],
        at: [
          [0, 0, 0],
          [0.07, 0, 0],
          [0.05, 0, 0],
        ],
      },
      [1, 0],
      0.27,
    ],
    ['as it may be turned by now', { to: [1, 0, 0], at: [[0, 0, Math.PI / 2]] }, [0, 1], 0.2],
    ['or the other way', { to: [0, 1, 0], at: [[0, 0, Math.PI / 2]] }, [-1, 0], 0.2],
    ['after 10 ms that nobody remembers, at full speed', { to: [1, 0, 0], unknown: 0.01 }, [1, 0], 0.22],
    [
      'and at full turn, that swings the footprint',
      { to: [1, 0, 0], unknown: 0.01, limits: { x: 0.3, y: 0.4 } },
      [1, 0],
      0.23,
    ],
  ])('%s', (_name, given, [nx, ny], room) => {
    const was = given.to;
    for (const before of [[], [[-1, 0, 9]] as Vector[]]) {
      expect(judged({ was, ...given, obstacles: [...before, [nx, ny, room]] })).toBe('');
      expect(judged({ was, ...given, obstacles: [...before, [nx, ny, room - 1e-5]] })).toBe('min_distance');
    }
  });

  it.each<Row>([
    ['nothing around', { to: [2, 0, 0], was: [2, 0, 0] }, ''],
    ['away from what is too near', { to: [-1, 0, 0], was: [-1, 0, 0], obstacles: [[1, 0, -0.2]] }, ''],
    ['past what is too near beside', { to: [1, 0, 0], was: [1, 0, 0], obstacles: [[0, 1, -0.2]] }, ''],
    ['nearer to what is too near', { to: [0.01, 0, 0], obstacles: [[1, 0, -0.2]] }, 'min_distance'],
    ['away, with motion that nobody remembers', { to: [-0.05, 0, 0], unknown: 1, obstacles: [[1, 0, -0.2]] }, ''],
    ['away, from where it may be by now', { to: [-0.05, 0, 0], at: [[0.1, 0, 0]], obstacles: [[1, 0, -0.2]] }, ''],
    ['away sideways', { to: [0, -0.05, 0], at: [[0, 0.1, 0]], obstacles: [[0, 1, -0.2]] }, ''],
    ['a turn on the spot', { to: [0, 0, 2], was: [0, 0, 2], obstacles: [[1, 0, -0.2]] }, ''],
    ['rest, wherever it is', { to: [0, 0, 0], obstacles: [[1, 0, -0.2]] }, ''],
    ['coming to rest, wherever it is', { to: [0, 0, 0], was: [0.1, 0, 0], obstacles: [[1, 0, -0.2]] }, ''],
    ['coming to rest from a turn', { to: [0, 0, 0], was: [0, 0, 0.2], obstacles: [[1, 0, -0.2]] }, ''],
    ['at full brake', { to: [0.9, 0, 0], was: [1, 0, 0], obstacles: [[1, 0, -0.2]] }, ''],
    ['at less than that', { to: [0.901, 0, 0], was: [1, 0, 0], obstacles: [[1, 0, -0.2]] }, 'min_distance'],
    ['at full brake askew', { to: [0.54, -0.72, 0], was: [0.6, -0.8, 0], obstacles: [[1, 0, -0.2]] }, ''],
    ['at full brake in a curve', { to: [0.9, 0, 0.9], was: [1, 0, 1], obstacles: [[1, 0, -0.2]] }, ''],
    ['braked, but out of its curve', { to: [0.9, 0, 0.8], was: [1, 0, 1], obstacles: [[1, 0, -0.2]] }, 'min_distance'],
    ['at full brake of a sharp turn', { to: [0.18, 0, 1.8], was: [0.2, 0, 2], obstacles: [[1, 0, -0.2]] }, ''],
    ['at less than that', { to: [0.19, 0, 1.9], was: [0.2, 0, 2], obstacles: [[1, 0, -0.2]] }, 'min_distance'],
    [
      'at full brake of half a period',
      { to: [0.95, 0, 0], was: [1, 0, 0], elapsed: 0.005, obstacles: [[1, 0, -0.2]] },
      '',
    ],
    [
      'the same in no time: it is a full brake of no time',
      { to: [1, 0, 0], was: [1, 0, 0], elapsed: 0, obstacles: [[1, 0, -0.2]] },
      '',
    ],
  ])('%s', (_name, given, refusal) => {
    expect(judged(given)).toBe(refusal);
  });
});
