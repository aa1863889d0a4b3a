import { describe, expect, it } from 'vitest';
import { brakeVelocity } from '../../../../controllers/safety/joint/brake.ts';
import { selfTest } from '../../../../controllers/safety/joint/self-test.ts';
import { limitsOf } from './table.ts';

describe('the braking law of a joint', () => {
  it.each([
    ['at full acceleration where jerk is no matter', 1, 0, 1e4, 0.9],
    ['ramps its deceleration in', 1, 0, 400, 0.96],
    ['and on', 1, -4, 400, 0.92],
    ['the same backwards', -1, 4, 400, -0.92],
    ['goes on speeding up for a moment, within the jerk limit', 1, 6, 400, 1.02],
    ['never above full acceleration', 1, -10, 400, 0.9],
    ['lands along v = a²/2J', 0.1, -10, 400, 0.1 - 0.01 * Math.sqrt(80)],
    ['rests when the landing takes it to zero', 0.08, -10, 400, 0],
    ['rests from the last bit of speed', 0.005, -10, 400, 0],
    ['the same backwards', -0.005, 10, 400, 0],
    ['at rest it stays', 0, -10, 400, 0],
    ['at rest it stays, whatever its acceleration was', 0, 10, 400, 0],
  ])('%s', (_name, v, a, jerk, next) => {
    expect(brakeVelocity(v, a, 10, jerk, 0.01)).toBeCloseTo(next, 12);
  });

  it.each([0, -1, Number.NaN])('changes nothing in %d s', (dt) => {
    expect(brakeVelocity(1, 0, 10, 400, dt)).toBe(1);
  });
});

describe('the self-test of the braking law', () => {
  const JERKY = { jerk: [400] };

  it.each([false, true])('is passed by limits that leave it the room that it takes (positions: %s)', (position) => {
    expect(selfTest(limitsOf({ position }))).toBe('');
    expect(selfTest(limitsOf({ ...JERKY, position, reference: 1 }))).toBe('');
  });

  it('says which joint is past its limit: stopping reckons with more than there is', () => {
    // 2 rad/s stop in 0.2 rad at 10 rad/s²; reckoned with 20 rad/s² and no reaction time, 0.1 rad were left.
    const said = selfTest(limitsOf({ deceleration: [20], reaction: [0] }));
    expect(said).toMatch(/^braking law takes joint 0 0\.1\d* rad past its limit$/);
  });

  it('says which joint does not come to rest in time: the jerk limit is too small for the reaction time', () => {
    expect(selfTest(limitsOf({ jerk: [20], reaction: [0] }))).toMatch(
      /^braking law leaves joint 0 at 1\.\d+ rad\/s after 22 steps$/,
    );
  });

  it('says which limit a step breaks', () => {
    expect(selfTest(limitsOf({ ...JERKY, reaction: [0.2], position: true, reference: 0.001 }))).toBe(
      'braking law breaks reference_limit at step 1',
    );
  });

  it('tries both sides: the lower limit alone can be too near', () => {
    const low = limitsOf({ min: [-0.1], max: [0.1] });
    expect(selfTest(low)).toBe('');
    const two = { joints: 2, min: [-1, -1], max: [1, 1], velocity: [2, 2], acceleration: [10, 10], jerk: [1e6, 1e6] };
    expect(selfTest(limitsOf({ ...two, deceleration: [5, 20], reaction: [0.1, 0] }))).toContain('joint 1');
  });
});
