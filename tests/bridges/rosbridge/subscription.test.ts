import { parse } from '@foxglove/rosmsg';
import { MessageWriter as Ros1Writer } from '@foxglove/rosmsg-serialization';
import { MessageWriter as Ros2Writer } from '@foxglove/rosmsg2-serialization';
import { describe, expect, it } from 'vitest';
import { definitionOf } from '../../../bridges/messages/definitions.ts';
import { TYPES } from '../../../bridges/messages/messages.ts';
import { ros1Text } from '../../../bridges/messages/ros1.ts';
import { Silence } from '../../../bridges/rosbridge/silence.ts';
import { Subscription } from '../../../bridges/rosbridge/subscription.ts';
import { covers } from '../../interop/conformance.ts';

const header = { stamp: { sec: 3, nanosec: 5 }, frame_id: 'base' };
const joints = { header, name: ['a', 'b'], position: [1, 2], velocity: [0.5, Number.NaN], effort: [] };

describe('what is asked of the server', () => {
  it('is every message, the newest first, unless the config says otherwise', () => {
    const plain = new Subscription({ topic: '/joint_states', type: TYPES.jointState });
    expect(plain.operation(2)).toEqual({
      op: 'subscribe',
      topic: '/joint_states',
      type: 'sensor_msgs/msg/JointState',
      queue_length: 1,
      throttle_rate: 0,
    });
  });

  it('has rate, queue, fragments, compression and quality of service; the config comes before the caller', () => {
    covers('client', ['subscribe.throttle_rate', 'subscribe.queue_length', 'subscribe.qos'], 'unit');
    const qos = { reliability: 'best_effort', durability: 'volatile', depth: 1 } as const;
    const how = { throttle_ms: 10, compression: 'cbor', bulky: true } as const;
    const config = { throttle_ms: 50, queue_length: 2, fragment_bytes: 1000, qos };
    const topic = new Subscription({ topic: '/image', type: 'a_msgs/msg/B', how }, config);
    expect(topic.operation(2)).toEqual({
      op: 'subscribe',
      topic: '/image',
      type: 'a_msgs/msg/B',
      queue_length: 2,
      throttle_rate: 50,
      fragment_size: 1000,
      compression: 'cbor',
      qos,
    });
    // ROS 1 has no such thing.
    expect(topic.operation(1)).not.toHaveProperty('qos');
    expect(topic.operation(1)).toMatchObject({ type: 'a_msgs/B' });
    expect(topic.how.bulky).toBe(true);
  });

  it('comes over the connection for what is bulky when it is an image, unless the config says otherwise', () => {
    const bulky = (type: string, config = {}) => new Subscription({ topic: '/t', type }, config).how.bulky;
    expect(bulky('sensor_msgs/msg/CompressedImage')).toBe(true);
    expect(bulky('sensor_msgs/msg/CompressedImage', { bulky: false })).toBe(false);
    expect(bulky(TYPES.jointState)).toBe(false);
  });

  it('is read exactly where there are 64-bit integers, or we cannot know', () => {
    const exact = (type: string) => new Subscription({ topic: '/t', type }).exact;
    expect([TYPES.jointState, TYPES.equilibriumCommand, 'other_msgs/msg/Thing'].map(exact)).toEqual([
      false,
      true,
      true,
    ]);
  });
});

describe("ROS's own bytes", () => {
  const raw = (bytes: Uint8Array) => ({ secs: 1, nsecs: 2, bytes });
  const of = (type: string) => new Subscription({ topic: '/t', type, how: { compression: 'cbor-raw' } });

  it('of ROS 2 (CDR) are read by our definition, arrays and integers as from JSON', () => {
    covers('client', 'subscribe.compression.cbor-raw', 'unit');
    const topic = of(TYPES.jointState);
    topic.define(2);
    const bytes = new Ros2Writer(parse(definitionOf(TYPES.jointState), { ros2: true })).writeMessage(joints);
    expect(topic.read(raw(bytes))).toEqual({ message: joints, fault: null, met: 0 });
    const status = of(TYPES.stop);
    status.define(2);
    const stop = { header, epoch: 1_700_000_000_123n, reason: 'operator' };
    const written = new Ros2Writer(parse(definitionOf(TYPES.stop), { ros2: true })).writeMessage(stop);
    expect(status.read(raw(written)).message).toEqual({ ...stop, epoch: 1_700_000_000_123 });
  });

  it('of ROS 1 are read by the same definition as ROS 1 has it, and respelt', () => {
    const topic = of(TYPES.jointState);
    topic.define(1);
    const ros1 = { ...joints, header: { seq: 9, stamp: { sec: 3, nsec: 5 }, frame_id: 'base' } };
    const bytes = new Ros1Writer(parse(ros1Text(definitionOf(TYPES.jointState)))).writeMessage(ros1);
    // 4 bytes seq, 8 stamp, 4 + 4 frame_id, 4 + (4 + 1) · 2 names, 3 lengths, 4 numbers.
    expect(bytes.length).toBe(4 + 8 + 8 + 14 + 12 + 32);
    expect(topic.read(raw(bytes))).toEqual({ message: joints, fault: null, met: 0 });
  });

  it('of a type that we do not know are read by the definition of the server, and not before it is there', () => {
    const topic = of('other_msgs/msg/Thing');
    topic.define(2);
    expect(topic.lacksDefinition).toBe(true);
    const text = 'float64[] values\nint64 count\nbuiltin_interfaces/Time at';
    const message = { values: Float64Array.of(1), count: 5n, at: { sec: 1, nanosec: 2 } };
    const bytes = new Ros2Writer(parse(text, { ros2: true })).writeMessage(message);
    expect(topic.read(raw(bytes)).fault).toMatchObject({ field: 'other_msgs/msg/Thing', seen: 'not defined' });
    topic.define(2, text);
    expect(topic.lacksDefinition).toBe(false);
    expect(topic.read(raw(bytes))).toEqual({ message, fault: null, met: 0 });
  });

  it.each([
    ['a cut message', raw(Uint8Array.of(0, 1, 0, 0, 1)), 'msg.bytes'],
    ['no bytes', { secs: 1, nsecs: 2 }, 'msg.bytes'],
    ['text', { bytes: 'AAEC' }, 'msg.bytes'],
    ['null', null, 'msg.bytes'],
  ])('that are %s are a fault, and the next message is read', (_name, msg, field) => {
    const topic = of(TYPES.jointState);
    topic.define(2);
    expect(topic.read(msg).fault).toMatchObject({ field });
    const bytes = new Ros2Writer(parse(definitionOf(TYPES.jointState), { ros2: true })).writeMessage(joints);
    expect(topic.read(raw(bytes)).fault).toBeNull();
  });
});

describe('the age of the data', () => {
  const stream = (gapMs: number, count: number, limitMs = 1000) => {
    const silence = new Silence(limitMs * 1e6);
    for (let i = 0; i < count; i++) silence.heard(i * gapMs * 1e6);
    const lastMs = (count - 1) * gapMs;
    const look = (ms: number) => silence.tooLong((lastMs + ms) * 1e6) / 1e6;
    /** By the second of two looks. */
    const silentFor = (ms: number) => [look(ms), look(ms)][1];
    return { silence, silentFor, look, lastMs };
  };

  it('of a stream counts after the limit', () => {
    const { silentFor } = stream(10, 20);
    expect([silentFor(0), silentFor(1000), silentFor(1001)]).toEqual([0, 0, 1001]);
  });

  it('counts at the second look only, and not when something had waited to be read: it was we who stood still', () => {
    const { silence, look, lastMs } = stream(10, 20);
    expect([look(3000), look(3001)]).toEqual([0, 3001]);
    silence.heard((lastMs + 3002) * 1e6);
    expect(look(3003)).toBe(0);

    const stalled = stream(10, 20);
    expect(stalled.look(3000)).toBe(0);
    for (let ms = 10; ms <= 3000; ms += 10) stalled.silence.heard((lastMs + ms) * 1e6);
    expect(stalled.look(3001)).toBe(0);
    expect([stalled.look(4001), stalled.look(4002)]).toEqual([0, 1002]);
  });

  it('of a slow stream counts after ten of its gaps', () => {
    const { silentFor } = stream(500, 20);
    expect([silentFor(5000), silentFor(5001)]).toEqual([0, 5001]);
  });

  it('of a few messages, and of none, does not count', () => {
    expect(stream(10, 19).silentFor(1e6)).toBe(0);
    expect(new Silence(1e9).tooLong(1e18)).toBe(0);
  });

  it('begins anew with a connection', () => {
    const { silence, silentFor } = stream(10, 100);
    silence.restart();
    expect(silentFor(1e6)).toBe(0);
  });
});
