import type { RobotConfig } from '../../src/core/config-schema.ts';
import {
  type Command,
  type CommandCodec,
  type SafeAction,
  type SeenCommand,
  UNSTAMPED,
} from '../../src/core/signals.ts';
import { numbersOf, sameNames } from './message.ts';
import { TrajectoryEnd } from './trajectory-end.ts';

/**
 * Joint setpoints as a short `trajectory_msgs/JointTrajectory`, for joint_trajectory_controller: whatever is commanded
 * ends at rest, so that silence ends in a stop. Each command replaces the one before it.
 *
 * Velocities: they go on for `hold`, no longer than the limits reckon with (`safety.joints.reaction_ms`), and then each
 * joint is braked at its deceleration, derated as in the limits (trajectory-end.ts): a point each time that one of them
 * comes to rest. So the way on which a silence ends is no longer than the way on which the gate judged the command. With
 * `trajectory.positions` every point has positions too: ROS 1's controller refuses one without. They are the gate's,
 * `action.reach` at the first point, and the way of the same velocities from there on: nothing in them was not judged.
 * They are for a controller that goes on from where it was told to be. One that begins each trajectory where the arm was measured
 * (ROS 2's, unless told otherwise) would make up the arm's lag each time, faster than was approved: it integrates by itself.
 *
 * Positions: one point, reached after `hold`, where it stays.
 *
 * NOTE the stamp is 0: "begin now". Another one is the time at which to begin, and would have to be of the robot's clock.
 */
export function jointTrajectory(robot: RobotConfig): CommandCodec {
  const { command: topic } = robot.topics;
  const type = 'trajectory_msgs/msg/JointTrajectory';
  const names = robot.joints.map((j) => j.name);
  const n = names.length;
  const end = new TrajectoryEnd(robot);
  const isPosition = robot.interface.type === 'joint_position';

  /** `reach` is empty where there are no positions. */
  const braking = (from: readonly number[], reach: readonly number[], seconds: number): object =>
    point(end.hold + seconds, {
      positions: reach.map((p, i) => p + end.way(i, from[i]!, seconds)),
      velocities: from.map((v, i) => end.velocity(i, v, seconds)),
    });
  const points = ({ setpoint, reach }: SafeAction): object[] => {
    const values = Array.from(setpoint);
    if (isPosition) return [point(end.hold, { positions: values })];
    const positions = Array.from(reach);
    // Two stops within one nanosecond would be two points at one time.
    const stops = new Map(values.map((v, i) => [Math.round(end.stopSeconds(i, v) * 1e9), end.stopSeconds(i, v)]));
    stops.delete(0);
    return [
      point(end.hold, { positions, velocities: values }),
      ...[...stops.values()].sort((a, b) => a - b).map((seconds) => braking(values, positions, seconds)),
    ];
  };

  return {
    topic,
    type,
    encode(action: SafeAction): Command {
      const header = { stamp: { sec: 0, nanosec: 0 }, frame_id: '' };
      return { topic, type, message: { header, joint_names: names, points: points(action) } };
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
