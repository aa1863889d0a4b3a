import { describe, expect, it } from 'vitest';
import { admissible, REFUSAL } from '../../../controllers/safety/cartesian/admissible.ts';
import { CartesianFilter } from '../../../controllers/safety/cartesian/filter.ts';
import { CLIPPED } from '../../../controllers/safety/envelope.ts';
import { limitsOf } from './arbitrary.ts';

/** x + z ≤ 0.7, twice as long a normal as it need be; the robot stands 1 mm inside it at [0.5 0 0.2 - √2 mm]. */
const limits = limitsOf({ planes: [{ normal: [2, 0, 2], offset: 1.4 }] });
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
