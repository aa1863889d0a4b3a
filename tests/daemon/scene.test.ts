import { describe, expect, it } from 'vitest';
import { safetySchema } from '../../src/core/config-schema.ts';
import { scene, transforms } from '../../src/daemon/scene.ts';

const header = { stamp: { sec: 1, nanosec: 2 }, frame_id: 'base' };
const NOWHERE = Array<number>(7).fill(Number.NaN);
const at = (x: number, y: number, z: number) => [x, y, z, 0, 0, 0, 1];
const safety = (more: object = {}) => ({
  safety: safetySchema.parse({ risk: {}, force_soft: 10, force_limit: 20, ...more }),
});
interface Drawn {
  ns: string;
  type: number;
  color: { r: number; g: number; b: number };
  points: { x: number; y: number; z: number }[];
}
const drawn = (...args: Parameters<typeof scene>) => scene(...args).markers as Drawn[];

describe('transforms', () => {
  it('say each frame that is known in the frame of the header', () => {
    const frames = [
      { name: 'tip', pose: [1, 2, 3, 0.1, 0.2, 0.3, 0.9] },
      { name: 'setpoint', pose: [] },
      { name: 'target', pose: NOWHERE },
    ];
    expect(transforms(header, frames)).toEqual({
      transforms: [
        {
          header,
          child_frame_id: 'tip',
          transform: { translation: { x: 1, y: 2, z: 3 }, rotation: { x: 0.1, y: 0.2, z: 0.3, w: 0.9 } },
        },
      ],
    });
  });
});

describe('the scene', () => {
  it('has nothing to show where nothing is known', () => {
    expect(drawn(header, safety(), NOWHERE, NOWHERE, [0, 0, 0, 0, 0, 0])).toEqual([]);
  });

  it('shows the workspace by its twelve edges, each along one axis and on its faces', () => {
    const min = [-1, -2, -3];
    const max = [1, 2, 3];
    const [box, ...more] = drawn(header, safety({ pose_box: { min, max } }), NOWHERE, NOWHERE, []);
    expect(more).toEqual([]);
    expect(box).toMatchObject({ ns: 'workspace', type: 5 });
    const points = box!.points.map(({ x, y, z }) => [x, y, z]);
    expect(points).toHaveLength(24);
    const edges = new Set<string>();
    for (let i = 0; i < 24; i += 2) {
      const [a, b] = [points[i]!, points[i + 1]!];
      expect([a, b].every((p) => p.every((v, axis) => v === min[axis] || v === max[axis]))).toBe(true);
      expect(a.filter((v, axis) => v !== b[axis])).toHaveLength(1);
      edges.add(`${a} ${b}`);
    }
    expect(edges.size).toBe(12);
  });

  it('puts the box of the target where the target is', () => {
    const target_box = { min: [-0.1, -0.1, 0], max: [0.1, 0.1, 0.2] };
    const [box] = drawn(header, safety({ target_box }), NOWHERE, at(0.5, 0, 0.05), []);
    const zs = new Set(box!.points.map(({ z }) => z));
    expect(box!.ns).toBe('target');
    expect(zs).toEqual(new Set([0.05, 0.25]));
  });

  it.each([
    [[3, 0, -4], 'green', { x: 0.53, y: 0, z: 0.16 }, { r: 0.2, g: 0.8 }],
    [[0, 12, 0], 'amber above the soft limit', { x: 0.5, y: 0.12, z: 0.2 }, { r: 1, g: 0.6 }],
    [[0, 0, 21], 'red above the limit', { x: 0.5, y: 0, z: 0.41 }, { r: 1, g: 0.1 }],
  ])('shows a force of %j N as an arrow from the tip, 1 cm a newton, %s', (force, _colour, to, color) => {
    const [arrow] = drawn(header, safety(), at(0.5, 0, 0.2), NOWHERE, [...force, 9, 9, 9]);
    expect(arrow).toMatchObject({ ns: 'force', type: 0, color, points: [{ x: 0.5, y: 0, z: 0.2 }, {}] });
    for (const axis of ['x', 'y', 'z'] as const) expect(arrow!.points[1]![axis]).toBeCloseTo(to[axis], 12);
  });

  it('shows no force that is no number', () => {
    expect(drawn(header, safety(), at(0, 0, 0), NOWHERE, [Number.NaN, 0, 0])).toEqual([]);
  });
});
