import { describe, expect, it } from 'vitest';
import { CartesianFilter } from '../../../controllers/safety/cartesian/filter.ts';
import { CLIPPED } from '../../../controllers/safety/envelope.ts';
import { rotateBy } from '../../../src/core/geometry.ts';
import { limitsOf } from './arbitrary.ts';

const D = 0.01;
/** `[x y z]` in mm from the centre of the box, no rotation, 2000 N/m and 150 Nm/rad. */
const at = (x: number, y: number, z: number, k = 2000, r = 150): Float64Array =>
  Float64Array.of(0.5 + x / 1000, y / 1000, 0.2 + z / 1000, 0, 0, 0, 1, k, r);
/** Tilted by `angle` rad about x. */
const tilted = (s: Float64Array, angle: number, axis = [1, 0, 0]): Float64Array => {
  const out = s.slice();
  rotateBy(Float64Array.from(axis), 0, angle, s, 3, out, 3);
  return out;
};
interface Given {
  wish: Float64Array;
  last?: Float64Array;
  pose?: Float64Array;
  force?: number[];
  elapsed?: number;
  scale?: number;
  target?: Float64Array;
}
function run(given: Given, changes: Record<string, unknown> = {}) {
  const filter = new CartesianFilter(limitsOf(changes));
  if (given.target) filter.setTarget(given.target);
  const { wish, last = at(0, 0, 0), pose = at(0, 0, 0), force = [0, 0, 0], elapsed = D, scale = 1 } = given;
  const out = new Float64Array(9);
  const flags = filter.apply(wish, last, pose, Float64Array.from(force), elapsed, scale, out);
  const mm = [...out.subarray(0, 3)].map((v, i) => Number(((v - [0.5, 0, 0.2][i]!) * 1000).toFixed(9)) + 0);
  return { out, mm, flags };
}
const angleOf = (s: Float64Array): number => 2 * Math.asin(Math.hypot(s[3]!, s[4]!, s[5]!));

describe('translation', () => {
  it('moves at most 1 mm a tick (0.1 m/s at 100 Hz) and keeps the direction', () => {
    expect(run({ wish: at(3, 0, -4) })).toMatchObject({ mm: [0.6, 0, -0.8], flags: CLIPPED.speed });
  });

  it('reaches a wish that is nearer than that exactly', () => {
    const { out, flags } = run({ wish: at(0.3, 0.1, -0.4) });
    expect([...out]).toEqual([...at(0.3, 0.1, -0.4)]);
    expect(flags).toBe(0);
  });

  it.each([
    [0.005, 0.5],
    [1, 1],
    [Number.POSITIVE_INFINITY, 1],
    [0, 0],
    [-5, 0],
    [Number.NaN, 0],
  ])('after %d s since the last command moves %d mm: never more than one nominal period', (elapsed, mm) => {
    expect(run({ wish: at(9, 0, 0), elapsed }).mm).toEqual([mm, 0, 0]);
  });

  it.each([
    [0.25, 0.25],
    [0, 0],
    [-1, 0],
    [Number.NaN, 0],
    [7, 1],
  ])('at speed scale %d moves %d mm', (scale, mm) => {
    expect(run({ wish: at(9, 0, 0), scale }).mm).toEqual([mm, 0, 0]);
  });

  it('keeps within Δ = 10 mm of the measured pose in each axis', () => {
    const last = at(9.5, -9.5, 0);
    expect(run({ wish: at(19, -19, 0), last })).toMatchObject({ flags: CLIPPED.speed | CLIPPED.reference });
    expect(run({ wish: at(19, -19, 0), last }).mm).toEqual([10, -10, 0]);
  });

  it('follows the robot when it was pushed a little: Δ is restored within the rate, without conflict', () => {
    const { mm, flags } = run({ wish: at(10, 0, 0), last: at(10, 0, 0), pose: at(-0.5, 0, 0) });
    expect(mm).toEqual([9.5, 0, 0]);
    expect(flags & CLIPPED.conflict).toBe(0);
  });

  it('gives way at once and says CONFLICT when the robot was pushed further than the rate allows', () => {
    const { mm, flags } = run({ wish: at(10, 0, 0), last: at(10, 0, 0), pose: at(-5, 0, 0) });
    expect(mm).toEqual([5, 0, 0]);
    expect(flags).toBe(CLIPPED.reference | CLIPPED.conflict);
  });

  it('restores Δ even at speed scale 0: the scale is the policy’s, not the limit’s', () => {
    const { mm, flags } = run({ wish: at(10, 0, 0), last: at(10, 0, 0), pose: at(-0.5, 0, 0), scale: 0 });
    expect(mm).toEqual([9.5, 0, 0]);
    expect(flags & CLIPPED.conflict).toBe(0);
  });

  it('stays inside the pose box', () => {
    const wall = { pose_box: { min: [0.4, -0.1, 0.1], max: [0.5002, 0.1, 0.3] } };
    expect(run({ wish: at(0.9, 0, 0) }, wall)).toMatchObject({ mm: [0.2, 0, 0], flags: CLIPPED.box });
    const floor = { pose_box: { min: [0.4, -0.1, 0.1998], max: [0.6, 0.1, 0.3] } };
    expect(run({ wish: at(0, 0, -0.9) }, floor)).toMatchObject({ mm: [0, 0, -0.2], flags: CLIPPED.box });
  });

  it('lets a robot outside the box go in, and not further out', () => {
    const wall = { pose_box: { min: [0.4, -0.1, 0.1], max: [0.498, 0.1, 0.3] } };
    expect(run({ wish: at(-0.9, 0, 0) }, wall)).toMatchObject({ mm: [-0.9, 0, 0], flags: 0 });
    expect(run({ wish: at(0.9, 0, 0) }, wall)).toMatchObject({ mm: [0, 0, 0], flags: CLIPPED.box });
  });

  it('stays inside the box around the target, once there is one', () => {
    const box = { target_box: { min: [-0.06, -0.06, -0.03], max: [0.06, 0.06, 0.0602] } };
    const target = at(0, 0, -60);
    expect(run({ wish: at(0, 0, 0.9), target }, box)).toMatchObject({ mm: [0, 0, 0.2], flags: CLIPPED.target });
    expect(run({ wish: at(0, 0, 0.9) }, box)).toMatchObject({ mm: [0, 0, 0.9], flags: 0 });
    const low = { target_box: { min: [-0.06, -0.06, 0.0598], max: [0.06, 0.06, 0.1] } };
    expect(run({ wish: at(0, 0, -0.9), target }, low)).toMatchObject({ mm: [0, 0, -0.2], flags: CLIPPED.target });
  });
});

describe('near the target, where a touch is due', () => {
  const approach = { approach: { distance: 0.02, speed: 0.03 } };
  const target = at(0, 0, -30);

  it('follows a wish at 0.03 m/s within 20 mm of the estimate, in any direction, and at full speed further off', () => {
    const above = (z: number) => run({ wish: at(0, 0, z - 5), last: at(0, 0, z), pose: at(0, 0, z), target }, approach);
    expect(above(-9)).toMatchObject({ mm: [0, 0, -10], flags: CLIPPED.speed });
    expect(above(-11)).toMatchObject({ mm: [0, 0, -11.3], flags: CLIPPED.speed });
    const beside = { last: at(12, 12, -30), pose: at(12, 12, -30), target };
    expect(run({ wish: at(12, 17, -30), ...beside }, approach).mm).toEqual([12, 12.3, -30]);
    const further = { last: at(15, 15, -30), pose: at(15, 15, -30), target };
    expect(run({ wish: at(15, 20, -30), ...further }, approach).mm).toEqual([15, 16, -30]);
  });

  it('is as careful everywhere while the target is not known', () => {
    expect(run({ wish: at(5, 0, 0) }, approach)).toMatchObject({ mm: [0.3, 0, 0], flags: CLIPPED.speed });
    expect(run({ wish: at(5, 0, 0) }).mm).toEqual([1, 0, 0]);
  });

  it('takes the smaller of it and the speed scale, and leaves a slower wish as it is', () => {
    const here = { last: at(0, 0, -20), pose: at(0, 0, -20), target };
    expect(run({ wish: at(0, 0, -25), ...here, scale: 0.2 }, approach).mm).toEqual([0, 0, -20.2]);
    expect(run({ wish: at(0, 0, -25), ...here, scale: 0.5 }, approach).mm).toEqual([0, 0, -20.3]);
    expect(run({ wish: at(0, 0, -20.25), ...here }, approach)).toMatchObject({ mm: [0, 0, -20.25], flags: 0 });
  });

  it('restores Δ at full speed all the same', () => {
    const pushed = { wish: at(10, 0, -30), last: at(10, 0, -30), pose: at(-0.5, 0, -30), target };
    expect(run(pushed, approach)).toMatchObject({ mm: [9.5, 0, -30] });
  });
});

describe('rounding', () => {
  it('a wish that is above a rate by rounding only stays, bit for bit; one that is further above does not', () => {
    expect(run({ wish: at(1 + 5e-10, 0, 0) }).flags).toBe(0);
    expect(run({ wish: at(1 + 3e-9, 0, 0) }).flags).toBe(CLIPPED.speed);
    expect(run({ wish: tilted(at(0, 0, 0), 0.005 * (1 + 5e-10)) }).flags).toBe(0);
    expect(run({ wish: tilted(at(0, 0, 0), 0.005 * (1 + 3e-9)) }).flags).toBe(CLIPPED.rotation);
  });

  it('the same of Δ, in rotation, and of K·distance', () => {
    const turned = (angle: number) => tilted(at(0, 0, 0), angle);
    expect(run({ wish: turned(0.1 * (1 + 5e-10)), last: turned(0.098) }).flags).toBe(0);
    expect(run({ wish: turned(0.1 * (1 + 3e-9)), last: turned(0.098) }).flags).toBe(CLIPPED.rotation);
    const pulls = (k: number) => run({ wish: at(10, 0, 0, k), last: at(10, 0, 0, k) }).flags;
    expect(pulls(3000 * (1 - 1e-9))).toBe(0);
    const strong = (share: number) => {
      const k = 2000 * share;
      return run(
        { wish: at(9, 9, 7.8, k), last: at(9, 9, 7.8, k) },
        { force_limit: 0.002 * Math.hypot(9000, 9000, 7800) },
      ).flags;
    };
    expect(strong(1 + 5e-10)).toBe(0);
    expect(strong(1 + 3e-9)).toBe(CLIPPED.force | CLIPPED.stiffness);
  });

  it('what is admissible comes out bit for bit, although last + (wish - last) is not the wish', () => {
    for (let n = 1; n <= 50; n++) {
      const wish = at(0, 0.1 + n / 123, 0);
      expect(run({ wish, last: at(0, 0.1, 0) }).out[1]).toBe(wish[1]);
    }
  });
});

describe('force', () => {
  const up = [0, 0, 25];

  it('takes out of a step what goes against the force, whatever its direction', () => {
    // f = 25·(12, 15, 16)/25 N, the step 0.5 mm against it and 0.3 mm across it, along (15, -12, 0)/√369.
    const across = [15 / Math.sqrt(369), -12 / Math.sqrt(369), 0];
    const step = [12, 15, 16].map((f, i) => (-0.5 * f) / 25 + 0.3 * across[i]!);
    const { mm, flags } = run({ wish: at(step[0]!, step[1]!, step[2]!), force: [12, 15, 16] });
    expect(mm[0]).toBeCloseTo(0.3 * across[0]!, 6);
    expect(mm[1]).toBeCloseTo(0.3 * across[1]!, 6);
    expect(mm[2]).toBeCloseTo(0, 6);
    expect(flags & CLIPPED.force).toBe(CLIPPED.force);
  });

  it('does not creep: half a µm against the force is not taken', () => {
    expect(run({ wish: at(0, 0, -0.0005), force: up }).mm).toEqual([0, 0, 0]);
  });

  it('may go to the measured position against it, but not through', () => {
    const last = at(0, 0, 0.3);
    expect(run({ wish: at(0, 0, 0), last, force: up }).mm).toEqual([0, 0, 0]);
    expect(run({ wish: at(0, 0, -0.2), last, force: up }).mm).toEqual([0, 0, 0.3]);
  });

  it.each([1, -1])('where it does not move, Δ is restored all the same: side %d', (side) => {
    // As below, from 10.3 mm: x is beyond Δ.
    const { mm, flags } = run({
      wish: at(side * 11.1, 0, -0.6),
      last: at(side * 10.3, 0, 0),
      force: [side * 15, 0, 20],
    });
    expect(mm).toEqual([side * 10, 0, 0]);
    expect(flags & CLIPPED.force).toBe(CLIPPED.force);
  });

  it('above the soft limit of 22 N nothing pushes on, and sideways stays free', () => {
    const { mm, flags } = run({ wish: at(0.5, 0, -0.5), force: up });
    expect(mm).toEqual([0.5, 0, 0]);
    expect(flags & CLIPPED.force).toBe(CLIPPED.force);
  });

  it('at the soft limit it still pushes on', () => {
    expect(run({ wish: at(0, 0, -0.5), force: [0, 0, 22] })).toMatchObject({ mm: [0, 0, -0.5], flags: 0 });
  });

  it('lets the setpoint give way along the force, and towards the measured pose even against it', () => {
    expect(run({ wish: at(0, 0, 0.5), force: up }).mm).toEqual([0, 0, 0.5]);
    expect(run({ wish: at(0, 0, 4), last: at(0, 0, 5), force: up }).mm).toEqual([0, 0, 4]);
  });

  it('does not move at all when a wall turns the step against the force', () => {
    // f = (3, 0, 4)/5·25: the step (0.8, 0, -0.6) is across it; Δ stops x, and what is left goes against f.
    const { mm, flags } = run({
      wish: at(10.8, 0, -0.6),
      last: at(10, 0, 0),
      force: [15, 0, 20],
    });
    expect(mm).toEqual([10, 0, 0]);
    expect(flags & CLIPPED.force).toBe(CLIPPED.force);
  });

  it('above the soft limit the stiffness walks to its floor, 100 N/m a tick', () => {
    expect(run({ wish: at(0, 0, 0), force: up }).out[7]).toBe(1900);
    expect(run({ wish: at(0, 0, 0), last: at(0, 0, 0, 230), force: up }).out[7]).toBe(200);
  });

  it('lowers the stiffness at once where K·distance would pass 30 N: 3000 N/m at 15 mm may be 2000', () => {
    const last = at(9, 9, 8, 3000);
    const distance = Math.hypot(9, 9, 8) / 1000;
    const { out, flags } = run({ wish: last, last });
    expect(out[7]! * distance).toBeCloseTo(30, 9);
    expect(flags).toBe(CLIPPED.force | CLIPPED.stiffness);
    expect(run({ wish: at(9, 0, 0, 3000), last: at(9, 0, 0, 3000) })).toMatchObject({ flags: 0 });
  });
});

describe('stiffness', () => {
  it.each([
    [2000, 3000, 2100],
    [2000, 600, 1900],
    [2000, 2050, 2050],
    [2950, 9000, 3000],
    [250, -5, 200],
    [5000, 5000, 3000],
    [10, 10, 200],
  ])('from %d with a wish of %d goes to %d N/m', (last, wish, expected) => {
    const { out, flags } = run({ wish: at(0, 0, 0, wish), last: at(0, 0, 0, last) });
    expect(out[7]).toBe(expected);
    expect(flags).toBe(wish === expected ? 0 : CLIPPED.stiffness);
  });

  it.each([
    // 100 N/m of 2800 is the share 1/28 of the rotational range of 290 Nm/rad.
    [150, 300, 150 + 290 / 28],
    [150, 10, 150 - 290 / 28],
    [150, 151, 151],
    [299, 900, 300],
    [12, -9, 10],
  ])('of rotation from %d with a wish of %d goes to %d Nm/rad', (last, wish, expected) => {
    const { out, flags } = run({ wish: at(0, 0, 0, 2000, wish), last: at(0, 0, 0, 2000, last) });
    expect(out[8]).toBeCloseTo(expected, 9);
    expect(flags).toBe(wish === expected ? 0 : CLIPPED.stiffness);
  });

  it('has one value when its range is one value', () => {
    const one = { stiffness: [500, 500], stiffness_rotation: [50, 50] };
    const { out } = run({ wish: at(0, 0, 0, 900, 90), last: at(0, 0, 0, 500, 50) }, one);
    expect([out[7], out[8]]).toEqual([500, 50]);
  });
});

describe('rotation', () => {
  it('turns at most 5 mrad a tick (0.5 rad/s at 100 Hz), about the axis of the wish', () => {
    const { out, flags } = run({ wish: tilted(at(0, 0, 0), 0.05) });
    expect(angleOf(out)).toBeCloseTo(0.005, 12);
    expect(out[3]).toBeGreaterThan(0);
    expect(flags).toBe(CLIPPED.rotation);
  });

  it('reaches a nearer wish bit for bit', () => {
    const wish = tilted(at(0, 0, 0), 0.004);
    const { out, flags } = run({ wish });
    expect([...out]).toEqual([...wish]);
    expect(flags).toBe(0);
  });

  it('stays at the last orientation at speed scale 0', () => {
    const last = tilted(at(0, 0, 0), 0.004);
    expect([...run({ wish: at(0, 0, 0), last, scale: 0 }).out]).toEqual([...last]);
  });

  it('turns half as far at speed scale 0.5', () => {
    expect(angleOf(run({ wish: tilted(at(0, 0, 0), 0.05), scale: 0.5 }).out)).toBeCloseTo(0.0025, 12);
  });

  it('restores Δ at speed scale 0', () => {
    const last = tilted(at(0, 0, 0), 0.102);
    const { out, flags } = run({ wish: last, last, scale: 0 });
    expect(angleOf(out)).toBeCloseTo(0.1, 9);
    expect(flags).toBe(CLIPPED.rotation);
  });

  it('stays where it is, without conflict, where cone, Δ and rate disagree by the curvature of rotations alone', () => {
    const by = (s: Float64Array, x: number, y: number) => {
      const out = s.slice();
      rotateBy(Float64Array.of(x, y, 0), 0, 1, s, 3, out, 3);
      return out;
    };
    const pose = by(at(0, 0, 0), 0.3, 0.1);
    const last = by(pose, 0, -0.1);
    const { out, flags } = run({ wish: by(last, 0.02, 0), last, pose }, { speed_rotation: 2 });
    expect([...out.subarray(3, 7)]).toEqual([...last.subarray(3, 7)]);
    expect(flags).toBe(CLIPPED.rotation);
  });

  it('stays in the tilt cone of 0.2 rad about the reference', () => {
    const near = tilted(at(0, 0, 0), 0.198);
    const { out, flags } = run({ wish: tilted(at(0, 0, 0), 0.203), last: near, pose: near });
    expect(angleOf(out)).toBeCloseTo(0.2, 9);
    expect(flags).toBe(CLIPPED.rotation);
  });

  it('measures the cone from the reference that was set', () => {
    const pose = tilted(at(0, 0, 0), 0.5);
    const filter = new CartesianFilter(limitsOf());
    filter.setReference(pose);
    const out = new Float64Array(9);
    const wish = tilted(at(0, 0, 0), 0.503);
    expect(filter.apply(wish, pose, pose, new Float64Array(3), D, 1, out)).toBe(0);
    // And its rim: 0.2 rad from it, wherever it points.
    const away = at(0, 0, 0);
    away.set([0.1, 0.2, 0.3, Math.sqrt(1 - 0.14)], 3);
    filter.setReference(away);
    const near = tilted(away, 0.198);
    expect(filter.apply(tilted(away, 0.203), near, near, new Float64Array(3), D, 1, out)).toBe(CLIPPED.rotation);
    const dot = out.subarray(3, 7).reduce((sum, v, i) => sum + v * away[3 + i]!, 0);
    expect(2 * Math.acos(dot)).toBeCloseTo(0.2, 7);
  });

  it('lets a robot outside the cone turn back, and not further out', () => {
    const out = tilted(at(0, 0, 0), 0.3);
    expect(angleOf(run({ wish: tilted(at(0, 0, 0), 0.297), last: out, pose: out }).out)).toBeCloseTo(0.297, 9);
    const further = run({ wish: tilted(at(0, 0, 0), 0.304), last: out, pose: out });
    expect(angleOf(further.out)).toBeCloseTo(0.3, 9);
    expect(further.flags).toBe(CLIPPED.rotation);
  });

  it('keeps within 0.1 rad per axis of the measured orientation', () => {
    const last = tilted(at(0, 0, 0), 0.098);
    expect(angleOf(run({ wish: tilted(at(0, 0, 0), 0.103), last }).out)).toBeCloseTo(0.1, 9);
    const negative = run({ wish: tilted(at(0, 0, 0), -0.103), last: tilted(at(0, 0, 0), -0.098) });
    expect(negative.out[3]).toBeCloseTo(-Math.sin(0.05), 9);
  });

  it('gives way at once and says CONFLICT when the robot was turned further than the rate allows', () => {
    const { out, flags } = run({ wish: at(0, 0, 0), pose: tilted(at(0, 0, 0), 0.15) });
    expect(angleOf(out)).toBeCloseTo(0.05, 9);
    expect(flags).toBe(CLIPPED.rotation | CLIPPED.conflict);
  });

  it('takes the measured orientation itself where cone and Δ leave nothing else', () => {
    // Reference at 0; measured 0.25 about x, last 0.25 about y: Δ brings it to the corner (0.15…, 0.1…), outside the cone.
    const pose = tilted(at(0, 0, 0), 0.25);
    const last = tilted(at(0, 0, 0), 0.25, [0, 1, 0]);
    const { out, flags } = run({ wish: last, last, pose }, { reference_limit_rotation: 0.2, tilt: 0.05 });
    const lean = angleOf(out);
    expect(lean).toBeLessThanOrEqual(0.25 + 1e-9);
    expect(flags & CLIPPED.conflict).toBe(CLIPPED.conflict);
  });
});
