import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TYPES } from '../../../bridges/messages/messages.ts';
import { rosbridge } from '../../../bridges/rosbridge/client.ts';
import { VirtualClock } from '../../../src/core/clock.ts';
import type { SensorFrame } from '../../../src/core/signals.ts';
import { covers } from '../../interop/conformance.ts';
import { plays } from '../../interop/played.ts';
import { client, encoder, type Made, nothingOldIsSent, StandIn, until, untilSent } from './robot-stand-in.ts';

let standIn: StandIn;
let made: Made;
let frames: SensorFrame[];
let clock: VirtualClock;

const topics = [
  { topic: '/joint_states', type: TYPES.jointState },
  { topic: '/status', type: TYPES.robotStatus },
  { topic: '/tags', type: 'tag_msgs/msg/Tags' },
];

async function connect(ros_version: 1 | 2 = 2): Promise<void> {
  clock = new VirtualClock(5);
  made = client(standIn.url, { ros_version }, { topics, clock, encoder: encoder() });
  frames = [];
  made.bridge.frames$.subscribe((frame) => frames.push(frame));
  await made.bridge.open();
  await standIn.until(() => standIn.operations.length === 4);
}
beforeEach(async () => {
  standIn = await StandIn.open();
});
afterEach(async () => {
  await made.bridge.close();
  await standIn.close();
});

const header = { stamp: { sec: 1, nanosec: 2 }, frame_id: 'base' };
const joints = (more: object = {}) => ({ header, name: ['a'], position: [1], velocity: [2], effort: [3], ...more });
const publish = (msg: unknown, topic = '/joint_states') => ({ op: 'publish', topic, msg });
/** The frames that came of what was said, all of it being read when a last, good one has come. */
async function outcome(...said: unknown[]): Promise<SensorFrame[]> {
  const before = frames.length;
  const end = { end: before };
  standIn.tell(...said, publish(end, '/tags'));
  await until(() => frames.length > before && (frames.at(-1)!.message as typeof end).end === before);
  return frames.slice(before, -1);
}

describe('the connection', () => {
  it('subscribes in the order of the topics, newest first in the queue, and then advertises', async () => {
    covers('client', ['subscribe', 'subscribe.compression.none', 'advertise'], 'raw');
    await connect();
    expect(standIn.operations.map(({ op, topic, type, queue_length }) => ({ op, topic, type, queue_length }))).toEqual([
      ...topics.map(({ topic, type }) => ({ op: 'subscribe', topic, type, queue_length: 1 })),
      { op: 'advertise', topic: '/command', type: 'reflexarc_msgs/msg/EquilibriumCommand', queue_length: undefined },
    ]);
  });

  it('advertises commands with the shortest memory that ROS has, so that none of them waits for a driver', async () => {
    plays('client', 'memory.late');
    covers('client', ['advertise.queue_size', 'advertise.qos', 'publish'], 'raw');
    await connect();
    const qos = { history: 'keep_last', depth: 1, reliability: 'reliable', durability: 'volatile' };
    expect(standIn.of('advertise')).toEqual([
      {
        op: 'advertise',
        topic: '/command',
        type: 'reflexarc_msgs/msg/EquilibriumCommand',
        latch: false,
        queue_size: 1,
        qos,
      },
    ]);
    await nothingOldIsSent(made, standIn);
  });

  it('to ROS 1 spells types, times and headers as ROS 1 does, both ways', async () => {
    covers('client', ['subscribe.type', 'publish.stamp'], 'raw');
    await connect(1);
    expect(standIn.operations.map((o) => o.type)).toEqual([
      'sensor_msgs/JointState',
      'reflexarc_msgs/RobotStatus',
      'tag_msgs/Tags',
      'reflexarc_msgs/EquilibriumCommand',
    ]);
    const ros1 = { seq: 4, stamp: { secs: 1, nsecs: 2 }, frame_id: 'base' };
    const got = await outcome(publish(joints({ header: ros1 })), publish({ list: [{ header: ros1 }] }, '/tags'));
    expect(got.map((f) => f.message)).toEqual([joints(), { list: [{ header }] }]);
    expect(got[0]!.type).toBe('sensor_msgs/msg/JointState');
    await untilSent(made.bridge, 1);
    expect(made.errors).toEqual([]);
  });

  it.each([
    [2, { secs: 1, nsecs: 2 }, 1],
    [1, { sec: 1, nanosec: 2 }, 2],
  ] as const)('configured as ROS %d says once that the times are spelt otherwise', async (version, stamp, met) => {
    await connect(version);
    const message = publish(joints({ header: { stamp, frame_id: 'base' } }));
    expect(await outcome(message, message)).toHaveLength(2);
    expect(made.errors.map((e) => [e.code, e.allowed])).toEqual([['RA_CONFIG_INVALID', `bridge.ros_version: ${met}`]]);
  });

  it('is described as a plug-in whose options are the bridge part of a run file', () => {
    made = client(standIn.url);
    expect(rosbridge).toMatchObject({ kind: 'bridge', name: 'rosbridge' });
    expect(rosbridge.options.parse({ url: 'ws://robot:9090' })).toMatchObject({ ros_version: 2, ping_ms: 100 });
    expect(rosbridge.options.safeParse({ url: 'http://robot' }).success).toBe(false);
  });
});

describe('a command of two messages', () => {
  const one = { topic: '/pose', type: 'geometry_msgs/msg/PoseStamped' };
  const other = { topic: '/stiffness', type: 'geometry_msgs/msg/WrenchStamped' };

  it('has both topics advertised, and what goes before it goes out just before it', async () => {
    const encoder = {
      ...one,
      besides: [other],
      encode: ({ seq }: { seq: number }) => ({ ...one, message: { seq }, before: [{ ...other, message: { seq } }] }),
    };
    made = client(standIn.url, {}, { encoder });
    await made.bridge.open();
    await untilSent(made.bridge, 1);
    await standIn.until(() => standIn.of('publish').length === 2);
    expect(standIn.of('advertise').map((o) => [o.topic, o.type])).toEqual([
      [one.topic, one.type],
      [other.topic, other.type],
    ]);
    expect(standIn.of('publish').map((o) => [o.topic, o.msg])).toEqual([
      ['/stiffness', { seq: 1 }],
      ['/pose', { seq: 1 }],
    ]);
    expect(made.bridge.counters.commandsSent).toBe(1);
  });
});

describe('a frame', () => {
  it('carries topic, type, message, time of arrival and link epoch', async () => {
    await connect();
    clock.set(77);
    expect(await outcome(publish(joints()))).toEqual([
      { topic: '/joint_states', type: TYPES.jointState, message: joints(), receivedNs: 77, linkEpoch: 1 },
    ]);
    expect(made.bridge.counters).toMatchObject({ framesIn: 2, malformed: 0 });
  });

  it.each([
    ['null', '[null]'],
    ['bare NaN, as Python writes it', '[NaN]'],
    ['bare -Infinity', '[-Infinity]'],
  ])('with %s for a number has NaN there', async (_name, position) => {
    await connect();
    const text = JSON.stringify(publish(joints())).replace('"position":[1]', `"position":${position}`);
    expect((await outcome(text)).map((f) => f.message)).toEqual([joints({ position: [Number.NaN] })]);
  });
});

describe('malformed', () => {
  afterEach(() => nothingOldIsSent(made, standIn));

  const fault = (topic: string, field: string, seen: string, allowed: string) => [
    `${topic}: ${field} is ${seen}`,
    allowed,
  ];
  it.each<[string, unknown, string[]]>([
    [
      'a message without position',
      publish(joints({ position: undefined })),
      fault('/joint_states', 'position', 'missing', 'an array of numbers, null for NaN'),
    ],
    [
      'text for a number',
      publish(joints({ position: ['1'] })),
      fault('/joint_states', 'position[0]', '"1"', 'a number, or null for NaN'),
    ],
    ['null for a message', publish(null), fault('/joint_states', 'msg', 'null', 'an object')],
    ['no message at all', publish(undefined), fault('/joint_states', 'msg', 'missing', 'an object')],
    ['null for a message of an unknown type', publish(null, '/tags'), fault('/tags', 'msg', 'null', 'an object')],
    ['a status without its words', publish({ header }, '/status'), fault('/status', 'holding', 'missing', 'a boolean')],
  ])(
    '%s is dropped, counted, and said once in 10 s with topic, field, seen and allowed',
    async (_name, said, [seen, allowed]) => {
      await connect();
      expect(await outcome(said, said)).toEqual([]);
      expect(made.bridge.counters.malformed).toBe(2);
      expect(made.errors.map((e) => [e.code, e.seen, e.allowed])).toEqual([['RA_MESSAGE_MALFORMED', seen, allowed]]);
      clock.advance(10e9);
      await outcome(said);
      expect(made.errors).toHaveLength(2);
    },
  );

  it.each<[string, unknown]>([
    ['truncated JSON', '{"op":"publish","topic":"/joint_states","msg":{"posi'],
    ['no JSON', 'hello'],
    ['an empty frame', ''],
    ['a number', '7'],
    ['null', 'null'],
    ['an object without op', { topic: '/joint_states', msg: joints() }],
    ['an answer without id', { op: 'service_response', service: '/x', values: {}, result: true }],
    ['an answer whose id is a topic', { op: 'service_response', id: '/joint_states', service: '/x', result: true }],
    ['a call under the name of a topic', { op: 'call_service', service: '/joint_states', args: {} }],
  ])('%s is counted and said, and the next message is read', async (_name, said) => {
    plays('client', { 'frame.no_json': 'an object without op' });
    await connect();
    expect(await outcome(said, publish(joints()))).toHaveLength(1);
    expect(made.bridge.counters.malformed).toBe(1);
    expect(made.errors.map((e) => e.code)).toEqual(['RA_MESSAGE_MALFORMED']);
    expect(made.links).toHaveLength(2);
  });

  it('a binary frame that is no CBOR is counted', async () => {
    await connect();
    expect(await outcome(Buffer.from([0xa1]))).toEqual([]);
    expect(made.errors[0]!.seen).toBe(`${standIn.url}: no CBOR: CBOR cut off`);
    expect(made.bridge.counters.malformed).toBe(1);
  });

  it.each(['connection', 'close', 'error'])('nothing comes of a message on a topic named `%s`', async (topic) => {
    await connect();
    expect(await outcome(publish({}, topic), publish(joints()))).toHaveLength(1);
    expect(standIn.operations).toHaveLength(4);
    expect(made.links).toHaveLength(2);
  });

  it('a message above the bound ends the connection, and the next one begins', async () => {
    await connect();
    standIn.tell(publish({ text: 'x'.repeat(1_000_000) }, '/tags'));
    await until(() => made.links.length > 3);
    expect(made.links[2]!.reason).toBe('Max payload size exceeded');
    expect(made.links[3]).toMatchObject({ up: true, epoch: 2 });
  });

  it('messages of ever new names do not make the record of complaints grow', async () => {
    await connect();
    for (let i = 0; i < 150; i++) standIn.tell(`{${i}`);
    await outcome();
    expect(made.bridge.counters.malformed).toBe(150);
    expect(made.errors).toHaveLength(1);
  });
});
