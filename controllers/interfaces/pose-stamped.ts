import type { RobotConfig } from '../../src/core/config-schema.ts';
import { interfaceOf } from '../../src/core/robot-interface.ts';
import {
  type Command,
  type CommandCodec,
  type SafeAction,
  type SeenCommand,
  UNSTAMPED,
} from '../../src/core/signals.ts';
import { numberOf, time } from './message.ts';

/** Indices of the stiffnesses in a setpoint of the Cartesian interface, and how many numbers its pose has. */
const KT = 7;
const KR = 8;
const POSE = 7;

/**
 * Cartesian impedance for controllers that take the equilibrium pose as a plain `geometry_msgs/PoseStamped` (SERL's and
 * CRISP's for the Franka, cartesian_impedance_controller, cartesian_controllers). Those controllers have no common word
 * for stiffness. Where one has a topic for it, it is `stiffness_topic`, a `geometry_msgs/WrenchStamped` as
 * cartesian_impedance_controller takes it: N/m as the force and Nm/rad as the torque of each axis. It goes out just before
 * the pose, each time, so that neither a lost message nor a restarted controller leaves an old stiffness in force.
 * Without the topic the stiffness is the controller's own, and the action's fourth number changes nothing.
 *
 * NOTE a PoseStamped carries neither epoch, sequence nor lease: the receiver holds the last pose when commands stop coming,
 * which for an equilibrium pose within Δ of the measured one is a stop. The stamp is the robot's time as far as we know
 * it, that of the state which the command was judged against; commands are known again by their values.
 */
export function poseStamped(robot: RobotConfig): CommandCodec {
  const { command: topic } = robot.topics;
  const { stiffness_topic: stiffnessTopic } = interfaceOf(robot, 'cartesian_impedance');
  const type = 'geometry_msgs/msg/PoseStamped';
  const wrench = 'geometry_msgs/msg/WrenchStamped';
  const besides = stiffnessTopic === undefined ? [] : [{ topic: stiffnessTopic, type: wrench }];
  return {
    topic,
    type,
    besides,
    carries: POSE,
    encode({ setpoint: s, stateStampNs }: SafeAction): Command {
      const header = { stamp: time(stateStampNs), frame_id: robot.base_frame };
      const pose = {
        position: { x: s[0]!, y: s[1]!, z: s[2]! },
        orientation: { x: s[3]!, y: s[4]!, z: s[5]!, w: s[6]! },
      };
      const message = { header, pose };
      if (stiffnessTopic === undefined) return { topic, type, message };
      const stiffness = { header, wrench: { force: axes(s[KT]!), torque: axes(s[KR]!) } };
      return { topic, type, message, before: [{ topic: stiffnessTopic, type: wrench, message: stiffness }] };
    },
    decode(message: unknown): SeenCommand {
      const { pose } = (message ?? {}) as { pose?: { position?: Axes; orientation?: Axes & { w?: unknown } } };
      const { position: p, orientation: q } = pose ?? {};
      const setpoint = Float64Array.from([p?.x, p?.y, p?.z, q?.x, q?.y, q?.z, q?.w], numberOf);
      return { epoch: -1, seq: -1, stampNs: UNSTAMPED, setpoint: setpoint.length === POSE ? setpoint : null };
    },
  };
}

interface Axes {
  x?: unknown;
  y?: unknown;
  z?: unknown;
}
const axes = (v: number) => ({ x: v, y: v, z: v });
