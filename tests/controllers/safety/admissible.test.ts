import { describe, expect, it } from 'vitest';
import { admissible, type Judged, REFUSAL } from '../../../controllers/safety/cartesian/admissible.ts';
import { rotateBy } from '../../../src/core/geometry.ts';
import { limitsOf } from './arbitrary.ts';

const at = (x: number, y: number, z: number, k = 2000, r = 150): Float64Array =>
  Float64Array.of(0.5 + x / 1000, y / 1000, 0.2 + z / 1000, 0, 0, 0, 1, k, r);
const tilted = (s: Float64Array, angle: number): Float64Array => {
  const out = s.slice();
  rotateBy(Float64Array.of(1, 0, 0), 0, angle, s, 3, out, 3);
  return out;
};
function refusal(s: Float64Array, by: Partial<Judged> = {}, changes: Record<string, unknown> = {}): string {
  const judged: Judged = {
    last: at(0, 0, 0),
    pose: at(0, 0, 0),
    force: new Float64Array(3),
    elapsed: 0.01,
    target: new Float64Array(3).fill(Number.NaN),
    reference: Float64Array.of(0, 0, 0, 1),
    ...by,
  };
  return REFUSAL[admissible(s, judged, limitsOf(changes))]!;
}
const put = (s: Float64Array, i: number, v: number): Float64Array => {
  const out = s.slice();
  out[i] = v;
  return out;
};

describe('the post-check', () => {
  it('admits a setpoint at every limit at once', () => {
    expect(refusal(at(1, 0, 0, 2100))).toBe('');
    expect(refusal(at(10, 0, 0), { last: at(10, 0, 0) })).toBe('');
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8])('refuses NaN and infinity in element %d', (i) => {
    expect(refusal(put(at(0, 0, 0), i, Number.NaN))).toBe('not_finite');
    expect(refusal(put(at(0, 0, 0), i, Number.NEGATIVE_INFINITY))).toBe('not_finite');
  });

  it('refuses a quaternion that is not of unit length', () => {
    expect(refusal(put(at(0, 0, 0), 6, 1.001))).toBe('not_unit_quaternion');
    expect(refusal(put(at(0, 0, 0), 6, 0))).toBe('not_unit_quaternion');
  });

  it.each([0, 1, 2])('refuses more than Δ from the measured pose on axis %d, to either side', (i) => {
    for (const side of [-1, 1]) {
      const s = at(0, 0, 0);
      s[i] = s[i]! + side * 0.01001;
      expect(refusal(s, { last: s })).toBe('reference_limit');
    }
  });

  it('refuses what is outside the pose box, unless the measured pose is further out', () => {
    const box = { pose_box: { min: [0.499, -0.1, 0.1], max: [0.501, 0.1, 0.3] } };
    for (const x of [-1.1, 1.1]) expect(refusal(at(x, 0, 0), { last: at(x, 0, 0) }, box)).toBe('pose_box');
    expect(refusal(at(1.1, 0, 0), { last: at(1.1, 0, 0), pose: at(2, 0, 0) }, box)).toBe('');
    expect(refusal(at(-1.1, 0, 0), { last: at(-1.1, 0, 0), pose: at(-2, 0, 0) }, box)).toBe('');
    expect(refusal(at(2.1, 0, 0), { last: at(2.1, 0, 0), pose: at(2, 0, 0) }, box)).toBe('pose_box');
  });

  it('refuses what is outside the target box, once the target is known', () => {
    const box = { target_box: { min: [-0.01, -0.01, -0.01], max: [0.01, 0.01, 0.01] } };
    const target = at(-9.5, 0, 0);
    expect(refusal(at(0.6, 0, 0), { target }, box)).toBe('target_box');
    expect(refusal(at(0.4, 0, 0), { target }, box)).toBe('');
    expect(refusal(at(0.6, 0, 0), {}, box)).toBe('');
    expect(refusal(at(-0.6, 0, 0), { target: at(9.5, 0, 0) }, box)).toBe('target_box');
  });

  it('refuses a step beyond the rate, as a whole vector', () => {
    expect(refusal(at(1.001, 0, 0))).toBe('speed');
    expect(refusal(at(0.8, 0.8, 0))).toBe('speed');
    expect(refusal(at(0.6, 0, -0.8))).toBe('');
    expect(refusal(at(0.6, 0, 0), { elapsed: 0.005 })).toBe('speed');
    expect(refusal(at(1.001, 0, 0), { elapsed: 9 })).toBe('speed');
    expect(refusal(at(0.001, 0, 0), { elapsed: -1 })).toBe('speed');
    expect(refusal(at(0.001, 0, 0), { elapsed: Number.NaN })).toBe('speed');
  });

  it('admits a faster step only towards the measured pose, and only where the last setpoint broke a limit', () => {
    expect(refusal(at(5, 0, 0), { last: at(15, 0, 0) })).toBe('');
    expect(refusal(at(5, 0, 0), { last: at(9, 0, 0) })).toBe('speed');
    // Past the measured pose is not towards it.
    expect(refusal(at(-0.1, 0, 0), { last: at(15, 0, 0) })).toBe('speed');
    const box = { pose_box: { min: [0.499, -0.1, 0.1], max: [0.501, 0.1, 0.3] } };
    expect(refusal(at(0.9, 0, 0), { last: at(5, 0, 0) }, box)).toBe('');
    expect(refusal(at(-0.9, 0, 0), { last: at(-5, 0, 0) }, box)).toBe('');
    const target = at(0, 0, 0);
    const around = { target_box: { min: [-0.001, -0.1, -0.1], max: [0.001, 0.1, 0.1] } };
    expect(refusal(at(0.9, 0, 0), { last: at(5, 0, 0), target }, around)).toBe('');
    expect(refusal(at(-0.9, 0, 0), { last: at(-5, 0, 0), target }, around)).toBe('');
    expect(refusal(at(0.9, 0, 0), { last: at(5, 0, 0) }, around)).toBe('speed');
    expect(refusal(at(0.9, 0, 0), { last: at(5, 0, 0), target })).toBe('speed');
  });

  it('admits it on the axis that broke a limit alone; with half-spaces, which couple the axes, on all', () => {
    expect(refusal(at(9, 3, 0), { last: at(15, 5, 0) })).toBe('speed');
    const planes = { planes: [{ normal: [0, 0, 1], offset: 1 }] };
    expect(refusal(at(9, 3, 0), { last: at(15, 5, 0) }, planes)).toBe('');
    expect(refusal(at(5, 0, 0), { last: at(9, 0, 0) }, planes)).toBe('speed');
  });

  it('calls nothing broken inside the boxes, on either side of the tip and of the target', () => {
    const around = { target_box: { min: [-0.02, -0.1, -0.1], max: [0.03, 0.1, 0.1] } };
    for (const side of [-1, 1]) {
      const last = at(9 * side, 0, 0);
      expect(refusal(at(5 * side, 0, 0), { last })).toBe('speed');
      expect(refusal(at(5 * side, 0, 0), { last, target: at(0, 0, 0) }, around)).toBe('speed');
    }
  });

  it('takes a wall for inside', () => {
    const box = { pose_box: { min: [0.499, -0.1, 0.1], max: [0.501, 0.1, 0.3] } };
    for (const x of [0.499, 0.501]) {
      const s = put(at(0, 0, 0), 0, x);
      expect(refusal(s, { last: s }, box)).toBe('');
    }
  });

  it('refuses more than 0.1 rad from the measured orientation, about any axis', () => {
    for (const angle of [0.1001, -0.1001]) {
      const s = tilted(at(0, 0, 0), angle);
      expect(refusal(s, { last: s })).toBe('reference_limit_rotation');
    }
    const s = tilted(at(0, 0, 0), 0.0999);
    expect(refusal(s, { last: s })).toBe('');
  });

  it('measures that about each axis of the base, however the tip is turned itself', () => {
    const pose = at(0, 0, 0);
    pose.set([0.1, 0.2, 0.3, Math.sqrt(1 - 0.14)], 3);
    const turned = (x: number, y: number, z: number) => {
      const s = pose.slice();
      rotateBy(Float64Array.of(x, y, z), 0, 1, pose, 3, s, 3);
      return refusal(s, { last: s, pose, reference: pose.slice(3, 7) });
    };
    for (const [x, y, z] of [
      [1, 0, 0],
      [0, -1, 0],
      [0, 0, 1],
    ] as const) {
      expect(turned(0.1001 * x, 0.1001 * y, 0.1001 * z)).toBe('reference_limit_rotation');
      expect(turned(0.0999 * x, 0.0999 * y, 0.0999 * z)).toBe('');
    }
    // 0.173 rad in all.
    for (const side of [-1, 1]) {
      expect(turned(0.0999 * side, 0.0998, 0.0997)).toBe('');
      expect(turned(0.0997, 0.0999 * side, -0.0998)).toBe('');
      expect(turned(0.0998, 0.0997, 0.0999 * side)).toBe('');
      expect(turned(0.1001 * side, 0.08, 0.06)).toBe('reference_limit_rotation');
      expect(turned(-0.06, 0.1001 * side, 0.08)).toBe('reference_limit_rotation');
      expect(turned(0.08, -0.06, 0.1001 * side)).toBe('reference_limit_rotation');
    }
  });

  it('refuses a tilt beyond the cone, unless the robot leans further', () => {
    const s = tilted(at(0, 0, 0), 0.21);
    const pose = tilted(at(0, 0, 0), 0.15);
    expect(refusal(s, { last: s, pose })).toBe('tilt');
    expect(refusal(s, { last: s, pose: tilted(at(0, 0, 0), 0.22) })).toBe('');
  });

  it('takes q and -q for the same orientation', () => {
    const s = at(0, 0, 0);
    s[6] = -1;
    expect(refusal(s)).toBe('');
  });

  it('refuses a turn beyond the rate, unless it restores Δ or the cone', () => {
    expect(refusal(tilted(at(0, 0, 0), 0.00501))).toBe('speed_rotation');
    expect(refusal(tilted(at(0, 0, 0), 0.00499))).toBe('');
    expect(refusal(tilted(at(0, 0, 0), 0.05), { last: tilted(at(0, 0, 0), 0.09) })).toBe('speed_rotation');
    expect(refusal(tilted(at(0, 0, 0), 0.05), { last: tilted(at(0, 0, 0), 0.15) })).toBe('');
    expect(refusal(tilted(at(0, 0, 0), 0.05), { last: tilted(at(0, 0, 0), 0.09) }, { tilt: 0.06 })).toBe('');
    expect(refusal(tilted(at(0, 0, 0), -0.099), { last: tilted(at(0, 0, 0), 0.15) })).toBe('');
    expect(refusal(tilted(at(0, 0, 0), 0.099), { last: tilted(at(0, 0, 0), 0.0989) })).toBe('');
    // Inside Δ about each axis, and further from the tip than the last one, which was outside about one.
    const far = at(0, 0, 0);
    rotateBy(Float64Array.of(0.09, 0.09, 0.09), 0, 1, at(0, 0, 0), 3, far, 3);
    expect(refusal(far, { last: tilted(at(0, 0, 0), 0.101) })).toBe('speed_rotation');
  });

  it('refuses stiffness outside its range', () => {
    expect(refusal(at(0, 0, 0, 199))).toBe('stiffness');
    expect(refusal(at(0, 0, 0, 3001), { last: at(0, 0, 0, 3001) })).toBe('stiffness');
    expect(refusal(at(0, 0, 0, 2000, 9))).toBe('stiffness');
    expect(refusal(at(0, 0, 0, 2000, 301))).toBe('stiffness');
  });

  it('refuses stiffness that rises faster than 100 N/m a tick, but never the floor', () => {
    expect(refusal(at(0, 0, 0, 2101))).toBe('stiffness_rate');
    expect(refusal(at(0, 0, 0, 300))).toBe('');
    expect(refusal(at(0, 0, 0, 200), { last: at(0, 0, 0, 50) })).toBe('');
    expect(refusal(at(0, 0, 0, 201), { last: at(0, 0, 0, 50) })).toBe('stiffness_rate');
  });

  it('refuses a pull above 30 N', () => {
    const s = at(10, 10, 8, 1900);
    expect(refusal(s, { last: s })).toBe('force');
    const soft = at(10, 10, 8, 1800);
    expect(refusal(soft, { last: soft })).toBe('');
  });

  it('refuses to push on above the soft force, and nothing else', () => {
    const force = Float64Array.of(0, 0, 23);
    expect(refusal(at(0, 0, -0.5), { force })).toBe('pushes_on');
    expect(refusal(at(0, 0, 0.5), { force })).toBe('');
    expect(refusal(at(0.5, 0, 0), { force })).toBe('');
    expect(refusal(at(0, 0, 0.5), { force, last: at(0, 0, 1) })).toBe('');
    expect(refusal(at(0, 0, -0.5), { force: Float64Array.of(0, 0, 22) })).toBe('');
    expect(refusal(at(0, -0.5, 0), { force: Float64Array.of(0, 23, 0) })).toBe('pushes_on');
    // 2.2 - 2 mJ: along the force as a whole.
    expect(refusal(at(0.1, -0.5, 0), { force: Float64Array.of(22, 4, 0) })).toBe('');
  });
});

describe('the post-check near the target, with 0.03 m/s within 20 mm of it', () => {
  const approach = { approach: { distance: 0.02, speed: 0.03 } };
  const step = (from: number[], by: number[], rest: Partial<Judged> = {}, changes: object = approach): string => {
    const [x, y, z] = from as [number, number, number];
    const [dx, dy, dz] = by as [number, number, number];
    const last = at(x, y, z);
    return refusal(at(x + dx, y + dy, z + dz), { last, pose: last, target: at(0, 0, -30), ...rest }, { ...changes });
  };

  it('refuses a step beyond 0.3 mm in any direction, as a whole vector', () => {
    expect(step([0, 0, -10.1], [0, 0, -0.3])).toBe('');
    expect(step([0, 0, -10.1], [0, 0, -0.301])).toBe('approach');
    expect(step([0, 0, -10.1], [0, 0, 0.301])).toBe('approach');
    expect(step([0, 0, -40], [0.2, 0.2, -0.11])).toBe('approach');
    expect(step([0, 0, -40], [0.2, 0.2, -0.09])).toBe('');
    expect(step([0, 0, -40], [0, 0.151, 0], { elapsed: 0.005 })).toBe('approach');
    expect(step([0, 0, -40], [0, 0.149, 0], { elapsed: 0.005 })).toBe('');
  });

  it('admits full speed further off, by the distance of the setpoint', () => {
    expect(step([0, 0, -9.9], [0, 0, -1])).toBe('');
    expect(step([0, 0, -50.1], [0, 0, 1])).toBe('');
    expect(step([12, 12, -30], [0.301, 0, 0])).toBe('approach');
    expect(step([15, 15, -30], [1, 0, 0])).toBe('');
    expect(step([-12, 0, -42], [0, 0.301, 0])).toBe('approach');
    expect(step([-15, 0, -45], [0, 1, 0])).toBe('');
    expect(step([0, 0, -9], [0, 0, 1], { pose: at(0, 0, -11) })).toBe('');
    expect(step([0, 0, -11], [0, 0, -1], { pose: at(0, 0, -9) })).toBe('approach');
  });

  it('takes a target that is not known for near, and asks nothing where there is no approach', () => {
    const target = new Float64Array(3).fill(Number.NaN);
    expect(step([0, 0, 50], [0.301, 0, 0], { target })).toBe('approach');
    expect(step([0, 0, 50], [1, 0, 0], { target }, {})).toBe('');
    expect(step([0, 0, -29], [1, 0, 0], {}, {})).toBe('');
  });

  it('admits any slowing: towards the measured pose a setpoint may go at full speed, and no further', () => {
    const pose = at(0, 0, -20);
    expect(step([5, 0, -20], [-1, 0, 0], { pose })).toBe('');
    expect(step([5, 0, -20], [0.301, 0, 0], { pose })).toBe('approach');
    expect(step([0.2, 0, -20], [-0.4, 0, 0], { pose })).toBe('approach');
    expect(step([5, 0, -20], [-0.9, 0.299, 0], { pose })).toBe('');
    expect(step([5, 0, -20], [-0.9, 0.301, 0], { pose })).toBe('approach');
    // Δ is restored by as much as it takes.
    expect(step([15, 0, -20], [-5, 0.299, 0], { pose })).toBe('');
    expect(step([15, 0, -20], [-5, 0.301, 0], { pose })).toBe('approach');
  });

  it('says speed of what is too fast anywhere', () => {
    expect(step([0, 0, -29], [1.001, 0, 0])).toBe('speed');
  });
});
