import { describe, expect, it } from 'vitest';
import { makeBraking } from '../../../controllers/safety/braking.ts';
import { armOf, jointSafety } from './joint/arm.ts';
import { robot, safetyOf } from './rig.ts';
import { armOf as servoArm, tipSafety } from './tip/arm.ts';

/** Two joints of 2 rad/s, 10 rad/s² and 400 rad/s³: 0.04 rad/s of change in what changes a tick. */
const PAIR = [1, 2].map(() => ({ position: [-1, 1], velocity: 2, acceleration: 10, jerk: 400 }));
const pose = Float64Array.of(0.5, 0, 0.2, 0, 0, 0, 1);

describe('the braking law by itself, for looking ahead', () => {
  /** The next `count` setpoints after `setpoint`, which came a tick after `before`. */
  const steps = (braking: ReturnType<typeof makeBraking>, setpoint: number[], before: number[], count: number) => {
    const out = new Float64Array(setpoint.length);
    braking.begin(Float64Array.from(setpoint), Float64Array.from(before));
    return Array.from({ length: count }, () => {
      braking.next(pose, out);
      return [...out];
    });
  };
  const close = (rows: number[][]): number[][] => rows.map((row) => row.map((v) => expect.closeTo(v, 9)));

  it('of joint velocities ramps its deceleration in, from the one that is', () => {
    const braking = makeBraking(jointSafety(), armOf('joint_velocity', PAIR));
    expect(steps(braking, [1, -1], [1, -1], 3)).toEqual(
      close([
        [0.96, -0.96],
        [0.88, -0.88],
        // 12 rad/s² would be too much: 10.
        [0.78, -0.78],
      ]),
    );
    // Speeding up at 6 rad/s², it may do so at 2 rad/s² for a tick.
    expect(steps(braking, [1, 0.05], [0.94, 0.05], 2)).toEqual(
      close([
        [1.02, 0.01],
        [1, 0],
      ]),
    );
  });

  it('of joint positions goes on from the last, whose velocity is its step', () => {
    const braking = makeBraking(jointSafety(), armOf('joint_position', PAIR));
    expect(steps(braking, [0.11, -0.21], [0.1, -0.2], 2)).toEqual(
      close([
        [0.1196, -0.2196],
        [0.1284, -0.2284],
      ]),
    );
    // What was there before is forgotten.
    expect(steps(braking, [0.3, 0.3], [0.3, 0.3], 1)).toEqual([[0.3, 0.3]]);
  });

  it('of a pose goes to the tip at the speed limit, 1 mm a tick', () => {
    const braking = makeBraking(safetyOf(), robot);
    const at = (x: number, z: number) => [0.5 + x, 0, 0.2 + z, 0, 0, 0, 1, 2000, 150];
    expect(steps(braking, at(0.003, 0.004), at(0, 0), 2)).toEqual(close([at(0.0024, 0.0032), at(0.0018, 0.0024)]));
  });

  it('is refused for limits that no command could satisfy', () => {
    expect(() => makeBraking(safetyOf({ pose_box: undefined }), robot)).toThrow('RA_CONFIG_INVALID');
    expect(() => makeBraking(jointSafety(), armOf('joint_velocity', []))).toThrow('RA_CONFIG_INVALID');
  });

  it('of a tip twist is not known', () => {
    expect(() => makeBraking(tipSafety(), servoArm())).toThrow(
      'RA_CONFIG_INVALID: safety.guard for robot.interface.type: tip_twist; allowed: cartesian_impedance, joint_velocity or joint_position',
    );
  });
});
