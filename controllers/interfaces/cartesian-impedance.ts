import type { RobotConfig } from '../../src/core/config-schema.ts';
import { clamp } from '../../src/core/geometry.ts';
import { interfaceOf } from '../../src/core/robot-interface.ts';
import type { Command, CommandCodec, RobotState, SafeAction, SeenCommand } from '../../src/core/signals.ts';
import type { CommandInterface } from './interface.ts';
import { numberOf, stampOf, time } from './message.ts';
import { poseStamped } from './pose-stamped.ts';

/**
 * Cartesian impedance, commanded as SERL does it: an equilibrium pose and a stiffness. Action `[dx dy dz k]`, setpoint
 * `[x y z qx qy qz qw kt kr]` (m, unit quaternion, N/m, Nm/rad). The action moves the pose and chooses the
 * translational stiffness; orientation stays the anchor's.
 */
export const CARTESIAN_SETPOINT_SIZE = 9;
/** Index of the translational and of the rotational stiffness in a setpoint. */
export const KT = 7;
export const KR = 8;

const TYPE = 'reflexarc_msgs/msg/EquilibriumCommand';
/** Scales of the risk row: metres, newtons, newton metres and N/m that make about one unit. */
const RISK_POSITION = 50;
const RISK_FORCE = 1 / 20;
const RISK_TORQUE = 1 / 2;
const RISK_REACH = 0.01;
const RISK_STIFFNESS = 2000;

/** @throws ReflexArcError RA_CONFIG_INVALID for a robot with another interface */
export function cartesianImpedance(robot: RobotConfig): CommandInterface {
  const how = interfaceOf(robot, 'cartesian_impedance');
  const { position_scale: scale, stiffness, stiffness_rotation: stiffnessRotation } = how;
  const [low, middle, high] = how.stiffness_factor as [number, number, number];
  return {
    name: 'cartesian_impedance',
    actionSize: 4,
    setpointSize: CARTESIAN_SETPOINT_SIZE,
    riskInputSize: 13,

    hold(state: RobotState, out: Float64Array): void {
      for (let i = 0; i < 7; i++) out[i] = state.pose[i]!;
      out[KT] = stiffness;
      out[KR] = stiffnessRotation;
    },

    aim(anchor: Float64Array, action: Float64Array, out: Float64Array): void {
      for (let i = 0; i < 3; i++) out[i] = anchor[i]! + action[i]! * scale;
      for (let i = 3; i < 7; i++) out[i] = anchor[i]!;
      const k = clamp(action[3]!, -1, 1);
      // Written so that -1, 0 and +1 give their factors exactly.
      out[KT] = stiffness * (k < 0 ? middle * (1 + k) - low * k : middle * (1 - k) + high * k);
      out[KR] = stiffnessRotation;
    },

    riskInput(state: RobotState, target: Float64Array, aim: Float64Array, out: Float64Array, at: number): void {
      for (let i = 0; i < 3; i++) {
        out[at + i] = (state.pose[i]! - target[i]!) * RISK_POSITION;
        out[at + 3 + i] = state.wrench[i]! * RISK_FORCE;
        out[at + 6 + i] = state.wrench[3 + i]! * RISK_TORQUE;
        out[at + 9 + i] = (aim[i]! - state.pose[i]!) / RISK_REACH;
      }
      out[at + 12] = aim[KT]! / RISK_STIFFNESS;
    },

    codec:
      how.message === 'pose_stamped' ? poseStamped(robot) : equilibriumCodec(robot.topics.command, robot.base_frame),
  };
}

/**
 * The action that takes `anchor` to `setpoint`, each element in [-1, 1]: what `aim` does, the other way round. For a log or a
 * learner that asks what action came to be done.
 */
export function cartesianAction(
  robot: RobotConfig,
  anchor: Float64Array,
  setpoint: Float64Array,
  out: Float64Array,
): void {
  const how = interfaceOf(robot, 'cartesian_impedance');
  const [low, middle, high] = how.stiffness_factor as [number, number, number];
  for (let i = 0; i < 3; i++) out[i] = clamp((setpoint[i]! - anchor[i]!) / how.position_scale, -1, 1);
  const above = setpoint[KT]! / how.stiffness - middle;
  const span = above < 0 ? middle - low : high - middle;
  out[3] = span > 0 ? clamp(above / span, -1, 1) : 0;
}

/** Encodes a SafeAction as reflexarc_msgs/msg/EquilibriumCommand (see bridges/messages for the receiver's contract). */
function equilibriumCodec(topic: string, frame: string): CommandCodec {
  return {
    topic,
    type: TYPE,
    encode(action: SafeAction): Command {
      const s = action.setpoint;
      const message = {
        header: { stamp: time(action.stampNs), frame_id: frame },
        epoch: action.epoch,
        seq: action.seq,
        lease_ms: action.leaseMs,
        state_stamp: time(action.stateStampNs),
        pose: {
          position: { x: s[0]!, y: s[1]!, z: s[2]! },
          orientation: { x: s[3]!, y: s[4]!, z: s[5]!, w: s[6]! },
        },
        stiffness: s[KT]!,
        stiffness_rotation: s[KR]!,
        mode: action.mode,
        source: action.source,
      };
      return { topic, type: TYPE, message };
    },
    decode(message: unknown): SeenCommand {
      const m = message as Partial<Record<string, never>> | null;
      const { position: p, orientation: q } = (m?.pose ?? {}) as {
        position?: Record<string, unknown>;
        orientation?: Record<string, unknown>;
      };
      const values = [p?.x, p?.y, p?.z, q?.x, q?.y, q?.z, q?.w, m?.stiffness, m?.stiffness_rotation];
      return {
        epoch: numberOf(m?.epoch),
        seq: numberOf(m?.seq),
        stampNs: stampOf(m),
        setpoint: Float64Array.from(values, numberOf),
      };
    },
  };
}
