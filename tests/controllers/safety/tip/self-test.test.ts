import { describe, expect, it } from 'vitest';
import { brakeTip } from '../../../../controllers/safety/tip/brake.ts';
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
    const twist = /^braking law leaves a twist of (\S+) after (\d+) steps$/.exec(said)!;
    expect(Number(twist[2])).toBe(steps);
    const left = twist[1]!.split(',').map(Number);
    expect(left).toHaveLength(6);
    expect(left[of === 'linear' ? 0 : 3]).toBeGreaterThan(0.01);
    expect(left.every(Number.isFinite)).toBe(true);
  });

  it('runs both halves of a twist together along each axis, to either side, and along a diagonal, until it is sure to rest', () => {
    const begun: number[][] = [];
    const steps: number[] = [];
    const l = half(half(limitsOf(), 'linear', { reaction: 0.1, ramp: 0 }), 'angular', { reaction: 0.1, ramp: 0 });
    selfTest(l, (motion, limits, gently, dt, out) => {
      if (motion.acceleration.every((a) => a === 0) && Math.hypot(...motion.twist.subarray(0, 3)) > 0.999) {
        begun.push([...motion.twist].map((v) => Number(v.toFixed(9)) + 0));
        steps.push(0);
      }
      if (gently) steps[steps.length - 1]!++;
      brakeTip(motion, limits, gently, dt, out);
    });
    const d = Number(Math.sqrt(1 / 3).toFixed(9));
    const w = Number(Math.sqrt(4 / 3).toFixed(9));
    expect(begun).toEqual([
      [1, 0, 0, 2, 0, 0],
      [0, 1, 0, 0, 2, 0],
      [0, 0, 1, 0, 0, 2],
      [-1, 0, 0, -2, 0, 0],
      [0, -1, 0, 0, -2, 0],
      [0, 0, -1, 0, 0, -2],
      [d, d, d, w, w, w],
    ]);
    // 0.1 s to rest and 0.1 s of reaction, in periods of 10 ms, and two more.
    expect(steps).toEqual(Array(7).fill(22));
  });

  it.each([
    ['translation', 0, 'pose_box'],
    ['rotation', 3, 'tilt'],
  ] as const)('finds a law that does not brake a %s', (_what, at, limit) => {
    const law: typeof brakeTip = (motion, limits, gently, dt, out) => {
      brakeTip(motion, limits, gently, dt, out);
      out.set(motion.twist.subarray(at, at + 3), at);
    };
    // Already after the first period it is nearer than a stop takes.
    expect(selfTest(limitsOf(), law)).toBe(`braking law breaks ${limit} at step 1`);
  });
});
