import { expect } from 'vitest';
import { CLIPPED } from '../../../../controllers/safety/envelope.ts';
import { TwistFilter } from '../../../../controllers/safety/twist/filter.ts';
import type { TwistLimits } from '../../../../controllers/safety/twist/limits.ts';
import { TwistMotion } from '../../../../controllers/safety/twist/motion.ts';
import { TwistScene } from '../../../../controllers/safety/twist/scene.ts';

/** ms in ns. */
export const MS = 1e6;

/**
 * Round limits at 100 Hz: 0.1 m/s and 0.2 rad/s of acceleration a tick, jerk no matter; a stop takes v/5 or w/10 s, of
 * which half counts as way, after 0.1 s. So 1 m/s needs 0.1 + 0.1 = 0.2 m before an obstacle, and 2 m/s 0.2 + 0.4 = 0.6 m.
 */
export const limitsOf = (changes: Partial<TwistLimits> = {}): TwistLimits => ({
  sideways: true,
  period: 0.01,
  speed: 2,
  turn: 2,
  acceleration: 10,
  turnAcceleration: 20,
  jerk: 1e6,
  turnJerk: 1e6,
  deceleration: 5,
  turnDeceleration: 10,
  reaction: 0.1,
  ramp: 0,
  delayNs: 20 * MS,
  x: 0,
  y: 0,
  clearance: 0.5,
  beams: [8],
  ageNs: [300 * MS],
  ahead: 0.05,
  ...changes,
});

/** 0.04 m/s and 0.04 rad/s a tick of change in what changes a tick. */
export const JERKY = { jerk: 400, turnJerk: 400 };

export type Vector = [number, number, number];

/** What a base does: twist and acceleration of its last setpoint, and the places `[x y heading]` where it may be by now. */
export interface Moving {
  was?: Vector;
  slope?: Vector;
  at?: Vector[];
  unknown?: number;
}

export function motionOf(l: TwistLimits, { was, slope, at = [[0, 0, 0]], unknown = 0 }: Moving): TwistMotion {
  const motion = new TwistMotion(l);
  motion.twist.set(was ?? [0, 0, 0]);
  motion.acceleration.set(slope ?? [0, 0, 0]);
  motion.count = at.length;
  // What was written in another tick is nothing to this one.
  for (const old of [motion.x, motion.y, motion.heading]) old.fill(9);
  motion.unknown = unknown;
  for (const [h, [x, y, heading]] of at.entries()) {
    motion.x[h] = x;
    motion.y[h] = y;
    motion.heading[h] = heading;
  }
  return motion;
}

/** Obstacles `[nx ny gap]`: that much room towards each until it is as near as it may be, all commands obeyed. */
export function sceneOf(l: TwistLimits, obstacles: Vector[] = []): TwistScene {
  const scene = new TwistScene(l);
  scene.count = obstacles.length;
  for (const old of [scene.x, scene.y]) old.fill(1);
  for (const old of [scene.gap, scene.distance]) old.fill(-9);
  for (const [i, [x, y, gap]] of obstacles.entries()) {
    scene.x[i] = x;
    scene.y[i] = y;
    scene.gap[i] = gap;
    scene.distance[i] = gap + l.clearance;
  }
  return scene;
}

/** A wish, and what the filter makes of it. */
export interface Wish extends Moving {
  wish: Vector;
  elapsed?: number;
  scale?: number;
  obstacles?: Vector[];
  limits?: Partial<TwistLimits>;
}
export type Flag = keyof typeof CLIPPED;
export type Row = [string, Wish, Vector, Flag[]?];

export function filtered(c: Wish): { out: number[]; flags: number } {
  const l = limitsOf(c.limits);
  // What comes after a setpoint is somebody else's.
  const out = Float64Array.of(7, 7, 7, 7);
  const filter = new TwistFilter(l, motionOf(l, c), sceneOf(l, c.obstacles));
  const flags = filter.apply(Float64Array.from(c.wish), c.elapsed ?? 0.01, c.scale ?? 1, out);
  expect(out[3]).toBe(7);
  return { out: [...out].slice(0, 3), flags };
}
export const bits = (flags: Flag[] = []): number => flags.reduce((sum, flag) => sum | CLIPPED[flag], 0);
export const close = (v: Vector): number[] => v.map((x) => expect.closeTo(x, 9));
