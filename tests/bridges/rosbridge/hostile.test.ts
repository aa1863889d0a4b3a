import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { TYPES } from '../../../bridges/messages/messages.ts';
import type { SensorFrame } from '../../../src/core/signals.ts';
import { covers } from '../../interop/conformance.ts';
import { plays } from '../../interop/played.ts';
import { half } from '../serving/break-protocol.ts';
import { cbor, fragments, png } from './encode.ts';
import { action, client, encoder, type Made, nothingOldIsSent, StandIn, until, untilSent } from './robot-stand-in.ts';

/**
 * A server that does all that real ones were seen to do (facts of the ROS side), on real sockets: nothing may crash, no
 * old command may go out, and each oddity is said once and counted.
 */
let standIn: StandIn;
let made: Made;
let frames: SensorFrame[];

const topics = [
  { topic: '/joint_states', type: TYPES.jointState },
  { topic: '/tags', type: 'tag_msgs/msg/Tags' },
];
async function connect(config: Parameters<typeof client>[1] = {}): Promise<void> {
  made = client(standIn.url, config, { topics, encoder: encoder() });
  frames = [];
  made.bridge.frames$.subscribe((frame) => frames.push(frame));
  await made.bridge.open();
  await standIn.until(() => standIn.of('subscribe').length === 2);
  await untilSent(made.bridge, 1);
}
beforeEach(async () => {
  standIn = await StandIn.open();
});
afterEach(async () => {
  await nothingOldIsSent(made, standIn);
  await made.bridge.close();
  await standIn.close();
});

const header = { stamp: { sec: 1, nanosec: 2 }, frame_id: 'base' };
const joints = (position = 1) => ({ header, name: ['a'], position: [position], velocity: [2], effort: [3] });
const publish = (msg: unknown, topic = '/joint_states') => ({ op: 'publish', topic, msg });
/** Says all that, and then a good message, whose arrival shows that all before it has been read. */
async function outcome(...said: unknown[]): Promise<SensorFrame[]> {
  const before = frames.length;
  standIn.tell(...said, publish({ end: before }, '/tags'));
  await until(() => frames.length > before && (frames.at(-1)!.message as { end?: number }).end === before);
  return frames.slice(before, -1);
}
const positions = (got: SensorFrame[]) => got.map((f) => (f.message as { position: number[] }).position[0]);
const commands = () => standIn.of('publish').map((o) => (o.msg as { seq: number }).seq);
const status = (level: string, msg: string) => ({ op: 'status', level, msg });

describe('a hostile server', () => {
  it('that breaks its JSON off and goes on is read on, and the break is said once', async () => {
    plays('client', ['frame.broken', 'frame.several']);
    covers('client', ['frame.malformed', 'frame.several_objects'], 'hostile');
    await connect();
    const good = JSON.stringify(publish(joints(7)));
    expect(positions(await outcome('{"op":"publish","topic":"/joi', good + good, '}{', good))).toEqual([7, 7, 7]);
    expect(made.bridge.counters.malformed).toBe(2);
    expect(made.errors.map((e) => e.code)).toEqual(['RA_MESSAGE_MALFORMED']);
  });

  it('that writes NaN as a word and as null is understood, and the number stays one that is none', async () => {
    plays('client', 'number.nan');
    covers('client', 'publish.nan', 'hostile');
    await connect();
    const text = JSON.stringify(publish(joints()));
    const word = text.replace('[1]', '[NaN]');
    expect(positions(await outcome(word, text.replace('[1]', '[null]')))).toEqual([Number.NaN, Number.NaN]);
    expect(made.errors).toEqual([]);
  });

  it('that sends integers beyond 2^53 has them read exactly', async () => {
    plays('client', 'number.int64');
    covers('client', 'publish.int64', 'hostile');
    await connect();
    const [frame] = await outcome('{"op":"publish","topic":"/tags","msg":{"id":9007199254740993,"low":-5}}');
    expect(frame!.message).toEqual({ id: 9_007_199_254_740_993n, low: -5 });
    // In CBOR they come as a BigInt64Array; of a type that nobody knows it is passed on as it came.
    const ids = BigInt64Array.of(5n, 9_007_199_254_740_993n);
    const [packed] = await outcome(cbor(publish({ ids }, '/tags')));
    expect(packed!.message).toEqual({ ids });
    expect(made.errors).toEqual([]);
  });

  it('whose fragments come in any order, under one id, with a fraction for a total, is put together', async () => {
    plays('client', 'fragment.order');
    covers('client', ['fragment.in', 'fragment.total', 'subscribe.fragment_size'], 'hostile');
    await connect();
    const [a, b, c, ...more] = fragments(JSON.stringify(publish(joints(8))), 60);
    expect(positions(await outcome(c, a, ...more, b))).toEqual([8]);
    // Two topics at once, mixed by the server's threads.
    const one = fragments(JSON.stringify(publish(joints(9))), 60);
    const two = fragments(JSON.stringify(publish({ text: 'long'.repeat(20) }, '/tags')), 60);
    expect(await outcome(...one.flatMap((f, i) => (two[i] === undefined ? [f] : [f, two[i]])))).toHaveLength(2);
    expect(made.errors).toEqual([]);
  });

  it('whose fragments do not make a message has them counted and dropped', async () => {
    plays('client', 'fragment.broken');
    await connect();
    const [a, ...rest] = fragments(JSON.stringify(publish(joints(8))), 60);
    const foreign = rest.map((f) => ({ ...f, data: '}' }));
    expect(await outcome(a, ...foreign, { op: 'fragment', id: 0 })).toEqual([]);
    expect(made.bridge.counters.malformed).toBe(2);
    expect(made.errors.map((e) => e.code)).toEqual(['RA_MESSAGE_MALFORMED']);
  });

  it('that packs JSON in pictures, pictures in fragments, and CBOR in binary frames is unpacked', async () => {
    plays('client', 'frame.packed');
    covers(
      'client',
      ['png.in', 'png.parts', 'subscribe.compression.png', 'subscribe.compression.cbor', 'frame.binary_text'],
      'hostile',
    );
    await connect();
    const picture = { op: 'png', data: png(JSON.stringify(publish(joints(4)))).toString('base64') };
    const binary = cbor(publish({ ...joints(5), position: Float64Array.of(5) }));
    const text = Buffer.from(JSON.stringify(publish(joints(6))));
    // A large picture may also come in parts of its own, out of order.
    const parts = fragments(picture.data, 100).map((part) => ({ ...part, op: 'png', id: 'p' }));
    const got = await outcome(picture, ...fragments(JSON.stringify(picture), 100), ...parts.reverse(), binary, text);
    expect(positions(got)).toEqual([4, 4, 4, 5, 6]);
    // From whatever wire, a message is of one form.
    expect(got.map((f) => Array.isArray((f.message as { position: unknown }).position))).toEqual([
      true,
      true,
      true,
      true,
      true,
    ]);
    expect(made.errors).toEqual([]);
  });

  it.each<[string, unknown]>([
    ['CBOR garbage', Buffer.from('ff00ff00', 'hex')],
    ['CBOR cut off', cbor(publish(joints())).subarray(0, 40)],
    ['CBOR that is no operation', cbor([1, 2, 3])],
    ['CBOR of a list that would be huge', Buffer.from('9bffffffffffffff', 'hex')],
    ['a picture of nothing', { op: 'png', data: 'AAAA' }],
    ['a picture without data', { op: 'png' }],
    [
      'a picture in a picture in a picture …',
      [1, 2, 3, 4, 5].reduce<object>(
        (inner) => ({ op: 'png', data: png(JSON.stringify(inner)).toString('base64') }),
        publish(joints()),
      ),
    ],
    ['a message of another shape', publish({ header, name: 'a' })],
    ['a message that is a list', publish([1])],
  ])('that sends %s has it counted and said once, and is read on', async (_name, odd) => {
    plays('client', {
      'frame.cbor': 'CBOR cut off',
      'frame.png': 'a picture of nothing',
      'frame.shape': 'a message of another shape',
    });
    await connect();
    expect(positions(await outcome(odd, odd, publish(joints(3))))).toEqual([3]);
    expect(made.bridge.counters.malformed).toBe(2);
    expect(made.errors.map((e) => e.code)).toEqual(['RA_MESSAGE_MALFORMED']);
    await untilSent(made.bridge, 2);
  });

  it('that answers what was not asked, or too late, has it counted apart and said once', async () => {
    plays('client', ['answer.late', 'answer.never']);
    covers('client', ['service_response', 'call_service.timeout'], 'hostile');
    await connect();
    const late = made.bridge.call('/slow', TYPES.trigger, {}, 20);
    await expect(late).rejects.toMatchObject({ code: 'RA_SERVICE_TIMEOUT' });
    const [asked] = standIn.of('call_service');
    const answer = (id: unknown) => ({ op: 'service_response', id, service: '/slow', values: {}, result: true });
    standIn.socket('call_service').send(JSON.stringify(answer(asked!.id)));
    await until(() => made.bridge.counters.unexpected === 1);
    expect(await outcome(answer('nobody'), answer('call_service:/x:1'), publish({}, '/other'))).toEqual([]);
    expect(made.bridge.counters).toMatchObject({ unexpected: 4, malformed: 0, callsFailed: 1 });
    expect(made.errors.map((e) => e.code)).toEqual(['RA_BRIDGE_UNEXPECTED', 'RA_BRIDGE_UNEXPECTED']);
  });

  it('that floods us with its words is quoted once, and every word is counted', async () => {
    plays('client', 'words.flood');
    covers('client', 'status', 'hostile');
    await connect();
    const flood = Array.from({ length: 1000 }, (_, i) => status('error', `no ${i}`));
    expect(await outcome(...flood)).toEqual([]);
    expect(made.bridge.counters.unexpected).toBe(1000);
    expect(made.errors.map((e) => `${e.code} ${e.seen}`)).toEqual([
      `RA_BRIDGE_UNEXPECTED ${standIn.url}: status error: "no 0"`,
    ]);
  });

  it.each([
    ['an op that nobody knows', { op: 'dance' }],
    ['a call of a service that we do not offer', { op: 'call_service', id: '1', service: '/ours', args: {} }],
    ['an action of nobody', { op: 'send_action_goal', id: '1', action: '/act' }],
    ['a status for an id', { op: 'status', id: 'x', level: 'error', msg: 'm' }],
    ['an op under the name of an event', { op: 'action_result', id: 'error', values: {} }],
  ])('that sends %s does no harm', async (_name, odd) => {
    plays('client', { 'op.unknown': 'an op that nobody knows' });
    await connect();
    expect(positions(await outcome(odd, odd, publish(joints(3))))).toEqual([3]);
    expect(made.links).toHaveLength(2);
    expect(made.bridge.counters).toMatchObject({ unexpected: 2, malformed: 0 });
    expect(made.errors.map((e) => e.code)).toEqual(['RA_BRIDGE_UNEXPECTED']);
  });

  it('that sends 10 MB at once loses the connection, again and again ever more slowly, and commands go on between', async () => {
    plays('client', 'frame.huge');
    covers('client', 'frame.oversized', 'hostile');
    await connect({ backoff_ms: [1, 50] });
    const huge = JSON.stringify(publish({ text: 'x'.repeat(10_000_000) }, '/tags'));
    for (let round = 1; round <= 3; round++) {
      standIn.socket('subscribe').send(huge);
      await until(() => made.links.filter((l) => l.up).length > round);
      await standIn.until(() => standIn.of('subscribe').length === 2 + 2 * round);
    }
    expect(
      made.links
        .filter((l) => !l.up)
        .slice(1)
        .map((l) => l.reason),
    ).toEqual(Array(3).fill('Max payload size exceeded'));
    expect(made.bridge.counters).toMatchObject({ reconnects: 3, lost: 3 });
    const sent = commands().length;
    await untilSent(made.bridge, 99);
    await standIn.until(() => commands().length > sent);
    expect(commands().at(-1)).toBe(99);
  });
});

describe('one connection of the three that', () => {
  const links = () => made.links.map(({ up, epoch }) => [up, epoch]);
  const ended = (socket: WebSocket) => socket.terminate();

  it('carried the commands ends: the link is down, states still come, and no command is kept', async () => {
    plays('client', 'link.commands');
    covers('client', 'reconnect', 'hostile');
    await connect({ backoff_ms: [200, 200] });
    ended(standIn.socket('advertise'));
    await until(() => made.links.length > 2);
    expect(positions(await outcome(publish(joints(5))))).toEqual([5]);
    for (let seq = 100; seq < 150; seq++) expect(made.bridge.send(action(seq)).refused).toBe('not_connected');
    await until(() => made.links.length > 3);
    expect(links()).toEqual([
      [false, 0],
      [true, 1],
      [false, 1],
      [true, 2],
    ]);
    expect(standIn.of('subscribe')).toHaveLength(2);
    await standIn.until(() => standIn.of('advertise').length === 2);
    await untilSent(made.bridge, 200);
    await standIn.until(() => commands().at(-1) === 200);
    expect(commands().filter((seq) => seq >= 100)).toEqual([200]);
    expect(made.bridge.counters.lost).toBe(1);
  });

  it('carried the states ends: no command goes out blind, and all is subscribed anew', async () => {
    plays('client', 'link.states');
    await connect({ backoff_ms: [100, 100] });
    ended(standIn.socket('subscribe'));
    await until(() => made.links.length > 2);
    expect(made.bridge.send(action(100)).refused).toBe('not_connected');
    await until(() => made.links.length > 3);
    await standIn.until(() => standIn.of('subscribe').length === 4);
    expect(made.links.at(-1)).toMatchObject({ up: true, epoch: 2 });
    await untilSent(made.bridge, 101);
    await standIn.until(() => commands().at(-1) === 101);
    expect(commands()).not.toContain(100);
    expect(made.bridge.counters.lost).toBe(1);
  });

  it('carried the services ends: only what was under way there fails', async () => {
    plays('client', 'answer.cut');
    await connect();
    const call = made.bridge.call('/slow', TYPES.trigger, {}, 1e8);
    await standIn.until(() => standIn.of('call_service').length > 0);
    ended(standIn.socket('call_service'));
    await expect(call).rejects.toMatchObject({ code: 'RA_SERVICE_FAILED' });
    expect(links()).toHaveLength(2);
    expect(made.bridge.counters).toMatchObject({ lost: 1, callsFailed: 1 });
    await untilSent(made.bridge, 2);
  });

  it('carries a bulky topic is not the one that carries states', async () => {
    const image = { topic: '/image', type: 'sensor_msgs/msg/Thing', how: { bulky: true, throttle_ms: 50 } };
    made = client(standIn.url, {}, { topics: [image, topics[0]!], encoder: encoder() });
    const got: string[] = [];
    made.bridge.frames$.subscribe(({ topic }) => got.push(topic));
    await made.bridge.open();
    await standIn.until(() => standIn.of('subscribe').length === 2);
    expect(standIn.sockets).toHaveLength(3);
    // Each of them is told only what it asked for.
    const over = Object.fromEntries(standIn.of('subscribe').map((o) => [o.topic as string, standIn.from(o)])) as Record<
      string,
      WebSocket
    >;
    expect(over['/image']).not.toBe(over['/joint_states']);
    over['/image']!.send(JSON.stringify(publish({ data: 'x'.repeat(2_000_000) }, '/image')));
    over['/joint_states']!.send(JSON.stringify(publish(joints())));
    await until(() => got.length === 2);
    expect(got.sort()).toEqual(['/image', '/joint_states']);
    expect(made.links).toHaveLength(2);
  });

  it('gets stuck amid a big message of a bulky topic still gets commands, and its states come', async () => {
    plays('client', 'bulky.stuck');
    const image = { topic: '/image', type: 'sensor_msgs/msg/Thing', how: { bulky: true, throttle_ms: 50 } };
    made = client(standIn.url, {}, { topics: [image, topics[0]!], encoder: encoder() });
    const got: string[] = [];
    made.bridge.frames$.subscribe(({ topic }) => got.push(topic));
    await made.bridge.open();
    await standIn.until(() => standIn.of('subscribe').length === 2);
    const of = (topic: string) => standIn.from(standIn.of('subscribe').find((o) => o.topic === topic)!);
    half(of('/image'), JSON.stringify(publish({ data: 'x'.repeat(2_000_000) }, '/image')));
    for (let i = 0; i < 10; i++) of('/joint_states').send(JSON.stringify(publish(joints(i))));
    await until(() => got.length === 10);
    await untilSent(made.bridge, 3);
    expect(got).toEqual(Array.from({ length: 10 }, () => '/joint_states'));
    expect([made.errors, made.links.length, made.bridge.counters.lost]).toEqual([[], 2, 0]);
  });

  it('answers every ping and has no more states is made anew, once', async () => {
    plays('client', 'silence.all');
    covers('client', ['half_open', 'ping'], 'hostile');
    await connect({ silence_ms: 80, ping_ms: 10, backoff_ms: [5, 5] });
    for (let i = 0; i < 40; i++) standIn.tell(publish(joints(i)));
    await until(() => made.links.length > 3);
    expect(made.links[2]!.reason).toMatch(/^no message for \d+\.\d s, although the server answers$/);
    expect(made.links[3]).toMatchObject({ up: true, epoch: 2 });
    expect(made.bridge.counters.lost).toBe(1);
    // Nothing has come on the new one: there is no stream that could have ended. Topics are asked for anew there, each by itself.
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(made.links).toHaveLength(4);
  });
});

describe('a command that is not finite', () => {
  it('does not go out as null, which the server would drop without a word', async () => {
    plays('client', 'refusal.nan');
    await connect();
    const bad = { ...action(5), setpoint: Float64Array.of(0, Number.NaN) };
    expect(made.bridge.send(bad)).toMatchObject({ sent: false, refused: 'not_finite' });
    await untilSent(made.bridge, 6);
    await standIn.until(() => commands().at(-1) === 6);
    expect(commands()).not.toContain(5);
  });
});
