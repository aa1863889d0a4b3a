import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { admissible, REFUSAL } from '../../../controllers/safety/cartesian/admissible.ts';
import { Brake, selfTest } from '../../../controllers/safety/cartesian/brake.ts';
import { type CartesianLimits, cartesianLimits } from '../../../controllers/safety/cartesian/limits.ts';
import { Recovery } from '../../../controllers/safety/cartesian/recovery.ts';
import { chordAngle } from '../../../controllers/safety/chord.ts';
import { rotateBy } from '../../../src/core/geometry.ts';
import { anyDouble, insideEveryLimit, limitsOf, limits as manyLimits, RUNS, vec } from './arbitrary.ts';
import { safetyOf } from './rig.ts';

const at = (x: number, y: number, z: number, k = 2000, r = 150): Float64Array =>
  Float64Array.of(0.5 + x / 1000, y / 1000, 0.2 + z / 1000, 0, 0, 0, 1, k, r);
const step = (last: Float64Array, pose = at(0, 0, 0), elapsed = 0.01, limits = limitsOf()): Float64Array => {
  const out = new Float64Array(9);
  new Brake(limits).step(last, pose, elapsed, out);
  return out;
};
const mm = (s: Float64Array): number[] => [0.5, 0, 0.2].map((c, i) => Number(((s[i]! - c) * 1000).toFixed(9)) + 0);

describe('the braking law', () => {
  it('goes 1 mm a tick towards the measured pose and then stays there', () => {
    expect(mm(step(at(3, 0, 4)))).toEqual([2.4, 0, 3.2]);
    expect([...step(at(0.3, 0, 0.4))]).toEqual([...at(0, 0, 0)]);
  });

  it('does not move when no time went by, but restores Δ all the same', () => {
    for (const elapsed of [0, -1, Number.NaN]) {
      expect(mm(step(at(3, 0, 0), at(0, 0, 0), elapsed))).toEqual([3, 0, 0]);
      expect(mm(step(at(15, -15, 0), at(0, 0, 0), elapsed))).toEqual([10, -10, 0]);
    }
    expect(mm(step(at(3, 0, 0), at(0, 0, 0), 99))).toEqual([2, 0, 0]);
  });

  it('never raises the stiffness, and lowers it into its range and below the force limit', () => {
    expect(step(at(0, 0, 0, 700, 40)).slice(7)).toEqual(Float64Array.of(700, 40));
    expect(step(at(0, 0, 0, 9000, 900)).slice(7)).toEqual(Float64Array.of(3000, 300));
    expect(step(at(0, 0, 0, 9, 9)).slice(7)).toEqual(Float64Array.of(200, 10));
    const far = step(at(10, 10, 10, 3000));
    expect(far[7]! * Math.hypot(far[0]! - 0.5, far[1]!, far[2]! - 0.2)).toBeCloseTo(30, 9);
  });

  it('turns back at its rate, and at once where Δ is broken', () => {
    const turned = (angle: number) => {
      const s = at(0, 0, 0);
      rotateBy(Float64Array.of(0, 1, 0), 0, angle, s, 3, s, 3);
      return s;
    };
    const angle = (s: Float64Array) => 2 * Math.asin(s[4]!);
    expect(angle(step(turned(0.05)))).toBeCloseTo(0.045, 9);
    expect(angle(step(turned(0.003)))).toBe(0);
    expect(angle(step(turned(0.15)))).toBeCloseTo(0.1, 9);
    expect(angle(step(turned(0.103)))).toBeCloseTo(0.098, 9);
  });

  it('turns back at its rate about a diagonal too: Δ is of each axis, not of the whole turn', () => {
    // 0.12 rad about (1, 1, 0)/√2 are 0.085 rad about each.
    const s = at(0, 0, 0);
    rotateBy(Float64Array.of(Math.SQRT1_2, Math.SQRT1_2, 0), 0, 0.12, s, 3, s, 3);
    expect(2 * Math.acos(step(s)[6]!)).toBeCloseTo(0.115, 7);
  });

  it('about a diagonal it restores Δ of each axis and no more, and by rounding past Δ it has nothing to restore', () => {
    const turned = (each: number) => {
      const s = at(0, 0, 0);
      rotateBy(Float64Array.of(each, each, 0), 0, 1, s, 3, s, 3);
      return s;
    };
    const left = (s: Float64Array) => chordAngle(s, 3, at(0, 0, 0), 3);
    expect(left(step(turned(0.12)))).toBeCloseTo(0.1 * Math.SQRT2, 9);
    expect(left(step(turned(0.1 * (1 + 1e-12))))).toBeCloseTo(0.1 * Math.SQRT2 - 0.005, 9);
  });

  it('goes as fast, and pulls as much, when it has to turn as well', () => {
    const turned = (s: Float64Array) => {
      rotateBy(Float64Array.of(1, 0, 0), 0, 0.09, s, 3, s, 3);
      return s;
    };
    expect(mm(step(turned(at(3, 0, 4))))).toEqual([2.4, 0, 3.2]);
    const far = step(turned(at(10, 10, 10, 3000)));
    expect(far[7]! * Math.hypot(far[0]! - 0.5, far[1]!, far[2]! - 0.2)).toBeCloseTo(30, 9);
  });

  /** Multiples of Δ: at exactly Δ about an axis, or several, as the filter leaves a setpoint; inside; and beyond. */
  const turns = fc.oneof(
    vec(3, -2, 2),
    fc.array(fc.constantFrom(-1, 0, 1, 1 + 1e-9), { minLength: 3, maxLength: 3 }).map((v) => Float64Array.from(v)),
  );

  it('is admitted by the post-check wherever the robot was pushed since the last setpoint', () => {
    fc.assert(
      fc.property(insideEveryLimit, vec(3, -2, 2), turns, anyDouble, ({ c }, push, turn, elapsed) => {
        const pose = c.judged.pose.slice();
        for (let i = 0; i < 3; i++) pose[i] = pose[i]! + push[i]! * c.limits.reference;
        rotateBy(turn, 0, c.limits.referenceRotation, c.judged.last, 3, pose, 3);
        const out = step(c.judged.last, pose, elapsed, c.limits);
        expect(REFUSAL[admissible(out, { ...c.judged, pose, elapsed }, c.limits)]).toBe('');
      }),
      RUNS,
    );
  });

  it('P11: is at the measured pose within Δ·√3/speed, one tick more at most', () => {
    const limits = limitsOf();
    let last = at(10, -10, 10, 1000);
    const ticks = Math.ceil((10 * Math.sqrt(3)) / 1);
    for (let n = 0; n < ticks; n++) last = step(last);
    expect(mm(last)).toEqual([0, 0, 0]);
    expect(limits.speed).toBe(0.1);
  });
});

describe('the self test of the braking law', () => {
  it('passes for every limits that the config allows', () => {
    fc.assert(
      fc.property(manyLimits, (limits) => {
        expect(selfTest(limits)).toBe('');
      }),
      { numRuns: 50 },
    );
  });

  it('fails, with a sentence, for limits under which the law cannot keep its word', () => {
    const broken = (changes: Partial<CartesianLimits>) => selfTest({ ...limitsOf(), ...changes });
    expect(broken({ forceLimit: 1 })).toMatch(/braking law breaks limit 12/);
    expect(broken({ reference: Number.NaN })).toMatch(/NaN m short/);
    expect(broken({ stiffnessMax: 100 })).toMatch(/breaks limit 10 /);
  });

  /** The law, but for what `change` makes of its step. */
  const law = (change: (out: Float64Array, last: Float64Array, pose: Float64Array) => void, limits = limitsOf()) => {
    const brake = new Brake(limits);
    const wrong: Pick<Brake, 'step'> = {
      step: (last, pose, elapsed, out) => {
        brake.step(last, pose, elapsed, out);
        change(out, last, pose);
      },
    };
    return selfTest(limits, wrong);
  };

  it('says how far short a law is that does not turn back, or not all the way', () => {
    const unturned = (out: Float64Array, last: Float64Array) => out.set(last.subarray(3, 7), 3);
    // 0.1 rad about each axis are 0.1732 rad, in 35 ticks of 5 mrad and one more.
    const said = /^braking law is (\S+) rad short after 36 steps from corner 0$/.exec(law(unturned))!;
    expect(Number(said[1])).toBeCloseTo(Math.sqrt(0.03), 9);
    // In a cone of 0.05 rad it is that, and the 18 ticks of 1 mm and one more of the way take longer.
    const leaning = /^braking law is (\S+) rad short after 19 steps/.exec(law(unturned, limitsOf({ tilt: 0.05 })))!;
    expect(Number(leaning[1])).toBeCloseTo(0.05, 9);
    const almost = (out: Float64Array, last: Float64Array) => {
      if (chordAngle(last, 3, out, 3) < 0.0049) unturned(out, last);
    };
    expect(law(almost)).toMatch(/^braking law is 0\.00\d+ rad short/);
  });

  it('says how far short a law is that goes only part of the way', () => {
    const said = law((out, last) => out.set(last.subarray(0, 3)));
    expect(said).toMatch(/^braking law is 0\.0(1|0999\d+|1000\d+) m short after 36 steps from corner 0$/);
    expect(law((out, last) => out.copyWithin(2, 2, 3) && out.fill(last[2]!, 2, 3))).toMatch(/m short/);
    expect(law((out, _, pose) => Math.abs(out[1]! - pose[1]!) < 1e-5 && out.fill(pose[1]! + 1e-5, 1, 2))).toMatch(
      /0\.0000(1|0999\d+|1000\d+) m short/,
    );
  });

  it('finds a law that makes the spring stiffer', () => {
    expect(law((out, last) => out.fill(last[7]! + 1, 7, 8))).toBe('braking law raises the stiffness from corner 0');
  });

  it('begins in each of 27 corners, turned towards it, at rest and coasting 1 mm in x', () => {
    const begun: string[] = [];
    const coasted: number[] = [];
    let n = 0;
    law((_out, last, pose) => {
      if (n % 36 === 0) {
        const side = [0, 1, 2].map((i) => Math.round(100 * (last[i]! - [0.5, 0, 0.2][i]!)) + 0);
        begun.push(`${side}`);
        expect([...last.subarray(3, 6)].map(Math.sign)).toEqual(side);
        // 0.1 rad about each axis.
        expect(chordAngle(last, 3, at(0, 0, 0), 3)).toBeCloseTo(0.1 * Math.hypot(...side), 9);
      }
      if (n % 36 === 35) coasted.push(Math.round(1e6 * (pose[0]! - 0.5)));
      n++;
    });
    expect(n).toBe(27 * 2 * 36);
    expect(new Set(begun).size).toBe(27);
    expect(coasted).toEqual(Array.from({ length: 27 }, () => [0, 1000]).flat());
  });
});

describe('limits that no command could satisfy are refused by name', () => {
  it.each([
    [{ pose_box: { min: [0.7, 0, 0], max: [0.3, 1, 1] } }, /pose_box axis 0: \[0.7, 0.3\]/],
    [{ pose_box: { min: [0, 0, 1], max: [1, 1, 1] } }, /pose_box axis 2/],
    [{ target_box: { min: [0, 1, 0], max: [1, 0, 1] } }, /target_box axis 1/],
    [{ stiffness: [0, 100] }, /stiffness\[0\] = 0/],
    [{ force_soft: 30 }, /force_soft = 30/],
    [{ tilt: 2 }, /tilt = 2/],
    [{ stiffness: [2000, 3000] }, /34.6 N; allowed: at most force_limit = 30 N/],
  ])('%j', (changes, message) => {
    expect(() => cartesianLimits(safetyOf(changes))).toThrow(message);
  });
});

describe('the recovery', () => {
  const aim = (force: number[], last = at(0, 0, 0)) => {
    const out = new Float64Array(9);
    new Recovery(limitsOf()).aim(at(0, 0, 0), Float64Array.from(force), last, out);
    return out;
  };

  it('lifts 5 mm from the measured pose when there is no force to speak of', () => {
    expect(mm(aim([0, 0, 0]))).toEqual([0, 0, 5]);
    expect(mm(aim([1.9, 0, 0]))).toEqual([0, 0, 5]);
  });

  it('yields along the force as much as it lifts', () => {
    const half = 5 / Math.sqrt(2);
    expect(mm(aim([10, 0, 0]))).toEqual([half, 0, half].map((v) => Number(v.toFixed(9))));
    expect(mm(aim([0, -10, 0]))).toEqual([0, -half, half].map((v) => Number(v.toFixed(9))));
    expect(mm(aim([0, 0, 20]))).toEqual([0, 0, 5]);
  });

  it('never pushes down, even when something presses from above', () => {
    expect(mm(aim([0, 0, -20]))).toEqual([0, 0, 5]);
  });

  it('softens to a tenth of the stiffness range, and never stiffens', () => {
    expect(aim([0, 0, 0])[7]).toBe(480);
    expect(aim([0, 0, 0], at(0, 0, 0, 300))[7]).toBe(300);
  });

  it('keeps the orientation and rotational stiffness in force', () => {
    const last = Float64Array.of(0, 0, 0, 0, 0, 0.6, 0.8, 300, 77);
    expect([...aim([0, 0, 0], last).subarray(3)]).toEqual([0, 0, 0.6, 0.8, 300, 77]);
  });

  it('reaches no further than Δ', () => {
    const out = new Float64Array(9);
    new Recovery(limitsOf({ reference_limit: 0.002 })).aim(at(0, 0, 0), new Float64Array(3), at(0, 0, 0), out);
    expect(mm(out)).toEqual([0, 0, 2]);
  });
});
