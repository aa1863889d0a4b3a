/** Of trajectory_msgs/JointTrajectory. */
interface Point {
  positions: number[];
  velocities: number[];
  time_from_start: { sec: number; nanosec: number };
}
interface Knot {
  at: number;
  positions: number[];
  velocities: number[];
}

/**
 * A joint_trajectory_controller of ROS 1 as far as these trajectories go, from notes of its source: points need positions (a
 * segment without is an error there); a new trajectory takes the place of the one before, from where that one is by then; between
 * points with positions and velocities it goes along a cubic; behind the last one it stays.
 */
export class TrajectoryController {
  #knots: Knot[];

  constructor(positions: ArrayLike<number>) {
    const at = Number.NEGATIVE_INFINITY;
    this.#knots = [{ at, positions: Array.from(positions), velocities: Array.from(positions, () => 0) }];
  }

  /** @throws Error for what the real one refuses */
  accept(message: unknown, now: number): void {
    const { points } = message as { points: Point[] };
    const from = this.at(now);
    const knots: Knot[] = [{ at: now, ...from }];
    for (const { positions, velocities, time_from_start: t } of points) {
      if (positions.length !== from.positions.length) throw new Error('a point without positions');
      const at = now + t.sec + t.nanosec * 1e-9;
      if (!(at > knots.at(-1)!.at)) throw new Error('points that are not in the order of their times');
      knots.push({ at, positions, velocities });
    }
    this.#knots = knots;
  }

  /** Where it is at a time, s. */
  at(time: number): { positions: number[]; velocities: number[] } {
    const next = this.#knots.findIndex(({ at }) => at > time);
    const [a, b] = [this.#knots[next - 1], this.#knots[next]];
    if (a === undefined || b === undefined) {
      const { positions } = this.#knots.at(-1)!;
      return { positions, velocities: positions.map(() => 0) };
    }
    const h = b.at - a.at;
    const s = (time - a.at) / h;
    const each = (of: (p0: number, v0: number, p1: number, v1: number) => number) =>
      a.positions.map((p0, i) => of(p0, a.velocities[i]! * h, b.positions[i]!, b.velocities[i]! * h));
    return {
      positions: each(
        (p0, v0, p1, v1) => p0 + s * (v0 + s * (3 * (p1 - p0) - 2 * v0 - v1 + s * (2 * (p0 - p1) + v0 + v1))),
      ),
      velocities: each(
        (p0, v0, p1, v1) => (v0 + s * (2 * (3 * (p1 - p0) - 2 * v0 - v1) + 3 * s * (2 * (p0 - p1) + v0 + v1))) / h,
      ),
    };
  }
}
