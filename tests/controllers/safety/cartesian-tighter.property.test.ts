import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { admissible, REFUSAL } from '../../../controllers/safety/cartesian/admissible.ts';
import { CartesianFilter } from '../../../controllers/safety/cartesian/filter.ts';
import type { CartesianLimits } from '../../../controllers/safety/cartesian/limits.ts';
import { rotateBy } from '../../../src/core/geometry.ts';
import { type Case, limitsOf } from './arbitrary.ts';

const IDENTITY = Float64Array.of(0, 0, 0, 1);

/** Cases per limit: fewer in the unit suite, which has sixteen limits to go through. */
const CASES = { numRuns: Number(process.env.FC_RUNS ?? 60) };

/** Evenly over the range: fc.double is evenly over the floats, of which most are next to nothing. */
const between = (min: number, max: number) =>
  fc.integer({ min: 0, max: 1 << 20 }).map((v) => min + (max - min) * (v / (1 << 20)));
const share = between(0, 1);
const shares = (n: number) => fc.array(share, { minLength: n, maxLength: n });
const sides = (n: number) => fc.array(between(-1, 1), { minLength: n, maxLength: n });

/**
 * A robot in a corner: every wall, cone and spring limit within reach of one step, and a last setpoint inside them all but for
 * half-spaces. What is drawn are shares of the limits.
 */
const cornered: fc.Arbitrary<Case> = fc
  .record({
    reference: between(0.002, 0.02),
    rotation: between(0.02, 0.2),
    tilt: between(0.01, 0.3),
    speed: between(0.1, 1),
    speedRotation: between(1, 10),
    stiffness: shares(8),
    rate: between(1e3, 1e5),
    forceLimit: between(18, 50),
    soft: between(0.3, 0.9),
    walls: shares(6),
    near: fc.option(shares(6)),
    approach: fc.option(fc.record({ distance: between(0.001, 0.03), speed: between(0.02, 0.1) })),
    planes: fc.oneof(fc.constant<[number[], number][]>([]), {
      weight: 3,
      arbitrary: fc.array(fc.tuple(sides(3), share), { minLength: 1, maxLength: 2 }),
    }),
    pose: sides(6),
    last: sides(6),
    wish: sides(6),
    force: sides(3),
    known: fc.boolean(),
    elapsed: fc.oneof(fc.constant(0.01), between(0, 0.02)),
    speedScale: fc.oneof(fc.constant(1), share),
  })
  .map((c) => {
    const r = c.reference;
    const at = c.pose.slice(0, 3).map((v) => 0.4 + 0.1 * v);
    const box = (walls: number[], from: number[]) => ({
      min: from.map((v, i) => v - (0.1 + 2 * walls[i]!) * r),
      max: from.map((v, i) => v + (0.1 + 2 * walls[3 + i]!) * r),
    });
    const k = c.stiffness;
    const limits = limitsOf({
      reference_limit: r,
      reference_limit_rotation: c.rotation,
      tilt: c.tilt,
      speed: c.speed,
      speed_rotation: c.speedRotation,
      stiffness: [100 + 400 * k[0]!, 1000 + 2000 * k[1]!],
      stiffness_rotation: [10 + 50 * k[2]!, 100 + 200 * k[3]!],
      stiffness_rate: c.rate,
      force_limit: c.forceLimit,
      force_soft: c.soft * c.forceLimit,
      pose_box: box(c.walls, at),
      ...(c.near ? { target_box: box(c.near, [0, 0, 0]) } : {}),
      ...(c.approach ? { approach: c.approach } : {}),
      planes: c.planes.map(([n, room]) => {
        const normal = Math.hypot(...n) > 0.1 ? n : [0, 0, 1];
        const length = Math.hypot(...normal);
        return { normal, offset: normal.reduce((sum, v, i) => sum + v * at[i]!, 0) + 0.7 * room * r * length };
      }),
    });
    const turned = (by: number[], most: number, from: Float64Array) => {
      const q = new Float64Array(4);
      rotateBy(Float64Array.from(by.slice(3)), 0, most, from, 0, q, 0);
      return q;
    };
    const turn = Math.min(c.tilt, c.rotation) / Math.sqrt(3);
    const inside = (v: number, i: number) => Math.min(Math.max(v, at[i]! - 0.1 * r), at[i]! + 0.1 * r);
    const spring = (of: number, [min, max]: [number, number]) => min + of * (max - min);
    const orientation = turned(c.pose, 0.3 * turn, IDENTITY);
    const leaning = turned(c.last, 0.7 * turn, orientation);
    const last = at.map((v, i) => v + 0.99 * r * c.last[i]!).map((v, i) => (k[4]! < 0.4 ? inside(v, i) : v));
    const l = limits;
    return {
      limits,
      wish: Float64Array.of(
        ...last.map((v, i) => v + 3 * c.speed * 0.01 * c.wish[i]!),
        ...turned(c.wish, 3 * c.speedRotation * 0.01, leaning),
        4000 * k[5]!,
        400 * k[6]!,
      ),
      speedScale: c.speedScale,
      judged: {
        last: Float64Array.of(
          ...last,
          ...leaning,
          spring(k[4]!, [l.stiffnessMin, l.stiffnessMax]),
          spring(k[7]!, [l.rotationStiffnessMin, l.rotationStiffnessMax]),
        ),
        pose: Float64Array.of(...at, ...orientation),
        force: Float64Array.from(c.force, (v) => 0.8 * c.forceLimit * v),
        elapsed: c.elapsed,
        target: c.known ? Float64Array.from(at) : new Float64Array(3).fill(Number.NaN),
        reference: IDENTITY,
      },
    };
  });

function run(c: Case, limits: CartesianLimits, wish = c.wish): Float64Array {
  const filter = new CartesianFilter(limits);
  if (Number.isFinite(c.judged.target[0])) filter.setTarget(c.judged.target);
  const { last, pose, force, elapsed } = c.judged;
  const out = new Float64Array(9);
  filter.apply(wish, last, pose, force, elapsed, c.speedScale, out);
  return out;
}

const wider = (v: Float64Array, by: number) => v.map((x) => x + by);

/** For each limit, what is looser than `l`: by the share `p` in [0, 1], up to twice as much. */
const LOOSER: Readonly<Record<string, (l: CartesianLimits, p: number) => Partial<CartesianLimits>>> = {
  'the box': (l, p) => ({ boxMin: wider(l.boxMin, -p * l.reference), boxMax: wider(l.boxMax, p * l.reference) }),
  'the box around the target': (l, p) =>
    p < 0.5 && l.targetMin && l.targetMax
      ? { targetMin: wider(l.targetMin, -p * l.reference), targetMax: wider(l.targetMax, p * l.reference) }
      : { targetMin: null, targetMax: null },
  'a half-space': (l, p) => ({ planes: l.planes.map((n, k) => (k === 0 ? moved(n, p * l.reference) : n)) }),
  'the number of half-spaces': (l) => ({ planes: l.planes.slice(1) }),
  Δ: (l, p) => ({ reference: l.reference * (1 + p) }),
  'Δ of the rotation': (l, p) => ({ referenceRotation: l.referenceRotation * (1 + p) }),
  'the tilt': (l, p) => ({ tilt: Math.min(l.tilt * (1 + p), 1.5) }),
  // Where there is no approach of its own, its speed is this one.
  'the speed': (l, p) => ({
    speed: l.speed * (1 + p),
    approachSpeed: l.approachSpeed * (l.approachSpeed === l.speed ? 1 + p : 1),
  }),
  'the speed of the rotation': (l, p) => ({ speedRotation: l.speedRotation * (1 + p) }),
  'the speed of the approach': (l, p) => ({ approachSpeed: l.approachSpeed * (1 + p) }),
  'the distance of the approach': (l, p) => ({ approachDistance: l.approachDistance * (1 - p) }),
  'the range of stiffness': (l, p) => ({
    stiffnessMin: l.stiffnessMin * (1 - p / 2),
    stiffnessMax: l.stiffnessMax * (1 + p),
  }),
  'the range of rotational stiffness': (l, p) => ({
    rotationStiffnessMin: l.rotationStiffnessMin * (1 - p / 2),
    rotationStiffnessMax: l.rotationStiffnessMax * (1 + p),
  }),
  'the rate of stiffness': (l, p) => ({ stiffnessRate: l.stiffnessRate * (1 + p) }),
  'the force limit': (l, p) => ({ forceLimit: l.forceLimit * (1 + p) }),
  'the soft force': (l, p) => ({ forceSoft: l.forceSoft + p * (l.forceLimit - l.forceSoft) }),
};

const moved = (n: Float64Array, by: number) => Float64Array.of(n[0]!, n[1]!, n[2]!, n[3]! + by);

/**
 * P6 from a last setpoint that the tighter limits admit: where a push has left it outside them, they restore it, at once and at any
 * speed, which looser ones that it never left do not ask for (cartesian-filter.test.ts has the rule).
 */
const stands = (c: Case): boolean => {
  const { last } = c.judged;
  const { stiffnessMin: min, stiffnessMax: max } = c.limits;
  return (
    last[7]! >= min &&
    last[7]! <= max &&
    run(c, c.limits, last)
      .subarray(0, 7)
      .every((v, i) => v === last[i])
  );
};

describe('P6, tightening a limit of a Cartesian setpoint never lets out what was not admissible before', () => {
  it.each(Object.entries(LOOSER))('%s', (_name, looser) => {
    let bitten = 0;

    fc.assert(
      fc.property(cornered, between(0.1, 1), (c, p) => {
        fc.pre(stands(c));
        const loose = { ...c.limits, ...looser(c.limits, p) };
        const out = run(c, c.limits);
        const refusal = REFUSAL[admissible(out, c.judged, loose)];
        if (refusal !== '') throw new Error(`refused by the looser limits: ${refusal}`);
        if (run(c, loose).some((v, i) => v !== out[i])) bitten++;
      }),
      CASES,
    );
    // It says something only where the limit rules, which a few cases need not come upon.
    if (CASES.numRuns >= 10_000) expect(bitten).toBeGreaterThan(CASES.numRuns / 200);
  });
});
