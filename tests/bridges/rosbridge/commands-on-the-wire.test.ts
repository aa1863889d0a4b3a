import { afterEach, describe, expect, it } from 'vitest';
import { shapeOf } from '../../../bridges/messages/shape.ts';
import { RosServer } from '../../../bridges/rosserver/server.ts';
import { commandInterface } from '../../../controllers/interfaces/index.ts';
import { withLease } from '../../../controllers/interfaces/lease.ts';
import { MonotonicClock } from '../../../src/core/clock.ts';
import { robotSchema } from '../../../src/core/config-schema.ts';
import type { SafeAction } from '../../../src/core/signals.ts';
import { covers } from '../../interop/conformance.ts';
import { RawClient } from '../rosserver/raw-client.ts';
import { client, StandIn, until } from './robot-stand-in.ts';

/**
 * Every way in which a robot is commanded, from a setpoint of the gate over a real websocket to who receives it: a ROS 2
 * server that refuses another type and fields that are not the type's, and a ROS 1 server as far as its spelling goes.
 */
const ends: { close(): unknown }[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end.close();
});
const kept = <T extends { close(): unknown }>(one: T): T => {
  ends.push(one);
  return one;
};

const JOINT = { position: [-2, 2], velocity: 2, acceleration: 10, jerk: 5000, effort: 87 };
const robotOf = (how: object) =>
  robotSchema.parse({
    ...{ name: 'arm', interface: how, topics: { command: '/command' } },
    joints: ['shoulder', 'elbow'].map((name) => ({ ...JOINT, name })),
  });
const stateStampNs = 2_000_000_001;
const actionOf = (setpoint: readonly number[], seq: number) =>
  ({
    ...{
      setpoint: Float64Array.from(setpoint),
      reach: Float64Array.of(0.25, -0.5),
      mode: 'ACTIVE',
      source: 'policy',
      epoch: 12,
      seq,
      stampNs: 77,
    },
    ...{ expiresNs: Number.POSITIVE_INFINITY, leaseMs: 100, stateStampNs },
  }) as unknown as SafeAction;

const joint_names = ['shoulder', 'elbow'];
const header = { stamp: { sec: 2, nanosec: 1 }, frame_id: 'base' };
const untimed = { stamp: { sec: 0, nanosec: 0 }, frame_id: '' };
const xyz = (x: number, y: number, z: number) => ({ x, y, z });
const point = (positions: number[], velocities: number[], nanosec: number) => ({
  ...{ positions, velocities, accelerations: [], effort: [] },
  time_from_start: { sec: 0, nanosec },
});
const base = { footprint: { radius: 0.3 }, scale: [0.5, 0, 1] };
const turning = { linear: xyz(0.5, 0, 0), angular: xyz(0, 0, -1) };

const BRAKED = 0.7 / (0.7 * 10) + 25 / 5000;

/** Config, setpoint, type, and the message by hand; and what goes out just before it, besides the lease. */
const COMMANDS: readonly [
  how: Record<string, unknown>,
  setpoint: number[],
  type: string,
  message: object,
  before?: object,
][] = [
  ...(['joint_velocity', 'joint_position'] as const).map(
    (type): [Record<string, unknown>, number[], string, object] => [
      { type, message: 'float64_multi_array' },
      [0.5, -1],
      'std_msgs/msg/Float64MultiArray',
      { layout: { dim: [], data_offset: 0 }, data: [0.5, -1] },
    ],
  ),
  [
    { type: 'joint_velocity', message: 'joint_trajectory', trajectory: { positions: true } },
    [0.7, -0.7],
    'trajectory_msgs/msg/JointTrajectory',
    // At rest after 30 ms, 0.7 rad/s at 7 rad/s², and 5 ms for the jerk: silence is a stop, 0.35 rad/s · 0.105 s on.
    {
      ...{ header: untimed, joint_names },
      points: [
        point([0.25, -0.5], [0.7, -0.7], 30_000_000),
        point([0.25 + 0.35 * BRAKED, -0.5 - 0.35 * BRAKED], [0, 0], 135_000_000),
      ],
    },
  ],
  [
    { type: 'joint_position', message: 'joint_trajectory' },
    [0.5, -1],
    'trajectory_msgs/msg/JointTrajectory',
    { header: untimed, joint_names, points: [point([0.5, -1], [], 30_000_000)] },
  ],
  [
    { type: 'joint_velocity', message: 'joint_jog' },
    [0.5, -1],
    'control_msgs/msg/JointJog',
    { header, joint_names, displacements: [], velocities: [0.5, -1], duration: 0.1 },
  ],
  [
    { type: 'joint_position', message: 'joint_jog' },
    [0.5, -1],
    'control_msgs/msg/JointJog',
    { header, joint_names, displacements: [0.5, -1], velocities: [], duration: 0.1 },
  ],
  [{ type: 'twist', message: 'twist', ...base }, [0.5, 0, -1], 'geometry_msgs/msg/Twist', turning],
  [
    { type: 'twist', message: 'twist_stamped', ...base },
    [0.5, 0, -1],
    'geometry_msgs/msg/TwistStamped',
    { header, twist: turning },
  ],
  [
    { type: 'tip_twist', scale: [0.1, 0.1, 0.1, 0, 0, 0.5] },
    [0.1, 0, -0.1, 0, 0, 0.5],
    'geometry_msgs/msg/TwistStamped',
    { header, twist: { linear: xyz(0.1, 0, -0.1), angular: xyz(0, 0, 0.5) } },
  ],
  [
    { type: 'cartesian_impedance', message: 'pose_stamped', stiffness_topic: '/stiffness' },
    [1, 2, 3, 0, 0, 0.6, 0.8, 700, 30],
    'geometry_msgs/msg/PoseStamped',
    { header, pose: { position: xyz(1, 2, 3), orientation: { x: 0, y: 0, z: 0.6, w: 0.8 } } },
    { header, wrench: { force: xyz(700, 700, 700), torque: xyz(30, 30, 30) } },
  ],
];

const lease = (seq: number) => ({
  layout: { dim: [{ label: 'epoch, seq, lease_us', size: 3, stride: 3 }], data_offset: 0 },
  data: [12, seq, 100_000],
});
const encoderOf = (how: object) => withLease(commandInterface(robotOf(how)).codec, '/lease');

describe.each(COMMANDS)('%j', (how, setpoint, type, message, before) => {
  it('arrives at a ROS 2 server that knows the type, whole, behind its lease', async () => {
    covers('client', ['advertise', 'publish'], 'raw');
    const server = kept(new RosServer({ port: 0, clock: new MonotonicClock() }));
    const { port } = await server.listen();
    const robot = kept(await RawClient.open(port));
    for (const topic of ['/lease', '/stiffness', '/command']) robot.send({ op: 'subscribe', topic });
    await robot.settled();
    expect(shapeOf(type)).not.toBeNull();
    const { bridge } = client(`ws://127.0.0.1:${port}`, {}, { encoder: encoderOf(how) });
    kept(bridge);
    await bridge.open();
    await until(() => bridge.send(actionOf(setpoint, 34)).sent);
    await robot.until((m) => m.topic === '/command');
    expect(robot.received.filter((m) => m.op === 'publish').map((m) => [m.topic, m.msg])).toEqual([
      ['/lease', lease(34)],
      ...(before === undefined ? [] : [['/stiffness', before]]),
      ['/command', message],
    ]);
    expect((await robot.call('/rosapi/topic_type', { topic: '/command' })).values).toEqual({ type });
    expect(server.counters.malformed).toBe(0);
  });

  it('arrives at a ROS 1 server in its spelling: types, times, and a seq in each header', async () => {
    covers('client', ['advertise', 'publish', 'publish.stamp'], 'raw');
    const standIn = kept(await StandIn.open());
    const { bridge } = client(standIn.url, { ros_version: 1 }, { encoder: encoderOf(how) });
    kept(bridge);
    await bridge.open();
    await until(() => bridge.send(actionOf(setpoint, 34)).sent);
    await standIn.until(() => standIn.of('publish').some((o) => o.topic === '/command'));
    const [package_, name] = [type.split('/')[0], type.split('/')[2]];
    expect(standIn.of('advertise').find((o) => o.topic === '/command')).toMatchObject({
      ...{ type: `${package_}/${name}`, queue_size: 1, latch: false },
    });
    const ros1 = JSON.parse(
      JSON.stringify(message)
        .replace(/"sec":(\d+),"nanosec":(\d+)/g, '"secs":$1,"nsecs":$2')
        .replace(/"header":\{/g, '"header":{"seq":0,'),
    );
    expect(standIn.of('publish').find((o) => o.topic === '/command')!.msg).toEqual(ros1);
  });
});

describe('a server that knows the type', () => {
  it('would have refused another one, and a field that is not of it', async () => {
    const server = kept(new RosServer({ port: 0, clock: new MonotonicClock() }));
    const { port } = await server.listen();
    const robot = kept(await RawClient.open(port));
    const say = (msg: object) => robot.send({ op: 'publish', topic: '/command', msg });
    robot.send({ op: 'subscribe', topic: '/command' });
    robot.send({ op: 'advertise', topic: '/command', type: 'geometry_msgs/msg/Twist' });
    robot.send({ op: 'advertise', topic: '/command', type: 'geometry_msgs/msg/TwistStamped' });
    say({ header: untimed, twist: turning });
    say({ ...turning, stiffness: 1 });
    await robot.settled();
    expect(server.counters.refused).toMatchObject({ type_conflict: 1, bad_message: 2 });
    expect(robot.published).toEqual([]);
  });
});
