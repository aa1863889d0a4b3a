import fc from 'fast-check';
import type { Judged } from '../../../controllers/safety/cartesian/admissible.ts';
import { type CartesianLimits, cartesianLimits } from '../../../controllers/safety/cartesian/limits.ts';
import { rotateBy } from '../../../src/core/geometry.ts';
import { safetyOf } from './rig.ts';

/** Cases per property; the safety issue runs 10^5 and more. */
export const RUNS = { numRuns: Number(process.env.FC_RUNS ?? 2000) };

const between = (min: number, max: number) => fc.double({ min, max, noNaN: true });
export const vec = (n: number, min: number, max: number) =>
  fc.array(between(min, max), { minLength: n, maxLength: n }).map((v) => Float64Array.from(v));
/** Any finite number, with the edges of floating point in it. */
const anyFinite = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e12, max: 1e12 });
/** Any double at all: NaN, infinities, subnormals, -0. */
export const anyDouble = fc.oneof(fc.double(), fc.constantFrom(Number.NaN, Infinity, -Infinity, 0, -0, 5e-324, 1e308));

/** The identity turned by up to `angle` per axis. */
export const quaternion = (angle: number) =>
  vec(3, -angle, angle).map((r) => {
    const q = Float64Array.of(0, 0, 0, 1);
    rotateBy(r, 0, 1, q, 0, q, 0);
    return q;
  });

const join = (position: Float64Array, q: Float64Array, rest: number[] = []) =>
  Float64Array.of(...position, ...q, ...rest);

export const limitsOf = (changes: Record<string, unknown> = {}): CartesianLimits => cartesianLimits(safetyOf(changes));

/** A half-space whose wall runs through the part of the workspace in which `situation` lives. */
const plane = fc.record({ normal: vec(3, -1, 1), through: vec(3, 0.3, 0.4) }).map(({ normal, through }) => {
  const n = normal.every((v) => Math.abs(v) < 0.1) ? [0, 0, 1] : [...normal];
  return { normal: n, offset: n.reduce((sum, v, i) => sum + v * through[i]!, 0) };
});

/** Limits of every size, with and without a target box. */
export const limits: fc.Arbitrary<CartesianLimits> = fc
  .record({
    reference_limit: between(0.001, 0.02),
    reference_limit_rotation: between(0.01, 0.2),
    speed: between(0.01, 0.5),
    speed_rotation: between(0.05, 1),
    tilt: between(0.01, 0.5),
    stiffness_rate: between(100, 20_000),
    force_limit: between(20, 60),
    planes: fc.array(plane, { maxLength: 2 }),
    approach: fc.option(fc.constant({ distance: 0.05, speed: 0.02 }), { nil: undefined }),
    target_box: fc.option(fc.constant({ min: [-0.05, -0.05, -0.02], max: [0.05, 0.05, 0.1] }), { nil: undefined }),
  })
  .map((changes) => limitsOf({ ...changes, force_soft: 0.7 * changes.force_limit }));

/** Everything that one filtering looks at. `near`: the last setpoint is where a robot could have followed it. */
export interface Case {
  limits: CartesianLimits;
  wish: Float64Array;
  judged: Judged;
  speedScale: number;
}

export const situation = (near: boolean): fc.Arbitrary<Case> =>
  fc
    .record({
      limits,
      position: fc.oneof(vec(3, 0.3, 0.4), vec(3, -0.5, 1)),
      turned: quaternion(0.3),
      offset: near ? vec(3, -1, 1) : vec(3, -5, 5),
      lastTurn: near ? quaternion(0.02) : quaternion(1),
      lastK: near ? between(200, 3000) : between(0, 1e5),
      lastR: near ? between(10, 300) : between(0, 1e4),
      wishPosition: fc.oneof(vec(3, -0.05, 0.05), fc.array(anyFinite, { minLength: 3, maxLength: 3 })),
      wishTurn: fc.oneof(quaternion(0.05), quaternion(3)),
      wishK: fc.tuple(anyFinite, anyFinite),
      force: fc.oneof(vec(3, -10, 10), vec(3, -100, 100)),
      target: fc.oneof(vec(3, 0.3, 0.4), fc.constant(new Float64Array(3).fill(Number.NaN))),
      elapsed: fc.oneof(between(0, 0.02), anyDouble),
      speedScale: fc.oneof(between(0, 1), anyDouble),
    })
    .map((c) => {
      const last = join(
        c.position.map((p, i) => p + c.offset[i]! * c.limits.reference),
        c.lastTurn,
        [c.lastK, c.lastR],
      );
      const wish = join(
        c.position.map((p, i) => p + c.wishPosition[i]!),
        c.wishTurn,
        c.wishK,
      );
      return {
        limits: c.limits,
        wish,
        speedScale: c.speedScale,
        judged: {
          last,
          pose: join(c.position, c.turned),
          force: c.force,
          elapsed: c.elapsed,
          target: c.target,
          reference: Float64Array.of(0, 0, 0, 1),
        },
      };
    });

/** A case whose wish is inside every limit by construction: a tenth of room everywhere, one full period gone by. */
export const insideEveryLimit: fc.Arbitrary<{ c: Case; wish: Float64Array }> = fc
  .record({
    limits: limits.filter((l) => l.targetMin === null && l.planes.length === 0),
    position: fc.tuple(between(0.35, 0.65), between(-0.15, 0.15), between(0.05, 0.35)),
    offset: vec(3, -0.5, 0.5),
    direction: vec(3, -1, 1),
    turn: vec(3, -0.5, 0.5),
    wishTurn: vec(3, -0.5, 0.5),
    stiffness: fc.tuple(between(0, 1), between(-0.9, 0.9), between(0, 1)),
    force: vec(3, -5, 5),
  })
  .map(({ limits: l, position, offset, direction, turn, wishTurn, stiffness, force }) => {
    const turned = (r: Float64Array, by: number, from: Float64Array) => {
      const q = new Float64Array(4);
      rotateBy(r, 0, by, from, 0, q, 0);
      return q;
    };
    // 0.45 of Δ at most in each axis, and a step of 0.9 of the rate that keeps within it.
    const speed = Math.min(l.speed, l.approachSpeed);
    const step = Math.min((0.9 * speed * l.period) / Math.sqrt(3), 0.4 * l.reference);
    const pose = join(Float64Array.from(position), Float64Array.of(0, 0, 0, 1));
    const small = Math.min(l.tilt, l.referenceRotation);
    const lastTurn = turned(turn, 0.5 * small, Float64Array.of(0, 0, 0, 1));
    const rotation = Math.min(0.9 * l.speedRotation * l.period, 0.3 * small);
    const kMax = Math.min(l.stiffnessMax, (0.9 * l.forceLimit) / (Math.sqrt(3) * l.reference));
    const k = l.stiffnessMin + stiffness[0] * (kMax - l.stiffnessMin);
    const toK = k + stiffness[1] * l.stiffnessRate * l.period;
    const r = l.rotationStiffnessMin + stiffness[2] * (l.rotationStiffnessMax - l.rotationStiffnessMin);
    const last = join(
      Float64Array.from(position, (p, i) => p + offset[i]! * l.reference),
      lastTurn,
      [k, r],
    );
    const wish = join(
      Float64Array.from(last.subarray(0, 3), (p, i) => p + direction[i]! * step),
      turned(wishTurn, rotation, lastTurn),
      [Math.min(Math.max(toK, l.stiffnessMin), kMax), r],
    );
    const target = new Float64Array(3).fill(Number.NaN);
    const reference = Float64Array.of(0, 0, 0, 1);
    return {
      wish,
      c: { limits: l, wish, speedScale: 1, judged: { last, pose, force, elapsed: 1, target, reference } },
    };
  });
