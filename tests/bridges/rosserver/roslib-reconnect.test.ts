import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Ros, Service, Topic } from 'roslib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TYPES } from '../../../bridges/messages/messages.ts';
import { RosServer } from '../../../bridges/rosserver/server.ts';
import { MonotonicClock } from '../../../src/core/clock.ts';
import { covers } from '../../interop/conformance.ts';
import { plays } from '../../interop/played.ts';
import { RawClient } from './raw-client.ts';

/** A stock roslib client that loses our server, by a restart of it or by a cut of the wire, and comes back. */
let server: RosServer;
let port: number;
let wire: Server;
let ros: Ros;
let other: RawClient;
const sockets = new Set<Socket>();
let connections: number;

async function start(at = 0): Promise<void> {
  server = new RosServer({ port: at, clock: new MonotonicClock() });
  ({ port } = await server.listen());
  server.advertise('/joint_states', TYPES.jointState);
  server.advertiseService('/release', TYPES.trigger, () => ({ success: true, message: 'released' }));
  other = await RawClient.open(port);
  other.send({ op: 'subscribe', topic: '/said', type: TYPES.string });
  await other.settled();
}

beforeEach(async () => {
  await start();
  wire = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const [socket, peer] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => peer.destroy());
    }
    near.pipe(far).pipe(near);
  });
  wire.listen(0, '127.0.0.1');
  await once(wire, 'listening');
  const url = `ws://127.0.0.1:${(wire.address() as AddressInfo).port}`;
  connections = 0;
  ros = new Ros();
  ros.on('error', () => {});
  ros.on('connection', () => connections++);
  // roslib does not connect again by itself. This is what an application writes.
  ros.on('close', () => setTimeout(() => void ros.connect(url), 2));
  await ros.connect(url);
  await connected(1);
});
afterEach(async () => {
  ros.removeAllListeners('close');
  ros.close();
  other.close();
  for (const socket of sockets) socket.destroy();
  wire.close();
  await server.close();
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1));
}
const connected = (times: number) => until(() => connections >= times && ros.isConnected);

const LOSSES = [
  [
    'a restart of the server',
    async () => {
      other.close();
      await server.close();
      await until(() => !ros.isConnected);
      await start(port);
    },
  ],
  [
    'a cut of the wire',
    async () => {
      for (const socket of sockets) socket.destroy();
      await until(() => !ros.isConnected);
    },
  ],
] as const;

const string = (name: string) => new Topic<{ data: string }>({ ros, name, messageType: 'std_msgs/String' });
const states = () =>
  new Topic<{ position: number[] }>({ ros, name: '/joint_states', messageType: 'sensor_msgs/JointState' });
const saidOn = (client: RawClient) => client.published.map((m) => (m as { data: string }).data);
const call = (name: string) =>
  new Promise<object | string>((resolve) =>
    new Service<object, object>({ ros, name, serviceType: 'std_srvs/Trigger' }).callService({}, resolve, resolve),
  );

describe.each(LOSSES)('after %s, roslib', (_what, lose) => {
  it('has its subscription, what it publishes and our services again, without a word of the application', async () => {
    covers('server', ['reconnect', 'subscribe', 'advertise', 'publish', 'call_service'], 'roslib');
    const heard: number[] = [];
    states().subscribe(({ position }) => heard.push(position[0]!));
    const topic = string('/said');
    topic.advertise();
    topic.publish({ data: 'before' });
    expect(await call('/release')).toEqual({ success: true, message: 'released' });
    server.publish('/joint_states', TYPES.jointState, { header: {}, name: ['a'], position: [1] });
    await until(() => heard.length > 0 && saidOn(other).length > 0);

    await lose();
    await connected(2);
    // A call on the same connection has been answered: all that was said anew has been read.
    expect(await call('/release')).toEqual({ success: true, message: 'released' });
    server.publish('/joint_states', TYPES.jointState, { header: {}, name: ['a'], position: [2] });
    topic.publish({ data: 'after' });
    await until(() => heard.length > 1 && saidOn(other).includes('after'));
    expect(heard).toEqual([1, 2]);
    expect(server.counters.malformed).toBe(0);
  });

  it('does not offer its services again: the application has to', async () => {
    plays('server', 'link.forgets');
    const offered = new Service<object, { success: boolean }>({ ros, name: '/mine', serviceType: 'std_srvs/Trigger' });
    const offer = () => offered.advertiseAsync(async () => ({ success: true, message: '' }));
    await offer();
    await call('/release');
    expect((await other.call('/mine')).result).toBe(true);
    await lose();
    await connected(2);
    await call('/release');
    expect(await other.call('/mine')).toMatchObject({ result: false, values: 'Service /mine does not exist' });
    // It believes that it still does.
    expect(offered.isAdvertised).toBe(true);
    await offer();
    await call('/release');
    expect((await other.call('/mine')).result).toBe(true);
  });

  it('has lost the half of a topic that it both hears and publishes: two objects have both', async () => {
    plays('server', 'link.halves');
    const one = string('/said');
    one.subscribe(() => {});
    one.advertise();
    await call('/release');
    expect(await participants('/said')).toEqual({ advertisers: 1, listeners: 2 });
    await lose();
    await connected(2);
    await call('/release');
    const { advertisers, listeners } = await participants('/said');
    // It listens, as `other` does, and is no longer known to publish.
    expect([advertisers, listeners]).toEqual([0, 2]);
  });

  it('sends at once what was published while it was away, old as it is', async () => {
    plays('server', 'link.replay');
    const topic = string('/said');
    topic.publish({ data: 'before' });
    await call('/release');
    ros.removeAllListeners('close');
    const reconnect = () => ros.connect(`ws://127.0.0.1:${(wire.address() as AddressInfo).port}`);
    await lose();
    for (let i = 0; i < 20; i++) topic.publish({ data: `old ${i}` });
    await reconnect();
    await connected(2);
    await call('/release');
    await until(() => saidOn(other).length >= 20);
    expect(saidOn(other).filter((data) => data.startsWith('old'))).toHaveLength(20);
  });
});

async function participants(topic: string): Promise<{ advertisers: number; listeners: number }> {
  const count = async (what: string) =>
    ((await other.call(`/rosapi/${what}`, { topic })).values as Record<string, string[]>)[what]!.length;
  return { advertisers: await count('publishers'), listeners: await count('subscribers') };
}
