import { afterEach, describe, expect, it } from 'vitest';
import { TYPES } from '../../../bridges/messages/messages.ts';
import { RosServer } from '../../../bridges/rosserver/server.ts';
import type { SubscriptionConfig } from '../../../src/core/bridge-schema.ts';
import { MonotonicClock } from '../../../src/core/clock.ts';
import type { SensorFrame } from '../../../src/core/signals.ts';
import { covers } from '../../interop/conformance.ts';
import { client, encoder, type Made, until, untilSent } from './robot-stand-in.ts';

/** Our client on our server: whatever the wire, a message arrives as it was published. */
let server: RosServer;
let made: Made;
afterEach(async () => {
  await made.bridge.close();
  await server.close();
});

const header = { stamp: { sec: 3, nanosec: 5 }, frame_id: 'base' };
const joints = {
  header,
  name: ['a', 'b'],
  position: [0.1, -2],
  velocity: [Number.NaN, 1e-9],
  effort: [],
};
const image = { header, format: 'png', data: Uint8Array.from({ length: 3000 }, (_, i) => i) };
const stop = { header, epoch: 1_700_000_000_123, reason: 'Δ > 0' };
const SENT = [
  { topic: '/joints', type: TYPES.jointState, message: joints },
  { topic: '/image', type: 'sensor_msgs/msg/CompressedImage', message: image },
  { topic: '/stop', type: TYPES.stop, message: stop },
];
/** Bytes as they come: a Buffer is one kind of Uint8Array. */
const plain = (frame: SensorFrame) =>
  Object.fromEntries(
    Object.entries(frame.message as object).map(([key, v]) => [key, v instanceof Uint8Array ? Uint8Array.from(v) : v]),
  );

describe('our server', () => {
  it.each<[string, Partial<SubscriptionConfig>]>([
    ['JSON', {}],
    ['JSON in fragments', { fragment_bytes: 100 }],
    ['pictures', { compression: 'png' }],
    ['CBOR', { compression: 'cbor' }],
    ["ROS's own bytes", { compression: 'cbor-raw' }],
    ['CBOR on the connection for what is bulky', { compression: 'cbor', bulky: true }],
  ])('is understood in %s', async (_name, how) => {
    covers(
      'client',
      [
        'subscribe.fragment_size',
        'subscribe.compression.none',
        'subscribe.compression.png',
        'subscribe.compression.cbor',
        'subscribe.compression.cbor-raw',
        'fragment.in',
        'png.in',
        'publish.nan',
        'publish.uint8[]',
      ],
      'raw',
    );
    server = new RosServer({ port: 0, clock: new MonotonicClock() });
    const { port } = await server.listen();
    for (const { topic, type, message } of SENT) server.publish(topic, type, message, { latch: true });
    // A command that no robot hears would be said, sooner or later than the last frame comes.
    server.onPublish(encoder().topic, encoder().type, () => {});
    const topics = SENT.map(({ topic, type }) => ({ topic, type, how }));
    made = client(`ws://127.0.0.1:${port}`, { verify: true, ping_ms: 20 }, { topics, encoder: encoder() });
    const frames = new Map<string, SensorFrame>();
    made.bridge.frames$.subscribe((frame) => frames.set(frame.topic, frame));
    await made.bridge.open();
    await until(() => frames.size === SENT.length || made.errors.length > 0);
    expect(made.errors).toEqual([]);
    for (const { topic, message } of SENT) expect(plain(frames.get(topic)!)).toEqual(message);
    await untilSent(made.bridge, 1);
  });

  it('says its dialect to a client that asks', async () => {
    covers('client', 'ros_version', 'raw');
    server = new RosServer({ port: 0, clock: new MonotonicClock() });
    const { port } = await server.listen();
    made = client(`ws://127.0.0.1:${port}`, { ros_version: 'auto', ping_ms: 20 }, { topics: [], encoder: encoder() });
    await made.bridge.open();
    await untilSent(made.bridge, 1);
    expect(made.errors).toEqual([]);
  });
});
