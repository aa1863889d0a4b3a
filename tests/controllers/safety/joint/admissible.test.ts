import { describe, expect, it } from 'vitest';
import { admissible, REFUSAL } from '../../../../controllers/safety/joint/admissible.ts';
import { limitsOf, type Moving, motionOf } from './table.ts';

interface Case extends Moving {
  to: number;
  last?: number;
  measured?: number;
  elapsed?: number;
  limits?: Parameters<typeof limitsOf>[0];
}

function judged(c: Case): string {
  const l = limitsOf(c.limits);
  const last = Float64Array.of(c.last ?? 0);
  const measured = Float64Array.of(c.measured ?? 0);
  return REFUSAL[
    admissible(Float64Array.of(c.to), last, measured, c.elapsed ?? 0.01, motionOf(l, c), l)
  ] as (typeof REFUSAL)[number];
}

const JERK = { jerk: [400] };
type Row = [string, Case, (typeof REFUSAL)[number]];

it('the refusals are an interface of the log', () => {
  expect(REFUSAL).toEqual([
    '',
    'not_finite',
    'joint_speed',
    'joint_acceleration',
    'joint_jerk',
    'joint_limit',
    'reference_limit',
  ]);
});

describe('the post-check of a joint velocity', () => {
  it.each<Row>([
    ['that is no number', { to: Number.NaN }, 'not_finite'],
    ['without end', { to: -Infinity }, 'not_finite'],
    ['at the speed limit', { to: 2, v0: 2 }, ''],
    ['above it', { to: 2.001, v0: 2 }, 'joint_speed'],
    ['above it backwards', { to: -2.001, v0: -2 }, 'joint_speed'],
    ['at the acceleration limit', { to: 0.1 }, ''],
    ['above it', { to: 0.1001 }, 'joint_acceleration'],
    ['above it backwards', { to: -0.1001 }, 'joint_acceleration'],
    ['that slows down faster than allowed', { to: 0.89, v0: 1 }, 'joint_acceleration'],
    ['after two periods: rates know one only', { to: 0.15, elapsed: 0.02 }, 'joint_acceleration'],
    ['after half a period', { to: 0.06, elapsed: 0.005 }, 'joint_acceleration'],
    ['after half a period, half as much', { to: 0.05, elapsed: 0.005 }, ''],
    ['after no time', { to: 0.001, elapsed: 0 }, 'joint_acceleration'],
    ['after a time that went back', { to: 0.001, elapsed: -1 }, 'joint_acceleration'],
    ['after a time that is no number', { to: 0.001, elapsed: Number.NaN }, 'joint_acceleration'],
    ['the same after no time', { to: 0.5, v0: 0.5, elapsed: 0 }, ''],
    ['the same after a time that went back', { to: 0.5, v0: 0.5, elapsed: -1 }, ''],
    ['the same after a time that is no number', { to: 0.5, v0: 0.5, elapsed: Number.NaN }, ''],
    ['at the jerk limit', { to: 0.04, limits: JERK }, ''],
    ['above it', { to: 0.041, limits: JERK }, 'joint_jerk'],
    ['at the jerk limit while it speeds up', { to: 0.09, a0: 5, limits: JERK }, ''],
    ['above it while it speeds up', { to: 0.0905, a0: 5, limits: JERK }, 'joint_jerk'],
    ['that no longer speeds up, too suddenly', { to: 0.005, a0: 5, limits: JERK }, 'joint_jerk'],
    ['that brakes beyond the jerk limit', { to: 0.95, v0: 1, limits: JERK }, ''],
    ['the same backwards', { to: -0.95, v0: -1, limits: JERK }, ''],
    ['that turns round beyond the jerk limit', { to: -0.01, v0: 0.05, limits: JERK }, 'joint_jerk'],
    ['that speeds up beyond the jerk limit', { to: 1.05, v0: 1, limits: JERK }, 'joint_jerk'],
    ['that stops 0.2 rad on, at the limit', { to: 1, v0: 1, highest: 0.8 }, ''],
    ['that stops past the limit', { to: 1, v0: 1, highest: 0.801 }, 'joint_limit'],
    ['that stops at the lower limit', { to: -1, v0: -1, lowest: -0.8 }, ''],
    ['that stops past the lower limit', { to: -1, v0: -1, lowest: -0.801 }, 'joint_limit'],
    ['that brakes fully, wherever it is', { to: 0.9, v0: 1, highest: 5 }, ''],
    ['that brakes fully backwards, wherever it is', { to: -0.9, v0: -1, highest: -5 }, ''],
    ['that brakes less than fully', { to: 0.91, v0: 1, highest: 0.99 }, 'joint_limit'],
    ['that rests, wherever it is', { to: 0, highest: 5 }, ''],
    ['that comes to rest, wherever it is', { to: 0, v0: 0.05, highest: 5 }, ''],
    ['that comes back from outside', { to: -0.05, v0: -0.05, highest: 1.5 }, ''],
    ['that comes back from below', { to: 0.05, v0: 0.05, highest: -1.5 }, ''],
    ['that goes on from outside', { to: 0.05, v0: 0, highest: 1.5 }, 'joint_limit'],
    ['that goes on from below', { to: -0.05, v0: 0, highest: -1.5 }, 'joint_limit'],
  ])('%s', (_name, given, refusal) => {
    expect(judged(given)).toBe(refusal);
  });

  it('judges every joint', () => {
    const two = { joints: 2, min: [-1, -1], max: [1, 1], velocity: [2, 2], acceleration: [10, 10], jerk: [1e6, 1e6] };
    const l = limitsOf({ ...two, deceleration: [5, 5], reaction: [0.1, 0.1] });
    const none = new Float64Array(2);
    expect(REFUSAL[admissible(Float64Array.of(0.05, 0.2), none, none, 0.01, motionOf(l, {}), l)]).toBe(
      'joint_acceleration',
    );
    expect(admissible(Float64Array.of(0.05, 0.1), none, none, 0.01, motionOf(l, {}), l)).toBe(0);
  });
});

describe('the post-check of a joint position', () => {
  it.each<Row>([
    ['where it was', { to: 0.3, last: 0.3, measured: 0.3 }, ''],
    ['a step of 0.001 rad from rest: 0.1 rad/s', { to: 0.301, last: 0.3, measured: 0.3 }, ''],
    ['a larger one', { to: 0.3011, last: 0.3, measured: 0.3 }, 'joint_acceleration'],
    ['a smaller one back', { to: 0.2989, last: 0.3, measured: 0.3 }, 'joint_acceleration'],
    ['a step of 2.1 rad/s', { to: 0.021, v0: 2 }, 'joint_speed'],
    ['elsewhere after no time', { to: 0.3000001, last: 0.3, measured: 0.3, elapsed: 0 }, 'joint_acceleration'],
    ['the same after no time, under way', { to: 0.3, last: 0.3, measured: 0.3, v0: 1, elapsed: 0 }, ''],
    ['after a long time: one period counts', { to: 0.002, elapsed: 1 }, 'joint_acceleration'],
    ['at Δ from the measured one', { to: 0.05, last: 0.045, v0: 0.5 }, ''],
    ['beyond Δ', { to: 0.0501, last: 0.045, v0: 0.5 }, 'reference_limit'],
    ['beyond Δ below', { to: -0.0501, last: -0.045, v0: -0.5 }, 'reference_limit'],
    ['beyond Δ, but nearer than before', { to: 0.079, last: 0.08, v0: -0.1 }, ''],
    ['beyond Δ, and farther than before', { to: 0.081, last: 0.08, v0: 0.1 }, 'reference_limit'],
    ['beyond Δ, on the other side', { to: 0.25, last: 0.249, measured: 0.3, v0: 0.1 }, ''],
    ['beyond Δ below, and farther', { to: 0.249, last: 0.25, measured: 0.31, v0: -0.1 }, 'reference_limit'],
    ['beyond Δ, at rest', { to: 0.08, last: 0.08 }, ''],
    ['that stops at the limit, from the last setpoint', { to: 0.81, last: 0.8, measured: 0.8, v0: 1 }, ''],
    ['that stops past it', { to: 0.812, last: 0.802, measured: 0.8, v0: 1 }, 'joint_limit'],
    ['that stops at the lower limit', { to: -0.81, last: -0.8, measured: -0.8, v0: -1 }, ''],
    ['that stops past the lower limit', { to: -0.812, last: -0.802, measured: -0.8, v0: -1 }, 'joint_limit'],
    ['wherever else the joint may be', { to: 0.001, highest: 5, lowest: -5 }, ''],
  ])('%s', (_name, given, refusal) => {
    expect(judged({ ...given, limits: { position: true } })).toBe(refusal);
  });

  it('allows for the rounding of a joint that has turned a thousand times, 0.1 ms after its last setpoint', () => {
    // 0.1 ms make 1e-8 rad/s of the last bit of 10 000 rad; the acceleration limit is 0.001 rad/s.
    for (let n = 0; n < 100; n++) {
      const last = 10_000 + n / 7;
      const v0 = 0.3 + n / 1000;
      const at = { last, measured: last, highest: last, v0, elapsed: 1e-4 };
      const limits = { position: true, min: [-2e4], max: [2e4] };
      expect(judged({ ...at, to: last + (v0 + 0.001) * 1e-4, limits })).toBe('');
      expect(judged({ ...at, to: last + (v0 + 0.00101) * 1e-4, limits })).toBe('joint_acceleration');
    }
  });
});
