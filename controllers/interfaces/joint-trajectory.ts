import type { RobotConfig } from '../../src/core/config-schema.ts';
import {
  type Command,
  type CommandCodec,
  type SafeAction,
  type SeenCommand,
  UNSTAMPED,
} from '../../src/core/signals.ts';
import { numberOf, numbersOf, sameNames } from './message.ts';
import { TrajectoryEnd } from './trajectory-end.ts';

/**
 * Joint setpoints as a short `trajectory_msgs/JointTrajectory`, for joint_trajectory_controller: whatever is commanded
 * ends at rest, so that silence ends in a stop. Each command replaces the one before it.
 *
 * Velocities: they go on for `hold`, no longer than the limits reckon with (`safety.joints.reaction_ms`), and then each
 * joint is braked at its deceleration, derated as in the limits (trajectory-end.ts): a point each time that one of them
 * comes to rest. So the way on which a silence ends is no longer than the way on which the gate judged the command. With
 * `trajectory.positions` every point has positions too: ROS 1's controller refuses one without. They are the gate's,
 * `action.reach` at the first point, and the way of the same velocities from there on; the gate judges where it ends
 * (safety/joint/positions.ts).
 * They are for a controller that goes on from where it was told to be. One that begins each trajectory where the arm was measured
 * (ROS 2's, unless told otherwise) would make up the arm's lag each time, faster than was approved: it integrates by itself.
 *
 * Positions: one point, reached after `hold`, where it stays.
 *
 * What comes back is known by its values, the positions after the velocities. A message whose points are not all as these
 * make them, in every number and time, is none of ours.
 *
 * NOTE the stamp is 0: "begin now". Another one is the time at which to begin, and would have to be of the robot's clock.
 */
export function jointTrajectory(robot: RobotConfig): CommandCodec {
  const { command: topic } = robot.topics;
  const type = 'trajectory_msgs/msg/JointTrajectory';
  const names = robot.joints.map((j) => j.name);
  const n = names.length;
  const end = new TrajectoryEnd(robot);
  const how = robot.interface;
  const isPosition = how.type === 'joint_position';
  const isLed = how.type === 'joint_velocity' && how.trajectory.positions;

  /** `reach` is empty where there are no positions. */
  const braking = (from: readonly number[], reach: readonly number[], seconds: number): Point =>
    point(end.hold + seconds, {
      positions: reach.map((p, i) => p + end.way(i, from[i]!, seconds)),
      velocities: from.map((v, i) => end.velocity(i, v, seconds)),
    });
  const points = (values: readonly number[], positions: readonly number[]): Point[] => {
    if (isPosition) return [point(end.hold, { positions: values })];
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
      return {
        topic,
        type,
        message: { header, joint_names: names, points: points(Array.from(action.setpoint), Array.from(action.reach)) },
      };
    },
    decode(message: unknown): SeenCommand {
      const m = (message ?? {}) as { joint_names?: unknown; points?: unknown };
      const first = Array.isArray(m.points) ? (m.points[0] as Record<string, unknown> | null) : null;
      const values = numbersOf(isPosition ? first?.positions : first?.velocities, n);
      const positions = isLed ? numbersOf(first?.positions, n) : new Float64Array(0);
      const isOurs =
        sameNames(m.joint_names, names) &&
        values !== null &&
        positions !== null &&
        samePoints(m.points, points(Array.from(values), Array.from(positions)));
      const setpoint = isOurs ? Float64Array.of(...values, ...positions) : null;
      return { epoch: -1, seq: -1, stampNs: UNSTAMPED, setpoint };
    },
  };
}

interface Point {
  readonly positions: readonly number[];
  readonly velocities: readonly number[];
  readonly accelerations: readonly number[];
  readonly effort: readonly number[];
  readonly time_from_start: { readonly sec: number; readonly nanosec: number };
}

/** Relative rounding on the way through other machines' encodings, as safety/echo.ts has it. */
const ROUNDING = 1e-9;

/** Whether points that were seen are these. Their times are spelt as ROS 1 or 2 does: `{secs, nsecs}`, `{sec, nanosec}`. */
function samePoints(seen: unknown, ours: readonly Point[]): boolean {
  const same = (v: unknown, of: readonly number[]): boolean => {
    const numbers = numbersOf(v, of.length);
    return numbers?.every((one, i) => Math.abs(one - of[i]!) <= ROUNDING * Math.max(1, Math.abs(of[i]!))) ?? false;
  };
  const isSame = (v: unknown, p: Point): boolean => {
    const s = (v ?? {}) as Record<string, unknown>;
    const time = (s.time_from_start ?? {}) as Record<string, unknown>;
    return (
      same(s.positions, p.positions) &&
      same(s.velocities, p.velocities) &&
      same(s.accelerations, p.accelerations) &&
      same(s.effort, p.effort) &&
      (time.sec ?? time.secs) === p.time_from_start.sec &&
      Math.abs(numberOf(time.nanosec ?? time.nsecs ?? time.nsec) - p.time_from_start.nanosec) <= 1
    );
  };
  return Array.isArray(seen) && seen.length === ours.length && ours.every((p, i) => isSame(seen[i], p));
}

/** trajectory_msgs/JointTrajectoryPoint at `seconds` after the beginning. */
function point(
  seconds: number,
  what: { readonly positions?: readonly number[]; readonly velocities?: readonly number[] },
): Point {
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
