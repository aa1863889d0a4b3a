import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ROTATIONS, type RotationForm } from '../../../src/core/observation-schema.ts';
import {
  makeUnit,
  ROTATION_SIZE,
  relativeTo,
  slerp,
  writeRotation,
} from '../../../src/pipeline/observation/rotation.ts';

const R = Math.SQRT1_2;
const H = Math.PI / 2;

/** By hand: identity, quarter turns about each axis, a third of a turn about (1,1,1), half a turn about x. */
const KNOWN: [name: string, xyzw: number[], forms: Partial<Record<RotationForm, number[]>>][] = [
  [
    'no turn',
    [0, 0, 0, 1],
    {
      quat_wxyz: [1, 0, 0, 0],
      rot6d: [1, 0, 0, 0, 1, 0],
      rot6d_rows: [1, 0, 0, 0, 1, 0],
      axis_angle: [0, 0, 0],
      euler_rpy: [0, 0, 0],
    },
  ],
  [
    'a quarter about z: x goes to y, y to -x',
    [0, 0, R, R],
    {
      quat_xyzw: [0, 0, R, R],
      quat_wxyz: [R, 0, 0, R],
      rot6d: [0, 1, 0, -1, 0, 0],
      rot6d_rows: [0, -1, 0, 1, 0, 0],
      axis_angle: [0, 0, H],
      euler_rpy: [0, 0, H],
    },
  ],
  [
    'a quarter about x: y goes to z',
    [R, 0, 0, R],
    { rot6d: [1, 0, 0, 0, 0, 1], rot6d_rows: [1, 0, 0, 0, 0, -1], axis_angle: [H, 0, 0], euler_rpy: [H, 0, 0] },
  ],
  [
    'a quarter about y, where roll and yaw are one',
    [0, R, 0, R],
    { rot6d: [0, 0, -1, 0, 1, 0], rot6d_rows: [0, 0, 1, 0, 1, 0], axis_angle: [0, H, 0], euler_rpy: [0, H, 0] },
  ],
  [
    'a third of a turn about (1, 1, 1): x to y, y to z',
    [0.5, 0.5, 0.5, 0.5],
    {
      rot6d: [0, 1, 0, 0, 0, 1],
      rot6d_rows: [0, 0, 1, 1, 0, 0],
      axis_angle: new Array(3).fill((2 * Math.PI) / 3 / Math.sqrt(3)),
      euler_rpy: [H, 0, H],
    },
  ],
  [
    'half a turn about x',
    [1, 0, 0, 0],
    { rot6d: [1, 0, 0, 0, -1, 0], axis_angle: [Math.PI, 0, 0], euler_rpy: [Math.PI, 0, 0] },
  ],
  [
    'the long way, -270° about z',
    [0, 0, -R, -R],
    { axis_angle: [0, 0, H], euler_rpy: [0, 0, H], rot6d: [0, 1, 0, -1, 0, 0] },
  ],
];

describe('a rotation, in the form the policy was trained on', () => {
  for (const [name, xyzw, forms] of KNOWN)
    for (const [form, wanted] of Object.entries(forms) as [RotationForm, number[]][])
      it(`${name}, as ${form}`, () => {
        const out = new Float64Array(ROTATION_SIZE[form]);
        writeRotation(form, Float64Array.from(xyzw), 0, out, 0);
        expect(out).toHaveLength(wanted.length);
        for (const [i, v] of wanted.entries()) expect(out[i]).toBeCloseTo(v, 12);
      });
});

// ---- an independent way back: matrices ----------------------------------------------------------------------------------
type M = number[][];
const multiply = (a: M, b: M): M =>
  a.map((row) => b[0]!.map((_, j) => row.reduce((sum, v, k) => sum + v * b[k]![j]!, 0)));
const about = (axis: 0 | 1 | 2, angle: number): M => {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  if (axis === 0)
    return [
      [1, 0, 0],
      [0, c, -s],
      [0, s, c],
    ];
  return axis === 1
    ? [
        [c, 0, s],
        [0, 1, 0],
        [-s, 0, c],
      ]
    : [
        [c, -s, 0],
        [s, c, 0],
        [0, 0, 1],
      ];
};
const cross = (a: number[], b: number[]) => [
  a[1]! * b[2]! - a[2]! * b[1]!,
  a[2]! * b[0]! - a[0]! * b[2]!,
  a[0]! * b[1]! - a[1]! * b[0]!,
];
const transposed = (m: M): M => m[0]!.map((_, j) => m.map((row) => row[j]!));
/** Rodrigues. */
const exp = (r: number[]): M => {
  const angle = Math.hypot(...r);
  const [x, y, z] = angle === 0 ? [1, 0, 0] : r.map((v) => v / angle);
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const v = 1 - c;
  return [
    [c + x! * x! * v, x! * y! * v - z! * s, x! * z! * v + y! * s],
    [y! * x! * v + z! * s, c + y! * y! * v, y! * z! * v - x! * s],
    [z! * x! * v - y! * s, z! * y! * v + x! * s, c + z! * z! * v],
  ];
};
/** Columns: images of the axes under q v q*. */
const ofQuaternion = ([x, y, z, w]: number[]): M => {
  const u = [x!, y!, z!];
  const turn = (v: number[]) => {
    const t = cross(u, v).map((c) => 2 * c);
    const c = cross(u, t);
    return v.map((e, i) => e + w! * t[i]! + c[i]!);
  };
  return transposed([turn([1, 0, 0]), turn([0, 1, 0]), turn([0, 0, 1])]);
};
const BACK: Record<RotationForm, (v: number[]) => M> = {
  quat_xyzw: ofQuaternion,
  quat_wxyz: ([w, x, y, z]) => ofQuaternion([x!, y!, z!, w!]),
  rot6d: (v) => transposed([v.slice(0, 3), v.slice(3), cross(v.slice(0, 3), v.slice(3))]),
  rot6d_rows: (v) => [v.slice(0, 3), v.slice(3), cross(v.slice(0, 3), v.slice(3))],
  axis_angle: exp,
  euler_rpy: ([r, p, y]) => multiply(about(2, y!), multiply(about(1, p!), about(0, r!))),
};

const quaternion = fc
  .tuple(...[0, 1, 2, 3].map(() => fc.double({ min: -1, max: 1, noNaN: true })))
  .filter((q) => Math.hypot(...q) > 0.1)
  .map((q) => q.map((v) => v / Math.hypot(...q)));

describe('any rotation', () => {
  it.each(ROTATIONS)('comes back from %s as the same matrix', (form) => {
    fc.assert(
      fc.property(quaternion, (q) => {
        const out = new Float64Array(ROTATION_SIZE[form]);
        writeRotation(form, Float64Array.from(q), 0, out, 0);
        const back = BACK[form](Array.from(out)).flat();
        // Within 1e-6 rad of a gimbal lock roll is taken for 0, and is off by as much.
        const turned = ofQuaternion(q);
        const locked = form === 'euler_rpy' && Math.hypot(turned[0]![0]!, turned[1]![0]!) < 1.1e-6;
        const digits = locked ? 5 : 7;
        for (const [i, v] of turned.flat().entries()) expect(back[i]).toBeCloseTo(v, digits);
      }),
    );
  });

  it('comes back from euler_rpy beside a gimbal lock too', () => {
    const q = [-0.7071064280752861, -3.5355321359577855e-8, 0.7071071342976316, 0];
    const out = new Float64Array(3);
    writeRotation('euler_rpy', Float64Array.from(q), 0, out, 0);
    const back = BACK.euler_rpy(Array.from(out)).flat();
    for (const [i, v] of ofQuaternion(q).flat().entries()) expect(Math.abs(back[i]! - v)).toBeLessThan(2e-6);
  });

  it('times what it is relative to gives itself again', () => {
    fc.assert(
      fc.property(quaternion, quaternion, (q, reference) => {
        const left = Float64Array.from(q);
        relativeTo(Float64Array.from(reference), 0, left, 0);
        const back = multiply(ofQuaternion(Array.from(left)), ofQuaternion(reference)).flat();
        for (const [i, v] of ofQuaternion(q).flat().entries()) expect(back[i]).toBeCloseTo(v, 9);
      }),
    );
  });

  it('is followed along the arc at a steady speed, the short way round', () => {
    fc.assert(
      fc.property(quaternion, quaternion, fc.double({ min: 0, max: 1, noNaN: true }), (a, b, t) => {
        const out = new Float64Array(4);
        slerp(Float64Array.from(a), 0, Float64Array.from(b), 0, t, out, 0);
        const dot = (p: ArrayLike<number>, q: ArrayLike<number>) =>
          Math.abs([0, 1, 2, 3].reduce((sum, i) => sum + p[i]! * q[i]!, 0));
        const angle = (p: ArrayLike<number>, q: ArrayLike<number>) => Math.acos(Math.min(1, dot(p, q)));
        expect(Math.hypot(...out)).toBeCloseTo(1, 6);
        expect(angle(a, out)).toBeCloseTo(t * angle(a, b), 5);
      }),
    );
  });
});

describe('what is no rotation', () => {
  it.each([
    ['all zeros, a message that was never filled in', [0, 0, 0, 0]],
    ['twice too long', [0, 0, 0, 2]],
    ['NaN', [0, 0, Number.NaN, 1]],
  ])('%s is refused and left as it is', (_name, q) => {
    const v = Float64Array.from(q);
    expect(makeUnit(v, 0)).toBe(false);
    expect(Array.from(v)).toEqual(q);
  });

  it('a norm that is off by rounding is put right', () => {
    const v = Float64Array.of(9, 0, 0, 0.71, 0.71);
    expect(makeUnit(v, 1)).toBe(true);
    expect(v[3]).toBeCloseTo(R, 12);
    expect(v[0]).toBe(9);
  });
});
