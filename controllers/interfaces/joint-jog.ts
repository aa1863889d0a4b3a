import type { RobotConfig } from '../../src/core/config-schema.ts';
import {
  type Command,
  type CommandCodec,
  type SafeAction,
  type SeenCommand,
  UNSTAMPED,
} from '../../src/core/signals.ts';
import { numbersOf, sameNames, time } from './message.ts';

/**
 * Joint setpoints as `control_msgs/JointJog`, by name: velocities, rad/s, as MoveIt Servo takes them (`joint_command_in_topic`,
 * `command_in_type: speed_units`), or positions in `displacements`, absolute: for a
 * receiver of your own, as others add them to where the arm is (`position_deltas`). `duration` is the lease, s.
 *
 * NOTE it carries neither epoch nor sequence. Servo drops what is older than `incoming_command_timeout` by its own clock,
 * so the stamp is the robot's time as far as we know it, that of the state which the command was judged against; several
 * commands may have the same, and they are known again by their values.
 */
export function jointJog(robot: RobotConfig): CommandCodec {
  const { command: topic } = robot.topics;
  const type = 'control_msgs/msg/JointJog';
  const names = robot.joints.map((j) => j.name);
  const isPosition = robot.interface.type === 'joint_position';
  return {
    topic,
    type,
    encode(action: SafeAction): Command {
      const setpoint = Array.from(action.setpoint);
      const message = {
        header: { stamp: time(action.stateStampNs), frame_id: robot.base_frame },
        joint_names: names,
        displacements: isPosition ? setpoint : [],
        velocities: isPosition ? [] : setpoint,
        duration: action.leaseMs / 1e3,
      };
      return { topic, type, message };
    },
    decode(message: unknown): SeenCommand {
      const m = (message ?? {}) as { joint_names?: unknown; displacements?: unknown; velocities?: unknown };
      const values = numbersOf(isPosition ? m.displacements : m.velocities, names.length);
      return { epoch: -1, seq: -1, stampNs: UNSTAMPED, setpoint: sameNames(m.joint_names, names) ? values : null };
    },
  };
}
