import type { RobotConfig } from '../../src/core/config-schema.ts';
import type { CommandCodec, RobotState } from '../../src/core/signals.ts';
import { float64MultiArray } from './float64-multi-array.ts';
import type { CommandInterface } from './interface.ts';
import { jointJog } from './joint-jog.ts';
import { jointTrajectory } from './joint-trajectory.ts';

/** Scales of the risk row that make about one unit: rad, rad/s, Nm. */
const RISK_VELOCITY = 0.5;
const RISK_EFFORT = 1 / 20;

type JointInterface = Extract<RobotConfig['interface'], { type: 'joint_velocity' | 'joint_position' }>;

/**
 * Joint setpoints: action `[a_1 … a_n]`, one number a joint, each in [-1, 1]. `joint_velocity`: setpoint rad/s, the action
 * is a share of velocity_scale times the joint's limit. `joint_position`: setpoint rad, the action is a step from the
 * anchor. How it is spelt on the wire is a choice of its own.
 *
 * NOTE no standard message for joints carries epoch and sequence: a receiver can let a command expire, where the message
 * has a lease or an end, but cannot tell an old one that was replayed within it.
 */
export function jointInterface(robot: RobotConfig): CommandInterface {
  const how = robot.interface as JointInterface;
  const n = robot.joints.length;
  const isPosition = how.type === 'joint_position';
  const scale = Float64Array.from(
    robot.joints.map((j) => (how.type === 'joint_position' ? how.position_scale : how.velocity_scale * j.velocity)),
  );
  return {
    name: how.type,
    actionSize: n,
    setpointSize: n,
    riskInputSize: 4 * n,

    hold(state: RobotState, out: Float64Array): void {
      if (isPosition) out.set(state.position);
      else out.fill(0);
    },

    aim(anchor: Float64Array, action: Float64Array, out: Float64Array): void {
      for (let i = 0; i < n; i++) out[i] = (isPosition ? anchor[i]! : 0) + action[i]! * scale[i]!;
    },

    riskInput(state: RobotState, _target: Float64Array, aim: Float64Array, out: Float64Array, at: number): void {
      for (let i = 0; i < n; i++) {
        out[at + i] = state.position[i]!;
        out[at + n + i] = state.velocity[i]! * RISK_VELOCITY;
        out[at + 2 * n + i] = state.effort[i]! * RISK_EFFORT;
        out[at + 3 * n + i] = (aim[i]! - (isPosition ? state.position[i]! : 0)) / scale[i]!;
      }
    },

    codec: SPELLINGS[how.message](robot),
  };
}

/** How a joint setpoint is spelt, by `robot.interface.message`. To add one: write its file, name it here. */
const SPELLINGS: Readonly<Record<JointInterface['message'], (robot: RobotConfig) => CommandCodec>> = {
  float64_multi_array: float64MultiArray,
  joint_trajectory: jointTrajectory,
  joint_jog: jointJog,
};
