import { describe, expect, it } from 'vitest';
import { Params } from '../../../bridges/rosserver/params.ts';
import { covers } from '../../interop/conformance.ts';
import { advertise, publish, serve, subscribe } from './serving.ts';

const NOW_NS = 7_000_000_005;
async function asking() {
  const { server, client } = await serve({ wallNs: () => NOW_NS });
  const c = await client();
  const values = async (name: string, args: unknown = {}) => (await c.call(`/rosapi/${name}`, args)).values;
  return { server, client, c, values };
}

describe('rosapi', () => {
  it('tells of topics: their types, who publishes, who listens', async () => {
    covers('server', ['rosapi.topics', 'rosapi.types', 'rosapi.nodes'], 'raw');
    const { server, c, client, values } = await asking();
    server.onPublish('/cmd', 'geometry_msgs/Twist', () => {});
    server.publish('/state', 'sensor_msgs/JointState', {});
    c.send(advertise('/cmd', 'geometry_msgs/Twist'), subscribe('/state', 'sensor_msgs/JointState'));
    await (await client()).settled();
    expect(await values('topics')).toEqual({
      topics: ['/rosout', '/cmd', '/state'],
      types: ['rcl_interfaces/msg/Log', 'geometry_msgs/msg/Twist', 'sensor_msgs/msg/JointState'],
    });
    expect(await values('topic_type', ['/cmd'])).toEqual({ type: 'geometry_msgs/msg/Twist' });
    expect(await values('topics_for_type', { type: 'geometry_msgs/Twist' })).toEqual({ topics: ['/cmd'] });
    expect(await values('publishers', { topic: '/cmd' })).toEqual({ publishers: ['/client_1'] });
    expect(await values('subscribers', { topic: '/state' })).toEqual({ subscribers: ['/client_1'] });
    expect(await values('subscribers', { topic: '/cmd' })).toEqual({ subscribers: ['/reflexarc'] });
    expect(await values('nodes')).toEqual({ nodes: ['/reflexarc', '/client_1', '/client_2'] });
    expect(await values('node_details', { node: '/client_1' })).toEqual({
      subscribing: ['/state'],
      publishing: ['/cmd'],
      services: [],
    });
    expect(await values('node_details', { node: '/reflexarc' })).toMatchObject({ subscribing: ['/cmd'] });
    expect(await values('node_details', { node: '/none' })).toEqual({ subscribing: [], publishing: [], services: [] });
  });

  it('tells of services and actions', async () => {
    covers('server', ['rosapi.services', 'rosapi.actions', 'rosapi.service_details'], 'raw');
    const { server, c, values } = await asking();
    server.advertiseService('/arm', 'std_srvs/Trigger', () => ({}));
    c.send({ op: 'advertise_service', service: '/grip', type: 'std_srvs/SetBool' });
    c.send({ op: 'advertise_action', action: '/go', type: 'nav2_msgs/NavigateToPose' });
    const { services } = (await values('services')) as { services: string[] };
    expect(services.filter((name) => !name.startsWith('/rosapi/'))).toEqual(['/arm', '/grip']);
    expect(await values('service_type', { service: '/grip' })).toEqual({ type: 'std_srvs/srv/SetBool' });
    expect(await values('services_for_type', { type: 'std_srvs/Trigger' })).toEqual({ services: ['/arm'] });
    expect(await values('service_providers', { service: 'std_srvs/SetBool' })).toEqual({ providers: ['/grip'] });
    expect(await values('service_node', { service: '/arm' })).toEqual({ node: '/reflexarc' });
    expect(await values('service_node', { service: '/grip' })).toEqual({ node: '/client_1' });
    expect(await values('service_response_details', { type: 'std_srvs/Trigger' })).toMatchObject({
      typedefs: [{ fieldnames: ['success', 'message'], fieldtypes: ['bool', 'string'] }],
    });
    expect(await values('service_request_details', { type: 'std_srvs/Trigger' })).toMatchObject({
      typedefs: [{ type: 'std_srvs/srv/Trigger_Request', fieldnames: [] }],
    });
    expect(await values('service_request_details', { type: 'no/Such' })).toEqual({ typedefs: [] });
    expect(await values('action_servers')).toEqual({ action_servers: ['/go'] });
    expect(await values('action_type', { action: '/go' })).toEqual({ type: 'nav2_msgs/action/NavigateToPose' });
  });

  it('tells the fields of standard types and of ours, with constants', async () => {
    covers('server', 'rosapi.message_details', 'raw');
    const { values } = await asking();
    const of = async (type: string) =>
      ((await values('message_details', { type })) as { typedefs: Record<string, unknown>[] }).typedefs;
    const [imu, ...used] = await of('sensor_msgs/Imu');
    expect(imu).toMatchObject({ type: 'sensor_msgs/msg/Imu', fieldarraylen: [-1, -1, 9, -1, 9, -1, 9] });
    expect(used.map((d) => d.type).sort()).toEqual([
      ...['builtin_interfaces/Time', 'geometry_msgs/Quaternion', 'geometry_msgs/Vector3', 'std_msgs/Header'],
    ]);
    const [log] = await of('rcl_interfaces/msg/Log');
    expect(log).toMatchObject({ constnames: ['DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'] });
    expect(log!.fieldtypes).toEqual(expect.arrayContaining(['builtin_interfaces/Time', 'uint8']));
    expect((await of('reflexarc_msgs/Stop'))[0]).toMatchObject({ fieldnames: ['header', 'epoch', 'reason'] });
    expect(await of('no/Such')).toEqual([]);
    expect(await of('constructor/msg/constructor')).toEqual([]);
  });

  it('tells the text of each type, as `.msg` files have it', async () => {
    covers('server', 'rosapi.raw_types', 'raw');
    const { server, values } = await asking();
    server.publish('/state', 'geometry_msgs/PointStamped', {});
    const all = (await values('topics_and_raw_types')) as Record<string, string[]>;
    expect(all.topics).toEqual(['/rosout', '/state']);
    expect(all.types!.map((t) => t.split('/')[2])).toEqual(['Log', 'PointStamped']);
    const [, text] = all.typedefs_full_text!;
    expect(text).toContain('std_msgs/Header header\ngeometry_msgs/Point point');
    expect(text).toContain('MSG: geometry_msgs/Point\n');
  });

  it('tells the time: of the wall, or of our /clock once there is one', async () => {
    covers('server', ['rosapi.time', 'clock', 'ros_version'], 'raw');
    const { server, c, values } = await asking();
    expect(await values('get_time')).toEqual({ time: { sec: 7, nanosec: 5 } });
    c.send(subscribe('/clock', 'rosgraph_msgs/Clock'), subscribe('/h', 'std_msgs/Header'));
    await c.settled();
    server.publish('/clock', 'rosgraph_msgs/msg/Clock', { clock: { sec: 1, nanosec: 2 } });
    expect(await values('get_time')).toMatchObject({ time: { sec: 1, nanosec: 2 } });
    c.send(publish('/h', { frame_id: 'stamped' }));
    await c.settled();
    expect(c.published).toEqual([
      { clock: { sec: 1, nanosec: 2 } },
      { stamp: { sec: 1, nanosec: 2 }, frame_id: 'stamped' },
    ]);
    expect(await values('get_ros_version')).toMatchObject({ version: 2 });
  });

  it('keeps parameters', async () => {
    covers('server', 'rosapi.params', 'raw');
    const { server, values, c } = await asking();
    server.params.declare('robot/name', 'fr3');
    expect(await values('set_param', { name: 'gains', value: '{"p": 1}' })).toMatchObject({ successful: true });
    expect(await values('get_param', { name: '/gains' })).toMatchObject({ value: '{"p":1}', successful: true });
    expect(await values('get_param', { name: 'none' })).toMatchObject({ value: 'null', successful: false });
    expect(await values('get_param', { name: 'none', default: '3' })).toMatchObject({ value: '3' });
    expect(await values('has_param', { name: 'gains' })).toEqual({ exists: true });
    expect(await values('search_param', { name: 'name' })).toEqual({ global_name: '/robot/name' });
    expect(await values('get_param_names')).toEqual({ names: ['/gains', '/robot/name'] });
    expect(await c.call('/rosapi/set_param', { name: 'robot/name', value: '"x"' })).toMatchObject({ result: false });
    expect(await c.call('/rosapi/set_param', { name: 'x', value: '{' })).toMatchObject({ result: false });
    expect(await values('delete_param', { name: 'gains' })).toMatchObject({ successful: true });
    expect(await c.call('/rosapi/delete_param', { name: 'gains' })).toMatchObject({ values: '/gains is not set' });
  });
});

describe('parameters', () => {
  it('are bounded in number, in name and in value', () => {
    covers('server', 'rosapi.params', 'unit');
    const params = new Params();
    for (let i = 0; i < 1000; i++) params.set(`p${i}`, '1');
    expect(() => params.set('one more', '1')).toThrow(/more than 1000/);
    params.set('p0', '2');
    expect(() => params.set('p0', `"${'x'.repeat(64_000)}"`)).toThrow(/64000 characters/);
    expect(() => params.set('x'.repeat(300), '1')).toThrow(/256/);
  });
});

describe('/rosout', () => {
  it('carries what our process says, and what is refused to clients', async () => {
    covers('server', 'rosout', 'raw');
    const { server, c } = await asking();
    c.send(subscribe('/rosout', 'rcl_interfaces/Log'));
    await c.settled();
    server.log('error', 'observer', 'the disk is full');
    c.send({ op: 'dance' }, { op: 'dance' });
    await c.settled();
    const at = { stamp: { sec: 7, nanosec: 5 }, file: '', function: '', line: 0 };
    expect(c.published).toEqual([
      { ...at, level: 40, name: 'observer', msg: 'the disk is full' },
      { ...at, level: 30, name: 'rosserver', msg: 'client 1: op dance is not known here' },
    ]);
  });
});
