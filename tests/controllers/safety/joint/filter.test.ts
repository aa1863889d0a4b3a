import { describe, expect, it } from 'vitest';
import { CLIPPED } from '../../../../controllers/safety/envelope.ts';
import { JointFilter } from '../../../../controllers/safety/joint/filter.ts';
import { limitsOf, type Moving, motionOf } from './table.ts';

interface Case extends Moving {
  /** Wish, last setpoint and measured position of one joint. */
  wish: number;
  last?: number;
  measured?: number;
  elapsed?: number;
  scale?: number;
  limits?: Parameters<typeof limitsOf>[0];
}

function filtered(c: Case): { out: number; flags: number } {
  const l = limitsOf(c.limits);
  const out = new Float64Array(1);
  const last = Float64Array.of(c.last ?? 0);
  const measured = Float64Array.of(c.measured ?? 0);
  const filter = new JointFilter(l, motionOf(l, c));
  const flags = filter.apply(Float64Array.of(c.wish), last, measured, c.elapsed ?? 0.01, c.scale ?? 1, out);
  return { out: out[0]!, flags };
}

const POSITION = { position: true };
const JERK = { jerk: [400] };

type Row = [string, Case, number, keyof typeof CLIPPED | 0, (keyof typeof CLIPPED)?];

describe('a joint velocity', () => {
  it.each<Row>([
    ['inside every limit, as it is', { wish: 0.05 }, 0.05, 0],
    ['at the speed limit, as it is', { wish: 2, v0: 2 }, 2, 0],
    ['at the speed limit backwards, as it is', { wish: -2, v0: -2 }, -2, 0],
    ['above the speed limit', { wish: 3, v0: 2 }, 2, 'speed'],
    ['above the speed limit backwards', { wish: -3, v0: -2 }, -2, 'speed'],
    ['faster than it may accelerate', { wish: 1 }, 0.1, 'acceleration'],
    ['faster than it may accelerate backwards', { wish: -1 }, -0.1, 'acceleration'],
    ['faster than it may slow down', { wish: 0, v0: 1 }, 0.9, 'acceleration'],
    ['faster than it may slow down backwards', { wish: 0, v0: -1 }, -0.9, 'acceleration'],
    ['after two periods: rates know one only', { wish: 1, elapsed: 0.02 }, 0.1, 'acceleration'],
    ['after half a period', { wish: 1, elapsed: 0.005 }, 0.05, 'acceleration'],
    ['after no time', { wish: 1, v0: 0.5, elapsed: 0 }, 0.5, 'acceleration'],
    ['after a time that went back', { wish: 1, v0: 0.5, elapsed: -1 }, 0.5, 'acceleration'],
    ['after a time that is no number', { wish: 1, v0: 0.5, elapsed: Number.NaN }, 0.5, 'acceleration'],
    ['with more jerk than allowed', { wish: 1, limits: JERK }, 0.04, 'jerk'],
    ['with more jerk than allowed backwards', { wish: -1, limits: JERK }, -0.04, 'jerk'],
    ['with more jerk while it speeds up', { wish: 1, a0: 5, limits: JERK }, 0.09, 'jerk'],
    ['that turns while it speeds up: it goes on for a moment', { wish: -1, a0: 5, limits: JERK }, 0.01, 'jerk'],
    ['that would not stop before the limit 0.2 rad ahead', { wish: 2, v0: 1, highest: 0.8 }, 1, 'position'],
    ['the same at the lower limit', { wish: -2, v0: -1, lowest: -0.8 }, -1, 'position'],
    ['away from the limit', { wish: -0.05, highest: 0.99 }, -0.05, 0],
    ['at the limit, on', { wish: 1, highest: 1 }, 0, 'position'],
    ['at the lower limit, on', { wish: -1, lowest: -1 }, 0, 'position'],
    ['from outside, further out', { wish: 1, highest: 1.2 }, 0, 'position'],
    ['from outside, back: slowly', { wish: -1, highest: 1.2 }, -0.05, 'speed'],
    ['from below, further out', { wish: -1, highest: -1.2 }, 0, 'position'],
    ['from below, back: slowly', { wish: 1, highest: -1.2 }, 0.05, 'speed'],
    ['at the lower limit, back: at its own speed', { wish: 0.1, highest: -1 }, 0.1, 0],
    ['at the upper limit, back: at its own speed', { wish: -0.1, highest: 1 }, -0.1, 0],
    ['wherever it was measured', { wish: 0.05, measured: -3 }, 0.05, 0],
    [
      'in a range too narrow for its speed, from the middle',
      { wish: 2, v0: 1, limits: { min: [-0.2], max: [0.2] } },
      1,
      'position',
    ],
    ['far from both limits, at its own speed', { wish: 2, v0: 2, highest: 0.3 }, 2, 0],
  ])('%s', (_name, given, out, flag) => {
    const said = filtered(given);
    expect(said.out).toBeCloseTo(out, 12);
    expect(said.flags).toBe(flag === 0 ? 0 : CLIPPED[flag]);
  });

  it.each<Row>([
    ['too fast for the limit right ahead: it brakes at full', { wish: 1, v0: 1, highest: 1 }, 0.9, 'conflict'],
    ['the same backwards', { wish: -1, v0: -1, lowest: -1 }, -0.9, 'conflict'],
    ['nearly at rest there: it stops', { wish: 1, v0: 0.05, highest: 1, limits: { jerk: [100] } }, 0, 'conflict'],
    ['the same, nearly at rest backwards', { wish: 0, v0: -0.05, lowest: -1, limits: { jerk: [100] } }, 0, 'conflict'],
    ['exactly as fast as one tick takes', { wish: 1, v0: 0.1, highest: 1, limits: { jerk: [100] } }, 0, 'conflict'],
    ['the same as before backwards', { wish: 0, v0: -0.1, lowest: -1, limits: { jerk: [100] } }, 0, 'conflict'],
  ])('%s', (_name, given, out, flag) => {
    const said = filtered(given);
    expect(said.out).toBeCloseTo(out, 12);
    expect(said.flags).toBe(CLIPPED[flag as 'conflict']);
  });

  it('limits that miss each other by rounding only are in no conflict', () => {
    // 0.171 rad ahead allow 0.9 rad/s, just what the acceleration leaves of 1 rad/s; 1.4e-13 rad less, 5e-13 rad/s less.
    const { out, flags } = filtered({ wish: 0, v0: 1, highest: 1 - 0.171 + 1.4e-13 });
    expect(out).toBeCloseTo(0.9, 11);
    expect(flags).toBe(0);
    // The same at 0.04 rad/s, where a conflict would stop the joint.
    const slow = filtered({ wish: 0, v0: 0.05, highest: 1 - 0.00416 + 5e-14, limits: { jerk: [100] } });
    expect(slow.out).toBeCloseTo(0.04, 11);
    expect(slow.flags).toBe(0);
  });

  it.each([1, -1])('a wish that is above its limit by rounding only stays, bit for bit: side %d', (side) => {
    const wish = side * 2 * (1 + 5e-10);
    expect(filtered({ wish, v0: side * 2 })).toEqual({ out: wish, flags: 0 });
    const over = filtered({ wish: side * 2 * (1 + 2e-9), v0: side * 2 });
    expect(over.flags).toBe(CLIPPED.speed);
  });

  it.each([1, -1])('the same of the acceleration limit: side %d', (side) => {
    const wish = side * 0.1 * (1 + 5e-10);
    expect(filtered({ wish })).toEqual({ out: wish, flags: 0 });
    expect(filtered({ wish: side * 0.1 * (1 + 2e-9) + side * 2e-12 }).flags).toBe(CLIPPED.acceleration);
  });
});

describe('the speed scale', () => {
  it.each([
    [0.5, 1],
    [1, 2],
    [2, 2],
    [0, 0],
    [-1, 0],
    [Number.NaN, 0],
  ])('%d leaves of 3 rad/s at most %d', (scale, most) => {
    const l = limitsOf({ acceleration: [1e6] });
    const out = new Float64Array(1);
    const flags = new JointFilter(l, motionOf(l, {})).apply(
      Float64Array.of(3),
      out,
      Float64Array.of(0),
      0.01,
      scale,
      out,
    );
    expect(out[0]).toBeCloseTo(most, 12);
    expect(flags).toBe(CLIPPED.speed);
  });

  it('keeps the direction: the fastest joint decides for all', () => {
    const two = { joints: 2, min: [-1, -1], max: [1, 1], velocity: [2, 4], acceleration: [1e6, 1e6], jerk: [1e9, 1e9] };
    const l = limitsOf({ ...two, deceleration: [1e6, 1e6], reaction: [0, 0] });
    const out = new Float64Array(2);
    const run = (wish: number[], scale: number): number[] => {
      new JointFilter(l, motionOf(l, {})).apply(Float64Array.from(wish), out, out, 0.01, scale, out);
      return [...out];
    };
    expect(run([4, 4], 1)).toEqual([2, 2]);
    expect(run([-1, 8], 1)).toEqual([-0.5, 4]);
    expect(run([4, 4], 0.5)).toEqual([1, 1]);
    expect(run([0.5, -1], 0.5)).toEqual([0.5, -1]);
  });
});

describe('a joint position', () => {
  it.each<Row>([
    ['inside every limit, as it is', { wish: 0.0005 }, 0.0005, 0],
    ['where it was, as it is', { wish: 0.3, last: 0.3, measured: 0.3 }, 0.3, 0],
    ['a leap: speed, then acceleration', { wish: 1 }, 0.001, 'speed', 'acceleration'],
    ['a leap back', { wish: -1 }, -0.001, 'speed', 'acceleration'],
    ['beyond Δ from the measured one', { wish: 0.165, last: 0.145, measured: 0.1, v0: 0.45 }, 0.15, 'reference'],
    ['beyond Δ below it', { wish: -0.165, last: -0.145, measured: -0.1, v0: -0.45 }, -0.15, 'reference'],
    ['that would not stop before the limit', { wish: 0.82, last: 0.8, measured: 0.8, v0: 1 }, 0.81, 'position'],
    ['the same below', { wish: -0.82, last: -0.8, measured: -0.8, v0: -1 }, -0.81, 'position'],
    ['after no time: the last one', { wish: 0.3, last: 0.2, measured: 0.2, elapsed: 0 }, 0.2, 0],
    ['after no time, beyond Δ', { wish: 0.3, last: 0.2, measured: 0.1, elapsed: 0 }, 0.2, 0],
    ['after no time, beyond Δ below', { wish: 0.3, last: 0.2, measured: 0.3, elapsed: 0 }, 0.2, 0],
    ['after no time, under way', { wish: 0.3, last: 0.2, measured: 0.2, v0: 1, elapsed: 0 }, 0.2, 'acceleration'],
    ['as far as Δ allows, as it is', { wish: 0.05, last: 0.045, v0: 0.5 }, 0.05, 0],
    ['as far as Δ allows below, as it is', { wish: -0.05, last: -0.045, v0: -0.5 }, -0.05, 0],
  ])('%s', (_name, given, out, ...flags) => {
    const said = filtered({ ...given, limits: POSITION });
    expect(said.out).toBeCloseTo(out, 12);
    expect(said.flags).toBe(flags.reduce<number>((sum, f) => sum + (f ? CLIPPED[f] : 0), 0));
  });

  it('that is admissible comes out bit for bit, although its velocity is rounded', () => {
    for (let n = 1; n <= 100; n++) {
      const given = { wish: 0.1 + n / 123_456, last: 0.1, measured: 0.1, limits: POSITION };
      expect(filtered(given).out).toBe(given.wish);
    }
  });

  it('is judged from the last setpoint, not from where the joint may be', () => {
    const out = filtered({ wish: 0.0005, highest: 5, lowest: -5, limits: POSITION });
    expect(out).toEqual({ out: 0.0005, flags: 0 });
  });
});
