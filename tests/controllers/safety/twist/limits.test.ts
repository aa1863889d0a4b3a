import { describe, expect, it } from 'vitest';
import { twistLimits } from '../../../../controllers/safety/twist/limits.ts';
import { baseOf, baseSafety } from './base.ts';

describe('the limits of a twist', () => {
  it('are those of the config, in SI units, and derated', () => {
    const robot = baseOf(
      { footprint: { radius: 0.3, center: [0.1, -0.2] }, scale: [0.5, 0.25, 1] },
      {
        ranging: [
          { type: 'scan', topic: '/a', beams: 360, age_ms: 200 },
          { type: 'range', topic: '/b', beams: 1, age_ms: 150 },
        ],
      },
    );
    const twist = {
      ...{ speed: 0.8, speed_rotation: 1.5, acceleration: 2, acceleration_rotation: 3, jerk: 40, jerk_rotation: 30 },
      ...{ derate: 0.5, min_distance: 0.25, reaction_ms: 60, delay_ms: 80 },
    };
    const { ramp, ...l } = twistLimits(baseSafety(twist, { control_hz: 50, stamp_skew_ms: 40 }), robot);
    expect(l).toEqual({
      ...{ sideways: true, period: 0.02, speed: 0.8, turn: 1.5, acceleration: 2, turnAcceleration: 3 },
      ...{ jerk: 40, turnJerk: 30, deceleration: 1, turnDeceleration: 1.5, reaction: 0.06, delayNs: 80e6 },
      ...{ x: 0.1, y: -0.2, clearance: 0.55, beams: [360, 1], ageNs: [200e6, 150e6], ahead: 0.04 },
    });
    // 2.5 ramps of 3/30 s, which is more than 2/40 s.
    expect(ramp).toBeCloseTo(0.25, 12);
    expect(twistLimits(baseSafety({ jerk: 4 }), baseOf()).ramp).toBeCloseTo(0.625, 12);
  });

  it('know a base that cannot go sideways', () => {
    expect(twistLimits(baseSafety(), baseOf({ scale: [1, 0, 1] })).sideways).toBe(false);
  });

  it('a reaction of one control period is enough', () => {
    expect(twistLimits(baseSafety({ reaction_ms: 10 }), baseOf()).reaction).toBe(0.01);
  });
});

describe('limits that cannot work together are refused, with what was seen and what is allowed', () => {
  const made = (robot = baseOf(), safety = baseSafety()) => twistLimits(safety, robot);
  it.each([
    [
      'without odometry',
      () => made(baseOf({}, { sources: ['joint_states', 'pose'] })),
      'RA_CONFIG_INVALID: robot.sources: joint_states, pose; allowed: odom, for a mobile base',
    ],
    [
      'without eyes',
      () => made(baseOf({}, { ranging: [] })),
      'RA_CONFIG_INVALID: no robot.ranging; allowed: a sensor that sees obstacles, or `obstacles` in safety.off',
    ],
    [
      'without time to react',
      () => made(baseOf(), baseSafety({ reaction_ms: 9 })),
      'RA_CONFIG_INVALID: safety.twist.reaction_ms = 9; allowed: at least the control period, 10 ms',
    ],
  ])('%s', (_what, make, error) => {
    expect(make).toThrow(error);
  });

  it('driving without eyes is an explicit choice', () => {
    expect(made(baseOf({}, { ranging: [] }), baseSafety({}, { off: ['obstacles'] })).beams).toEqual([]);
  });

  it('eyes and the choice not to need them go together', () => {
    expect(made(baseOf(), baseSafety({}, { off: ['obstacles'] })).beams).toEqual([1024]);
  });
});
