import { MessageReader } from '@foxglove/rosmsg2-serialization';
import { describe, expect, it } from 'vitest';
import { textOfPng } from '../../../bridges/messages/png.ts';
import { definitionsFor } from '../../../bridges/messages/types.ts';
import { covers } from '../../interop/conformance.ts';
import { plays } from '../../interop/played.ts';
import { advertise, publish, serve, subscribe } from './serving.ts';

const MULTI = 'std_msgs/Float64MultiArray';
const EMPTY_LAYOUT = { dim: [], data_offset: 0 };
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** What one client gets of a message that another publishes. */
async function carried(type: string, msg: unknown, how: object) {
  const { server, client, logged } = await serve();
  const [talker, listener] = [await client(), await client()];
  listener.send(subscribe('/t', type, how));
  await listener.settled();
  const frames: { data: Buffer; binary: boolean }[] = [];
  listener.socket.on('message', (data, binary) => frames.push({ data: data as Buffer, binary }));
  talker.send(advertise('/t', type), publish('/t', msg));
  await talker.settled();
  await listener.settled();
  return {
    server,
    logged,
    frames: frames.slice(0, -1),
    received: listener.received.filter((m) => m.op !== 'service_response'),
  };
}

describe('an encoding', () => {
  it('cbor has numbers as typed arrays, byte for byte as rosbridge_suite was seen to write them', async () => {
    covers('server', 'subscribe.compression.cbor', 'raw');
    const { frames, received } = await carried(MULTI, { data: [1, 2.5] }, { compression: 'cbor' });
    expect(frames[0]!.binary).toBe(true);
    expect(hex(frames[0]!.data)).toContain('d85650000000000000f03f0000000000000440');
    expect(received[0]).toMatchObject({ op: 'publish', topic: '/t' });
    expect((received[0]!.msg as { data: unknown }).data).toEqual(Float64Array.of(1, 2.5));
  });

  it('JSON has an integer of ours beyond 2^53 as it is', async () => {
    const { server, client } = await serve();
    const listener = await client();
    listener.send(subscribe('/t', 'std_msgs/UInt64MultiArray'));
    await listener.settled();
    const texts: string[] = [];
    listener.socket.on('message', (data) => texts.push(String(data)));
    server.publish('/t', 'std_msgs/msg/UInt64MultiArray', { layout: EMPTY_LAYOUT, data: [9007199254740993n] });
    await listener.settled();
    expect(texts[0]).toContain('"data":[9007199254740993]');
  });

  it('cbor keeps fixed arrays, lists of text, NaN and bytes, at which rosbridge_suite fails or falls silent', async () => {
    covers('server', ['subscribe.compression.cbor', 'publish.nan', 'publish.uint8[]'], 'raw');
    const covariance = [null, ...new Array(8).fill(0.5)];
    const imu = await carried('sensor_msgs/Imu', { orientation_covariance: covariance }, { compression: 'cbor' });
    const { orientation_covariance } = imu.received[0]!.msg as { orientation_covariance: Float64Array };
    expect(orientation_covariance).toEqual(Float64Array.from(covariance, (v) => v ?? Number.NaN));
    const joints = await carried('sensor_msgs/JointState', { name: ['a', 'b'] }, { compression: 'cbor' });
    expect(joints.received[0]!.msg).toMatchObject({ name: ['a', 'b'], position: new Float64Array(0) });
    const bytes = await carried('std_msgs/UInt8MultiArray', { data: [1, 2, 255] }, { compression: 'cbor' });
    expect(hex((bytes.received[0]!.msg as { data: Uint8Array }).data)).toBe('0102ff');
  });

  it('cbor of a type that nobody knows has plain arrays', async () => {
    covers('server', 'subscribe.compression.cbor', 'raw');
    const msg = { a: [1, -2, 0.5, 1e300], s: 'é', n: null, b: [true, false], deep: { x: -(2 ** 40) } };
    const { received } = await carried('x/Unknown', msg, { compression: 'cbor' });
    expect(received[0]!.msg).toEqual(msg);
  });

  it('cbor-raw has the bytes of ROS 2 (CDR) and a time', async () => {
    covers('server', 'subscribe.compression.cbor-raw', 'raw');
    const twist = { linear: { x: 1, y: 2, z: 3 }, angular: { x: 0, y: 0, z: -1 } };
    const { received } = await carried('geometry_msgs/Twist', twist, { compression: 'cbor-raw' });
    const { secs, nsecs, bytes } = received[0]!.msg as { secs: number; nsecs: number; bytes: Uint8Array };
    expect(bytes).toHaveLength(4 + 48);
    expect(hex(bytes).slice(0, 8)).toBe('00010000');
    expect(new MessageReader(definitionsFor('geometry_msgs/msg/Twist')!).readMessage(bytes)).toEqual(twist);
    expect(secs).toBeGreaterThan(1.6e9);
    expect(nsecs).toBeLessThan(1e9);
  });

  it('cbor-raw is refused for a type that nobody knows, for there is nothing to write it by', async () => {
    plays('server', 'encoding.unknown');
    covers('server', 'subscribe.compression.cbor-raw', 'hostile');
    const { server, received, logged } = await carried('x/Unknown', {}, { compression: 'cbor-raw' });
    expect(received).toEqual([]);
    expect(server.counters.refused.bad_field).toBe(1);
    expect(logged).toEqual(['bad_field']);
  });

  it('png is a picture whose pixels are the operation', async () => {
    covers('server', ['subscribe.compression.png', 'png.out'], 'raw');
    const { received } = await carried('std_msgs/String', { data: 'grüße' }, { compression: 'png' });
    expect(Object.keys(received[0]!)).toEqual(['op', 'data']);
    const within = textOfPng(Buffer.from(received[0]!.data as string, 'base64'), 1000);
    expect(JSON.parse(within)).toEqual({ op: 'publish', topic: '/t', msg: { data: 'grüße' } });
  });

  it('of several subscriptions of a client: the one that says most, and the smallest fragments', async () => {
    covers('server', 'subscribe.id', 'raw');
    const { client } = await serve();
    const c = await client();
    c.send(subscribe('/t', MULTI, { id: 'a' }), subscribe('/t', MULTI, { id: 'b', compression: 'cbor' }));
    c.send(publish('/t', { data: [1] }), { op: 'unsubscribe', topic: '/t', id: 'b' }, publish('/t', { data: [1] }));
    await c.settled();
    expect(c.published).toEqual([
      { layout: EMPTY_LAYOUT, data: Float64Array.of(1) },
      { layout: EMPTY_LAYOUT, data: [1] },
    ]);
  });

  it('for one client does not cost another its message, when it cannot be written', async () => {
    const { server, client } = await serve();
    const [plain, cbor] = [await client(), await client()];
    cbor.send(subscribe('/own', 'x/Own', { compression: 'cbor' }));
    plain.send(subscribe('/own', 'x/Own'));
    await cbor.settled();
    await plain.settled();
    let deep: unknown = 1;
    for (let i = 0; i < 70; i++) deep = [deep];
    server.publish('/own', 'x/Own', { deep });
    await plain.settled();
    expect(plain.published).toEqual([{ deep }]);
    expect(server.counters.failed).toBe(1);
  });
});

describe('a fragment', () => {
  it('is cut out of text that is longer than asked for, with an id that roslib does not take for none', async () => {
    covers('server', ['subscribe.fragment_size', 'fragment.out'], 'raw');
    const data = `${'x'.repeat(50)}😀😀😀`;
    const { received } = await carried('std_msgs/String', { data }, { fragment_size: 40 });
    const parts = received as unknown as { op: string; id: string; data: string; num: number; total: number }[];
    expect(parts.map((p) => [p.op, p.num, p.total])).toEqual(parts.map((_, i) => ['fragment', i, parts.length]));
    expect(parts.every((p) => p.data.length <= 40 && p.id === parts[0]!.id && Boolean(p.id))).toBe(true);
    expect(JSON.parse(parts.map((p) => p.data).join(''))).toMatchObject({ msg: { data } });
    for (const { data: part } of parts) expect(Buffer.from(part).toString()).toBe(part);
  });

  it('has another id for each message, so that two topics do not mix', async () => {
    covers('server', 'fragment.out', 'raw');
    const { client } = await serve();
    const c = await client();
    for (const topic of ['/a', '/b']) c.send(subscribe(topic, 'std_msgs/String', { fragment_size: 20 }));
    for (const topic of ['/a', '/b']) c.send(publish(topic, { data: 'x' }));
    await c.settled();
    expect(new Set(c.received.filter((m) => m.op === 'fragment').map((m) => m.id)).size).toBe(2);
  });

  it('answers a call, and a picture too, when that is asked for', async () => {
    covers('server', ['call_service.fragment_size', 'call_service.compression.png'], 'raw');
    covers('server', 'call_service.compression.cbor', 'raw');
    const { server, client } = await serve();
    server.advertiseService('/long', 'x/Long', () => ({ text: 'y'.repeat(100) }));
    const c = await client();
    const call = (more: object) => c.send({ op: 'call_service', service: '/long', id: 'l', ...more });
    call({ fragment_size: 50 });
    call({ compression: 'png' });
    call({ compression: 'cbor' });
    await c.settled();
    const cut = c.received.filter((m) => m.op === 'fragment').map((m) => m.data);
    const answer = { op: 'service_response', id: 'l', values: { text: 'y'.repeat(100) }, result: true };
    expect(JSON.parse(cut.join(''))).toMatchObject(answer);
    const png = c.received.find((m) => m.op === 'png')!;
    expect(JSON.parse(textOfPng(Buffer.from(png.data as string, 'base64'), 1000))).toMatchObject(answer);
    expect(c.received.find((m) => m.op === 'service_response')).toMatchObject(answer);
  });
});

describe('a message of a known type', () => {
  const whole = async (type: string, msg: unknown) => (await carried(type, msg, {})).received[0]?.msg;

  it('is filled up, its header stamped, and a stamp `now` or of ROS 1 respelt', async () => {
    plays('server', 'message.stamp');
    covers('server', 'publish.stamp', 'raw');
    const { server, client } = await serve({ wallNs: () => 5_000_000_007 });
    const c = await client();
    c.send(subscribe('/h', 'std_msgs/Header'), subscribe('/j', 'sensor_msgs/JointState'));
    for (const stamp of [undefined, 'now', { secs: 1, nsecs: 2 }, { sec: 1, nsec: 2 }])
      c.send(publish('/h', { stamp, frame_id: 'f', seq: 3 }));
    c.send(publish('/j', { position: [null, 1] }));
    await c.settled();
    const now = { stamp: { sec: 5, nanosec: 7 }, frame_id: 'f' };
    const then = { stamp: { sec: 1, nanosec: 2 }, frame_id: 'f' };
    const header = { stamp: { sec: 0, nanosec: 0 }, frame_id: '' };
    expect(c.published).toEqual([
      ...[now, now, then, then],
      { header, name: [], position: [null, 1], velocity: [], effort: [] },
    ]);
    expect(server.counters.malformed).toBe(0);
  });

  it('keeps an integer of 64 bits to its last digit, where the text can be passed on as it came', async () => {
    plays('server', 'number.int64');
    covers('server', 'publish.int64', 'raw');
    const { frames } = await carried('std_msgs/Int64', {}, {});
    expect(String(frames[0]!.data)).toContain('"data":0');
    const { client } = await serve();
    const c = await client();
    const texts: string[] = [];
    c.socket.on('message', (data) => texts.push(String(data)));
    c.send(subscribe('/i', 'std_msgs/Int64'), '{"op":"publish","topic":"/i","msg":{"data":9007199254740993}}');
    await c.settled();
    expect(texts[0]).toBe('{"op":"publish","topic":"/i","msg":{"data":9007199254740993}}');
  });

  it('has bytes as base64, whether they came so or as a list', async () => {
    plays('server', 'message.bytes');
    covers('server', 'publish.uint8[]', 'raw');
    const layout = EMPTY_LAYOUT;
    expect(await whole('std_msgs/UInt8MultiArray', { data: [1, 2, 255] })).toEqual({ layout, data: 'AQL/' });
    expect(await whole('std_msgs/UInt8MultiArray', { data: 'AQL/' })).toEqual({ layout, data: 'AQL/' });
  });

  it('has our own bytes as base64 too', async () => {
    const { server, client } = await serve();
    const c = await client();
    c.send(subscribe('/b', 'std_msgs/UInt8MultiArray'));
    await c.settled();
    server.publish('/b', 'std_msgs/UInt8MultiArray', { layout: EMPTY_LAYOUT, data: Buffer.from([1, 2, 255]) });
    await c.settled();
    expect(c.published).toEqual([{ layout: EMPTY_LAYOUT, data: 'AQL/' }]);
  });

  it.each([
    ['std_msgs/Int64', { data: 1.5 }],
    ['std_msgs/Int64', { data: '5' }],
    ['std_msgs/Int8', { data: 128 }],
    ['std_msgs/Float64', { data: 'a' }],
    ['std_msgs/Float64', { data: true }],
    ['std_msgs/Bool', { data: 1 }],
    ['std_msgs/String', { data: 7 }],
    ['std_msgs/String', { data: 'a', bad: 1 }],
    ['geometry_msgs/Twist', { linear: { x: 'a' } }],
    ['geometry_msgs/Twist', { linear: [] }],
    ['std_msgs/Header', { stamp: 'yesterday' }],
    ['std_msgs/Header', { stamp: { sec: 0.5, nanosec: 0 } }],
    ['sensor_msgs/Imu', { orientation_covariance: [1] }],
    ['std_msgs/UInt8MultiArray', { data: 'not base64' }],
    ['std_msgs/UInt8MultiArray', { data: [256] }],
    ['sensor_msgs/JointState', { name: 'a' }],
    ['sensor_msgs/JointState', '{"__proto__":{"name":[]}}'],
  ])('that is no %s is refused: %j', async (type, msg) => {
    plays('server', 'message.number');
    covers('server', 'publish', 'hostile');
    const { server, client, logged } = await serve();
    const c = await client();
    c.send(
      subscribe('/t', type),
      typeof msg === 'string' ? `{"op":"publish","topic":"/t","msg":${msg}}` : publish('/t', msg),
    );
    await c.settled();
    expect(c.published).toEqual([]);
    expect(server.counters.refused.bad_message).toBe(1);
    expect(logged).toEqual(['bad_message']);
  });

  it('is passed on as it came when it is whole, and never with what was smuggled in beside it', async () => {
    covers('server', 'publish', 'hostile');
    const { server, client } = await serve();
    const c = await client();
    const texts: string[] = [];
    c.socket.on('message', (data) => texts.push(String(data)));
    c.send(subscribe('/s', 'std_msgs/String'));
    c.send('{ "op":"publish", "topic":"/s", "msg": {"data": "as it came"} }');
    c.send('{"op":"publish","topic":"/s","msg":{"data":"a"},"msg":{"data":"b"}}');
    c.send('{"op":"publish","topic":"/s","msg":{"data":"a"},"\\u006dsg":{"data":"c"}}');
    c.send('{"op":"publish","topic":"/x","msg":{"data":"d"},"topic":"/s"}');
    c.send('{"op":"publish","msg":{"data":"e"},"topic":"/s"}');
    await c.settled();
    expect(texts.slice(0, -1)).toEqual(
      ['{"data": "as it came"}', ...['b', 'c', 'd', 'e'].map((data) => JSON.stringify({ data }))].map(
        (msg) => `{"op":"publish","topic":"/s","msg":${msg}}`,
      ),
    );
    expect(server.counters.malformed).toBe(0);
  });
});
