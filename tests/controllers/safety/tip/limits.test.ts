import { describe, expect, it } from 'vitest';
import { tipLimits } from '../../../../controllers/safety/tip/limits.ts';
import { armOf, tipSafety } from './arm.ts';

describe('the limits of a tip twist', () => {
  const limits = {
    ...{ speed: 0.2, speed_rotation: 0.6, acceleration: 1, acceleration_rotation: 3, jerk: 50, jerk_rotation: 30 },
    ...{ derate: 0.5, reaction_ms: 60, delay_ms: 80, inward_speed: 0.01, inward_speed_rotation: 0.05 },
  };
  const space = {
    ...{ control_hz: 50, tilt: 0.4, pose_box: { min: [0.1, -0.2, 0.3], max: [0.4, 0.5, 0.6] } },
    planes: [{ normal: [0, 3, 4], offset: 10 }],
    target_box: { min: [-0.01, -0.02, -0.03], max: [0.04, 0.05, 0.06] },
  };

  it('are those of the config, in SI units, and derated', () => {
    const { walls, linear, angular, ...l } = tipLimits(tipSafety(limits, space), armOf());
    expect(l).toEqual({ period: 0.02, tilt: 0.4, delayNs: 80e6, inward: 0.01, inwardTurn: 0.05 });
    // 2.5 ramps of 1/50 s, and of 3/30 s.
    const half = { reaction: 0.06 };
    expect(linear).toEqual({ ...half, speed: 0.2, acceleration: 1, jerk: 50, deceleration: 0.5, ramp: 0.05 });
    expect(angular).toEqual({ ...half, speed: 0.6, acceleration: 3, jerk: 30, deceleration: 1.5, ramp: 0.25 });
  });

  it('have the workspace as walls: the faces of the boxes, and planes of unit normals', () => {
    const { walls } = tipLimits(tipSafety(limits, space), armOf());
    const at = (kind: string) => walls.filter((w) => w.kind === kind).map((w) => [...w.normal, w.offset]);
    expect(walls).toHaveLength(13);
    expect(at('pose_box')).toEqual([
      [1, 0, 0, 0.4],
      [-1, 0, 0, -0.1],
      [0, 1, 0, 0.5],
      [0, -1, 0, 0.2],
      [0, 0, 1, 0.6],
      [0, 0, -1, -0.3],
    ]);
    expect(at('workspace_plane')).toEqual([[0, 0.6, 0.8, 2]]);
    expect(at('target_box')).toEqual([
      [1, 0, 0, 0.04],
      [-1, 0, 0, 0.01],
      [0, 1, 0, 0.05],
      [0, -1, 0, 0.02],
      [0, 0, 1, 0.06],
      [0, 0, -1, 0.03],
    ]);
  });

  it('need neither planes nor a target', () => {
    expect(tipLimits(tipSafety(), armOf()).walls.map((w) => w.kind)).toEqual(new Array(6).fill('pose_box'));
  });

  it('a reaction of one control period is enough', () => {
    expect(tipLimits(tipSafety({ reaction_ms: 10 }), armOf()).linear.reaction).toBe(0.01);
  });
});

describe('limits that cannot work together are refused, with what was seen and what is allowed', () => {
  const made = (safety = tipSafety(), robot = armOf()) => tipLimits(safety, robot);
  const box = (min: number[], max: number[]) => ({ min, max });
  it.each([
    [
      'without a measured pose',
      () => made(tipSafety(), armOf({}, { sources: ['joint_states', 'wrench'] })),
      'robot.sources: joint_states, wrench; allowed: pose, for a tip twist',
    ],
    [
      'without a workspace',
      () => made(tipSafety({}, { pose_box: undefined })),
      'no safety.pose_box; allowed: the workspace of the tip, which a tip twist needs',
    ],
    [
      'without time to react',
      () => made(tipSafety({ reaction_ms: 9 })),
      'safety.tip_twist.reaction_ms = 9; allowed: at least the control period, 10 ms',
    ],
    [
      'with half a sphere of orientations',
      () => made(tipSafety({}, { tilt: 2 })),
      'safety.tilt = 2; allowed: below π/2 rad',
    ],
    ['with exactly half', () => made(tipSafety({}, { tilt: Math.PI / 2 })), 'allowed: below π/2 rad'],
    [
      'in a box that is none',
      () => made(tipSafety({}, { pose_box: box([0, 0, 0], [1, 0, 1]) })),
      'safety.pose_box axis 1: [0, 0]; allowed: min below max',
    ],
    [
      'around a target in a box that is none',
      () => made(tipSafety({}, { target_box: box([0, 0, 2], [1, 1, 1]) })),
      'safety.target_box axis 2: [2, 1]; allowed: min below max',
    ],
    [
      'behind a plane without a direction',
      () => made(tipSafety({}, { planes: [{ normal: [0, 0, 0], offset: 1 }] })),
      'a plane of safety.planes with the normal [0,0,0]; allowed: a direction',
    ],
  ])('%s', (_what, make, error) => {
    expect(make).toThrow(`RA_CONFIG_INVALID: `);
    expect(make).toThrow(error);
  });
});
