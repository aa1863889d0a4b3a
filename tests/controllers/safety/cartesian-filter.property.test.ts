import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { admissible, REFUSAL } from '../../../controllers/safety/cartesian/admissible.ts';
import { CartesianFilter } from '../../../controllers/safety/cartesian/filter.ts';
import { type Case, insideEveryLimit, RUNS, situation, vec } from './arbitrary.ts';

function run(c: Case, wish = c.wish, speedScale = c.speedScale): { out: Float64Array; flags: number } {
  const filter = new CartesianFilter(c.limits);
  if (Number.isFinite(c.judged.target[0])) filter.setTarget(c.judged.target);
  const { last, pose, force, elapsed } = c.judged;
  const out = new Float64Array(9);
  return { out, flags: filter.apply(wish, last, pose, force, elapsed, speedScale, out) };
}
const refusal = (c: Case, out: Float64Array) => REFUSAL[admissible(out, c.judged, c.limits)];
const any = fc.oneof(situation(true), situation(false));

describe('the filter', () => {
  it('P1: makes of any finite wish a setpoint that the post-check, written apart, admits', () => {
    fc.assert(
      fc.property(any, (c) => {
        expect(refusal(c, run(c).out)).toBe('');
      }),
      RUNS,
    );
  });

  it('P2: changes nothing when applied to its own result', () => {
    fc.assert(
      fc.property(situation(true), (c) => {
        const { last } = c.judged;
        // Where the last setpoint itself must be restored, a second pass may round by a billionth.
        fc.pre([...run(c, last).out.subarray(0, 7)].every((v, i) => v === last[i]));
        const once = run(c);
        const twice = run(c, once.out, 1);
        expect([...twice.out]).toEqual([...once.out]);
      }),
      RUNS,
    );
  });

  it('P3: leaves a wish that satisfies every limit as it is, bit for bit', () => {
    fc.assert(
      fc.property(insideEveryLimit, ({ c, wish }) => {
        expect(refusal(c, wish)).toBe('');
        const { out, flags } = run(c, wish, 1);
        expect([...out]).toEqual([...wish]);
        expect(flags).toBe(0);
      }),
      RUNS,
    );
  });

  it('P6: a smaller speed scale never moves the setpoint further', () => {
    fc.assert(
      fc.property(situation(true), fc.double({ min: 0, max: 1, noNaN: true }), (c, scale) => {
        const way = (speedScale: number) => {
          const { out } = run(c, c.wish, speedScale);
          return Math.hypot(out[0]! - c.judged.last[0]!, out[1]! - c.judged.last[1]!, out[2]! - c.judged.last[2]!);
        };
        expect(way(scale * 0.5)).toBeLessThanOrEqual(way(scale) + 1e-9);
      }),
      RUNS,
    );
  });

  it('never follows a wish faster than the approach allows, near the target or while it is not known', () => {
    const wish = new Float64Array(9);
    fc.assert(
      fc.property(insideEveryLimit, fc.boolean(), (given, known) => {
        const { limits, judged, speedScale } = given.c;
        const { last, pose, force, elapsed } = judged;
        const filter = new CartesianFilter(limits);
        // The estimate is where the robot is; the last setpoint is within 0.02·√3 m of it.
        if (known) filter.setTarget(pose);
        for (let i = 0; i < 9; i++) wish[i] = i < 3 ? last[i]! + 100 * (given.wish[i]! - last[i]!) : given.wish[i]!;
        const out = new Float64Array(9);
        filter.apply(wish, last, pose, force, elapsed, speedScale, out);
        const moved = Math.hypot(out[0]! - last[0]!, out[1]! - last[1]!, out[2]! - last[2]!);
        expect(moved).toBeLessThanOrEqual(limits.approachSpeed * limits.period * (1 + 1e-8) + 1e-11);
      }),
      RUNS,
    );
  });

  it('is not alone with that: the post-check refuses each such step that does not lead back to the measured pose', () => {
    const near = insideEveryLimit.filter(({ c: { limits: l } }) => Math.min(l.speed, 40 * l.reference) > 0.03);
    fc.assert(
      fc.property(
        near,
        vec(3, 0.1, 1),
        fc.boolean(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (given, d, known, p) => {
          const { limits, judged } = given.c;
          fc.pre(limits.approachSpeed < limits.speed);
          const { last, pose } = judged;
          // Away from the tip on every axis: from 1 % above the approach to 90 % of the speed, or as far as Δ lets it.
          const most = Math.min(0.9 * limits.speed * limits.period, 0.4 * limits.reference);
          const least = 1.01 * limits.approachSpeed * limits.period;
          const step = (least + p * (most - least)) / Math.hypot(...d);
          const wish = given.wish.slice();
          for (let i = 0; i < 3; i++) wish[i] = last[i]! + (last[i]! < pose[i]! ? -step : step) * d[i]!;
          const target = known ? pose : judged.target;
          const c = { ...given.c, wish, judged: { ...judged, target, force: new Float64Array(3) } };
          expect(refusal(c, wish)).toBe('approach');
          expect(refusal(c, run(c).out)).toBe('');
        },
      ),
      { numRuns: Math.ceil(RUNS.numRuns / 4) },
    );
  });

  it('never pulls harder than the force limit, wherever the robot was pushed', () => {
    fc.assert(
      fc.property(any, (c) => {
        const { out } = run(c);
        const { pose } = c.judged;
        const pull = out[7]! * Math.hypot(out[0]! - pose[0]!, out[1]! - pose[1]!, out[2]! - pose[2]!);
        expect(pull).toBeLessThanOrEqual(c.limits.forceLimit * (1 + 1e-8));
      }),
      RUNS,
    );
  });

  it('remembers nothing: the same call gives the same bits whatever was filtered in between', () => {
    fc.assert(
      fc.property(situation(true), situation(false), (c, other) => {
        const filter = new CartesianFilter(c.limits);
        const { last, pose, force, elapsed } = c.judged;
        const out = new Float64Array(9);
        filter.apply(c.wish, last, pose, force, elapsed, c.speedScale, out);
        const first = [...out];
        const o = other.judged;
        filter.apply(other.wish, o.last, o.pose, o.force, o.elapsed, other.speedScale, out);
        filter.apply(c.wish, last, pose, force, elapsed, c.speedScale, out);
        expect([...out]).toEqual(first);
      }),
      RUNS,
    );
  });
});
