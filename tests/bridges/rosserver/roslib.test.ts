import { Ros, Service, Topic } from 'roslib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TYPES } from '../../../bridges/messages/messages.ts';
import { RosServer } from '../../../bridges/rosserver/server.ts';
import { MonotonicClock } from '../../../src/core/clock.ts';

let server: RosServer;
let port: number;
let ros: Ros;

beforeEach(async () => {
  server = new RosServer({ port: 0, clock: new MonotonicClock() });
  ({ port } = await server.listen());
  server.publish('/joint_states', TYPES.jointState, { header: {}, name: ['joint1'], position: [1] });
  server.advertiseService('/release', TYPES.trigger, () => ({ success: true, message: 'released' }));
  ros = await connect();
});
afterEach(async () => {
  ros.close();
  await server.close();
});

async function connect(): Promise<Ros> {
  const client = new Ros();
  const connected = new Promise((resolve) => client.once('connection', resolve));
  await client.connect(`ws://127.0.0.1:${port}`);
  await connected;
  return client;
}

/** roslib answers in callbacks. */
const asked = <T>(ask: (ok: (result: T) => void, failed: (error: string) => void) => void) =>
  new Promise<T>((resolve, reject) => ask(resolve, (error) => reject(new Error(error))));
const call = (name: string, request: object) =>
  asked<object>((ok, failed) =>
    new Service<object, object>({ ros, name, serviceType: 'std_srvs/Trigger' }).callService(request, ok, failed),
  );

describe('a stock roslib client on our server', () => {
  it('lists topics with their types', async () => {
    const { topics, types } = await asked<{ topics: string[]; types: string[] }>((ok, no) => ros.getTopics(ok, no));
    expect({ topics, types }).toEqual({ topics: ['/joint_states'], types: ['sensor_msgs/msg/JointState'] });
    expect(await asked((ok, no) => ros.getTopicType('/joint_states', ok, no))).toBe('sensor_msgs/msg/JointState');
    const byShortName = await asked((ok, no) => ros.getTopicsForType('sensor_msgs/JointState', ok, no));
    expect(byShortName).toEqual(['/joint_states']);
  });

  it('lists services, nodes and the definitions of types', async () => {
    expect(await asked((ok, no) => ros.getServices(ok, no))).toContain('/release');
    expect(await asked((ok, no) => ros.getServiceType('/release', ok, no))).toBe('std_srvs/srv/Trigger');
    expect(await asked((ok, no) => ros.getServicesForType('std_srvs/Trigger', ok, no))).toEqual(['/release']);
    expect(await asked((ok, no) => ros.getNodes(ok, no))).toEqual(['/reflexarc']);
    const definitions = await asked<{ type: string; fieldnames: string[]; fieldarraylen: number[] }[]>((ok, no) =>
      ros.getMessageDetails('sensor_msgs/JointState', ok, no),
    );
    expect(definitions.map((d) => d.type)).toEqual([
      'sensor_msgs/msg/JointState',
      'std_msgs/Header',
      'builtin_interfaces/Time',
    ]);
    expect(definitions[0]!.fieldnames).toEqual(['header', 'name', 'position', 'velocity', 'effort']);
    expect(definitions[0]!.fieldarraylen).toEqual([-1, 0, 0, 0, 0]);
    expect(ros.decodeTypeDefs(definitions as never)).toMatchObject({ name: ['string'], position: ['float64'] });
    const raw = await asked<{ typedefs_full_text: string[] }>((ok, no) => ros.getTopicsAndRawTypes(ok, no));
    expect(raw.typedefs_full_text[0]).toMatch(/^std_msgs\/Header header\nstring\[\] name\n/);
  });

  it.each(['sensor_msgs/JointState', 'sensor_msgs/msg/JointState'])(
    'subscribes with the type spelt %s',
    async (type) => {
      const topic = new Topic<object>({ ros, name: '/joint_states', messageType: type });
      const heard = new Promise((resolve) => topic.subscribe(resolve));
      await asked((ok, no) => ros.getNodes(ok, no));
      server.publish('/joint_states', TYPES.jointState, { position: [0.1, Number.NaN, Number.POSITIVE_INFINITY] });
      expect(await heard).toEqual({ position: [0.1, null, null] });
    },
  );

  it('finds a topic and a service that it names without the leading slash', async () => {
    const heard = new Promise((resolve) =>
      new Topic<object>({ ros, name: 'joint_states', messageType: 'sensor_msgs/JointState' }).subscribe(resolve),
    );
    expect(await call('release', {})).toEqual({ success: true, message: 'released' });
    server.publish('/joint_states', TYPES.jointState, { position: [2] });
    expect(await heard).toEqual({ position: [2] });
  });

  it('publishes to us and to the other clients', async () => {
    const us = new Promise((resolve) => server.onPublish('/chatter', 'std_msgs/msg/String', resolve));
    const other = await connect();
    const them = new Promise((resolve) =>
      new Topic<object>({ ros: other, name: '/chatter', messageType: 'std_msgs/String' }).subscribe(resolve),
    );
    await asked((ok, no) => other.getNodes(ok, no));
    new Topic<object>({ ros, name: '/chatter', messageType: 'std_msgs/String' }).publish({ data: 'hello' });
    expect(await us).toEqual({ data: 'hello' });
    expect(await them).toEqual({ data: 'hello' });
    other.close();
  });

  it('gets a latched message although it comes late', async () => {
    const message = { data: 'ACTIVE' };
    server.publish('/mode', 'std_msgs/msg/String', message, { latch: true });
    message.data = 'changed since';
    const heard = new Promise((resolve) =>
      new Topic<object>({ ros, name: '/mode', messageType: 'std_msgs/String' }).subscribe(resolve),
    );
    expect(await heard).toEqual({ data: 'ACTIVE' });
  });

  it('calls services that answer later, fail, throw, or do not exist', async () => {
    server.advertiseService('/slow', TYPES.trigger, async (args) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return { success: true, message: JSON.stringify(args) };
    });
    server.advertiseService('/broken', TYPES.trigger, () => {
      throw new Error('the gripper is away');
    });
    server.advertiseService('/odd', TYPES.trigger, () => ({ success: 1n }));
    expect(await call('/slow', { a: 1 })).toEqual({ success: true, message: '{"a":1}' });
    await expect(call('/broken', {})).rejects.toThrow('the gripper is away');
    await expect(call('/odd', {})).rejects.toThrow(/BigInt/);
    await expect(call('/absent', {})).rejects.toThrow('Service /absent does not exist');
  });

  it('is told when a service stays silent', async () => {
    server.advertiseService('/silent', TYPES.trigger, () => new Promise(() => {}));
    const failed = new Promise((resolve) =>
      new Service<object, object>({ ros, name: '/silent', serviceType: '' }).callService({}, () => {}, resolve, 0.02),
    );
    expect(await failed).toBe('Service /silent did not answer within 20 ms');
  });
});

describe('the server', () => {
  it('says which port is taken', async () => {
    const second = new RosServer({ port, clock: new MonotonicClock() });
    await expect(second.listen()).rejects.toMatchObject({
      code: 'RA_PORT_IN_USE',
      seen: `127.0.0.1:${port}: EADDRINUSE`,
    });
  });

  it('refuses an address that is not of this machine, and says so', async () => {
    const elsewhere = new RosServer({ host: '192.0.2.1', port: 0, clock: new MonotonicClock() });
    await expect(elsewhere.listen()).rejects.toMatchObject({ seen: '192.0.2.1:0: EADDRNOTAVAIL' });
  });

  it('closes with clients on it, and they notice', async () => {
    const closed = new Promise((resolve) => ros.once('close', resolve));
    await server.close();
    await closed;
    expect(ros.isConnected).toBe(false);
  });
});
