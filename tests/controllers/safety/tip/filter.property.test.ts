import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLIPPED } from '../../../../controllers/safety/envelope.ts';
import { REFUSAL } from '../../../../controllers/safety/tip/admissible.ts';
import { selfTest } from '../../../../controllers/safety/tip/self-test.ts';
import { norm3 } from '../../../../src/core/geometry.ts';
import { SeededRandom } from '../../../../src/core/random.ts';
import { anyDouble, RUNS } from '../arbitrary.ts';
import { adversary, TipRig, tipSafety } from './arm.ts';

/** A smaller ride is another ride: shrinking tells nothing. */
const CASES = { ...RUNS, endOnFailure: true };

const between = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const vec3 = (min: number, max: number) => fc.tuple(between(min, max), between(min, max), between(min, max));

/** A tip of any limits in any box, with up to two half-spaces and a box around a target, and the ride that it is on. */
const ride = fc.record({
  box: vec3(0.02, 0.3),
  planes: fc.array(fc.record({ normal: vec3(-1, 1), offset: between(0, 0.2) }), { maxLength: 2 }),
  near: fc.option(vec3(0.01, 0.3)),
  tilt: between(0.01, 1.5),
  limits: fc.record({
    speed: between(0.02, 2),
    speed_rotation: between(0.05, 4),
    acceleration: between(0.1, 10),
    acceleration_rotation: between(0.3, 20),
    jerk: between(2, 5000),
    jerk_rotation: between(5, 10000),
    delay_ms: between(0, 100),
  }),
  seed: fc.integer(),
  ticks: fc.integer({ min: 0, max: 60 }),
  scale: between(0, 1),
});
type Ride = typeof ride extends fc.Arbitrary<infer T> ? T : never;

/** The tip in the middle of its ride; and what it may be asked next. Not made by the arbitrary: a report would show it. */
function ridden({ box, planes, near, tilt, limits, seed, ticks, scale }: Ride) {
  const around = (half: number[]) => ({ min: half.map((v) => -v), max: [...half] });
  const safety = tipSafety(limits, {
    tilt,
    pose_box: around(box),
    planes: planes.map(({ normal, offset }) => ({ normal: Math.hypot(...normal) > 0.1 ? normal : [0, 0, 1], offset })),
    ...(near ? { target_box: around(near) } : {}),
  });
  const random = new SeededRandom(seed);
  const rig = new TipRig(safety, random.integer(3));
  const wish = adversary(random, limits.speed, limits.speed_rotation);
  for (let n = 0; n < ticks; n++) {
    // The first estimate of the target comes on the way.
    if (near && n === 5) rig.envelope.setTarget(Float64Array.of(0.002, -0.001, 0, 0, 0, 0, 1));
    rig.command(wish(), random.uniform());
    rig.move(0.01 * random.range(0.7, 1.3));
  }
  rig.by.elapsed = random.range(0.002, 0.02);
  return { rig, wish: Float64Array.from(wish()), random, scale };
}

/** Somebody pushes the tip: it may be anywhere, also outside. */
function pushed(rig: TipRig, random: SeededRandom): void {
  for (let i = 0; i < 3; i++) rig.by.state.pose[i] = random.range(-0.5, 0.5);
  const angle = random.range(-1, 1);
  rig.by.state.pose.set([Math.sin(angle / 2), 0, 0, Math.cos(angle / 2)], 3);
}

describe('the filter of a tip twist, for all limits and all rides', () => {
  it('P1 what it lets through is inside every limit, and the post-check agrees', () => {
    fc.assert(
      fc.property(ride, fc.boolean(), (given, push) => {
        const { rig, wish, scale, random } = ridden(given);
        const { envelope, by, out } = rig;
        if (push) pushed(rig, random);
        envelope.limit(wish, by, scale, out);
        expect(REFUSAL[envelope.judge(out, by)]).toBe('');
        const { linear, angular, period } = envelope.limits;
        const dt = Math.min(by.elapsed, period);
        const change = out.map((v, i) => v - envelope.motion.twist[i]!);
        expect(norm3(out, 0)).toBeLessThanOrEqual(linear.speed + 1e-9);
        expect(norm3(out, 3)).toBeLessThanOrEqual(angular.speed + 1e-9);
        expect(norm3(change, 0)).toBeLessThanOrEqual(linear.acceleration * dt + 1e-9);
        expect(norm3(change, 3)).toBeLessThanOrEqual(angular.acceleration * dt + 1e-9);
      }),
      CASES,
    );
  });

  it('P1 at any time and any speed scale, also those that are none', () => {
    fc.assert(
      fc.property(ride, anyDouble, anyDouble, (given, elapsed, scale) => {
        const { rig, wish } = ridden(given);
        rig.by.elapsed = elapsed;
        rig.envelope.limit(wish, rig.by, scale, rig.out);
        expect(REFUSAL[rig.envelope.judge(rig.out, rig.by)]).toBe('');
      }),
      CASES,
    );
  });

  it('P2 filtering twice is filtering once', () => {
    fc.assert(
      fc.property(ride, (given) => {
        const { rig, wish } = ridden(given);
        const { envelope, by } = rig;
        const once = new Float64Array(6);
        const twice = new Float64Array(6);
        const first = envelope.limit(wish, by, 1, once);
        envelope.limit(once, by, 1, twice);
        if ((first & CLIPPED.conflict) === 0) expect([...twice]).toEqual([...once]);
      }),
      CASES,
    );
  });

  it('P3 a wish that was let through unclipped is there bit for bit, and every wish far from all limits is', () => {
    fc.assert(
      fc.property(ride, vec3(-1, 1), vec3(-1, 1), (given, move, turn) => {
        const { rig, wish } = ridden(given);
        const { envelope, by, out } = rig;
        if (envelope.limit(wish, by, 1, out) === 0) expect([...out]).toEqual([...wish]);
        // From rest, a twentieth of what one period allows, with five seconds of room before the first wall.
        envelope.seed(by.state, by.last);
        by.nowNs += 1e9;
        by.state.receivedNs = by.nowNs;
        by.elapsed = 0.01;
        const { linear: l, angular: r, tilt } = envelope.limits;
        const v = 0.05 * Math.min(l.speed, l.acceleration * 0.01, l.jerk * 1e-4);
        const w = 0.05 * Math.min(r.speed, r.acceleration * 0.01, r.jerk * 1e-4, tilt);
        const small = [...move.map((x) => x * v), ...turn.map((x) => x * w)];
        envelope.workspace.look(by.state.pose, envelope.motion);
        if (!(Math.min(...envelope.workspace.room) > 2 * v * (5 + l.ramp))) return;
        if (!(tilt > 2 * w * (5 + r.ramp))) return;
        expect(envelope.limit(Float64Array.from(small), by, 1, out)).toBe(0);
        expect([...out]).toEqual(small);
      }),
      CASES,
    );
  });

  it('P6 a tighter limit or a smaller speed scale never lets through what was not admissible before', () => {
    fc.assert(
      fc.property(ride, between(0.1, 1), (given, tighter) => {
        const { rig, wish, scale } = ridden(given);
        const { envelope, by, out } = rig;
        const { linear, angular } = envelope.limits;
        // From rest: on the way down from a higher speed the acceleration limit rules, at any scale.
        envelope.rejoin(by.state, by.last);
        by.elapsed = 0.01;
        const before = [linear.speed, angular.speed, envelope.limits.tilt] as const;
        linear.speed *= tighter;
        angular.speed *= tighter;
        envelope.limits.tilt *= tighter;
        envelope.limit(wish, by, scale, out);
        expect(norm3(out, 0)).toBeLessThanOrEqual(linear.speed * scale + 1e-9);
        expect(norm3(out, 3)).toBeLessThanOrEqual(angular.speed * scale + 1e-9);
        [linear.speed, angular.speed, envelope.limits.tilt] = before;
        expect(REFUSAL[envelope.judge(out, by)]).toBe('');
      }),
      CASES,
    );
  });

  it('P11 the braking law comes to rest within V/A + τ + 2T, inside, and the post-check takes every step', () => {
    fc.assert(
      fc.property(ride, (given) => {
        const { rig } = ridden(given);
        const { envelope, by, out } = rig;
        const { linear, angular } = envelope.limits;
        const past = Math.max(rig.past, 0);
        const tilt = Math.max(rig.tilt, envelope.limits.tilt);
        const seconds = Math.max(...[linear, angular].map((l) => l.speed / l.acceleration + l.reaction + l.ramp));
        for (let n = 0; n <= seconds / 0.01 + 2; n++) {
          by.elapsed = rig.sinceSent;
          envelope.brake(by, out);
          const refusal = envelope.judge(out, by);
          if (refusal !== 0) throw new Error(`step ${n}: ${REFUSAL[refusal]}`);
          rig.send(out);
          rig.move(0.01);
        }
        expect([...envelope.motion.twist].map(Math.abs)).toEqual([0, 0, 0, 0, 0, 0]);
        // Jitter of the ride is still in flight.
        expect(rig.past).toBeLessThanOrEqual(past + 0.005 * linear.speed);
        expect(rig.tilt).toBeLessThanOrEqual(tilt + 0.005 * angular.speed);
      }),
      { ...CASES, numRuns: Math.ceil(RUNS.numRuns / 4) },
    );
  });

  it('the braking law passes its self-test for all limits', () => {
    fc.assert(
      fc.property(ride, (given) => {
        const { rig } = ridden(given);
        expect(selfTest(rig.envelope.limits)).toBe('');
      }),
      { ...CASES, numRuns: Math.ceil(RUNS.numRuns / 10) },
    );
  });
});
