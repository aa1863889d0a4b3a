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

/** Elements of a twist setpoint: `[vx vy wz]`, m/s, m/s, rad/s, in the frame of the base. */
export const TWIST_SIZE = 3;

/** Scale of the risk row that makes about one unit of a distance: 1 m. */
const RISK_POSITION = 1;

/**
 * A mobile base, commanded by its velocity: action `[a_x a_y a_w]`, each in [-1, 1], times `scale`; setpoint `[vx vy wz]`
 * (m/s, m/s, rad/s, frame of the base). A base whose scale has no vy cannot move sideways.
 *
 * NOTE neither geometry_msgs/Twist nor TwistStamped carries epoch, sequence or lease: the receiver must stop by itself when
 * commands stop coming (`cmd_vel_timeout` of diff_drive_controller). That controller drops a TwistStamped that is old by
 * its own clock, so its stamp is the robot's time as far as we know it, that of the state which the command was judged
 * against. What was said on the topic is known again by its values.
 */
export function twist(robot: RobotConfig): CommandInterface {
  const how = interfaceOf(robot, 'twist');
  const { scale } = how;
  return {
    name: 'twist',
    actionSize: TWIST_SIZE,
    setpointSize: TWIST_SIZE,
    riskInputSize: 9,

    hold(_state: RobotState, out: Float64Array): void {
      out.fill(0);
    },

    aim(_anchor: Float64Array, action: Float64Array, out: Float64Array): void {
      for (let i = 0; i < TWIST_SIZE; i++) out[i] = action[i]! * scale[i]!;
    },

    /** Target in the frame of the base (x, y, and the way its heading is off: sine), measured and wanted velocity. */
    riskInput(state: RobotState, target: Float64Array, aim: Float64Array, out: Float64Array, at: number): void {
      const heading = yawOf(state.pose);
      const c = Math.cos(heading);
      const s = Math.sin(heading);
      const x = target[0]! - state.pose[0]!;
      const y = target[1]! - state.pose[1]!;
      out[at] = (c * x + s * y) * RISK_POSITION;
      out[at + 1] = (c * y - s * x) * RISK_POSITION;
      out[at + 2] = Math.sin(yawOf(target) - heading);
      out[at + 3] = state.twist[0]!;
      out[at + 4] = state.twist[1]!;
      out[at + 5] = state.twist[5]!;
      for (let i = 0; i < TWIST_SIZE; i++) out[at + 6 + i] = scale[i]! > 0 ? aim[i]! / scale[i]! : 0;
    },

    codec: twistCodec(robot, how.message === 'twist_stamped'),
  };
}

/** Heading of a pose `[x y z qx qy qz qw]`, rad. */
export function yawOf(pose: Float64Array): number {
  const x = pose[3]!;
  const y = pose[4]!;
  const z = pose[5]!;
  const w = pose[6]!;
  return Math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z));
}

interface TwistLike {
  linear?: Record<string, unknown>;
  angular?: Record<string, unknown>;
}

function twistCodec(robot: RobotConfig, stamped: boolean): CommandCodec {
  const { command: topic } = robot.topics;
  const type = stamped ? 'geometry_msgs/msg/TwistStamped' : 'geometry_msgs/msg/Twist';
  return {
    topic,
    type,
    encode({ setpoint, stateStampNs }: SafeAction): Command {
      const velocity = {
        linear: { x: setpoint[0]!, y: setpoint[1]!, z: 0 },
        angular: { x: 0, y: 0, z: setpoint[2]! },
      };
      const header = { stamp: time(stateStampNs), frame_id: robot.base_frame };
      return { topic, type, message: stamped ? { header, twist: velocity } : velocity };
    },
    decode(message: unknown): SeenCommand {
      const m = (stamped ? (message as { twist?: unknown } | null)?.twist : message) as TwistLike | null | undefined;
      const { linear, angular } = m ?? {};
      // We never ask for these: whoever does is somebody else.
      const planar = linear?.z === 0 && angular?.x === 0 && angular?.y === 0;
      const setpoint = planar ? Float64Array.of(numberOf(linear.x), numberOf(linear.y), numberOf(angular.z)) : null;
      return { epoch: -1, seq: -1, stampNs: UNSTAMPED, setpoint };
    },
  };
}
