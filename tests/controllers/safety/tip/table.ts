import { expect } from 'vitest';
import { CLIPPED } from '../../../../controllers/safety/envelope.ts';
import { TipFilter } from '../../../../controllers/safety/tip/filter.ts';
import type { TipLimits, VectorLimits, Wall } from '../../../../controllers/safety/tip/limits.ts';
import { TipMotion } from '../../../../controllers/safety/tip/motion.ts';
import { TipWorkspace } from '../../../../controllers/safety/tip/workspace.ts';
import { rotateBy } from '../../../../src/core/geometry.ts';

export const MS = 1e6;
export type Vector = [number, number, number];
export type Twist = [number, number, number, number, number, number];

/**
 * Round limits at 100 Hz: 0.1 m/s and 0.2 rad/s of change a tick, jerk no matter; a stop takes v/5 or w/10 s, of which half
 * counts as way, after 0.1 s. So 1 m/s needs 0.1 + 0.1 = 0.2 m before a wall, and 1 rad/s 0.1 + 0.05 = 0.15 rad.
 */
const LINEAR: VectorLimits = { speed: 2, acceleration: 10, jerk: 1e6, deceleration: 5, reaction: 0.1, ramp: 0 };
const ANGULAR: VectorLimits = { speed: 2, acceleration: 20, jerk: 1e6, deceleration: 10, reaction: 0.1, ramp: 0 };

export interface Changes extends Partial<Omit<TipLimits, 'linear' | 'angular'>> {
  linear?: Partial<VectorLimits>;
  angular?: Partial<VectorLimits>;
}
export const limitsOf = ({ linear, angular, ...rest }: Changes = {}): TipLimits => ({
  period: 0.01,
  linear: { ...LINEAR, ...linear },
  angular: { ...ANGULAR, ...angular },
  walls: [],
  tilt: 1,
  delayNs: 20 * MS,
  inward: 0.02,
  inwardTurn: 0.1,
  ...rest,
});

export const wall = (normal: Vector, offset: number, kind: Wall['kind'] = 'pose_box'): Wall => ({
  normal,
  offset,
  kind,
});

/** What a tip does: twist and acceleration of its last setpoint, and the ways `[x y z rx ry rz]` that it may have gone since. */
export interface Moving {
  was?: Twist;
  slope?: Twist;
  moved?: Twist[];
  unknown?: number;
}

export function motionOf(l: TipLimits, { was, slope, moved = [[0, 0, 0, 0, 0, 0]], unknown = 0 }: Moving): TipMotion {
  const motion = new TipMotion(l);
  motion.twist.set(was ?? [0, 0, 0, 0, 0, 0]);
  motion.acceleration.set(slope ?? [0, 0, 0, 0, 0, 0]);
  // What was written in another tick is nothing to this one.
  motion.moved.fill(9);
  motion.turned.fill(0.5);
  motion.count = moved.length;
  motion.unknown = unknown;
  for (const [h, way] of moved.entries()) {
    motion.moved.set(way.slice(0, 3), 3 * h);
    motion.turned.set([0, 0, 0, 1], 4 * h);
    rotateBy(Float64Array.from(way), 3, 1, motion.turned, 4 * h, motion.turned, 4 * h);
  }
  return motion;
}

/** A pose at `position`, turned by a rotation vector. */
export function poseOf(position: Vector = [0, 0, 0], turn: Vector = [0, 0, 0]): Float64Array {
  const pose = Float64Array.of(...position, 0, 0, 0, 1);
  rotateBy(Float64Array.from(turn), 0, 1, pose, 3, pose, 3);
  return pose;
}

/** Where the tip is, and what is known of it. */
export interface Standing extends Moving {
  at?: Vector;
  turn?: Vector;
  limits?: Changes;
}
export function standing(s: Standing): {
  l: TipLimits;
  motion: TipMotion;
  workspace: TipWorkspace;
  pose: Float64Array;
} {
  const l = limitsOf(s.limits);
  const motion = motionOf(l, s);
  const workspace = new TipWorkspace(l, motion);
  const pose = poseOf(s.at, s.turn);
  workspace.look(pose, motion);
  return { l, motion, workspace, pose };
}

/** A wish, and what the filter makes of it. */
export interface Wish extends Standing {
  wish: Twist;
  elapsed?: number;
  scale?: number;
}
export type Flag = keyof typeof CLIPPED;
export type Row = [string, Wish, Twist, Flag[]?];

export function filtered(c: Wish): { out: number[]; flags: number } {
  const { l, motion, workspace } = standing(c);
  // What comes after a setpoint is somebody else's.
  const out = new Float64Array(7).fill(7);
  const flags = new TipFilter(l, motion, workspace).apply(
    Float64Array.from(c.wish),
    c.elapsed ?? 0.01,
    c.scale ?? 1,
    out,
  );
  expect(out[6]).toBe(7);
  return { out: [...out].slice(0, 6), flags };
}
export const bits = (flags: Flag[] = []): number => flags.reduce((sum, flag) => sum | CLIPPED[flag], 0);
export const close = (v: readonly number[], digits = 9): number[] => v.map((x) => expect.closeTo(x, digits));
