import type { RobotConfig } from '../../src/core/config-schema.ts';
import {
  type Command,
  type CommandCodec,
  type SafeAction,
  type SeenCommand,
  UNSTAMPED,
} from '../../src/core/signals.ts';
import { numbersOf, sameNames } from './message.ts';

/** Ramps of acceleration within a stop, as multiples of A/J; as the joint limits reckon (controllers/safety/joint). */
const JERK_RAMPS = 2.5;

/**
 * Joint setpoints as a short `trajectory_msgs/JointTrajectory`, for joint_trajectory_controller: whatever is commanded
 * ends at rest, so that silence ends in a stop. Each command replaces the one before it.
 *
 * Velocities: they go on for `hold`, no longer than the limits reckon with (`safety.joints.reaction_ms`), and then each
 * joint is braked at its deceleration, derated as in the limits, all of them at rest at the last point:
 *
 *   t_stop = max over the joints of |v|/A_d + 2.5·A/J
 *
 * so that the way on which a silence ends is no longer than the way on which the gate judged the command. The controller
 * must integrate (`allow_integration_in_goal_trajectories: true`). Positions: one point, reached after `hold`, where it
 * stays.
 *
 * NOTE the stamp is 0: "begin now". Another one is the time at which to begin, and would have to be of the robot's clock.
 */
export function jointTrajectory(robot: RobotConfig): CommandCodec {
  const { command: topic } = robot.topics;
  const type = 'trajectory_msgs/msg/JointTrajectory';
  const names = robot.joints.map((j) => j.name);
  const n = names.length;
  const how = robot.interface as { trajectory: { hold_ms: number; deceleration: number } };
  const hold = how.trajectory.hold_ms / 1e3;
  const isPosition = robot.interface.type === 'joint_position';
  const deceleration = robot.joints.map((j) => how.trajectory.deceleration * j.acceleration);
  const ramps = robot.joints.map((j) => (JERK_RAMPS * j.acceleration) / j.jerk);

  const stopSeconds = (velocities: Float64Array): number => {
    let longest = 0;
    for (let i = 0; i < n; i++) {
      const v = Math.abs(velocities[i]!);
      if (v > 0) longest = Math.max(longest, v / deceleration[i]! + ramps[i]!);
    }
    return longest;
  };
  const points = (setpoint: Float64Array): object[] => {
    const values = Array.from(setpoint);
    if (isPosition) return [point(hold, { positions: values })];
    const going = point(hold, { velocities: values });
    const stop = stopSeconds(setpoint);
    return stop === 0 ? [going] : [going, point(hold + stop, { velocities: values.map(() => 0) })];
  };

  return {
    topic,
    type,
    encode({ setpoint }: SafeAction): Command {
      const header = { stamp: { sec: 0, nanosec: 0 }, frame_id: '' };
      return { topic, type, message: { header, joint_names: names, points: points(setpoint) } };
    },
    decode(message: unknown): SeenCommand {
      const m = (message ?? {}) as { joint_names?: unknown; points?: unknown };
      const first = Array.isArray(m.points) ? (m.points[0] as Record<string, unknown> | null) : null;
      const values = numbersOf(isPosition ? first?.positions : first?.velocities, n);
      return { epoch: -1, seq: -1, stampNs: UNSTAMPED, setpoint: sameNames(m.joint_names, names) ? values : null };
    },
  };
}

/** trajectory_msgs/JointTrajectoryPoint at `seconds` after the beginning. */
function point(seconds: number, what: { positions?: number[]; velocities?: number[] }): object {
  const sec = Math.floor(seconds);
  return {
    positions: [],
    velocities: [],
    ...what,
    accelerations: [],
    effort: [],
    time_from_start: { sec, nanosec: Math.round((seconds - sec) * 1e9) },
  };
}
