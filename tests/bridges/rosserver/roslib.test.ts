import { Action, Param, Ros, Service, Topic } from 'roslib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TYPES } from '../../../bridges/messages/messages.ts';
import { RosServer } from '../../../bridges/rosserver/server.ts';
import { MonotonicClock } from '../../../src/core/clock.ts';
import { covers } from '../../interop/conformance.ts';

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
    covers('server', ['rosapi.topics', 'rosapi.types'], 'roslib');
    const { topics, types } = await asked<{ topics: string[]; types: string[] }>((ok, no) => ros.getTopics(ok, no));
    expect({ topics, types }).toEqual({
      topics: ['/rosout', '/joint_states'],
      types: ['rcl_interfaces/msg/Log', 'sensor_msgs/msg/JointState'],
    });
    expect(await asked((ok, no) => ros.getTopicType('/joint_states', ok, no))).toBe('sensor_msgs/msg/JointState');
    const byShortName = await asked((ok, no) => ros.getTopicsForType('sensor_msgs/JointState', ok, no));
    expect(byShortName).toEqual(['/joint_states']);
  });

  it('lists services, nodes and the definitions of types', async () => {
    covers('server', ['rosapi.services', 'rosapi.nodes', 'rosapi.message_details'], 'roslib');
    expect(await asked((ok, no) => ros.getServices(ok, no))).toContain('/release');
    expect(await asked((ok, no) => ros.getServiceType('/release', ok, no))).toBe('std_srvs/srv/Trigger');
    expect(await asked((ok, no) => ros.getServicesForType('std_srvs/Trigger', ok, no))).toEqual(['/release']);
    expect(await asked((ok, no) => ros.getNodes(ok, no))).toEqual(['/reflexarc', '/client_1']);
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
    expect(raw.typedefs_full_text[1]).toMatch(/^std_msgs\/Header header\nstring\[\] name\n/);
  });

  it.each(['sensor_msgs/JointState', 'sensor_msgs/msg/JointState'])(
    'subscribes with the type spelt %s',
    async (type) => {
      covers('server', ['subscribe', 'subscribe.type', 'publish.nan'], 'roslib');
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
    covers('server', ['advertise', 'publish'], 'roslib');
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
    covers('server', 'advertise.latch', 'roslib');
    const message = { data: 'ACTIVE' };
    server.publish('/mode', 'std_msgs/msg/String', message, { latch: true });
    message.data = 'changed since';
    const heard = new Promise((resolve) =>
      new Topic<object>({ ros, name: '/mode', messageType: 'std_msgs/String' }).subscribe(resolve),
    );
    expect(await heard).toEqual({ data: 'ACTIVE' });
  });

  it('calls services that answer later, fail, throw, or do not exist', async () => {
    covers('server', ['call_service', 'service_response', 'service_response.failure'], 'roslib');
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
    covers('server', 'call_service.timeout', 'roslib');
    server.advertiseService('/silent', TYPES.trigger, () => new Promise(() => {}));
    const failed = new Promise((resolve) =>
      new Service<object, object>({ ros, name: '/silent', serviceType: '' }).callService({}, () => {}, resolve, 0.02),
    );
    expect(await failed).toBe('Service /silent did not answer within 20 ms');
  });

  it('offers a service to other clients', async () => {
    covers('server', ['advertise_service', 'unadvertise_service'], 'roslib');
    const provider = await connect();
    const service = new Service<{ data: boolean }, object>({
      ros: provider,
      name: '/grip',
      serviceType: 'std_srvs/SetBool',
    });
    service.advertise(
      (request, response) => Object.assign(response, { success: request.data, message: 'done' }) && true,
    );
    await asked((ok, no) => provider.getNodes(ok, no));
    expect(await call('/grip', { data: true })).toEqual({ success: true, message: 'done' });
    service.unadvertise();
    await asked((ok, no) => provider.getNodes(ok, no));
    await expect(call('/grip', {})).rejects.toThrow('Service /grip does not exist');
    provider.close();
  });

  it('sends goals to an action of another client, with feedback, success, failure and cancelling', async () => {
    covers('server', ['advertise_action', 'send_action_goal', 'action_feedback', 'action_result'], 'roslib');
    covers('server', ['send_action_goal.feedback', 'cancel_action_goal', 'rosapi.actions'], 'roslib');
    covers('server', ['send_action_goal.action_type', 'send_action_goal.args'], 'roslib');
    covers('server', ['action_result.status', 'action_result.failure'], 'roslib');
    const provider = await connect();
    const action = { name: '/count', actionType: 'x/Count' };
    const server = new Action<{ to: number }, object, object>({ ros: provider, ...action });
    server.advertise(
      ({ to }, id) => {
        if (to < 0) server.setFailed(id);
        else if (to > 0) server.sendFeedback(id, { at: 1 });
        if (to === 1) server.setSucceeded(id, { counted: 1 });
      },
      (id) => server.setCanceled(id, {}),
    );
    await asked((ok, no) => provider.getNodes(ok, no));
    expect(await asked((ok, no) => ros.getActionServers(ok, no))).toEqual(['/count']);
    const client = new Action<object, object, object>({ ros, ...action });
    const send = (to: number, then: (id: string | undefined) => void = () => {}) => {
      const feedback: object[] = [];
      let id: string | undefined;
      return asked<object>((ok, no) => {
        const heard = (f: object) => {
          feedback.push(f);
          then(id);
        };
        id = client.sendGoal({ to }, (result) => ok({ result, feedback }), heard, no);
      });
    };
    expect(await send(1)).toEqual({ result: { counted: 1 }, feedback: [{ at: 1 }] });
    await expect(send(-1)).rejects.toThrow(/the action failed/);
    await expect(send(2, (id) => client.cancelGoal(id!))).rejects.toThrow(/was canceled/);
    await expect(send(2, () => client.cancelAllGoals())).rejects.toThrow(/was canceled/);
    provider.close();
  });

  it('sets, gets and deletes parameters', async () => {
    covers('server', 'rosapi.params', 'roslib');
    const param = new Param<object | null>({ ros, name: '/gains' });
    await asked((ok, no) => param.set({ p: 1 }, ok, no));
    expect(await asked((ok, no) => param.get(ok, no))).toEqual({ p: 1 });
    expect(await asked((ok, no) => ros.getParams(ok, no))).toEqual(['/gains']);
    await asked((ok, no) => param.delete(ok, no));
    await expect(asked((ok, no) => param.get(ok, no))).rejects.toThrow('/gains is not set');
  });

  it.each(['png', 'cbor', 'cbor-raw'] as const)('reads what is compressed as %s', async (compression) => {
    covers('server', ['subscribe.compression.png', 'subscribe.compression.cbor'], 'roslib');
    covers('server', ['subscribe.compression.cbor-raw', 'png.out'], 'roslib');
    const options = { ros, name: '/joint_states', messageType: 'sensor_msgs/JointState', compression };
    const heard = new Promise<{ position?: Iterable<number>; bytes?: Uint8Array }>((resolve) =>
      new Topic<object>(options).subscribe((message) => resolve(message)),
    );
    await asked((ok, no) => ros.getNodes(ok, no));
    server.publish('/joint_states', TYPES.jointState, { name: ['a'], position: [0.5, 2] });
    const { position, bytes } = await heard;
    if (compression === 'cbor-raw') expect(bytes!.length).toBeGreaterThan(4 + 2 * 8);
    else expect([...position!]).toEqual([0.5, 2]);
  });

  it('puts fragments together', async () => {
    covers('server', ['subscribe.fragment_size', 'fragment.out'], 'roslib');
    const heard = new Promise((resolve) =>
      new Topic<object>({ ros, name: '/s', messageType: 'std_msgs/String' }).subscribe(resolve),
    );
    ros.callOnConnection({ op: 'subscribe', topic: '/s', id: 'cut', fragment_size: 30 } as never);
    await asked((ok, no) => ros.getNodes(ok, no));
    server.publish('/s', 'std_msgs/String', { data: 'a long text, and a 😀 in it' });
    expect(await heard).toEqual({ data: 'a long text, and a 😀 in it' });
  });

  it('asks for a status level and proves who it is', async () => {
    covers('server', ['set_level', 'status', 'auth'], 'roslib');
    const status = new Promise((resolve) => ros.on('status:x', resolve));
    ros.setStatusLevel('info', 'x');
    expect(await status).toMatchObject({ op: 'status', level: 'info' });
    ros.authenticate('mac', 'c', 'd', 'r', 0, 'all', 1);
    expect(await asked((ok, no) => ros.getNodes(ok, no))).toEqual(['/reflexarc', '/client_1']);
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
