import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TYPES } from '../../../bridges/messages/messages.ts';
import { RosServer } from '../../../bridges/rosserver/server.ts';
import { MonotonicClock } from '../../../src/core/clock.ts';
import { covers } from '../../interop/conformance.ts';
import { plays } from '../../interop/played.ts';
import {
  COMMAND,
  client,
  encoder,
  type Made,
  nothingOldIsSent,
  type Received,
  StandIn,
  until,
  untilSent,
} from './robot-stand-in.ts';

let standIn: StandIn;
let made: Made;
beforeEach(async () => {
  standIn = await StandIn.open();
});
afterEach(async () => {
  await made.bridge.close();
  await standIn.close();
});

/** A rosapi that knows these topics; `version` is how it spells the time. */
function rosapi(version: 1 | 2, types: Record<string, string>, publishers: Record<string, string[]> = {}): void {
  const values = ({ service, args }: Received): object | string => {
    const { topic } = args as { topic: string };
    if (service === '/rosapi/get_time') return { time: version === 1 ? { secs: 1, nsecs: 2 } : { sec: 1, nanosec: 2 } };
    if (service === '/rosapi/service_type') return { type: types[(args as { service: string }).service] ?? '' };
    if (service === '/rosapi/topic_type') return { type: types[topic] ?? '' };
    if (service === '/rosapi/publishers') return { publishers: publishers[topic] ?? [] };
    return `Service ${String(service)} does not exist`;
  };
  standIn.answer = (operation) => {
    if (operation.op !== 'call_service') return undefined;
    const answer = values(operation);
    return { op: 'service_response', id: operation.id, values: answer, result: typeof answer === 'object' };
  };
}

const topics = [
  { topic: '/joint_states', type: TYPES.jointState },
  { topic: '/hole', type: TYPES.poseStamped },
];
const standing = () => made.bridge.faults.map((f) => f.about);
const said = () => made.errors.map((e) => [e.code, e.seen]);
/** Asked in order: when the last of it has come, all before it has been judged. */
const asked = (service: string, times = 1) =>
  standIn.until(() => standIn.of('call_service').filter((o) => o.service === service).length >= times);

describe('at each connection the topics', () => {
  it('are asked of rosapi, and one of another type is said exactly, in the words of the server', async () => {
    plays('client', 'refusal.type');
    covers('client', ['rosapi.types', 'subscribe.type'], 'raw');
    rosapi(
      1,
      { '/joint_states': 'sensor_msgs/Imu', '/hole': 'geometry_msgs/PoseStamped', '/command': 'a/B' },
      {
        '/hole': ['/camera'],
      },
    );
    made = client(standIn.url, { verify: true, ros_version: 1 }, { topics, encoder: encoder() });
    await made.bridge.open();
    await until(() => made.errors.length >= 2);
    expect(said()).toEqual([
      ['RA_TOPIC_TYPE', '/joint_states is sensor_msgs/Imu, the config says sensor_msgs/JointState'],
      ['RA_TOPIC_TYPE', '/command is a/B, the config says reflexarc_msgs/EquilibriumCommand'],
    ]);
    expect(made.bridge.counters.mismatched).toBe(2);
    expect(standing()).toEqual(['type of /joint_states', 'type of /command']);
    await nothingOldIsSent(made, standIn);
  });

  it('that go beside a command, and those that others of us say, are asked too', async () => {
    rosapi(
      2,
      { '/joint_states': TYPES.jointState, '/lease': 'a/msg/B', '/stop': 'std_msgs/msg/Empty', '/command': '' },
      {
        '/joint_states': ['/robot'],
      },
    );
    const besides = [{ topic: '/lease', type: TYPES.uint64MultiArray }];
    const context = { topics: topics.slice(0, 1), encoder: { ...encoder(), besides } };
    made = client(standIn.url, { verify: true }, { ...context, said: [{ topic: '/stop', type: TYPES.stop }] });
    await made.bridge.open();
    await until(() => made.errors.length >= 2);
    expect(said()).toEqual([
      ['RA_TOPIC_TYPE', '/lease is a/msg/B, the config says std_msgs/msg/UInt64MultiArray'],
      ['RA_TOPIC_TYPE', '/stop is std_msgs/msg/Empty, the config says reflexarc_msgs/msg/Stop'],
    ]);
    expect(made.bridge.counters.mismatched).toBe(2);
  });

  it('and services of ours in its graph, too: others may have their names for another type', async () => {
    covers('client', 'rosapi.services', 'raw');
    rosapi(1, { '/mode': 'std_msgs/Int32', '/takeover': '', '/arm': 'std_srvs/SetBool', '/stop': 'std_srvs/Trigger' });
    made = client(standIn.url, { verify: true, ros_version: 1 });
    made.bridge.graph.advertise('/mode', TYPES.string);
    made.bridge.graph.onPublish('/takeover', TYPES.string, () => {});
    for (const name of ['/arm', '/stop']) made.bridge.graph.advertiseService(name, TYPES.trigger, () => ({}));
    await made.bridge.open();
    await until(() => made.errors.length >= 2);
    expect(said()).toEqual([
      ['RA_TOPIC_TYPE', '/mode is std_msgs/Int32, the config says std_msgs/String'],
      ['RA_TOPIC_TYPE', '/arm is std_srvs/SetBool, the config says std_srvs/Trigger'],
    ]);
  });

  it('that nobody publishes are said, also when our own subscription gave them a type', async () => {
    plays('client', 'silence.nobody');
    rosapi(2, { '/joint_states': TYPES.jointState, '/hole': TYPES.poseStamped }, { '/joint_states': ['/robot'] });
    made = client(standIn.url, { verify: true }, { topics, encoder: encoder() });
    await made.bridge.open();
    await until(() => made.errors.length >= 1);
    expect(said()).toEqual([
      ['RA_TOPIC_SILENT', '/hole is published by nobody; the config says geometry_msgs/msg/PoseStamped'],
    ]);
    expect(made.bridge.counters.silent).toBe(1);
    expect(standing()).toEqual(['/hole']);
    await nothingOldIsSent(made, standIn);
  });

  it('that others of us say are not missed by who only listens, before they are said', async () => {
    const command = { topic: encoder().topic, type: encoder().type };
    rosapi(2, { '/hole': TYPES.poseStamped, [command.topic]: command.type }, {});
    const heard = [command, { topic: '/hole', type: TYPES.poseStamped }];
    made = client(standIn.url, { verify: true }, { topics: heard, said: [{ ...command, optional: true }] });
    await made.bridge.open();
    await until(() => made.errors.length >= 1);
    // What is heard is looked at in its order: of the command there would be a word by now.
    expect(said()).toEqual([
      ['RA_TOPIC_SILENT', '/hole is published by nobody; the config says geometry_msgs/msg/PoseStamped'],
    ]);
  });

  it('that others of us say are of the type that the config says, for who only listens too', async () => {
    const command = { topic: encoder().topic, type: encoder().type };
    rosapi(2, { [command.topic]: TYPES.jointState }, {});
    made = client(standIn.url, { verify: true }, { topics: [command], said: [{ ...command, optional: true }] });
    await made.bridge.open();
    await until(() => made.errors.length >= 1);
    expect(said()).toEqual([
      ['RA_TOPIC_TYPE', `${command.topic} is ${TYPES.jointState}, the config says ${command.type}`],
    ]);
  });

  it('cannot be verified without rosapi, which is said, and the link works all the same', async () => {
    plays('client', 'rosapi.none');
    standIn.answer = ({ op, id, service }) =>
      op === 'call_service'
        ? { op: 'service_response', id, values: `Service ${String(service)} does not exist`, result: false }
        : undefined;
    made = client(standIn.url, { verify: true }, { topics, encoder: encoder() });
    await made.bridge.open();
    await until(() => made.errors.length > 0);
    expect(said()).toEqual([
      [
        'RA_TOPIC_SILENT',
        `rosapi of ${standIn.url} does not answer, topics are not verified: service /rosapi/get_time: Service /rosapi/get_time does not exist`,
      ],
    ]);
    expect(made.bridge.counters.silent).toBe(1);
    expect(standing()).toEqual(['rosapi']);
    await nothingOldIsSent(made, standIn);
  });

  it('of a server that is as the config says are not worth a word', async () => {
    const server = new RosServer({ port: 0, clock: new MonotonicClock() });
    const { port } = await server.listen();
    server.publish('/joint_states', TYPES.jointState, {});
    server.publish('/hole', TYPES.poseStamped, {});
    server.onPublish(COMMAND, encoder().type, () => {});
    made = client(`ws://127.0.0.1:${port}`, { verify: true, ping_ms: 20 }, { topics, encoder: encoder() });
    await made.bridge.open();
    const time = await made.bridge.call('/rosapi/get_time', 'rosapi_msgs/srv/GetTime', {}, 5000);
    expect(time).toMatchObject({ time: { sec: expect.any(Number) } });
    await untilSent(made.bridge, 1);
    expect(said()).toEqual([]);
    await server.close();
  });

  it('are verified again after a reconnection', async () => {
    rosapi(2, {}, { '/joint_states': ['/robot'], '/hole': ['/camera'] });
    made = client(standIn.url, { verify: true }, { topics });
    await made.bridge.open();
    await asked('/rosapi/publishers', 2);
    for (const socket of standIn.sockets) socket.terminate();
    await asked('/rosapi/publishers', 4);
    expect(made.links.at(-1)).toMatchObject({ up: true, epoch: 2 });
  });
});

describe('the dialect', () => {
  it.each([1, 2] as const)(
    'of a ROS %d server is found out before anything is subscribed or advertised',
    async (version) => {
      covers('client', ['ros_version', 'rosapi.time'], 'raw');
      rosapi(version, {}, { '/joint_states': ['/robot'], '/hole': ['/camera'] });
      made = client(standIn.url, { ros_version: 'auto' }, { topics, encoder: encoder() });
      await made.bridge.open();
      await standIn.until(() => standIn.operations.length >= 4);
      expect(standIn.operations[0]).toMatchObject({ op: 'call_service', service: '/rosapi/get_time' });
      expect(standIn.operations.slice(1).map((o) => o.type)).toEqual(
        version === 1
          ? ['sensor_msgs/JointState', 'geometry_msgs/PoseStamped', 'reflexarc_msgs/EquilibriumCommand']
          : ['sensor_msgs/msg/JointState', 'geometry_msgs/msg/PoseStamped', 'reflexarc_msgs/msg/EquilibriumCommand'],
      );
      expect(made.errors).toEqual([]);
    },
  );

  it('that rosapi does not tell keeps the link down, and is asked for again', async () => {
    plays('client', 'dialect.untold');
    standIn.answer = ({ op, id }) =>
      op === 'call_service' ? { op: 'service_response', id, values: { time: null }, result: true } : undefined;
    made = client(standIn.url, { ros_version: 'auto' }, { topics, encoder: encoder() });
    void made.bridge.open();
    await until(() => made.errors.length > 0);
    expect(said()).toEqual([
      ['RA_CONFIG_INVALID', `bridge.ros_version: auto, but rosapi of ${standIn.url} does not tell: no time`],
    ]);
    expect(made.bridge.counters.mismatched).toBe(1);
    expect(standing()).toEqual(['dialect']);
    expect(standIn.of('subscribe')).toEqual([]);
    rosapi(2, {});
    await standIn.until(() => standIn.of('subscribe').length === 2);
    await nothingOldIsSent(made, standIn);
  });

  it('that was set and is another is said before the first message comes', async () => {
    rosapi(
      1,
      { '/joint_states': 'sensor_msgs/JointState', '/hole': 'geometry_msgs/PoseStamped' },
      {
        '/joint_states': ['/robot'],
        '/hole': ['/camera'],
      },
    );
    made = client(standIn.url, { verify: true, ros_version: 2 }, { topics });
    await made.bridge.open();
    await until(() => made.errors.length > 0);
    expect(said()).toEqual([['RA_CONFIG_INVALID', `bridge.ros_version: 2, but ${standIn.url} spells times as ROS 1`]]);
  });
});
