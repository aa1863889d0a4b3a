import { describe, expect, it } from 'vitest';
import { robotSchema } from '../../src/core/config-schema.ts';
import type { SensorFrame } from '../../src/core/signals.ts';
import { StateAssembler } from '../../src/pipeline/assemble.ts';

const joint = (name: string) => ({ name, position: [-1, 1], velocity: 1, acceleration: 10, jerk: 100, effort: 10 });
const robot = robotSchema.parse({
  name: 'two',
  joints: [joint('a'), joint('b')],
  topics: {},
  interface: { type: 'cartesian_impedance' },
});
const header = (ns: number) => ({ stamp: { sec: Math.floor(ns / 1e9), nanosec: ns % 1e9 }, frame_id: 'base' });
const frame = (topic: string, message: unknown, receivedNs = 0): SensorFrame => ({
  topic,
  type: '',
  message,
  receivedNs,
  linkEpoch: 1,
});
const joints = (ns: number, over: object = {}) =>
  frame('/joint_states', {
    header: header(ns),
    name: ['a', 'b'],
    position: [1, 2],
    velocity: [3, 4],
    effort: [5, 6],
    ...over,
  });
const pose = (ns: number) => poseAt(ns, 0.1);
const poseAt = (ns: number, x: unknown) =>
  frame('/ee_pose', {
    header: header(ns),
    pose: { position: { x, y: 0.2, z: 0.3 }, orientation: { x: 0, y: 1, z: 0, w: 0 } },
  });
const wrench = (ns: number, receivedNs = 0) =>
  frame(
    '/wrench',
    { header: header(ns), wrench: { force: { x: 1, y: 2, z: 3 }, torque: { x: 4, y: 5, z: 6 } } },
    receivedNs,
  );

describe('state assembler', () => {
  it('joins the three messages of one stamp, in any order, into one state', () => {
    const a = new StateAssembler(robot);
    expect(a.accept(wrench(10))).toBeNull();
    expect(a.accept(joints(10))).toBeNull();
    const state = a.accept(pose(10));
    expect(state?.stampNs).toBe(10);
    expect(Array.from(state!.position)).toEqual([1, 2]);
    expect(Array.from(state!.pose)).toEqual([0.1, 0.2, 0.3, 0, 1, 0, 0]);
    expect(Array.from(state!.wrench)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('never mixes two stamps', () => {
    const a = new StateAssembler(robot);
    a.accept(joints(10));
    a.accept(pose(10));
    expect(a.accept(wrench(20))).toBeNull();
    expect(a.counters.incomplete).toBe(1);
    a.accept(joints(20));
    expect(a.accept(pose(20))?.stampNs).toBe(20);
  });

  it('indexes joints by name in every message, and ignores extra joints', () => {
    const a = new StateAssembler(robot);
    a.accept(pose(10));
    a.accept(wrench(10));
    const permuted = { name: ['gripper', 'b', 'a'], position: [9, 2, 1], velocity: [9, 4, 3], effort: [9, 6, 5] };
    const state = a.accept(joints(10, permuted));
    expect(Array.from(state!.position)).toEqual([1, 2]);
    expect(Array.from(state!.velocity)).toEqual([3, 4]);
    a.accept(pose(20));
    a.accept(wrench(20));
    expect(Array.from(a.accept(joints(20))!.position)).toEqual([1, 2]);
  });

  it.each([
    ['a missing joint', { name: ['a', 'c'] }, 'joint b is missing'],
    ['a repeated joint', { name: ['a', 'a'] }, 'named twice'],
    ['fewer values than names', { position: [1] }, '2 names, but 1 positions'],
    ['an empty velocity', { velocity: [] }, '0 velocities; if there are none, `robot.joint_state.velocity: estimated`'],
    ['an empty effort', { effort: [] }, '0 efforts; if there are none, `robot.joint_state.effort: none`'],
    ['no array at all', { effort: null }, 'no list of efforts'],
    ['no positions', { position: null }, 'must be arrays'],
  ])('refuses the whole message for %s', (_what, over, why) => {
    const a = new StateAssembler(robot);
    a.accept(pose(10));
    a.accept(wrench(10));
    expect(a.accept(joints(10, over))).toBeNull();
    expect(a.counters.refused).toBe(1);
    expect(a.lastRefusal).toContain(why);
  });

  describe('of a driver that publishes positions only', () => {
    const bare = { ...robot, joint_state: { velocity: 'estimated', velocity_hz: 1e6, effort: 'none' } } as const;
    const positions = (ns: number, a: unknown, b: unknown, over: object = {}) =>
      joints(ns, { position: [a, b], velocity: [], effort: [], ...over });
    const complete = (a: StateAssembler, ns: number, frame: SensorFrame) => {
      a.accept(pose(ns));
      a.accept(wrench(ns));
      return a.accept(frame);
    };

    it('estimates velocities from the second message on, and leaves efforts at 0', () => {
      const a = new StateAssembler(bare);
      expect(complete(a, 10e6, positions(10e6, 1, 2))).toBeNull();
      const state = complete(a, 20e6, positions(20e6, 1.5, 2, { effort: [7, 7] }))!;
      expect(Array.from(state.velocity, (v) => Math.round(v * 1e6) / 1e6)).toEqual([50, 0]);
      expect(Array.from(state.effort)).toEqual([0, 0]);
      expect(a.counters).toMatchObject({ complete: 1, refused: 0 });
    });

    it('estimates by name, whatever the order of the message', () => {
      const a = new StateAssembler(bare);
      complete(a, 10e6, positions(10e6, 1, 2));
      const swapped = positions(20e6, 2, 1.25, { name: ['b', 'a'] });
      expect(complete(a, 20e6, swapped)!.velocity[0]).toBeCloseTo(25, 6);
    });

    it('does not estimate what it was told to expect', () => {
      const a = new StateAssembler({ ...robot, joint_state: { ...bare.joint_state, velocity: 'measured' } });
      expect(complete(a, 10e6, positions(10e6, 1, 2))).toBeNull();
      expect(a.counters.refused).toBe(1);
      expect(Array.from(complete(a, 20e6, positions(20e6, 1, 2, { velocity: [3, 4] }))!.velocity)).toEqual([3, 4]);
    });
  });

  it.each([null, undefined, '0.5', true])('turns %s into NaN, never into a number', (bad) => {
    const a = new StateAssembler(robot);
    a.accept(joints(10, { position: [bad, 2] }));
    a.accept(wrench(10));
    const state = a.accept(poseAt(10, bad))!;
    expect(state.position[0]).toBeNaN();
    expect(state.pose[0]).toBeNaN();
  });

  it('carries the arrival time of the message that completed it', () => {
    const a = new StateAssembler(robot);
    a.accept(joints(10));
    a.accept(pose(10));
    expect(a.accept(wrench(10, 77))?.receivedNs).toBe(77);
  });

  it('survives messages that are no objects', () => {
    const a = new StateAssembler(robot);
    for (const m of [null, 3, 'x', [], {}]) {
      expect(a.accept(frame('/joint_states', m))).toBeNull();
      expect(a.accept(frame('/other', m))).toBeNull();
    }
  });

  it('says which source a frame was a usable part from', () => {
    const a = new StateAssembler(robot);
    const sources = [joints(10), pose(10), joints(20, { name: ['a', 'c'] }), frame('/other', {}), wrench(20)].map(
      (f) => {
        a.accept(f);
        return a.source;
      },
    );
    expect(sources).toEqual([0, 1, -1, -1, 2]);
  });

  it('makes the state of a mobile base of one odometry message', () => {
    const base = robotSchema.parse({
      name: 'base',
      joints: [],
      sources: ['odom'],
      topics: {},
      interface: { type: 'cartesian_impedance' },
    });
    const a = new StateAssembler(base);
    const odometry = {
      header: header(10),
      child_frame_id: 'base_link',
      pose: { pose: { position: { x: 1, y: 2, z: 0 }, orientation: { x: 0, y: 0, z: 1, w: 0 } } },
      twist: { twist: { linear: { x: 0.5, y: null, z: 0 }, angular: { x: 0, y: 0, z: -1 } } },
    };
    expect(a.accept(frame('/ee_pose', odometry))).toBeNull();
    const state = a.accept(frame('/odom', odometry, 7))!;
    expect([...state.pose]).toEqual([1, 2, 0, 0, 0, 1, 0]);
    expect([...state.twist]).toEqual([0.5, Number.NaN, 0, 0, 0, -1]);
    expect([state.stampNs, state.receivedNs, state.seq]).toEqual([10, 7, 1]);
    expect([...a.accept(frame('/odom', { header: header(20) }))!.pose]).toEqual(Array(7).fill(Number.NaN));
  });

  it('a pose in another frame than the base frame is none of a tip that is commanded by its twist', () => {
    const tip = robotSchema.parse({
      ...{ name: 'tip', base_frame: 'base_link', joints: [], sources: ['pose'], topics: {} },
      interface: { type: 'tip_twist' },
    });
    const a = new StateAssembler(tip);
    expect(a.accept(pose(10))).toBeNull();
    expect(a.counters.refused).toBe(1);
    expect(a.lastRefusal).toBe('a pose in the frame base; allowed: base_link, robot.base_frame');
    expect(a.source).toBe(-1);
    expect(a.accept(frame('/ee_pose', { pose: {} }))).toBeNull();
    const { message } = pose(20);
    const own = { ...(message as object), header: { ...header(20), frame_id: 'base_link' } };
    expect([...a.accept(frame('/ee_pose', own))!.pose]).toEqual([0.1, 0.2, 0.3, 0, 1, 0, 0]);
  });
});
