import { describe, expect, it } from 'vitest';
import { bits, filtered, type Twist, wall } from './table.ts';

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
