import { writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { makeRobotState } from '../../../src/core/signals.ts';
import { compileObservation } from '../../../src/pipeline/observation/compile.ts';
import { defaultObservation } from '../../../src/pipeline/observation/topics.ts';
import { runFolder } from '../../core/config/fixture.ts';
import { compile, fr3, MS, mapped, peg, stamp, Timeline, task } from './rig.ts';

const R = Math.SQRT1_2;

describe('fields become numbers', () => {
  it('joints by name, in the order asked for, whatever the order of the message', () => {
    const t = new Timeline(mapped([{ from: '/joint_states.position[j2, j1]' }]));
    t.joints([1, 2, 3], 0, 0, ['j1', 'gripper', 'j2']);
    expect(t.base(0)).toEqual([3, 1]);
    t.joints([4, 5, 6], 10, 0, ['j2', 'j1', 'gripper']);
    expect(t.base(10)).toEqual([4, 5]);
  });

  it('[*] is all joints of the robot, in its order', () => {
    const t = new Timeline(mapped([{ from: '/joint_states.velocity[*]' }]));
    t.frame(
      '/joint_states',
      { header: stamp(0), name: ['j2', 'j1'], position: [0, 0], velocity: [2, 1], effort: [] },
      0,
    );
    expect(t.base(0)).toEqual([1, 2]);
  });

  it('elements by index, single fields, whole vectors and booleans, side by side', () => {
    const topics = { '/array': { type: 'std_msgs/Float64MultiArray' }, '/closed': { type: 'std_msgs/msg/Bool' } };
    const t = new Timeline(
      mapped(
        [
          { from: '/array.data[2, 0]' },
          { from: '/ee_pose.pose.position.z' },
          { from: '/wrench.wrench' },
          { from: '/closed.data' },
        ],
        { topics },
      ),
    );
    const wrench = { force: { x: 1, y: 2, z: 3 }, torque: { x: 4, y: 5, z: 6 } };
    t.frame('/array', { data: [10, 11, 12] }, 0).frame('/closed', { data: true }, 0);
    t.frame('/wrench', { header: stamp(0), wrench }, 0).pose('/ee_pose', [7, 8, 9, 0, 0, 0, 1], 0);
    expect(t.base(0)).toEqual([12, 10, 9, 1, 2, 3, 4, 5, 6, 1]);
  });

  it('an element of an array of messages, and a type that is not known here', () => {
    const topics = { '/tf': { type: 'tf2_msgs/msg/TFMessage' }, '/mine': { type: 'my_msgs/msg/Mine' } };
    const features = [{ from: '/tf.transforms[1].transform.translation' }, { from: '/mine.parts[0].level' }];
    const t = new Timeline(mapped(features, { topics }));
    const transform = (x: number) => ({ transform: { translation: { x, y: 0, z: 0 } } });
    t.frame('/tf', { transforms: [transform(1), transform(2)] }, 0).frame('/mine', { parts: [{ level: 5 }] }, 0);
    expect(t.base(0)).toEqual([2, 0, 0, 5]);
  });

  it('units become SI, then scale and offset, by hand', () => {
    const t = new Timeline(
      mapped([
        { from: '/joint_states.position[j1]', unit: 'deg' },
        { from: '/ee_pose.pose.position', unit: 'mm', scale: [1, 2, 10], offset: [0, 0, 1] },
      ]),
    );
    t.joints([90, 0], 0).pose('/ee_pose', [1000, 500, 100, 0, 0, 0, 1], 0);
    expect(t.base(0)).toEqual([Math.PI / 2, 1, 1, 2]);
  });

  it('a pose is its position and its rotation in the form asked for', () => {
    const t = new Timeline(mapped([{ from: '/ee_pose.pose', rotation: 'euler_rpy' }]));
    t.pose('/ee_pose', [1, 2, 3, 0, 0, R, R], 0);
    const [x, y, z, ...rpy] = t.base(0) as number[];
    expect([x, y, z]).toEqual([1, 2, 3]);
    for (const [i, v] of [0, 0, Math.PI / 2].entries()) expect(rpy[i]).toBeCloseTo(v, 12);
  });

  it('q and -q: as they were sent, or with w positive', () => {
    const features = [
      { from: '/ee_pose.pose.orientation', rotation: 'quat_wxyz' },
      { from: '/ee_pose.pose.orientation', quaternion_sign: 'w_positive' },
    ];
    const t = new Timeline(mapped(features)).pose('/ee_pose', [0, 0, 0, -0.6, 0, 0, -0.8], 0);
    const wanted = [-0.8, -0.6, 0, 0, 0.6, 0, 0, 0.8];
    for (const [i, v] of (t.base(0) as number[]).entries()) expect(v).toBeCloseTo(wanted[i]!, 12);
  });

  it('relative to another field: positions by difference, rotations by the turn that is left', () => {
    const t = new Timeline(
      mapped([{ from: '/ee_pose.pose', minus: '/hole_estimate.pose', rotation: 'axis_angle', unit: 'mm' }]),
    );
    // Half a turn about z, seen from a quarter turn: a quarter is left.
    t.pose('/hole_estimate', [100, 0, 50, 0, 0, R, R], 0).pose('/ee_pose', [110, 20, 50, 0, 0, 1, 0], 0);
    const wanted = [0.01, 0.02, 0, 0, 0, Math.PI / 2];
    for (const [i, v] of (t.base(0) as number[]).entries()) expect(v).toBeCloseTo(wanted[i]!, 12);
  });

  it('a low pass runs at the rate of the topic, not of the decisions', () => {
    const t = new Timeline(
      mapped([{ from: '/joint_states.position[j1]', low_pass_hz: 5 }, { from: '/joint_states.position[j1]' }]),
    );
    t.joints([0, 0], 0);
    for (const ms of [10, 20, 30, 40]) t.joints([1, 0], ms);
    const [filtered, raw] = t.base(40) as number[];
    expect(filtered).toBeCloseTo(1 - Math.exp(-2 * Math.PI * 5 * 0.04), 12);
    expect(raw).toBe(1);
  });

  it('statistics normalise a feature, then the whole vector', () => {
    const { dir } = runFolder();
    writeFileSync(`${dir}/stats.json`, JSON.stringify({ state: { mean: [1, 0], std: [1, 4] } }));
    const t = new Timeline(
      compile({
        base: {
          features: [
            { from: '/joint_states.position[j1]', normalise: { min: [0], max: [4] } },
            { from: '/joint_states.position[j2]' },
          ],
          normalise: { statistics: `${dir}/stats.json`, key: 'state' },
        },
      }),
    );
    t.joints([4, 8], 0);
    expect(t.base(0)).toEqual([0, 2]);
  });
});

describe('the past', () => {
  let t: Timeline;
  beforeEach(() => {
    t = new Timeline(
      compile({
        base: {
          features: [{ from: '/joint_states.position[j1]', history: 2 }, { from: '/joint_states.position[j2]' }],
          history: 2,
        },
      }),
    );
  });
  const at = (ms: number, j1: number, j2: number, index?: number) => t.joints([j1, j2], ms).base(ms, index);

  it('at the start is the first value, of a feature and of the whole vector', () => {
    expect(at(0, 1, 10)).toEqual([1, 1, 10, 1, 1, 10]);
    expect(at(50, 2, 20)).toEqual([1, 1, 10, 1, 2, 20]);
    expect(at(100, 3, 30)).toEqual([1, 2, 20, 2, 3, 30]);
  });

  it('bridges one decision that was missed, and begins anew after more or when time runs backwards', () => {
    at(0, 1, 10, 1);
    expect(at(100, 2, 20, 3)).toEqual([1, 1, 10, 1, 2, 20]);
    expect(at(300, 3, 30, 6)).toEqual([3, 3, 30, 3, 3, 30]);
    expect(at(0, 4, 40, 5)).toEqual([4, 4, 40, 4, 4, 40]);
  });

  it('is not touched by an observation that is missing', () => {
    at(0, 1, 10, 1);
    expect(at(50, Number.NaN, 20, 2)).toBe('/joint_states.position[j1]: position[j1] is not a number (NaN)');
    expect(at(60, 3, 30, 2)).toEqual([1, 1, 10, 1, 3, 30]);
  });
});

describe('a feature that is missing makes the observation missing, counted and named', () => {
  const joints = () => new Timeline(mapped([{ name: 'arm', from: '/joint_states.position[*]' }]));

  it.each([
    ['nothing came', () => joints(), 'arm: nothing came on /joint_states'],
    ['NaN', () => joints().joints([0, Number.NaN], 0), 'arm: position[j2] is not a number (NaN)'],
    ['null, which stands for NaN', () => joints().joints([null, 0], 0), 'arm: position[j1] is not a number (NaN)'],
    ['infinite', () => joints().joints([0, Number.POSITIVE_INFINITY], 0), 'arm: position[j2] is Infinity'],
    ['text', () => joints().joints(['1', 0], 0), 'arm: position[j1] is text'],
    ['a joint is missing', () => joints().joints([0, 0], 0, 0, ['j1', 'j3']), 'arm: position[j2] is missing'],
    [
      'a joint is there twice',
      () => joints().joints([0, 0, 0], 0, 0, ['j1', 'j2', 'j1']),
      'arm: position[j1] is there twice',
    ],
    ['values are missing', () => joints().joints([0], 0), 'arm: position[j2] is missing'],
    ['no names', () => joints().joints([0, 0], 0, 0, null), 'arm: name is not a number (NaN)'],
    ['no message', () => joints().frame('/joint_states', null, 0), 'arm: name is missing'],
    [
      'too old',
      () => joints().joints([0, 0], -101),
      'arm: the latest on /joint_states is 101 ms old, at most 100 allowed',
    ],
  ])('%s', (_name, made, why) => {
    const t = made();
    expect(t.base(0)).toBe(why);
    expect(t.base(0)).toBe(why);
    expect(t.mapping.counters).toEqual({ made: 0, missing: 2 });
    expect([...t.mapping.missingBy]).toEqual([['arm', 2]]);
    t.joints([1, 2], 1);
    expect(t.base(1)).toEqual([1, 2]);
    expect(t.mapping.counters).toEqual({ made: 1, missing: 2 });
  });

  it('an old good value never stands in for a new bad one', () => {
    const t = joints().joints([1, 2], 0).joints([1, Number.NaN], 10);
    expect(t.base(10)).toBe('arm: position[j2] is not a number (NaN)');
  });

  it('another driver on the same topic does no harm', () => {
    const t = joints().joints([1, 2], 0).joints([9], 5, 0, ['finger']);
    expect(t.base(10)).toEqual([1, 2]);
  });

  it('an orientation that was never filled in', () => {
    const t = new Timeline(mapped([{ name: 'tip', from: '/ee_pose.pose' }])).pose('/ee_pose', [0, 0, 0, 0, 0, 0, 0], 0);
    expect(t.base(0)).toBe('tip: orientation is no unit quaternion');
  });

  it('what it is relative to', () => {
    const t = new Timeline(mapped([{ name: 'tip', from: '/ee_pose.pose', minus: '/hole_estimate.pose' }]));
    t.pose('/ee_pose', [0, 0, 0, 0, 0, 0, 1], 0);
    expect(t.base(0)).toBe('tip: nothing came on /hole_estimate');
  });

  it('of the residual too, and it is told to who asked', () => {
    const t = new Timeline(
      compile({
        base: { features: [{ from: '/joint_states.position[*]' }] },
        residual: { features: [{ name: 'force', from: '/wrench.wrench.force' }] },
      }),
    );
    const told: string[] = [];
    t.mapping.onMissing = (feature, why) => told.push(`${feature}: ${why}`);
    expect(t.joints([1, 2], 0).base(0)).toBe('force: nothing came on /wrench');
    expect(told).toEqual(['force: nothing came on /wrench']);
  });

  it('a value that a factor makes infinite', () => {
    const t = new Timeline(mapped([{ name: 'arm', from: '/joint_states.position[*]', scale: 1e300 }]));
    expect(t.joints([0, 1e300], 0).base(0)).toBe('arm: element 1 is not finite');
  });

  it('nothing from before a reconnection is used', () => {
    const t = joints().joints([1, 2], 0);
    t.frame('/joint_states', { header: stamp(1), name: ['finger'], position: [9] }, 1, 2);
    expect(t.base(1)).toBe('arm: nothing came on /joint_states');
  });
});

describe('time', () => {
  const slow = (sync: string, rest: object = {}) =>
    new Timeline(
      mapped([{ name: 'p', from: '/ee_pose.pose.position.x' }], {
        topics: { '/ee_pose': { sync, max_age_ms: 100, ...rest } },
      }),
    );
  const x = (t: Timeline, value: number, atMs: number, lateMs = 0) =>
    t.pose('/ee_pose', [value, 0, 0, 0, 0, 0, 1], atMs, lateMs);

  it('hold: the latest that came, whatever its stamp', () => {
    const t = slow('hold');
    x(t, 1, 0);
    x(t, 2, 30);
    expect(t.base(30)).toEqual([2]);
    x(t, 3, 10, 30);
    expect(t.base(40)).toEqual([3]);
  });

  it('hold: age counts from arrival by our clock, to the millisecond', () => {
    const t = slow('hold');
    x(t, 1, 0, 20);
    expect(t.base(120)).toEqual([1]);
    expect(t.base(121)).toBe('p: the latest on /ee_pose is 101 ms old, at most 100 allowed');
  });

  it('nearest: by stamp, the earlier of two that are equally near', () => {
    const t = slow('nearest');
    for (const ms of [0, 30, 60]) x(t, ms, ms);
    expect([t.base(14), t.base(16), t.base(45), t.base(80)]).toEqual([[0], [30], [30], [60]]);
  });

  it('nearest: a sample that came out of order is found by its stamp', () => {
    const t = slow('nearest');
    x(t, 1, 50);
    x(t, 2, 20, 35);
    expect(t.base(22)).toEqual([2]);
  });

  it('nearest: refuses a stamp further away than the maximum age, though it came just now', () => {
    const t = slow('nearest');
    x(t, 1, 0, 150);
    expect(t.base(150)).toBe('p: the nearest stamp on /ee_pose is 150 ms away, at most 100 allowed');
    x(t, 1, 0, 150);
    expect(t.observe(100, 9, 50)?.base[0]).toBe(1);
  });

  it('interpolate: between the two around it; the newest where none is newer; nothing before the first', () => {
    const t = slow('interpolate');
    x(t, 10, 20);
    x(t, 20, 60);
    expect([t.base(30), t.base(60), t.base(70)]).toEqual([[12.5], [20], [20]]);
    expect(t.base(10)).toBe('p: no sample of /ee_pose before the time of the state');
  });

  it('interpolate: not across a gap longer than the maximum age', () => {
    const t = slow('interpolate');
    x(t, 0, 0);
    x(t, 1, 101, -50);
    expect(t.base(50)).toBe('p: samples of /ee_pose are 101 ms apart, at most 100 allowed');
  });

  it('interpolate: rotations along the arc', () => {
    const t = new Timeline(
      mapped([{ from: '/ee_pose.pose', rotation: 'axis_angle' }], { topics: { '/ee_pose': { sync: 'interpolate' } } }),
    );
    t.pose('/ee_pose', [0, 0, 0, 0, 0, 0, 1], 0).pose('/ee_pose', [1, 0, 0, 0, 0, -R, -R], 40);
    const wanted = [0.25, 0, 0, 0, 0, Math.PI / 8];
    for (const [i, v] of (t.base(10) as number[]).entries()) expect(v).toBeCloseTo(wanted[i]!, 12);
  });

  it('a delay looks at the time before, so that both neighbours are there', () => {
    const t = slow('interpolate', { delay_ms: 20 });
    x(t, 10, 20);
    x(t, 20, 60);
    expect(t.base(60)).toEqual([15]);
  });

  it('a bad sample is missing where it is needed, and only there', () => {
    const t = slow('interpolate');
    x(t, 0, 0);
    x(t, Number.NaN, 20);
    x(t, 40, 40);
    expect(t.base(10)).toBe('p: pose.position.x is not a number (NaN)');
    expect(t.base(40)).toEqual([40]);
  });

  it('a state without a stamp pairs with nothing', () => {
    const t = slow('nearest');
    x(t, 1, 0);
    expect(t.base(Number.NaN)).toBe('p: the state has no stamp to pair with');
  });

  it('remembers a bounded past: the newest 256 samples', () => {
    const t = slow('nearest', { max_age_ms: 10_000 });
    for (let ms = 0; ms < 300; ms++) x(t, ms, ms);
    expect(t.base(20)).toEqual([44]);
  });
});

describe('the shipped task', () => {
  const target = [0.512, -0.021, 0.05, 0, 0, 0, 1];
  const tip = [0.50123456789, -0.0198765, 0.0731, 0, 0, 0, 1];
  const wrench = [1.25, -3.75, 11.1, 0.3, -0.07, 0.011];

  it('says in words what a task without an observation section gets', () => {
    expect(peg.observation).toEqual(task(defaultObservation(fr3, peg)).observation);
  });

  it('gives the features that the shipped weights were trained on, bit for bit', () => {
    const t = new Timeline(compileObservation(fr3, peg));
    const [fx, fy, fz, tx, ty, tz] = wrench;
    t.pose('/hole_estimate', target, 0).pose('/ee_pose', tip, 0);
    t.frame(
      '/wrench',
      { header: stamp(0), wrench: { force: { x: fx, y: fy, z: fz }, torque: { x: tx, y: ty, z: tz } } },
      0,
    );
    const { base, residual } = t.observe(0)!;
    const relative = [0, 1, 2].map((i) => (tip[i]! - target[i]!) * 50);
    expect(Array.from(base)).toEqual(relative);
    expect(Array.from(residual)).toEqual([
      ...relative,
      ...wrench.slice(0, 3).map((f) => f * (1 / 20)),
      ...wrench.slice(3).map((m) => m * (1 / 2)),
    ]);
  });

  it('makes each observation in the same arrays', () => {
    const mapping = compileObservation(fr3, { ...peg });
    const t = new Timeline(mapping);
    const state = Object.assign(makeRobotState(7), { stampNs: 0, receivedNs: 5 * MS, seq: 4 });
    t.pose('/hole_estimate', target, 0).pose('/ee_pose', tip, 0);
    t.frame('/wrench', { header: stamp(0), wrench: { force: { x: 0, y: 0, z: 0 }, torque: { x: 0, y: 0, z: 0 } } }, 0);
    const first = mapping.observe(state, 0)!;
    expect(first).toMatchObject({ seq: 4, stampNs: 0, receivedNs: 5 * MS });
    const { base } = first;
    expect(mapping.observe(state, 1)!.base).toBe(base);
  });
});
