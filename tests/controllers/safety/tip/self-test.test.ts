import { describe, expect, it } from 'vitest';
import { type TipLimits, tipLimits } from '../../../../controllers/safety/tip/limits.ts';
import { selfTest } from '../../../../controllers/safety/tip/self-test.ts';
import { armOf, tipSafety } from './arm.ts';

/** 1 m/s at 10 m/s² and 2 rad/s at 20 rad/s²: each stops in 0.1 s, or 0.055 m and 0.11 rad in periods of 10 ms. */
const FAST = {
  speed: 1,
  acceleration: 10,
  jerk: 1e6,
  speed_rotation: 2,
  acceleration_rotation: 20,
  jerk_rotation: 1e6,
};
const limitsOf = (changes: object = {}, tilt = 0.5): TipLimits =>
  tipLimits(tipSafety({ ...FAST, ...changes }, { tilt }), armOf());
const half = (l: TipLimits, of: 'linear' | 'angular', changes: object): TipLimits => ({
  ...l,
  [of]: { ...l[of], ...changes },
});

describe('the self-test of the braking law of a tip', () => {
  it.each([
    ['without ramps', limitsOf()],
    ['with ramps', limitsOf({ jerk: 400, jerk_rotation: 900 })],
    ['in a cone narrower than a stop from full turn', limitsOf({}, 0.05)],
    ['whatever its delay', limitsOf({ delay_ms: 1000 })],
  ])('is passed by limits that leave it the room that it takes: %s', (_name, l) => {
    expect(selfTest(l)).toBe('');
  });

  it('says how far the tip goes past its wall: stopping reckons with more than there is', () => {
    // 1 m/s is 10 ms in force before the first step of the brake, so that it stops in 0.01 · (1 + 0.9 + … + 0.1) = 0.055 m;
    // reckoned with 20 m/s² and no reaction time are 0.025 m.
    const said = selfTest(half(limitsOf(), 'linear', { deceleration: 20, reaction: 0 }));
    expect(Number(/^braking law takes the tip (\S+) m past its wall$/.exec(said)![1])).toBeCloseTo(0.03, 9);
  });

  it('says how far it tilts past its cone', () => {
    // 2 rad/s at 20 rad/s² is 0.11 rad; reckoned with 40 rad/s² 0.05 rad.
    const said = selfTest(half(limitsOf(), 'angular', { deceleration: 40, reaction: 0 }));
    expect(Number(/^braking law tilts the tip (\S+) rad past its cone$/.exec(said)![1])).toBeCloseTo(0.06, 9);
  });

  it.each([
    ['linear', 33],
    // The cone is narrower than a stop from full turn with such a reaction: 1.87 rad/s.
    ['angular', 32],
  ] as const)('says that it does not come to rest in time: %s', (of, steps) => {
    // A jerk of which the ramps were forgotten.
    const said = selfTest(half(limitsOf(), of, { jerk: 10, reaction: 0.2 }));
    expect(said).toMatch(new RegExp(`^braking law leaves a twist of .* after ${steps} steps$`));
  });
});
