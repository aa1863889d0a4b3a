import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TYPES } from '../../../bridges/messages/messages.ts';
import { VirtualClock } from '../../../src/core/clock.ts';
import { covers } from '../../interop/conformance.ts';
import { plays } from '../../interop/played.ts';
import {
  client,
  encoder,
  type Made,
  nothingOldIsSent,
  type Received,
  StandIn,
  until,
  untilSent,
} from './robot-stand-in.ts';

/** What was silent once: each loss and refusal is said once, counted, stands while it lasts, and is said to be over. */
let standIn: StandIn;
let made: Made;
let clock: VirtualClock;
beforeEach(async () => {
  standIn = await StandIn.open();
  clock = new VirtualClock();
});
afterEach(async () => {
  await nothingOldIsSent(made, standIn);
  await made.bridge.close();
  await standIn.close();
});

const topics = [
  { topic: '/joint_states', type: TYPES.jointState },
  { topic: '/wrench', type: TYPES.wrenchStamped },
  { topic: '/camera', type: 'sensor_msgs/msg/CompressedImage' },
  { topic: '/now_and_then', type: TYPES.string },
];

const said = () => made.errors.map((e) => `${e.code} ${e.seen}`);
const standing = () => made.bridge.faults.map((f) => f.about);
const cleared = () => made.cleared.map((f) => f.about);
const header = { stamp: { sec: 1, nanosec: 2 }, frame_id: 'base' };
const joints = { header, name: ['a'], position: [1], velocity: [2], effort: [3] };
const publish = (topic: string, msg: object) => ({ op: 'publish', topic, msg });

describe('a connection that the link does not hang on', () => {
  it.each([
    ['for services and bulky topics', 'call_service', 'services'],
    ["for our place in the robot's graph", 'advertise_service', 'graph'],
  ] as const)(
    '%s: its end is said once, counted each time, and well again when it is back',
    async (what, op, which) => {
      plays('client', 'link.side');
      covers('client', 'reconnect', 'raw');
      made = client(standIn.url, {}, { clock, encoder: encoder() });
      await made.bridge.open();
      if (which === 'graph')
        made.bridge.graph.advertiseService('/arm', TYPES.trigger, () => ({ success: true, message: '' }));
      else void made.bridge.call('/never', TYPES.trigger, {}, 1e8).catch(() => {});
      await standIn.until(() => standIn.of(op).length > 0);
      const before = standIn.sockets.length;
      standIn.socket(op).close(1001, 'going');
      await until(() => made.errors.length > 0);
      expect(said()).toEqual([
        `RA_BRIDGE_LOST ${standIn.url}, the connection ${what}: closed by the server (1001 going)`,
      ]);
      await until(() => made.cleared.length > 0);
      expect(standing()).toEqual([]);
      expect(made.bridge.counters.lost).toBe(1);

      // Again and again within ten seconds: counted, and not said.
      await standIn.until(() => standIn.sockets.length > before);
      standIn.sockets.at(-1)!.terminate();
      await until(() => made.bridge.counters.lost === 2);
      expect(standing()).toEqual([`connection ${what}`]);
      await until(() => made.bridge.faults.length === 0);
      expect([said().length, cleared().length]).toEqual([1, 1]);
      clock.advance(10e9);
      await standIn.until(() => standIn.sockets.length > before + 1);
      standIn.sockets.at(-1)!.terminate();
      await until(() => made.errors.length > 1);
      expect(made.bridge.counters.lost).toBe(3);
      expect(made.links).toHaveLength(2);
      await untilSent(made.bridge, 1);
    },
  );

  it('those of the link are counted as lost too, and told by the link', async () => {
    made = client(
      standIn.url,
      { ping_ms: 20 },
      { topics: [{ topic: '/j', type: TYPES.jointState }], encoder: encoder() },
    );
    await made.bridge.open();
    await standIn.until(() => standIn.operations.length === 2);
    for (const socket of standIn.sockets) socket.terminate();
    await until(() => made.bridge.counters.lost === 2);
    await until(() => made.links.at(-1)!.epoch === 2);
    expect(said()).toEqual([]);
  });
});

describe('another dialect than the one that was set', () => {
  it('is counted once however often it is met, stands, and is well when the robot spells as was set', async () => {
    plays('client', 'dialect.other');
    covers('client', 'ros_version', 'hostile');
    made = client(standIn.url, {}, { clock, encoder: encoder(), topics: topics.slice(0, 1) });
    let frames = 0;
    made.bridge.frames$.subscribe(() => frames++);
    await made.bridge.open();
    await standIn.until(() => standIn.of('subscribe').length === 1);
    const ros1 = { ...joints, header: { seq: 1, stamp: { secs: 1, nsecs: 2 }, frame_id: 'base' } };
    for (let i = 0; i < 50; i++) standIn.tell(publish('/joint_states', ros1));
    await until(() => frames === 50);
    const fault = `bridge.ros_version: 2, but ${standIn.url} spells times as ROS 1`;
    expect(said()).toEqual([`RA_CONFIG_INVALID ${fault}`]);
    expect(made.bridge.faults).toEqual([{ code: 'RA_CONFIG_INVALID', about: 'dialect', seen: fault, sinceNs: 0 }]);
    expect(made.bridge.counters.mismatched).toBe(1);
    standIn.tell(publish('/joint_states', joints));
    await until(() => frames === 51);
    expect([standing(), cleared()]).toEqual([[], ['dialect']]);
  });
});

describe('a topic that falls silent', () => {
  const config = { silence_ms: 80, topics: { '/now_and_then': { sporadic: true } } };
  const messages: Record<string, object> = {
    '/joint_states': joints,
    '/wrench': { header, wrench: { force: { x: 1, y: 2, z: 3 }, torque: { x: 1, y: 2, z: 3 } } },
    '/camera': { header, format: 'jpeg', data: 'AA==' },
  };
  const subscribedOver = (topic: string) => standIn.from(standIn.of('subscribe').findLast((o) => o.topic === topic)!);
  const tell = (topic: string) => subscribedOver(topic).send(JSON.stringify(publish(topic, messages[topic]!)));
  /** They speak every few ms until it holds. */
  async function speaking(names: string[], holds: () => boolean): Promise<void> {
    while (!holds()) {
      for (const name of names) tell(name);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  it.each([
    ['/wrench', ['/joint_states', '/camera']],
    ['/camera', ['/joint_states', '/wrench']],
  ])('%s, is reported, counted and subscribed anew by itself while the others go on', async (silent, others) => {
    plays('client', 'silence.topic');
    covers('client', 'unsubscribe', 'hostile');
    made = client(standIn.url, config, { topics, encoder: encoder() });
    await made.bridge.open();
    await standIn.until(() => standIn.of('subscribe').length === topics.length);
    await speaking([silent, ...others], () => made.bridge.counters.framesIn >= 3 * 25);
    const sockets = standIn.sockets.length;
    await speaking(others, () => standIn.of('unsubscribe').length > 1);
    expect(said()).toHaveLength(1);
    expect(said()[0]).toMatch(new RegExp(`^RA_TOPIC_SILENT ${silent}: no message for \\d+\\.\\d s$`));
    expect(standing()).toEqual([silent]);
    expect(made.bridge.counters.silent).toBe(1);
    const asked = standIn.operations.filter((o) => /subscribe$/.test(o.op));
    const [unsubscribe, subscribe] = asked.slice(topics.length, topics.length + 2);
    expect(unsubscribe).toEqual({ op: 'unsubscribe', topic: silent });
    expect(subscribe).toMatchObject({ op: 'subscribe', topic: silent, queue_length: 1 });
    expect(standIn.from(subscribe!)).toBe(standIn.from(standIn.of('subscribe').find((o) => o.topic === silent)!));
    // Nothing else was touched: the link, its connections, and the topic whose silence means nothing.
    expect([made.links.length, standIn.sockets.length]).toEqual([2, sockets]);

    await speaking([silent, ...others], () => made.bridge.faults.length === 0);
    expect(cleared()).toEqual([silent]);
  });

  it('is looked up in rosapi: nobody publishes it any more, or it has become another type, and what was said is taken back', async () => {
    covers('client', 'rosapi.types', 'hostile');
    const types: Record<string, string> = { '/joint_states': TYPES.jointState, '/wrench': TYPES.wrenchStamped };
    const publishers: Record<string, string[]> = { '/joint_states': ['/robot'], '/wrench': ['/robot'] };
    const values = ({ service, args }: Received): object => {
      const { topic } = args as { topic: string };
      if (service === '/rosapi/get_time') return { time: { sec: 1, nanosec: 2 } };
      return service === '/rosapi/topic_type' ? { type: types[topic] } : { publishers: publishers[topic] };
    };
    standIn.answer = (o) =>
      o.op === 'call_service' ? { op: 'service_response', id: o.id, values: values(o), result: true } : undefined;
    made = client(standIn.url, { ...config, verify: true }, { topics: topics.slice(0, 2), encoder: encoder() });
    await made.bridge.open();
    await standIn.until(() => standIn.of('subscribe').length === 2);
    await speaking(['/joint_states', '/wrench'], () => made.bridge.counters.framesIn >= 50);
    expect(said()).toEqual([]);
    publishers['/wrench'] = [];
    await speaking(['/joint_states'], () => made.errors.length > 0);
    expect(said()).toEqual([
      'RA_TOPIC_SILENT /wrench is published by nobody; the config says geometry_msgs/msg/WrenchStamped',
    ]);
    publishers['/wrench'] = ['/other'];
    await speaking(['/joint_states', '/wrench'], () => made.cleared.length > 0);
    expect(cleared()).toEqual(['/wrench']);

    const { framesIn } = made.bridge.counters;
    await speaking(['/joint_states', '/wrench'], () => made.bridge.counters.framesIn >= framesIn + 50);
    types['/wrench'] = 'std_msgs/msg/Float64';
    await speaking(['/joint_states'], () => made.errors.length > 1);
    expect(said()[1]).toBe(
      'RA_TOPIC_TYPE /wrench is std_msgs/msg/Float64, the config says geometry_msgs/msg/WrenchStamped',
    );
    expect(made.bridge.counters).toMatchObject({ silent: 1, mismatched: 1 });
    types['/wrench'] = TYPES.wrenchStamped;
    await speaking(['/joint_states', '/wrench'], () => made.bridge.faults.length === 0);
    expect(cleared()).toEqual(['/wrench', 'type of /wrench']);
  });

  it('is one that is published and never comes, too: as after a quality of service that does not fit', async () => {
    plays('client', 'silence.qos');
    made = client(standIn.url, config, { topics: topics.slice(0, 2), encoder: encoder() });
    await made.bridge.open();
    await standIn.until(() => standIn.of('subscribe').length === 2);
    await speaking(['/joint_states'], () => made.errors.length > 0);
    expect(said()).toEqual(['RA_TOPIC_SILENT /wrench: no message for 0.1 s since it was subscribed']);
    expect(made.bridge.counters.silent).toBe(1);
    expect(standing()).toEqual(['/wrench']);
  });
});
