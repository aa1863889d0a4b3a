import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { admissible, REFUSAL } from '../../../controllers/safety/cartesian/admissible.ts';
import { CartesianFilter } from '../../../controllers/safety/cartesian/filter.ts';
import { type Case, insideEveryLimit, RUNS, situation } from './arbitrary.ts';

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
