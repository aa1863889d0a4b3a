import { createRequire } from 'node:module';
import { parse } from '@foxglove/rosmsg';
import { MessageReader } from '@foxglove/rosmsg2-serialization';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { TYPES } from '../../../bridges/messages/messages.ts';
import { RosServer } from '../../../bridges/rosserver/server.ts';
import { MonotonicClock } from '../../../src/core/clock.ts';
import { covers } from '../../interop/conformance.ts';

/**
 * `@foxglove/roslibjs`, the fork of roslib 1 that Foxglove's rosbridge source is made with, as npm has it: the build for
 * browsers. It has no types; these are what is used of it here.
 */
interface Ros {
  isConnected: boolean;
  connect(url: string): void;
  close(): void;
  once(event: string, then: (value: never) => void): void;
  on(event: string, then: (value: never) => void): void;
  setStatusLevel(level: string, id: string): void;
}
type Asked<Result> = (then: (result: Result) => void, failed: (error: string) => void) => void;
interface Service {
  callService(request: object, then: (response: object) => void, failed: (error: string) => void): void;
  advertise(serve: (request: object, response: object) => boolean): void;
  unadvertise(): void;
}
interface Topic {
  subscribe(heard: (message: Record<string, unknown>) => void): void;
  unsubscribe(): void;
  publish(message: object): void;
}
type Of<Made> = new (options: { ros: Ros; name: string; [option: string]: unknown }) => Made;
interface Roslib {
  Ros: new () => Ros;
  Topic: Of<Topic>;
  Service: Of<Service>;
  Param: Of<{ set(value: unknown, then: (done: unknown) => void): void; get(then: (value: unknown) => void): void }>;
}

/** It takes the global websocket as it is loaded: a browser's. Node 20 has none. */
function load(): Roslib {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket');
  Object.defineProperty(globalThis, 'WebSocket', { value: WebSocket, configurable: true, writable: true });
  try {
    return createRequire(import.meta.url)('@foxglove/roslibjs') as Roslib;
  } finally {
    if (before === undefined) Reflect.deleteProperty(globalThis, 'WebSocket');
    else Object.defineProperty(globalThis, 'WebSocket', before);
  }
}
const roslib = load();

let server: RosServer;
let port: number;
let ros: Ros;
const opened: Ros[] = [];

beforeEach(async () => {
  await serve(0);
  ros = await connect();
});
afterEach(async () => {
  for (const one of opened.splice(0)) one.close();
  await server.close();
});

async function serve(at: number): Promise<void> {
  server = new RosServer({ port: at, clock: new MonotonicClock() });
  ({ port } = await server.listen());
  server.publish('/joint_states', TYPES.jointState, { header: {}, name: ['joint1'], position: [1] });
  server.advertiseService('/release', TYPES.trigger, () => ({ success: true, message: 'released' }));
}
async function connect(): Promise<Ros> {
  const client = new roslib.Ros();
  opened.push(client);
  client.on('error', () => {});
  const connected = new Promise((resolve) => client.once('connection', resolve));
  client.connect(`ws://127.0.0.1:${port}`);
  await connected;
  return client;
}
const asked = <T>(ask: Asked<T>) =>
  new Promise<T>((resolve, reject) => ask(resolve, (error) => reject(new Error(error))));
const call = (name: string, serviceType: string, request: object = {}, of = ros) =>
  asked<object>((then, failed) =>
    new roslib.Service({ ros: of, name, serviceType }).callService(request, then, failed),
  );
/** What was sent before on this connection has been read. */
const settled = (of = ros) => call('/rosapi/get_time', 'rosapi/GetTime', {}, of);
const topic = (name: string, messageType: string, more: object = {}, of = ros) =>
  new roslib.Topic({ ros: of, name, messageType, ...more });

describe("Foxglove's own roslib on our server", () => {
  it('reads every topic as its rosbridge source does: types and texts first, then the bytes of the messages', async () => {
    covers(
      'server',
      ['rosapi.topics', 'rosapi.types', 'rosapi.raw_types', 'subscribe.compression.cbor-raw'],
      'roslibjs',
    );
    covers('server', ['subscribe', 'subscribe.type', 'publish.nan'], 'roslibjs');
    const found = (await call('/rosapi/topics_and_raw_types', 'rosapi/TopicsAndRawTypes')) as Record<string, string[]>;
    expect(found.topics).toEqual(['/rosout', '/joint_states']);
    // By this type its source knows that this is ROS 2.
    expect(found.types).toContain('rcl_interfaces/msg/Log');
    const text = found.typedefs_full_text![found.topics!.indexOf('/joint_states')]!;
    const reader = new MessageReader(parse(text, { ros2: true }));
    const heard = new Promise<Record<string, unknown>>((resolve) =>
      topic('/joint_states', 'sensor_msgs/msg/JointState', { compression: 'cbor-raw' }).subscribe(resolve),
    );
    await settled();
    const header = { stamp: { sec: 1, nanosec: 2 }, frame_id: 'base' };
    const message = { header, name: ['a', 'b'], position: [0.5, Number.NaN], velocity: [], effort: [] };
    server.publish('/joint_states', TYPES.jointState, message);
    const { bytes, secs, nsecs } = await heard;
    expect([Number.isInteger(secs), Number.isInteger(nsecs)]).toEqual([true, true]);
    const read = reader.readMessage(bytes as Uint8Array) as Record<string, unknown>;
    expect(read).toMatchObject({ header: { stamp: { sec: 1 }, frame_id: 'base' }, name: ['a', 'b'] });
    expect(read.position).toEqual(Float64Array.of(0.5, Number.NaN));
  });

  it.each(['none', 'cbor'])('reads what is compressed as %s', async (compression) => {
    covers(
      'server',
      ['subscribe.compression.none', 'subscribe.compression.cbor', 'unsubscribe', 'unsubscribe.id'],
      'roslibjs',
    );
    covers('server', ['subscribe.throttle_rate', 'subscribe.queue_length'], 'roslibjs');
    const heard: number[][] = [];
    const states = topic('/joint_states', 'sensor_msgs/JointState', { compression, throttle_rate: 0, queue_length: 1 });
    states.subscribe(({ position }) => heard.push([...(position as Iterable<number>)]));
    await settled();
    server.publish('/joint_states', TYPES.jointState, { name: ['a'], position: [0.5, 2] });
    await settled();
    states.unsubscribe();
    await settled();
    server.publish('/joint_states', TYPES.jointState, { name: ['a'], position: [3] });
    await settled();
    expect(heard).toEqual([[0.5, 2]]);
    expect(server.counters.malformed).toBe(0);
  });

  it('publishes, also for who comes later, and takes back what it advertised', async () => {
    covers('server', ['advertise', 'advertise.latch', 'advertise.queue_size', 'publish'], 'roslibjs');
    const heard: unknown[] = [];
    server.onPublish('/cmd', 'std_msgs/String', (message) => heard.push(message));
    topic('/cmd', 'std_msgs/String', { queue_size: 5 }).publish({ data: 'go' });
    topic('/kept', 'std_msgs/String', { latch: true }).publish({ data: 'kept' });
    await settled();
    expect(heard).toEqual([{ data: 'go' }]);
    const late = await connect();
    const kept = await new Promise((resolve) => topic('/kept', 'std_msgs/String', {}, late).subscribe(resolve));
    expect(kept).toEqual({ data: 'kept' });
    expect(server.counters.malformed).toBe(0);
  });

  it('calls our services by type, is told why one fails, and offers one of its own', async () => {
    covers('server', ['call_service', 'call_service.type', 'call_service.args', 'service_response'], 'roslibjs');
    covers('server', ['service_response.failure', 'advertise_service', 'unadvertise_service'], 'roslibjs');
    expect(await call('/release', 'std_srvs/Trigger')).toEqual({ success: true, message: 'released' });
    await expect(call('/none', 'std_srvs/Trigger')).rejects.toThrow('Service /none does not exist');
    const provider = await connect();
    const own = new roslib.Service({ ros: provider, name: '/grip', serviceType: 'std_srvs/SetBool' });
    own.advertise((request, response) => {
      Object.assign(response, { success: (request as { data: boolean }).data, message: 'done' });
      return true;
    });
    await settled(provider);
    expect(await call('/grip', 'std_srvs/SetBool', { data: true })).toEqual({ success: true, message: 'done' });
    own.unadvertise();
    await settled(provider);
    await expect(call('/grip', 'std_srvs/SetBool', { data: true })).rejects.toThrow('does not exist');
  });

  it('sets and gets parameters, and asks for a status level', async () => {
    covers('server', ['rosapi.params', 'set_level', 'status'], 'roslibjs');
    const param = new roslib.Param({ ros, name: '/gains' });
    await asked((then) => param.set({ p: 1 }, then));
    expect(await asked((then) => param.get(then))).toEqual({ p: 1 });
    const status = new Promise((resolve) => ros.once('status:x', resolve));
    ros.setStatusLevel('info', 'x');
    expect(await status).toMatchObject({ op: 'status', level: 'info', msg: 'set_level done' });
  });

  it('has its subscriptions again after a restart, once the application connects', async () => {
    covers('server', 'reconnect', 'roslibjs');
    const heard: number[] = [];
    topic('/joint_states', 'sensor_msgs/JointState').subscribe(({ position }) =>
      heard.push((position as number[])[0]!),
    );
    await settled();
    const closed = new Promise((resolve) => ros.once('close', resolve));
    await server.close();
    await closed;
    await serve(port);
    const connected = new Promise((resolve) => ros.once('connection', resolve));
    ros.connect(`ws://127.0.0.1:${port}`);
    await connected;
    await settled();
    server.publish('/joint_states', TYPES.jointState, { name: ['a'], position: [7] });
    await settled();
    expect(heard).toEqual([7]);
  });
});
