import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLIPPED } from '../../../../controllers/safety/envelope.ts';
import { REFUSAL } from '../../../../controllers/safety/joint/admissible.ts';
import { selfTest } from '../../../../controllers/safety/joint/self-test.ts';
import { adversary, JointRig } from '../../../../src/cli/bench/joint-rig.ts';
import { SeededRandom } from '../../../../src/core/random.ts';
import { RUNS } from '../arbitrary.ts';
import { armOf, jointSafety, type Kind } from './arm.ts';

const between = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const joint = fc.record({
  lo: between(-3, -0.2),
  hi: between(0.2, 3),
  velocity: between(0.1, 6),
  acceleration: between(1, 20),
  jerk: between(100, 10_000),
});

/** An arm of 1 to 4 joints of any limits, in the middle of an adversarial ride; and what it may be asked next. */
const ride = fc
  .record({
    kind: fc.constantFrom<Kind>('joint_velocity', 'joint_position'),
    joints: fc.array(joint, { minLength: 1, maxLength: 4 }),
    seed: fc.integer(),
    ticks: fc.integer({ min: 0, max: 60 }),
    scale: between(0, 1),
  })
  .map(({ kind, joints, seed, ticks, scale }) => {
    const robot = armOf(
      kind,
      joints.map(({ lo, hi, ...rest }) => ({ position: [lo, hi], ...rest })),
    );
    const random = new SeededRandom(seed);
    const arm = new JointRig(
      robot,
      jointSafety({ joints: { reference_limit: 1 } }),
      joints.map(() => 0),
      random.integer(3),
    );
    const wish = adversary(robot, random);
    for (let n = 0; n < ticks; n++) {
      arm.command(wish(arm.by.last, 0.01), random.uniform());
      arm.move(0.01 * random.range(0.7, 1.3));
    }
    arm.by.elapsed = random.range(0.002, 0.02);
    return { arm, robot, random, wish: Float64Array.from(wish(arm.by.last, 0.01)), scale };
  });

describe('the joint filter, for all limits and all rides', () => {
  it('P1 what it lets through is inside every limit, and the post-check agrees', () => {
    fc.assert(
      fc.property(ride, ({ arm, wish, scale }) => {
        const { envelope, by, out } = arm;
        envelope.limit(wish, by, scale, out);
        expect(REFUSAL[envelope.judge(out, by)]).toBe('');
        const l = envelope.limits;
        const dt = Math.min(by.elapsed, l.period);
        for (let i = 0; i < l.joints; i++) {
          const v = l.position ? (out[i]! - by.last[i]!) / dt : out[i]!;
          const v0 = envelope.motion.velocity[i]!;
          expect(Math.abs(v)).toBeLessThanOrEqual(l.velocity[i]! + 1e-9);
          expect(Math.abs(v - v0)).toBeLessThanOrEqual(l.acceleration[i]! * dt + 1e-9);
        }
      }),
      RUNS,
    );
  });

  it('P2 filtering twice is filtering once, P3 what is admissible comes out bit for bit', () => {
    fc.assert(
      fc.property(ride, ({ arm, wish }) => {
        const { envelope, by } = arm;
        const once = new Float64Array(wish.length);
        const twice = new Float64Array(wish.length);
        const first = envelope.limit(wish, by, 1, once);
        const second = envelope.limit(once, by, 1, twice);
        if ((first & CLIPPED.conflict) !== 0) return;
        expect([...twice]).toEqual([...once]);
        expect(second).toBe(0);
      }),
      RUNS,
    );
  });

  it('P5 the order of the joints does not matter', () => {
    fc.assert(
      fc.property(ride, fc.integer(), ({ robot, scale }, seed) => {
        // Direction-keeping couples the joints: their set, not their order.
        const run = (order: number[]) => {
          const permuted = { ...robot, joints: order.map((i) => robot.joints[i]!) };
          const arm = new JointRig(
            permuted,
            jointSafety({ joints: { reference_limit: 1 } }),
            order.map(() => 0),
          );
          const random = new SeededRandom(seed);
          const raw = new Float64Array(order.length);
          for (let n = 0; n < 20; n++) {
            for (let i = 0; i < raw.length; i++) raw[i] = random.range(-8, 8);
            const isPosition = robot.interface.type === 'joint_position';
            arm.command(
              Float64Array.from(
                order,
                (i, k) => raw[i]! * (isPosition ? 0.01 : 1) + (isPosition ? arm.by.last[k]! : 0),
              ),
              scale,
            );
            arm.move(0.01);
          }
          return order.map((_, i) => arm.position[order.indexOf(i)]!);
        };
        const straight = robot.joints.map((_, i) => i);
        expect(run([...straight].reverse())).toEqual(run(straight));
      }),
      RUNS,
    );
  });

  it('P6 a tighter limit, or a smaller speed scale, never lets a joint go faster', () => {
    fc.assert(
      fc.property(ride, between(0.1, 1), ({ arm, scale }, tighter) => {
        const { envelope, by, out } = arm;
        const rest = by.last.map(() => 1e6);
        if (envelope.limits.position) return;
        // From rest: on the way down from a higher speed the acceleration limit rules, at any scale.
        envelope.seed(by.state, by.last);
        envelope.limit(rest, by, scale, out);
        const before = Float64Array.from(out);
        envelope.limit(rest, by, scale * tighter, out);
        for (let i = 0; i < out.length; i++) expect(out[i]!).toBeLessThanOrEqual(before[i]! + 1e-12);
        for (let i = 0; i < out.length; i++) envelope.limits.velocity[i] = envelope.limits.velocity[i]! * tighter;
        envelope.limit(rest, by, scale, out);
        for (let i = 0; i < out.length; i++) expect(out[i]!).toBeLessThanOrEqual(before[i]! + 1e-12);
      }),
      RUNS,
    );
  });

  it('P11 the braking law comes to rest within V/A + τ + 2T, inside the limits, and the post-check takes every step', () => {
    fc.assert(
      fc.property(ride, ({ arm }) => {
        const { envelope, by, out } = arm;
        const l = envelope.limits;
        const seconds = Math.max(...l.velocity.map((v, i) => v / l.acceleration[i]! + l.reaction[i]!));
        for (let n = 0; n <= seconds / 0.01 + 2; n++) {
          by.elapsed = arm.sinceSent;
          envelope.brake(by, out);
          const refusal = envelope.judge(out, by);
          if (refusal !== 0) throw new Error(`step ${n}: ${REFUSAL[refusal]}`);
          arm.send(out);
          arm.move(0.01);
        }
        for (let i = 0; i < l.joints; i++) {
          expect(envelope.motion.velocity[i]).toBe(0);
          expect(arm.position[i]!).toBeLessThanOrEqual(l.max[i]! + 1e-9);
          expect(arm.position[i]!).toBeGreaterThanOrEqual(l.min[i]! - 1e-9);
        }
      }),
      RUNS,
    );
  });

  it('the braking law passes its self-test for all limits', () => {
    fc.assert(
      fc.property(ride, ({ arm }) => {
        expect(selfTest(arm.envelope.limits)).toBe('');
      }),
      RUNS,
    );
  });
});
