import { describe, expect, it } from 'vitest';
import { bits, close, filtered, type Twist, wall } from './table.ts';

describe('half a twist', () => {
  it('keeps off a wall that is reached, and slides along it, however slowly it goes', () => {
    const limits = { walls: [wall([1, 0, 0], 0)] };
    for (const v of [1e-5, 1e-8]) {
      expect(filtered({ wish: [v, v, 0, 0, 0, 0], limits }).out).toEqual([0, v, 0, 0, 0, 0]);
      expect(filtered({ wish: [0, v, 0, 0, 0, 0], limits }).out).toEqual([0, v, 0, 0, 0, 0]);
    }
  });

  it('stops where what it did before would turn it round on the way to what is at right angles', () => {
    // From 0.05 m/s in x, slowed down by 0.1 m/s a tick of which the jerk takes back 0.04 at most.
    const given = { was: [0.05, 0, 0, 0, 0, 0] as Twist, slope: [-10, 0, 0, 0, 0, 0] as Twist };
    const { out, flags } = filtered({ ...given, wish: [0, 0.05, 0, 0, 0, 0], limits: { linear: { jerk: 400 } } });
    expect(out).toEqual(close([0, 0, 0, 0, 0, 0]));
    expect(flags).toBe(bits(['acceleration', 'jerk']));
  });
});

describe('the way towards rest', () => {
  it('is fitted to the wall like a wish, so that a second pass changes nothing', () => {
    // There is no room for the way towards the wish, nor for all of the way towards rest: jerk turns it to the wall.
    const given = {
      was: [0.9, 0.5, 0, 0, 0, 0] as Twist,
      slope: [-2, -1, 0, 0, 0, 0] as Twist,
      limits: { walls: [wall([1, 0, 0], 0.25)], linear: { jerk: 400, ramp: 0.1 } },
    };
    const once = filtered({ ...given, wish: [-0.6, 0.6, 0, 0, 0, 0] });
    expect(filtered({ ...given, wish: once.out as Twist }).out).toEqual(once.out);
    expect(once.flags).toBe(bits(['acceleration', 'jerk', 'box']));
  });
});
