import { multiply, norm3, rotationBetween } from '../../../src/core/geometry.ts';
import type { TipLimits } from './limits.ts';
import type { TipMotion } from './motion.ts';

/** The measured pose: where and how the tip stands. */
type Pose = Float64Array;

/**
 * The workspace of a tip: walls (the faces of the boxes, half-spaces) and a cone of orientations around the reference, and
 * what room is left in it when all commands in flight have been obeyed, whatever their delay.
 */
export class TipWorkspace {
  /** Along the normal of each wall, m, base frame; ∞ while the target is not known. */
  readonly offsets: Float64Array;
  /** Axis of the tilt cone: a quaternion. */
  readonly reference = Float64Array.of(0, 0, 0, 1);
  /** m left towards each wall; below 0 outside. Written by `look`. */
  readonly room: Float64Array;
  /** Rotation vectors away from the reference, rad, one after another for `tilts` delays. Written by `look`. */
  tilts = 0;
  readonly tilted: Float64Array;
  readonly #limits: TipLimits;
  readonly #q = new Float64Array(4);

  constructor(limits: TipLimits, motion: TipMotion) {
    this.#limits = limits;
    this.offsets = Float64Array.from(limits.walls, ({ kind, offset }) =>
      kind === 'target_box' ? Number.POSITIVE_INFINITY : offset,
    );
    this.room = new Float64Array(limits.walls.length);
    this.tilted = new Float64Array(motion.moved.length);
  }

  /** Moves the box around the task's target. */
  setTarget(pose: Pose): void {
    const { walls } = this.#limits;
    for (let k = 0; k < walls.length; k++) {
      const { kind, normal, offset } = walls[k]!;
      if (kind === 'target_box') this.offsets[k] = along(normal, pose, 0) + offset;
    }
  }

  /** The tilt cone stands on the orientation of this pose. */
  setReference(pose: Pose): void {
    for (let i = 0; i < 4; i++) this.reference[i] = pose[3 + i]!;
  }

  /** What is left for a tip measured at `pose`; `motion` has predicted for this tick. */
  look(pose: Pose, motion: TipMotion): void {
    // REAL-TIME: every tick; a dozen walls and a handful of delays.
    const { walls, linear } = this.#limits;
    const lost = motion.unknown * linear.speed;
    for (let k = 0; k < walls.length; k++) {
      const { normal } = walls[k]!;
      let furthest = Number.NEGATIVE_INFINITY;
      for (let h = 0; h < motion.count; h++) furthest = Math.max(furthest, along(normal, motion.moved, 3 * h));
      this.room[k] = this.offsets[k]! - along(normal, pose, 0) - furthest - lost;
    }
    this.tilts = motion.count;
    for (let h = 0; h < motion.count; h++) {
      multiply(motion.turned, 4 * h, pose, 3, this.#q, 0);
      rotationBetween(this.reference, 0, this.#q, 0, this.tilted, 3 * h);
    }
  }

  /** The unit direction that leads back in, 0 where nothing is outside: into `[0, 3)` of `out` from walls, `[3, 6)` from the cone. */
  inward(out: Float64Array): void {
    // REAL-TIME: judged as a candidate in every tick with authority.
    const { walls, tilt } = this.#limits;
    out.fill(0);
    for (let k = 0; k < walls.length; k++) {
      if (!(this.room[k]! < 0)) continue;
      const { normal } = walls[k]!;
      for (let i = 0; i < 3; i++) out[i] = out[i]! - normal[i]!;
    }
    let worst = tilt;
    for (let h = 0; h < this.tilts; h++) {
      const away = norm3(this.tilted, 3 * h);
      if (away <= worst) continue;
      worst = away;
      for (let i = 0; i < 3; i++) out[3 + i] = -this.tilted[3 * h + i]! / away;
    }
    const length = norm3(out, 0);
    if (length > 0) for (let i = 0; i < 3; i++) out[i] = out[i]! / length;
  }
}

/** Coordinate of `v[at…]` along the normal of a wall. */
export const along = (n: readonly [number, number, number], v: Float64Array, at: number): number =>
  n[0] * v[at]! + n[1] * v[at + 1]! + n[2] * v[at + 2]!;
