import type { RobotConfig } from '../../src/core/config-schema.ts';
import { interfaceOf } from '../../src/core/robot-interface.ts';
import {
  type Command,
  type CommandCodec,
  type RobotState,
  type SafeAction,
  type SeenCommand,
  UNSTAMPED,
} from '../../src/core/signals.ts';
import type { CommandInterface } from './interface.ts';
import { numberOf, time } from './message.ts';

/** Elements of a setpoint: `[vx vy vz wx wy wz]`, m/s and rad/s, of the tip, in the base frame. */
const SIZE = 6;
const TYPE = 'geometry_msgs/msg/TwistStamped';

/** Scales of the risk row that make about one unit: m, N, Nm. */
const RISK_POSITION = 50;
const RISK_FORCE = 1 / 20;
const RISK_TORQUE = 1 / 2;

/**
 * The tip of an arm, commanded by its velocity, as MoveIt Servo takes it (`cartesian_command_in_topic`, `command_in_type:
 * speed_units`): action `[a_1 … a_6]`, each in [-1, 1], times `scale`; setpoint `[vx vy vz wx wy wz]` (m/s, rad/s), linear and
 * angular velocity of the tip in the base frame, which is also the frame of the message. An axis whose scale is 0 is not
 * asked to move.
 *
 * NOTE a TwistStamped carries neither epoch, sequence nor lease. Servo stops by itself when commands stop coming:
 * its `incoming_command_timeout` is the lease and must not be longer (controllers/safety/README.md, Receiver contract). It
 * drops what is older than that by its own clock, so the stamp is the robot's time as far as we know it, that of the state
 * which the command was judged against. Commands are known again by their values and their frame.
 */
export function tipTwist(robot: RobotConfig): CommandInterface {
  const { scale } = interfaceOf(robot, 'tip_twist');
  return {
    name: 'tip_twist',
    actionSize: SIZE,
    setpointSize: SIZE,
    riskInputSize: 15,

    hold(_state: RobotState, out: Float64Array): void {
      out.fill(0);
    },

    aim(_anchor: Float64Array, action: Float64Array, out: Float64Array): void {
      for (let i = 0; i < SIZE; i++) out[i] = action[i]! * scale[i]!;
    },

    /** Tip relative to the target, wrench, and wanted velocity as a share of its scale. */
    riskInput(state: RobotState, target: Float64Array, aim: Float64Array, out: Float64Array, at: number): void {
      for (let i = 0; i < 3; i++) {
        out[at + i] = (state.pose[i]! - target[i]!) * RISK_POSITION;
        out[at + 3 + i] = state.wrench[i]! * RISK_FORCE;
        out[at + 6 + i] = state.wrench[3 + i]! * RISK_TORQUE;
      }
      for (let i = 0; i < SIZE; i++) out[at + 9 + i] = scale[i]! > 0 ? aim[i]! / scale[i]! : 0;
    },

    codec: twistStamped(robot.topics.command, robot.base_frame),
  };
}

interface TwistStampedLike {
  header?: { frame_id?: unknown };
  twist?: { linear?: Record<string, unknown>; angular?: Record<string, unknown> };
}

function twistStamped(topic: string, frame: string): CommandCodec {
  return {
    topic,
    type: TYPE,
    encode({ setpoint: s, stateStampNs }: SafeAction): Command {
      const header = { stamp: time(stateStampNs), frame_id: frame };
      const linear = { x: s[0]!, y: s[1]!, z: s[2]! };
      const angular = { x: s[3]!, y: s[4]!, z: s[5]! };
      return { topic, type: TYPE, message: { header, twist: { linear, angular } } };
    },
    decode(message: unknown): SeenCommand {
      const { header, twist } = (message ?? {}) as TwistStampedLike;
      const { linear: v, angular: w } = twist ?? {};
      // The same numbers in another frame are another motion, and somebody else's.
      const ours = header?.frame_id === frame;
      const setpoint = ours ? Float64Array.from([v?.x, v?.y, v?.z, w?.x, w?.y, w?.z], numberOf) : null;
      return { epoch: -1, seq: -1, stampNs: UNSTAMPED, setpoint };
    },
  };
}
