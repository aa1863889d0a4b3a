import { describe, expect, it } from 'vitest';
import { covers } from '../../interop/conformance.ts';
import { knock, serve } from './serving.ts';

const T = 1_700_000_000_123_456_000;
const stamp = { sec: 1_700_000_000, nanosec: 999_999_999 };
const header = { stamp, frame_id: 'base' };
const JOINTS = 'sensor_msgs/msg/JointState';
const joints = (position: number) => ({ header, name: ['a', 'b'], position: [position, -2], velocity: [], effort: [] });

describe('a stock client', () => {
  it.each([
    [['foxglove.sdk.v1'], 'foxglove.sdk.v1'],
    [['foxglove.websocket.v1'], 'foxglove.websocket.v1'],
    // As Lichtblick offers them.
    [['foxglove.websocket.v1', 'foxglove.sdk.v1'], 'foxglove.websocket.v1'],
    [['something.else', 'foxglove.sdk.v1'], 'foxglove.sdk.v1'],
  ])('that offers %j speaks %s', async (protocols, chosen) => {
    covers('foxglove', 'subprotocol', 'stock');
    const { port, viewer } = await serve();
    expect(await knock(port, { protocols })).toEqual({ status: 101, protocol: chosen });
    expect((await viewer({ protocols })).info?.name).toBe('a robot');
  });

  it('is told who serves and what can be done, then every channel with its schema', async () => {
    covers('foxglove', ['serverInfo', 'advertise'], 'stock');
    const { server, viewer } = await serve();
    server.declare('/joint_states', 'sensor_msgs/JointState', ['robot'], []);
    server.publish('own', 'reflexarc_msgs/msg/Stop', { header, epoch: 1, reason: '' }, T);
    const v = await viewer();
    expect(v.info).toEqual({
      op: 'serverInfo',
      name: 'a robot',
      capabilities: ['parameters', 'parametersSubscribe', 'connectionGraph'],
      sessionId: expect.stringMatching(/^\d+$/),
    });
    const described = [...v.channels.values()].map(({ schema, ...rest }) => ({
      ...rest,
      schema: schema.split('\n')[0],
    }));
    expect(described).toEqual([
      {
        ...{ id: 1, topic: '/joint_states', encoding: 'cdr', schemaName: JOINTS, schemaEncoding: 'ros2msg' },
        schema: 'std_msgs/Header header',
      },
      {
        ...{ id: 2, topic: '/own', encoding: 'cdr', schemaName: 'reflexarc_msgs/msg/Stop', schemaEncoding: 'ros2msg' },
        schema: '# Hold where you are, and refuse every command of this epoch and before.',
      },
    ]);
    // The same session for whoever comes again, another one after a restart.
    expect((await viewer()).info?.sessionId).toBe(v.info?.sessionId);
  });

  it('gets what is published after it subscribed, equal number for number, with the time of the log', async () => {
    covers('foxglove', ['subscribe', 'messageData'], 'stock');
    const { server, viewer } = await serve();
    server.declare('/joint_states', JOINTS, [], []);
    const v = await viewer();
    server.publish('/joint_states', JOINTS, joints(0), T);
    v.subscribe('/joint_states');
    await v.settled();
    server.publish('/joint_states', JOINTS, joints(Number.NaN), T + 256);
    server.publish('/joint_states', JOINTS, joints(1e-300), T + 512);
    await v.settled();
    expect(v.shown).toEqual([
      { topic: '/joint_states', message: joints(Number.NaN), timeNs: BigInt(T + 256) },
      { topic: '/joint_states', message: joints(1e-300), timeNs: BigInt(T + 512) },
    ]);
    expect(v.errors).toEqual([]);
  });

  it('reads every kind of type: 64 bits, text of any script, a standard type we do not write, and one nobody knows', async () => {
    covers('foxglove', ['advertise.ros2msg', 'advertise.json', 'messageData'], 'stock');
    const { server, viewer } = await serve();
    const marker = { header, ns: 'walls', id: 7, type: 5, points: [{ x: 1, y: 2, z: 3 }], text: 'Wände, 壁' };
    const publish = () => {
      server.publish('/stop', 'reflexarc_msgs/msg/Stop', { header, epoch: 2 ** 40, reason: 'force 31 N: µ, Δ, 力' }, T);
      server.publish('/scene', 'visualization_msgs/msg/MarkerArray', { markers: [marker] }, T);
      server.publish('/odd', 'their_msgs/msg/Odd', { a: [1, null] }, T);
    };
    publish();
    const v = await viewer();
    for (const topic of ['/stop', '/scene', '/odd']) v.subscribe(topic);
    await v.settled();
    publish();
    await v.settled();
    expect(v.of('/stop')).toEqual([{ header, epoch: 2n ** 40n, reason: 'force 31 N: µ, Δ, 力' }]);
    expect(v.of('/scene')).toMatchObject([{ markers: [{ ...marker, colors: [], mesh_resource: '' }] }]);
    expect(v.of('/odd')).toEqual([{ a: [1, null] }]);
    expect(v.channels.get('/odd')).toMatchObject({ encoding: 'json', schemaName: 'their_msgs/msg/Odd', schema: '' });
    expect(server.counters.failed).toBe(0);
  });

  it('gets a latched message when it comes late, and the last one only', async () => {
    covers('foxglove', 'subscribe', 'stock');
    const { server, viewer } = await serve();
    for (const data of ['BOOT', 'HOLD']) server.publish('/mode', 'std_msgs/msg/String', { data }, T, { latch: true });
    const v = await viewer();
    v.subscribe('/mode');
    await v.settled();
    expect(v.shown).toEqual([{ topic: '/mode', message: { data: 'HOLD' }, timeNs: BigInt(T) }]);
  });

  it('gets nothing more once it has unsubscribed, and may subscribe anew', async () => {
    covers('foxglove', 'unsubscribe', 'stock');
    const { server, viewer } = await serve();
    server.declare('/s', 'std_msgs/msg/String', [], []);
    const v = await viewer();
    const say = async (data: string) => {
      server.publish('/s', 'std_msgs/msg/String', { data }, T);
      await v.settled();
    };
    const id = v.subscribe('/s');
    await v.settled();
    await say('one');
    v.client.unsubscribe(id);
    await v.settled();
    await say('two');
    v.subscribe('/s');
    await v.settled();
    await say('three');
    expect(v.of('/s')).toEqual([{ data: 'one' }, { data: 'three' }]);
    expect(server.counters.malformed).toBe(0);
  });

  it('is told of a topic that comes later, and of another channel where a topic changes its type', async () => {
    covers('foxglove', ['advertise', 'unadvertise'], 'stock');
    const { server, viewer } = await serve();
    const v = await viewer();
    expect(v.channels.size).toBe(0);
    server.publish('/x', 'std_msgs/msg/String', { data: 'text' }, T);
    await v.settled();
    const id = v.subscribe('/x');
    await v.settled();
    server.publish('/x', 'std_msgs/msg/Float64', { data: 0.5 }, T);
    await v.settled();
    expect([...v.channels.values()].map(({ id, topic, schemaName }) => ({ id, topic, schemaName }))).toEqual([
      { id: 2, topic: '/x', schemaName: 'std_msgs/msg/Float64' },
    ]);
    // As Lichtblick does for a channel that went.
    v.client.unsubscribe(id);
    v.subscribe('/x');
    await v.settled();
    server.publish('/x', 'std_msgs/msg/Float64', { data: 0.25 }, T);
    await v.settled();
    expect(v.of('/x')).toEqual([{ data: 0.25 }]);
    expect(v.statuses).toEqual([]);
  });

  it('reads parameters, all or by name, and is told when one that it subscribed changes', async () => {
    covers('foxglove', ['getParameters', 'subscribeParameterUpdates', 'unsubscribeParameterUpdates'], 'stock');
    const { server, viewer } = await serve();
    server.setParameter('safety.force_limit', 30);
    server.setParameter('robot.name', 'arm');
    server.setParameter('reflex.speed_scale', 1);
    const v = await viewer();
    v.client.getParameters(['robot.name', 'none.such'], 'some');
    v.client.getParameters([], 'all');
    v.client.subscribeParameterUpdates(['reflex.speed_scale']);
    await v.settled();
    expect(v.parameters.find(({ id }) => id === 'some')?.parameters).toEqual([{ name: 'robot.name', value: 'arm' }]);
    expect(v.parameters.find(({ id }) => id === 'all')?.parameters).toHaveLength(3);
    for (const value of [1, 0.5]) server.setParameter('reflex.speed_scale', value);
    server.setParameter('robot.name', 'another');
    await v.settled();
    const updates = () => v.parameters.filter(({ id }) => id === undefined);
    expect(updates().map(({ parameters }) => parameters)).toEqual([[{ name: 'reflex.speed_scale', value: 0.5 }]]);
    v.client.unsubscribeParameterUpdates([]);
    await v.settled();
    server.setParameter('reflex.speed_scale', 0.25);
    await v.settled();
    expect(updates()).toHaveLength(1);
  });

  it('cannot change a parameter: it is told so, and what the value is', async () => {
    covers('foxglove', 'setParameters', 'stock');
    const { server, viewer } = await serve();
    server.setParameter('safety.force_limit', 30);
    const v = await viewer();
    v.client.setParameters([{ name: 'safety.force_limit', value: 300 }], 'wish');
    await v.settled();
    expect(v.parameters.find(({ id }) => id === 'wish')?.parameters).toEqual([
      { name: 'safety.force_limit', value: 30 },
    ]);
    expect(v.statuses).toMatchObject([{ level: 2, message: expect.stringContaining('safety.force_limit') }]);
    expect(server.counters.refused.not_allowed).toBe(1);
  });

  it('calls services, of which each call is answered once: with the response, or why there is none', async () => {
    covers('foxglove', ['advertiseServices', 'serviceCall', 'serviceCallFailure'], 'stock');
    const { server, viewer } = await serve({ callTimeoutMs: 50 });
    const trigger = (name: string, handler: () => unknown) =>
      server.advertiseService(name, 'std_srvs/Trigger', handler);
    trigger('/arm', () => ({ success: true, message: 'armed: Δ' }));
    trigger('/throws', () => {
      throw new Error('no arm');
    });
    trigger('/sleeps', () => new Promise(() => {}));
    trigger('/odd', () => 'not a message');
    const v = await viewer();
    expect(v.info).toMatchObject({ capabilities: expect.arrayContaining(['services']) });
    expect(v.services.get('/arm')).toMatchObject({
      type: 'std_srvs/srv/Trigger',
      request: { encoding: 'cdr', schemaName: 'std_srvs/srv/Trigger_Request', schemaEncoding: 'ros2msg', schema: '' },
      response: { schema: 'bool success\nstring message' },
    });
    expect(await v.call('/arm')).toEqual({ success: true, message: 'armed: Δ' });
    expect(await v.call('/throws')).toMatchObject({ op: 'serviceCallFailure', message: 'no arm' });
    expect(await v.call('/sleeps')).toMatchObject({ message: 'Service /sleeps did not answer within 50 ms' });
    expect(await v.call('/odd')).toMatchObject({ op: 'serviceCallFailure' });
    trigger('/late', () => ({ success: false, message: 'no' }));
    await v.settled();
    expect(await v.call('/late')).toEqual({ success: false, message: 'no' });
  });

  it('that asks for the connection graph is told of it, then of what changes', async () => {
    covers('foxglove', ['subscribeConnectionGraph', 'unsubscribeConnectionGraph'], 'stock');
    const { server, viewer } = await serve();
    server.declare('/joint_states', JOINTS, ['robot'], ['reflex']);
    server.advertiseService('/arm', 'std_srvs/Trigger', () => ({}));
    const v = await viewer();
    v.client.subscribeConnectionGraph();
    v.subscribe('/joint_states');
    await v.settled();
    server.publish('/tick', 'std_msgs/msg/Float64', { data: 1 }, T);
    await v.settled();
    const none = { op: 'connectionGraphUpdate', removedTopics: [], removedServices: [] };
    expect(v.graphs).toEqual([
      {
        ...none,
        publishedTopics: [{ name: '/joint_states', publisherIds: ['robot'] }],
        subscribedTopics: [{ name: '/joint_states', subscriberIds: ['reflex'] }],
        advertisedServices: [{ name: '/arm', providerIds: ['a robot'] }],
      },
      {
        ...none,
        publishedTopics: [],
        subscribedTopics: [{ name: '/joint_states', subscriberIds: ['reflex', 'viewer 1'] }],
        advertisedServices: [],
      },
      {
        ...none,
        publishedTopics: [{ name: '/tick', publisherIds: ['a robot'] }],
        subscribedTopics: [{ name: '/tick', subscriberIds: [] }],
        advertisedServices: [],
      },
    ]);
    v.client.unsubscribeConnectionGraph();
    await v.settled();
    server.publish('/more', 'std_msgs/msg/Float64', { data: 1 }, T);
    await v.settled();
    expect(v.graphs).toHaveLength(3);
  });

  it('is told what all viewers shall know, until it holds no longer', async () => {
    covers('foxglove', ['status', 'removeStatus'], 'stock');
    const { server, viewer } = await serve();
    server.setStatus('link', 'warning', 'no link');
    const v = await viewer();
    for (const text of ['no link', 'no link to the robot']) server.setStatus('link', 'warning', text);
    server.clearStatus('link');
    server.clearStatus('link');
    await v.settled();
    expect(v.statuses.map(({ level, message, id }) => ({ level, message, id }))).toEqual([
      { level: 1, message: 'no link', id: 'link' },
      { level: 1, message: 'no link to the robot', id: 'link' },
    ]);
    expect(v.removedStatuses).toEqual(['link']);
    expect((await viewer()).statuses).toEqual([]);
  });

  it('of a server of simulated time is told the time, and messages bear it', async () => {
    covers('foxglove', 'time', 'stock');
    const { server, viewer } = await serve({ simulatedTime: true });
    server.time(5e9);
    const v = await viewer();
    expect(v.info?.capabilities).toContain('time');
    server.time(5.01e9);
    await v.settled();
    expect(v.times).toEqual([5_000_000_000n, 5_010_000_000n]);
  });
});
