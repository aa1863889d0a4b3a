import type { RobotConfig } from '../../src/core/config-schema.ts';
import {
  type Command,
  type CommandCodec,
  type SafeAction,
  type SeenCommand,
  UNSTAMPED,
} from '../../src/core/signals.ts';
import { numbersOf } from './message.ts';

/**
 * Joint setpoints as `std_msgs/Float64MultiArray`, in the order of `robot.joints`: what forward_command_controller of
 * ros2_control takes on `~/commands` (position_controllers and velocity_controllers of ros_control: JointGroup…).
 *
 * NOTE it carries no stamp, no lease and no names. The receiver keeps the last numbers for ever: a velocity goes on when
 * commands stop coming, unless something on the robot's side times out. And the order of `robot.joints` must be the
 * order of the controller's `joints`.
 */
export function float64MultiArray(robot: RobotConfig): CommandCodec {
  const { command: topic } = robot.topics;
  const type = 'std_msgs/msg/Float64MultiArray';
  const n = robot.joints.length;
  return {
    topic,
    type,
    encode({ setpoint }: SafeAction): Command {
      return { topic, type, message: { layout: { dim: [], data_offset: 0 }, data: Array.from(setpoint) } };
    },
    decode(message: unknown): SeenCommand {
      const { data } = (message ?? {}) as { data?: unknown };
      return { epoch: -1, seq: -1, stampNs: UNSTAMPED, setpoint: numbersOf(data, n) };
    },
  };
}
