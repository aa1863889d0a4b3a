import { describe, expect, it } from 'vitest';
import { CLIPPED } from '../../../../controllers/safety/envelope.ts';
import { twistLimits } from '../../../../controllers/safety/twist/limits.ts';
import { TwistMotion } from '../../../../controllers/safety/twist/motion.ts';
import { TwistScene } from '../../../../controllers/safety/twist/scene.ts';
import { makeRobotState } from '../../../../src/core/signals.ts';
import { BaseRig, baseOf, baseSafety, post } from './base.ts';
import { limitsOf, type Moving, motionOf } from './table.ts';

const limits = twistLimits(baseSafety({ delay_ms: 0 }), baseOf());

function odometry(scene: TwistScene, ms: number, x: number, y = 0, heading = 0, v = 0, w = 0, vy = 0) {
  const state = makeRobotState(0);
  state.stampNs = ms * 1e6;
  state.pose.set([x, y, 0, 0, 0, Math.sin(heading / 2), Math.cos(heading / 2)]);
  state.twist.set([v, vy, 9, 9, 9, w]);
  scene.observe(state);
  return state;
}
const see = (scene: TwistScene, ms: number, ...points: number[]) =>
  scene.see({
    ...{ sensor: 0, stampNs: ms * 1e6, receivedNs: 0, beams: 1, invalid: 0, count: points.length / 2 },
    points: Float64Array.from(points),
  });

describe('obstacles stand where they stood when they were seen', () => {
  const looked = (scene: TwistScene, state: ReturnType<typeof odometry>) => {
    const motion = new TwistMotion(limits);
    motion.predict(0, 0);
    scene.look(state, motion);
    return Array.from({ length: scene.count }, (_, i) =>
      [scene.x[i]! * scene.distance[i]!, scene.y[i]! * scene.distance[i]!, scene.gap[i]!].map((v) => +v.toFixed(6) + 0),
    );
  };

  it('a reading is placed by the odometry of its stamp, not of its arrival', () => {
    const scene = new TwistScene(limits);
    odometry(scene, 0, 0);
    odometry(scene, 100, 0.2);
    const now = odometry(scene, 200, 0.4);
    // Halfway between 0 and 0.2 m, 1 m ahead: at 1.1 m, which is 0.7 m from 0.4 m. Footprint and distance: 0.5 m.
    expect(see(scene, 50, 1, 0)).toBe(true);
    expect(looked(scene, now)).toEqual([[0.7, 0, 0.2]]);
  });

  it('also when the base turned meanwhile, the short way round', () => {
    const scene = new TwistScene(limits);
    odometry(scene, 0, 0, 0, Math.PI - 0.1);
    const now = odometry(scene, 100, 0, 0, -Math.PI + 0.1);
    expect(see(scene, 50, 0.7, 0)).toBe(true);
    const [[x, y]] = looked(scene, now) as [[number, number, number]];
    expect([x, y]).toEqual([expect.closeTo(0.7 * Math.cos(0.1), 6), expect.closeTo(-0.7 * Math.sin(0.1), 6)]);
  });

  it('a moment after the newest odometry, by its measured twist', () => {
    const scene = new TwistScene(limits);
    const now = odometry(scene, 0, 0, 0, 0, 1);
    expect(see(scene, 50, 0.7, 0)).toBe(true);
    expect(looked(scene, now)[0]![0]).toBeCloseTo(0.75, 6);
    expect(see(scene, 51, 0.9, 0)).toBe(false);
  });

  it('one from before all odometry, or that is too old beside it, cannot be placed', () => {
    const scene = new TwistScene(limits);
    expect(see(scene, 0, 1, 0)).toBe(false);
    odometry(scene, 1000, 0);
    expect(see(scene, 999, 1, 0)).toBe(false);
    odometry(scene, 1300, 0);
    expect(see(scene, 1000, 1, 0)).toBe(true);
    odometry(scene, 1301, 0);
    expect(see(scene, 1000, 1, 0)).toBe(false);
    expect(see(scene, Number.NaN, 1, 0)).toBe(false);
  });

  it('a stamp of the odometry that goes back begins a new time', () => {
    const scene = new TwistScene(limits);
    odometry(scene, 5000, 0);
    odometry(scene, 10, 0);
    expect(see(scene, 5, 1, 0)).toBe(false);
    expect(see(scene, 10, 1, 0)).toBe(true);
  });

  it('a new reading takes the place of the old one, and what is far away does not matter', () => {
    const scene = new TwistScene(limits);
    const now = odometry(scene, 0, 0);
    see(scene, 0, 0.8, 0, 0, 0.7, 20, 0);
    expect(looked(scene, now)).toHaveLength(2);
    see(scene, 1);
    expect(looked(scene, now)).toEqual([]);
  });

  it('more points than a sensor may have are refused', () => {
    const scene = new TwistScene(limits);
    odometry(scene, 0, 0);
    expect(see(scene, 0, ...new Array(2 * 1024 + 2).fill(1))).toBe(false);
  });
});

describe('what is around the footprint', () => {
  /** `[nx ny distance gap]` of what a scene of these limits sees. */
  const around = (
    points: number[],
    { state: [x, y, heading] = [0, 0, 0], limits = {}, ...moving }: Moving & { state?: number[]; limits?: object } = {},
  ): number[][] => {
    const l = limitsOf(limits);
    const scene = new TwistScene(l);
    odometry(scene, 0, 0);
    if (!see(scene, 0, ...points)) throw new Error('not seen');
    scene.look(odometry(scene, 1, x!, y!, heading!), motionOf(l, moving));
    return Array.from({ length: scene.count }, (_, i) =>
      [scene.x[i]!, scene.y[i]!, scene.distance[i]!, scene.gap[i]!].map((v) => expect.closeTo(v, 9)),
    );
  };
  const expected = (...rows: number[][]) => rows;

  it('is seen from where the base is measured, turned as it is', () => {
    expect(around([1, 3.6], { state: [1, 3, 0] })).toEqual(expected([0, 1, 0.6, 0.1]));
    expect(around([1, 3.6], { state: [1, 3, Math.PI / 2] })).toEqual(expected([1, 0, 0.6, 0.1]));
    expect(around([1.6, 3], { state: [1, 3, Math.PI / 2] })).toEqual(expected([0, -1, 0.6, 0.1]));
    expect(around([1.3, 3.4], { state: [1, 3, -Math.PI / 2] })).toEqual(expected([-0.8, 0.6, 0.5, 0]));
  });

  it('is seen from the centre of the footprint', () => {
    expect(around([0.7, 0.6], { limits: { x: 0.1, y: -0.2 } })).toEqual(expected([0.6, 0.8, 1, 0.5]));
  });

  it('in the centre of the footprint it is ahead and behind', () => {
    expect(around([0.1, 0.2], { limits: { x: 0.1, y: 0.2 } })).toEqual(expected([1, 0, 0, -0.5], [-1, 0, 0, -0.5]));
    expect(around([2e-6, 0])).toEqual(expected([1, 0, 2e-6, -0.5 + 2e-6]));
  });

  it('the gap is what is left when the commands in flight have been obeyed, however late', () => {
    const at: Moving['at'] = [
      [0.1, 0, 0],
      [0.2, 0.3, 0],
      [0.15, 0.1, 0],
    ];
    expect(around([1, 0, -1, 0, 0, 1, 0, -1], { at })).toEqual(
      expected([1, 0, 1, 0.3], [-1, 0, 1, 0.6], [0, 1, 1, 0.2], [0, -1, 1, 0.5]),
    );
    // 10 ms that nobody remembers, at 2 m/s.
    expect(around([1, 0], { unknown: 0.01 })).toEqual(expected([1, 0, 1, 0.48]));
    // And 2 rad/s that swing a footprint 0.5 m off the axis: 3 m/s.
    expect(around([1.3, 0.4], { unknown: 0.01, limits: { x: 0.3, y: 0.4 } })).toEqual(expected([1, 0, 1, 0.47]));
  });

  // 2 m/s for 0.1 s and half of the 0.4 s of a stop: 0.6 m, and the 0.5 m that are kept.
  it.each<[string, number, Moving & { limits?: object }]>([
    ['from full speed', 1.1, {}],
    ['with the ramps of a stop', 1.2, { limits: { ramp: 0.05 } }],
    ['where a turn takes longer', 1.7, { limits: { turnDeceleration: 2 } }],
    ['with a footprint that swings', 1.4, { limits: { x: 0.3, y: 0.4 } }],
    [
      'after commands in flight',
      1.35,
      {
        at: [
          [0, 0, 0],
          [-0.15, 0.2, 0],
          [0.1, 0, 0],
        ],
      },
    ],
    ['after 10 ms that nobody remembers', 1.14, { unknown: 0.01 }],
    ['after both', 1.37, { unknown: 0.01, at: [[0.25, 0, 0]] }],
  ])('what no stop could reach is left out: %s', (_name, far, by) => {
    const { x = 0, y = 0 } = (by.limits ?? {}) as { x?: number; y?: number };
    expect(around([x + far - 1e-6, y], by)).toHaveLength(1);
    expect(around([x + far + 1e-6, y], by)).toHaveLength(0);
  });

  it('each sensor has readings of its own, and one that there is not has none', () => {
    const l = limitsOf({ beams: [1, 2], ageNs: [300e6, 100e6] });
    const scene = new TwistScene(l);
    const state = odometry(scene, 0, 0);
    const saw = (sensor: number, ms: number, ...points: number[]) =>
      scene.see({
        ...{ sensor, stampNs: ms * 1e6, receivedNs: 0, beams: 1, invalid: 0, count: points.length / 2 },
        points: Float64Array.from(points),
      });
    const distances = () => {
      scene.look(state, motionOf(l, {}));
      return Array.from(scene.distance.subarray(0, scene.count));
    };
    expect(saw(0, 0, 0.9, 0)).toBe(true);
    expect(saw(1, 0, 0.8, 0, 0.7, 0)).toBe(true);
    expect(distances()).toEqual([0.9, 0.8, 0.7]);
    expect(saw(0, 0, 0.6, 0, 0.6, 0)).toBe(false);
    expect(saw(2, 0, 0.6, 0)).toBe(false);
    expect(saw(1, 0, 0.75, 0)).toBe(true);
    expect(distances()).toEqual([0.9, 0.75]);
    // Each may be as old as it may be.
    odometry(scene, 200, 0);
    expect([saw(0, 0, 0.5, 0), saw(1, 0, 0.5, 0)]).toEqual([true, false]);
    expect(distances()).toEqual([0.5, 0.75]);
  });

  it('has room for two directions of each beam, all at once', () => {
    const l = limitsOf({ beams: [2, 1], ageNs: [1e9, 1e9] });
    const scene = new TwistScene(l);
    const state = odometry(scene, 0, 0);
    for (const [sensor, points] of [
      [0, 0, 0, 0, 0],
      [1, 0, 0],
    ].map(([s, ...p]) => [s!, p] as const))
      scene.see({
        ...{ sensor, stampNs: 0, receivedNs: 0, beams: 1, invalid: 0, count: points.length / 2 },
        points: Float64Array.from(points),
      });
    scene.look(state, motionOf(l, {}));
    expect([scene.count, scene.x.length, scene.gap[5]]).toEqual([6, 6, -0.5]);
  });
});

describe('where a reading was taken', () => {
  /** Where a point, 0.5 m ahead of the base, seen at `ms`, is in the frame of the odometry; null: nobody knows. */
  const placed = (scene: TwistScene, ms: number, point = [0.5, 0]): number[] | null => {
    if (!see(scene, ms, ...point)) return null;
    const state = makeRobotState(0);
    state.pose.set([0, 0, 0, 0, 0, 0, 1]);
    scene.look(state, motionOf(limitsOf(), {}));
    return [scene.x[0]! * scene.distance[0]!, scene.y[0]! * scene.distance[0]!];
  };
  const sceneOf = (): TwistScene => new TwistScene(limitsOf({ ageNs: [1e12], speed: 20 }));
  const close = (v: number[]): number[] => v.map((x) => expect.closeTo(x, 9));

  it('at an odometry, or between two of them, each with its heading', () => {
    const scene = sceneOf();
    odometry(scene, 0, 0.1, 0.2, 0);
    odometry(scene, 100, 0.3, 0.6, Math.PI / 2);
    expect(placed(scene, 0)).toEqual(close([0.6, 0.2]));
    expect(placed(scene, 100)).toEqual(close([0.3, 1.1]));
    expect(placed(scene, 100, [0.1, 0.4])).toEqual(close([-0.1, 0.7]));
    const quarter = Math.PI / 8;
    expect(placed(scene, 25)).toEqual(close([0.15 + 0.5 * Math.cos(quarter), 0.3 + 0.5 * Math.sin(quarter)]));
    odometry(scene, 300, 0.3, 0.6, Math.PI / 2);
    expect(placed(scene, 25)).toEqual(close([0.15 + 0.5 * Math.cos(quarter), 0.3 + 0.5 * Math.sin(quarter)]));
    expect(placed(scene, 250)).toEqual(close([0.3, 1.1]));
  });

  it('a moment after the newest, along the arc of its twist, from where that was', () => {
    const straight = sceneOf();
    odometry(straight, 0, 0.1, 0.2, Math.PI / 2, 1);
    expect(placed(straight, 50)).toEqual(close([0.1, 0.75]));
    const sideways = sceneOf();
    odometry(sideways, 0, 0.1, 0.2, Math.PI / 2, 0, 0, 1);
    expect(placed(sideways, 50)).toEqual(close([0.05, 0.7]));
    const left = sceneOf();
    odometry(left, 0, 0.1, 0.2, 0, 0, 0, 1);
    expect(placed(left, 50)).toEqual(close([0.6, 0.25]));
    // A quarter of a turn in 50 ms, of a circle of 0.1 m: it points at -x, from (0.1 - 0.1, 0.2 + 0.1).
    const curve = sceneOf();
    odometry(curve, 0, 0.1, 0.2, Math.PI / 2, Math.PI, 10 * Math.PI);
    expect(placed(curve, 50)).toEqual(close([-0.5, 0.3]));
  });

  it('the last 128 odometries are remembered, in whatever place', () => {
    const scene = sceneOf();
    for (let n = 0; n <= 300; n++) odometry(scene, n, n / 1000);
    expect(placed(scene, 172.5)).toBeNull();
    expect(placed(scene, 173)).toEqual(close([0.673, 0]));
    expect(placed(scene, 256.5)).toEqual(close([0.7565, 0]));
    expect(placed(scene, 300)).toEqual(close([0.8, 0]));
  });

  it('an odometry of the same stamp is of another time base', () => {
    const scene = sceneOf();
    odometry(scene, 0, 0);
    odometry(scene, 100, 0);
    odometry(scene, 100, 0);
    expect(placed(scene, 50)).toBeNull();
    expect(placed(scene, 100)).not.toBeNull();
  });
});

describe('the minimum distance, by hand', () => {
  // A_d = 0.7 m/s², τ = 50 ms and ramps of 2.5 · 1/10 s: A_d·τ = 0.21 m/s.
  const bound = (d: number) => Math.sqrt(0.21 ** 2 + 1.4 * d) - 0.21;
  /** The speed at which a base drives on for ever that is asked to go ahead, with a post at (x, y). */
  const speed = (x: number, y: number, wish = [0.5, 0, 0]) => {
    const rig = new BaseRig(baseOf(), baseSafety({ delay_ms: 0, speed: 2, jerk: 10 }), [post(x, y)]);
    // Fast already: only the distance keeps it.
    const last = Float64Array.from(wish);
    rig.envelope.sent(last, rig.by.nowNs + 1);
    rig.envelope.motion.acceleration.fill(0);
    rig.by.last.set(last);
    rig.by.elapsed = 0.01;
    rig.by.nowNs += 1;
    rig.by.state.receivedNs = rig.by.nowNs;
    const flags = rig.envelope.limit(last, rig.by, 1, rig.out);
    return { v: rig.out[0]!, flags };
  };

  it('straight on it is the stopping-distance bound', () => {
    const d = 0.3525;
    expect(bound(d)).toBeCloseTo(0.5234, 3);
    expect(speed(0.5 + d, 0)).toEqual({ v: 0.5, flags: 0 });
    const near = speed(0.5 + 0.32, 0);
    expect(bound(0.32)).toBeCloseTo(0.4914, 3);
    expect([near.flags & CLIPPED.distance, near.v < 0.5]).toEqual([CLIPPED.distance, true]);
  });

  it('what is behind or beside does not slow it', () => {
    expect(speed(-0.51, 0)).toEqual({ v: 0.5, flags: 0 });
    expect(speed(0, 0.51)).toEqual({ v: 0.5, flags: 0 });
  });

  it('a curve towards an obstacle beside it does', () => {
    expect(speed(0.1, 0.55, [0.5, 0, 0]).flags).toBe(0);
    expect(speed(0.1, 0.55, [0.5, 0, 0.9]).flags & CLIPPED.distance).toBe(CLIPPED.distance);
    expect(speed(0.1, 0.55, [0.5, 0, -0.9]).flags).toBe(0);
  });

  it('a base that is too near moves away freely, and not nearer', () => {
    const rig = new BaseRig(baseOf(), baseSafety({ delay_ms: 0 }), [post(0.4, 0)]);
    for (let n = 0; n < 50; n++) {
      rig.command([1, 0, 0]);
      rig.move(0.01);
    }
    expect(rig.at.x).toBe(0);
    for (let n = 0; n < 50; n++) {
      expect(rig.command([-0.4, 0, 0]) & CLIPPED.distance).toBe(0);
      rig.move(0.01);
    }
    expect(rig.at.x).toBeLessThan(-0.1);
  });

  it('an obstacle that appears is braked for at full acceleration, never beyond zero, and said', () => {
    const rig = new BaseRig(baseOf(), baseSafety({ delay_ms: 0 }));
    for (let n = 0; n < 100; n++) {
      rig.command([0.5, 0, 0]);
      rig.move(0.01);
    }
    rig.walls.push(post(rig.at.x + 0.55, 0));
    rig.scan();
    const flags = rig.command([0.5, 0, 0]);
    expect(flags & CLIPPED.conflict).toBe(CLIPPED.conflict);
    expect(rig.out[0]).toBeCloseTo(0.5 - 1 * 0.01, 9);
    for (let n = 0; n < 60; n++) {
      rig.move(0.01);
      rig.command([0.5, 0, 0]);
      expect(rig.out[0]).toBeGreaterThanOrEqual(0);
    }
    expect(rig.out[0]).toBeCloseTo(0, 9);
  });

  it('a turn about a footprint that is off the axis swings it, and is bounded like a way', () => {
    const robot = baseOf({ footprint: { radius: 0.3, center: [0.4, 0] } });
    const free = new BaseRig(robot, baseSafety({ delay_ms: 0 }));
    const beside = new BaseRig(robot, baseSafety({ delay_ms: 0 }), [post(0.4, 0.52)]);
    for (let n = 0; n < 100; n++) {
      for (const rig of [free, beside]) {
        rig.command([0, 0, 1]);
        rig.move(0.01);
      }
    }
    expect(free.at.heading).toBeGreaterThan(0.6);
    expect(beside.at.heading).toBeLessThan(0.06);
    expect(beside.clear).toBeGreaterThanOrEqual(0.2 - 1e-6);
  });
});
