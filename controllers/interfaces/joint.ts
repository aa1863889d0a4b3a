import type { RobotConfig } from '../../src/core/config-schema.ts';
import type { Command, CommandCodec, RobotState, SafeAction, SeenCommand } from '../../src/core/signals.ts';
import type { CommandInterface } from './interface.ts';
import { numberOf, stampOf, time } from './message.ts';

/** Scales of the risk row that make about one unit: rad, rad/s, Nm. */
const RISK_VELOCITY = 0.5;
const RISK_EFFORT = 1 / 20;

type JointInterface = Extract<RobotConfig['interface'], { type: 'joint_velocity' | 'joint_position' }>;

/**
 * Joint setpoints, commanded as `control_msgs/msg/JointJog`: action `[a_1 … a_n]`, one number a joint, each in [-1, 1].
 * `joint_velocity`: setpoint rad/s, the action is a share of velocity_scale times the joint's limit. `joint_position`:
 * setpoint rad, the action is a step from the anchor.
 *
 * NOTE a JointJog carries its lease (`duration`) but neither epoch nor sequence: a receiver can let it expire, but cannot
 * tell an old one that was replayed within its lease.
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

    codec: jogCodec(robot, isPosition),
  };
}

function jogCodec(robot: RobotConfig, isPosition: boolean): CommandCodec {
  const { command: topic } = robot.topics;
  const type = 'control_msgs/msg/JointJog';
  const names = robot.joints.map((j) => j.name);
  return {
    topic,
    type,
    encode(action: SafeAction): Command {
      const setpoint = Array.from(action.setpoint);
      const message = {
        header: { stamp: time(action.stampNs), frame_id: robot.base_frame },
        joint_names: names,
        displacements: isPosition ? setpoint : [],
        velocities: isPosition ? [] : setpoint,
        duration: action.leaseMs / 1e3,
      };
      return { topic, type, message };
    },
    decode(message: unknown): SeenCommand {
      const m = message as { displacements?: unknown; velocities?: unknown } | null;
      const values = isPosition ? m?.displacements : m?.velocities;
      const setpoint = Array.isArray(values) ? Float64Array.from(values, numberOf) : null;
      return { epoch: -1, seq: -1, stampNs: stampOf(m), setpoint };
    },
  };
}
