import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { admissible, REFUSAL } from '../../../controllers/safety/cartesian/admissible.ts';
import { Brake } from '../../../controllers/safety/cartesian/brake.ts';
import { CartesianFilter } from '../../../controllers/safety/cartesian/filter.ts';
import { CLIPPED } from '../../../controllers/safety/envelope.ts';
import { limitsOf, RUNS } from './arbitrary.ts';

/** x + z ≤ 0.7, twice as long a normal as it need be; the robot stands 1 mm inside it at [0.5 0 0.2 - √2 mm]. */
const PLANES = [{ normal: [2, 0, 2], offset: 1.4 }];
const limits = limitsOf({ planes: PLANES });
const z = 0.2 - Math.SQRT2 * 0.001;
const at = (x: number, zz: number) => Float64Array.of(x, 0, zz, 0, 0, 0, 1, 2000, 150);
const still = {
  force: new Float64Array(3),
  reference: Float64Array.of(0, 0, 0, 1),
  target: new Float64Array(3).fill(NaN),
};

function filtered(wish: Float64Array, last = at(0.5, z), pose = last.slice(0, 7), elapsed = 0.01) {
  const out = new Float64Array(9);
  const flags = new CartesianFilter(limits).apply(wish, last, pose, still.force, elapsed, 1, out);
  const refusal = REFUSAL[admissible(out, { last, pose, elapsed, ...still }, limits)];
  return { out, flags, refusal, x: (out[0]! - last[0]!) * 1000, dz: (out[2]! - last[2]!) * 1000 };
}

describe('a half-space of the workspace', () => {
  it('lets a step along it pass, bit for bit', () => {
    const wish = at(0.5005, z - 0.0005);
    const { out, flags } = filtered(wish);
    expect([...out]).toEqual([...wish]);
    expect(flags).toBe(0);
  });

  it('takes a step through it back onto the plane, the shortest way', () => {
    // One tick is 1 mm; 0.9 mm along x from 1 mm inside (0.636 mm along the normal) ends 0.4 mm before the plane.
    expect(filtered(at(0.5009, z))).toMatchObject({ flags: 0, refusal: '' });
    const near = at(0.5, 0.2 - 0.0002);
    const { flags, x, dz, refusal } = filtered(at(0.5009, 0.2 - 0.0002), near);
    expect(flags).toBe(CLIPPED.plane);
    // 0.7 mm too far in x + z: half of it from each.
    expect(x).toBeCloseTo(0.55, 9);
    expect(dz).toBeCloseTo(-0.35, 9);
    expect(refusal).toBe('');
  });

  it('of a robot that was pushed outside opens the way back in, and not further out', () => {
    const pose = at(0.502, 0.2).slice(0, 7);
    const out = filtered(at(0.6, 0.2), at(0.502, 0.2), pose);
    expect(out).toMatchObject({ flags: CLIPPED.speed | CLIPPED.plane, refusal: '' });
    // Sliding along the wall that now runs through the measured tip.
    expect(out.x).toBeCloseTo(0.5, 9);
    expect(out.dz).toBeCloseTo(-0.5, 9);
    expect(filtered(at(0.5, 0.2), at(0.502, 0.2), pose)).toMatchObject({ flags: CLIPPED.speed, refusal: '' });
  });

  it('of a robot that was pulled back in a little takes the setpoint along, without conflict', () => {
    // x + y + z ≤ 0.8: the setpoint is 0.64 mm from the tip that fell back inside, in all three axes.
    const three = limitsOf({ planes: [{ normal: [1, 1, 1], offset: 0.8 }] });
    const last = Float64Array.of(0.5004, 0.1003, 0.2004, 0, 0, 0, 1, 2000, 150);
    const pose = Float64Array.of(0.5, 0.1, 0.2, 0, 0, 0, 1);
    const out = new Float64Array(9);
    expect(new CartesianFilter(three).apply(last, last, pose, still.force, 0.01, 1, out)).toBe(CLIPPED.plane);
    expect([...out.subarray(0, 3)]).toEqual([0.5, 0.1, 0.2]);
    // Exactly the rate of 1 mm is no conflict either, and a bit more is.
    for (const [mm, flags] of [
      [1 + 5e-10, CLIPPED.plane],
      [1 + 3e-9, CLIPPED.plane | CLIPPED.conflict],
    ] as const) {
      const far = Float64Array.of(0.5 + mm / 1000, 0.1, 0.2, 0, 0, 0, 1, 2000, 150);
      expect(new CartesianFilter(three).apply(far, far, pose, still.force, 0.01, 1, out)).toBe(flags);
    }
  });

  it('is left along it where a floor holds the shortest way', () => {
    // From the tip on a floor at z = 0.2, with x + z ≤ 0.7002: 0.9 mm along x are 0.7 mm too far, half of it from each of
    // x and z; the floor gives z back; of the 0.55 mm that are left, the plane allows 0.2 mm.
    const box = { pose_box: { min: [0.3, -0.2, 0.2], max: [0.7, 0.2, 0.4] } };
    const corner = limitsOf({ ...box, planes: [{ normal: [1, 0, 1], offset: 0.7002 }] });
    const last = at(0.5, 0.2);
    const out = new Float64Array(9);
    const flags = new CartesianFilter(corner).apply(at(0.5009, 0.2), last, last, still.force, 0.01, 1, out);
    expect(flags).toBe(CLIPPED.plane);
    expect((out[0]! - 0.5) * 1000).toBeCloseTo(0.2, 9);
    expect(out[2]).toBeCloseTo(0.2, 12);
    // And under a ceiling, with x - z.
    const ceiling = { pose_box: { min: [0.3, -0.2, 0], max: [0.7, 0.2, 0.2] } };
    const roof = limitsOf({ ...ceiling, planes: [{ normal: [1, 0, -1], offset: 0.3002 }] });
    new CartesianFilter(roof).apply(at(0.5009, 0.2), last, last, still.force, 0.01, 1, out);
    expect((out[0]! - 0.5) * 1000).toBeCloseTo(0.2, 9);
    expect(out[2]).toBeCloseTo(0.2, 12);
  });

  it('that is not broken does not draw the setpoint to itself', () => {
    const two = limitsOf({
      planes: [...PLANES, { normal: [0, 1, 0], offset: 0.1 }, { normal: [0, -1, 0], offset: 0.1 }],
    });
    const near = at(0.5, 0.2 - 0.0002);
    const out = new Float64Array(9);
    new CartesianFilter(two).apply(at(0.5009, 0.2 - 0.0002), near, near, still.force, 0.01, 1, out);
    expect((out[0]! - 0.5) * 1000).toBeCloseTo(0.55, 9);
    expect(out[1]).toBe(0);
  });

  it('with y in its normal counts y', () => {
    const slanted = limitsOf({ planes: [{ normal: [0, 1, 1], offset: 0.2002 }] });
    const out = new Float64Array(9);
    const wish = Float64Array.of(0.5, 0.0009, 0.2, 0, 0, 0, 1, 2000, 150);
    expect(new CartesianFilter(slanted).apply(wish, at(0.5, 0.2), at(0.5, 0.2), still.force, 0.01, 1, out)).toBe(
      CLIPPED.plane,
    );
    expect(out[1]! * 1000).toBeCloseTo(0.55, 9);
    expect((out[2]! - 0.2) * 1000).toBeCloseTo(-0.35, 9);
  });

  it('of a robot that was pulled back in takes the setpoint along, and says conflict', () => {
    const pose = at(0.5, z).slice(0, 7);
    const { out, flags, refusal } = filtered(at(0.6, 0.2), at(0.503, 0.2), pose);
    expect([...out.subarray(0, 3)]).toEqual([...pose.subarray(0, 3)]);
    expect(flags & (CLIPPED.plane | CLIPPED.conflict)).toBe(CLIPPED.plane | CLIPPED.conflict);
    expect(refusal).toBe('');
  });

  it('is in the post-check: what the filter would let through is refused', () => {
    const last = at(0.5, 0.2 - 1e-4);
    const pose = last.slice(0, 7);
    const judge = (x: number) =>
      REFUSAL[admissible(at(x, 0.2 - 1e-4), { last, pose, elapsed: 0.01, ...still }, limits)];
    expect(judge(0.5001)).toBe('');
    expect(judge(0.5001 + 1e-8)).toBe('workspace_plane');
  });

  it('without a direction is refused at the start', () => {
    expect(() => limitsOf({ planes: [{ normal: [0, 0, 0], offset: 1 }] })).toThrow(/normal \[0,0,0\]/);
  });
});

describe('the braking law beside a half-space', () => {
  /** Where it goes from `last` in a tick, mm from `last`. */
  function braked(plane: { normal: number[]; offset: number }, last: number[], pose: number[], q = [0, 0, 0, 1]) {
    const out = new Float64Array(9);
    const from = Float64Array.of(...last, ...q, 2000, 150);
    new Brake(limitsOf({ planes: [plane] })).step(from, Float64Array.of(...pose, ...q), 0.01, out);
    return last.map((v, i) => Number(((out[i]! - v) * 1000).toFixed(6)) + 0);
  }

  it('that is not in the way goes 1 mm a tick', () => {
    expect(braked({ normal: [1, 1, 1], offset: 1 }, [0.503, 0.1, 0.204], [0.5, 0.1, 0.2])).toEqual([-0.6, 0, -0.8]);
  });

  it('on which both ends are goes along it', () => {
    expect(braked({ normal: [1, 0, 0], offset: 0.5 }, [0.5, 0.003, 0.204], [0.5, 0, 0.2])).toEqual([0, -0.6, -0.8]);
  });

  it('past which the robot was pushed goes to it at the same rate, whatever its orientation', () => {
    const [last, pose] = [
      [0.502, 0.003, 0.2],
      [0.506, 0, 0.2],
    ];
    expect(braked({ normal: [1, 0, 0], offset: 0.5 }, last!, pose!)).toEqual([0.8, -0.6, 0]);
    const leaning = [-0.6, 0, 0, 0.8];
    expect(braked({ normal: [1, 0, 0], offset: 0.5 }, last!, pose!, leaning)).toEqual([0.8, -0.6, 0]);
  });

  it('past which the setpoint is, and the robot is not, takes it to the robot at once', () => {
    expect(braked({ normal: [1, 0, 0], offset: 0.5 }, [0.504, 0.003, 0.2], [0.5, 0, 0.2])).toEqual([-4, -3, 0]);
  });
});

describe('a robot that was pushed away from its setpoint beside a half-space', () => {
  // x + y + z ≤ 0.7 runs through the measured tip; the setpoint is on it too, but further than Δ = 10 mm away.
  const pushed = limitsOf({ planes: [{ normal: [1, 1, 1], offset: 0.7 }] });
  const mm = (x: number, y: number, zz: number) =>
    Float64Array.of(0.5 + x / 1000, y / 1000, 0.2 + zz / 1000, 0, 0, 0, 1, 2000, 150);
  const pose = mm(0, 0, 0).slice(0, 7);
  const judge = (out: Float64Array, last: Float64Array, force = still.force) =>
    REFUSAL[admissible(out, { last, pose, elapsed: 0.01, ...still, force }, pushed)];

  it.each([[mm(-20, 10, 10)], [mm(-19, 9, 9)], [mm(-12, 6, 6)], [mm(-10.4, 5.2, 5.2)]])(
    'is asked for nothing that breaks one limit to keep another: %#',
    (last) => {
      for (const force of [
        still.force,
        Float64Array.of(0, 0, -25),
        Float64Array.of(0, 25, 0),
        Float64Array.of(25, 0, 0),
      ]) {
        const out = new Float64Array(9);
        const flags = new CartesianFilter(pushed).apply(last, last, pose, force, 0.01, 1, out);
        expect(judge(out, last, force)).toBe('');
        // Only the measured tip keeps Δ and the plane.
        for (let i = 0; i < 3; i++) expect(out[i]).toBeCloseTo(pose[i]!, 12);
        expect(flags & (CLIPPED.plane | CLIPPED.conflict)).toBe(CLIPPED.plane | CLIPPED.conflict);
        new Brake(pushed).step(last, pose, 0.01, out);
        expect(judge(out, last, force)).toBe('');
      }
    },
  );

  it('goes no nearer to the measured tip than the half-space asks for', () => {
    // The plane is 3 mm along the normal behind the tip. Δ takes 2 mm of x; the setpoint then is past it by 1/√3 mm.
    const wide = limitsOf({ planes: [{ normal: [1, 1, 1], offset: 0.7 + 0.009 }] });
    const last = mm(-12, 10, 10);
    const out = new Float64Array(9);
    const flags = new CartesianFilter(wide).apply(last, last, pose, still.force, 0.01, 1, out);
    // (-10, 10, 10) is at 10 of 9 mm: nine tenths of the way out.
    expect((out[0]! - 0.5) * 1000).toBeCloseTo(-9, 9);
    expect(out[1]! * 1000).toBeCloseTo(9, 9);
    expect((out[2]! - 0.2) * 1000).toBeCloseTo(9, 9);
    expect(flags & CLIPPED.conflict).toBe(CLIPPED.conflict);
    expect(REFUSAL[admissible(out, { last, pose, elapsed: 0.01, ...still }, wide)]).toBe('');
  });

  it('is left at the measured tip, where the last setpoint is past it and every way back pushes on', () => {
    // x ≤ 0.5. Of (-0.7, -0.5) mm what goes against the force, 0.17 mm, is taken out; 0.35 mm of y still push on.
    const wall = limitsOf({ planes: [{ normal: [1, 0, 0], offset: 0.5 }] });
    const last = mm(0.5, 0, 0);
    const tip = mm(-0.5, 0, 0).slice(0, 7);
    const force = Float64Array.of(-10, 22, 0);
    const out = new Float64Array(9);
    const flags = new CartesianFilter(wall).apply(mm(-0.2, -0.5, 0), last, tip, force, 0.01, 1, out);
    expect([...out.subarray(0, 3)]).toEqual([...tip.subarray(0, 3)]);
    expect(flags & CLIPPED.force).toBe(CLIPPED.force);
    expect(REFUSAL[admissible(out, { last, pose: tip, elapsed: 0.01, ...still, force }, wall)]).toBe('');
  });

  it('for every half-space and every push: the post-check takes what filter and braking law make of it', () => {
    const side = fc.double({ min: -1, max: 1, noNaN: true });
    const far = fc.double({ min: -25, max: 25, noNaN: true });
    const small = fc.double({ min: -0.5, max: 0.5, noNaN: true });
    const three = (a: fc.Arbitrary<number>) => fc.tuple(a, a, a);
    fc.assert(
      fc.property(
        three(side),
        three(side),
        three(far),
        three(small),
        three(fc.double({ min: -30, max: 30, noNaN: true })),
        fc.double({ min: 0, max: 5, noNaN: true }),
        (n, m, away, wished, force, room) => {
          fc.pre(Math.hypot(...n) > 0.1 && Math.hypot(...m) > 0.1);
          const plane = (normal: number[]) => {
            const tip = normal[0]! * 0.5 + normal[2]! * 0.2;
            return { normal, offset: tip + (room / 1000) * Math.hypot(...normal) };
          };
          const limits = limitsOf({ planes: [plane(n), plane(m)] });
          const last = mm(...away);
          const wish = mm(...(away.map((v, i) => v + wished[i]!) as [number, number, number]));
          const pull = Float64Array.from(force);
          const judged = { last, pose, elapsed: 0.01, ...still, force: pull };
          const out = new Float64Array(9);
          new CartesianFilter(limits).apply(wish, last, pose, pull, 0.01, 1, out);
          expect(REFUSAL[admissible(out, judged, limits)]).toBe('');
          new Brake(limits).step(last, pose, 0.01, out);
          expect(REFUSAL[admissible(out, judged, limits)]).toBe('');
        },
      ),
      { numRuns: Math.ceil(RUNS.numRuns / 4) },
    );
  });
});
