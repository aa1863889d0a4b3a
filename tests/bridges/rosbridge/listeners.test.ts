import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TYPES } from '../../../bridges/messages/messages.ts';
import type { ServiceCalls } from '../../../bridges/rosbridge/calls.ts';
import { Complaints } from '../../../bridges/rosbridge/complaints.ts';
import { expectedOf, Rosapi } from '../../../bridges/rosbridge/verify.ts';
import { RosServer } from '../../../bridges/rosserver/server.ts';
import { MonotonicClock } from '../../../src/core/clock.ts';
import { covers } from '../../interop/conformance.ts';
import { plays } from '../../interop/played.ts';
import { RawClient } from '../rosserver/raw-client.ts';
import { subscribe } from '../rosserver/serving.ts';
import { COMMAND, client, encoder, type Made, nothingOldIsSent, StandIn, until } from './robot-stand-in.ts';

const BESIDES = [
  { topic: '/lease', type: TYPES.uint64MultiArray, optional: true },
  { topic: '/stiffness', type: TYPES.wrenchStamped },
];
const STOP = { topic: '/stop', type: TYPES.stop };
const BRIDGE = '/rosbridge_websocket';
const heard = (said: string) => `${said}; the config says`;

let made: Made;
const said = () => made.errors.map((e) => [e.code, e.seen]);
const standing = () => made.bridge.faults.map((f) => f.about);

describe('what the robot must hear', () => {
  let standIn: StandIn;
  let subscribers: Record<string, string[]>;
  let types: unknown[];
  let ros: 1 | 2;
  beforeEach(async () => {
    standIn = await StandIn.open();
    subscribers = {};
    types = [];
    standIn.answer = ({ op, service, args, id, type }) => {
      if (op !== 'call_service') return undefined;
      const { topic } = args as { topic: string };
      const values =
        service === '/rosapi/get_time'
          ? { time: ros === 1 ? { secs: 1, nsecs: 2 } : { sec: 1, nanosec: 2 } }
          : service === '/rosapi/subscribers'
            ? { subscribers: subscribers[topic] ?? [] }
            : service === '/rosapi/publishers'
              ? { publishers: [BRIDGE] }
              : { type: '' };
      if (service === '/rosapi/subscribers') types.push(type);
      return { op: 'service_response', id, service, values, result: true };
    };
  });
  afterEach(async () => {
    await made.bridge.close();
    await standIn.close();
  });

  it.each([
    [1, 'rosapi/Subscribers', ['geometry_msgs/WrenchStamped', 'reflexarc_msgs/Stop']],
    [2, 'rosapi_msgs/srv/Subscribers', ['geometry_msgs/msg/WrenchStamped', 'reflexarc_msgs/msg/Stop']],
  ] as const)(
    'and nobody does is said of each topic of a bridge of ROS %s, until somebody hears it',
    async (...row) => {
      plays('client', 'silence.unheard');
      covers('client', 'rosapi.nodes', 'raw');
      const [version, type, [wrench, stop]] = row;
      ros = version;
      subscribers[COMMAND] = ['/controller_manager'];
      const besides = { ...encoder(), besides: BESIDES };
      made = client(standIn.url, { verify: true, ros_version: version }, { encoder: besides, said: [STOP] });
      await made.bridge.open();
      await until(() => made.errors.length >= 2);
      expect(said()).toEqual([
        ['RA_TOPIC_SILENT', `${heard('/stiffness is heard by nobody')} ${wrench}`],
        ['RA_TOPIC_SILENT', `${heard('/stop is heard by nobody')} ${stop}`],
      ]);
      expect(made.errors[0]!.message).toContain('correct the name of the topic');
      expect(made.bridge.counters.silent).toBe(2);
      expect(standing()).toEqual(['listeners to /stiffness', 'listeners to /stop']);
      expect(types).toEqual([type, type, type]);
      await nothingOldIsSent(made, standIn);

      subscribers['/stiffness'] = ['/impedance_controller'];
      for (const socket of standIn.sockets) socket.terminate();
      await until(() => made.cleared.some((f) => f.about === 'listeners to /stiffness'));
      expect(standing()).toContain('listeners to /stop');
    },
  );
});

describe('listeners that rosapi tells of', () => {
  /** A rosapi that answers from a table; what is not in it does not exist there. */
  function rosapi(table: Record<string, (args: Record<string, string>) => object>) {
    const counters = { silent: 0 } as Made['bridge']['counters'];
    const [raised, cleared]: string[][] = [[], []];
    const log = ({ seen }: { seen: string }) => raised!.push(seen);
    const clock = new MonotonicClock();
    const complaints = new Complaints({ clock, counters, log, cleared: ({ seen }) => cleared!.push(seen) });
    const ask = async (service: string, _type: string, args: Record<string, string>) => {
      const answer = table[service.replace('/rosapi/', '')];
      if (answer === undefined) throw new Error(`Service ${service} does not exist`);
      return answer(args);
    };
    const calls = { connected: true, ask } as unknown as ServiceCalls;
    const rosapi = new Rosapi(calls, 'ws://robot', complaints);
    const expected = expectedOf([], [{ topic: '/cmd', type: TYPES.poseStamped }]);
    return { verify: async () => (await rosapi.verify(expected, 2)).map((e) => e.topic), raised, cleared, table };
  }
  const base = { get_time: () => ({ time: { sec: 1, nanosec: 2 } }), topic_type: () => ({ type: '' }) };
  const nodes =
    (field: string, ...names: string[]) =>
    () => ({ [field]: names });
  const type = TYPES.poseStamped;

  it('are asked for again until there is one, and then no longer', async () => {
    const { verify, raised, cleared, table } = rosapi({ ...base, subscribers: nodes('subscribers') });
    expect(await verify()).toEqual(['/cmd']);
    expect(await verify()).toEqual(['/cmd']);
    expect(raised).toEqual([`/cmd is heard by nobody; the config says ${type}`]);
    Object.assign(table, {
      subscribers: nodes('subscribers', '/robot'),
      publishers: nodes('publishers', BRIDGE),
    });
    expect(await verify()).toEqual([]);
    expect(cleared).toEqual(raised);
  });

  it('are not missed where the bridge does not tell of any; but what was said stands', async () => {
    const { verify, raised, cleared, table } = rosapi({ ...base });
    for (const answer of [() => ({}), () => ({ subscribers: null }), undefined]) {
      if (answer === undefined) delete table.subscribers;
      else table.subscribers = answer;
      expect(await verify()).toEqual([]);
    }
    expect(raised).toEqual([]);
    table.subscribers = nodes('subscribers');
    expect(await verify()).toEqual(['/cmd']);
    delete table.subscribers;
    expect(await verify()).toEqual(['/cmd']);
    expect([raised!.length, cleared]).toEqual([1, []]);
  });

  it('are none where it is only the bridge, which carries our commands and our own ears', async () => {
    const { verify, raised, table } = rosapi({ ...base, subscribers: nodes('subscribers', BRIDGE) });
    table.publishers = nodes('publishers', BRIDGE);
    expect(await verify()).toEqual(['/cmd']);
    expect(raised).toEqual([`/cmd is heard by nobody but ${BRIDGE}; the config says ${type}`]);
    table.subscribers = nodes('subscribers', BRIDGE, '/robot');
    expect(await verify()).toEqual([]);
  });

  it('may be ours while the bridge does not know yet that we publish: they are asked for once more', async () => {
    const { verify, raised, table } = rosapi({ ...base, subscribers: nodes('subscribers', BRIDGE) });
    table.publishers = nodes('publishers');
    expect(await verify()).toEqual(['/cmd']);
    expect(raised).toEqual([]);
    table.publishers = nodes('publishers', BRIDGE);
    expect(await verify()).toEqual(['/cmd']);
    expect(raised!.length).toBe(1);

    const never = rosapi({ ...base, subscribers: nodes('subscribers', '/robot'), publishers: nodes('publishers') });
    expect([await never.verify(), await never.verify(), never.raised]).toEqual([['/cmd'], [], []]);
  });
});

describe('on a server of ours, what the robot must hear', () => {
  let server: RosServer;
  let url: string;
  let watcher: RawClient;
  beforeEach(async () => {
    server = new RosServer({ port: 0, clock: new MonotonicClock() });
    const { port } = await server.listen();
    url = `ws://127.0.0.1:${port}`;
    watcher = await RawClient.open(port);
  });
  afterEach(async () => {
    await made.bridge.close();
    watcher.close();
    await server.close();
  });
  const looked = () => made.bridge.call('/rosapi/get_time', 'rosapi_msgs/srv/GetTime', {}, 5000);
  const { type } = encoder();

  it('is heard by its own handlers, and by a client that says something too', async () => {
    server.onPublish(COMMAND, type, () => {});
    watcher.send(subscribe('/stop', TYPES.stop), { op: 'advertise', topic: '/status', type: TYPES.string });
    await watcher.settled();
    made = client(url, { verify: true }, { encoder: encoder(), said: [STOP, { topic: '/nobody', type: TYPES.stop }] });
    await made.bridge.open();
    // The last of them, so that the two before it have been judged.
    await until(() => made.errors.length >= 1);
    await looked();
    expect(said()).toEqual([['RA_TOPIC_SILENT', `${heard('/nobody is heard by nobody')} ${TYPES.stop}`]]);
  });

  it('is not heard by a client that only looks on, as our observer does', async () => {
    watcher.send(subscribe(COMMAND, type));
    await watcher.settled();
    made = client(url, { verify: true }, { encoder: encoder() });
    await made.bridge.open();
    await until(() => made.errors.length >= 1);
    expect(said()).toEqual([['RA_TOPIC_SILENT', `${heard(`${COMMAND} is heard by nobody but /client_1`)} ${type}`]]);
  });
});
