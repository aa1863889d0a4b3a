import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { FoxgloveServer } from '../../bridges/foxglove/server.ts';
import { cdrWriter } from '../../bridges/messages/cdr-writer.ts';
import { definitionsFor, textOf } from '../../bridges/messages/types.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { covers } from '../interop/conformance.ts';
import { needs } from '../interop/peers.ts';
import { venv } from '../interop/venv.ts';

const VERSION = '0.30.3';
const { python: PYTHON, prepare } = venv(`foxglove-sdk-${VERSION}`, [`foxglove-sdk==${VERSION}`], 'foxglove');

let missing = '';
beforeAll(() => {
  missing = prepare();
});

const STRING = 'std_msgs/msg/String';
const JOINTS = 'sensor_msgs/msg/JointState';
const TRIGGER = 'std_srvs/srv/Trigger';
const answer = { success: true, message: 'armed: Δ' };
const encode = (type: string, message: unknown) => Buffer.from(cdrWriter(definitionsFor(type)!)(message));
const setup = {
  name: 'a robot',
  parameters: { 'robot.name': 'arm', 'safety.off': ['force'], 'log.enabled': true, 'log.max_bytes': 1000 },
  channels: [
    ['/s', STRING, textOf(STRING)],
    ['/joint_states', JOINTS, textOf(JOINTS)],
  ],
  response: encode(`${TRIGGER}_Response`, answer).toString('base64'),
};
type Graph = [topic: string, publishers: string[], readers: string[]][];

/** What a server can be told to do, whoever wrote it. */
interface Subject {
  port: number;
  log(topic: string, type: string, message: unknown, timeNs: number): Promise<unknown>;
  time(ns: number): Promise<unknown>;
  status(text: string): Promise<unknown>;
  clearStatus(): Promise<unknown>;
  graph(graph: Graph): Promise<unknown>;
  stop(): unknown;
}

async function ours(): Promise<Subject> {
  const server = new FoxgloveServer({
    name: setup.name,
    port: 0,
    simulatedTime: true,
    allow: { subscribe: ['*'], call: ['*'], publish: ['*'] },
    onMessage: () => {},
  });
  const { port } = await server.listen();
  for (const [topic, type] of setup.channels) server.declare(topic!, type!, ['robot'], ['reflex']);
  for (const [name, value] of Object.entries(setup.parameters)) server.setParameter(name, value);
  server.advertiseService('/arm', TRIGGER, () => answer);
  server.advertiseService('/fails', TRIGGER, () => {
    throw new Error('no arm');
  });
  return {
    port,
    log: async (topic, type, message, timeNs) => server.publish(topic, type, message, timeNs),
    time: async (ns) => server.time(ns),
    status: async (text) => server.setStatus('link', 'warning', text),
    clearStatus: async () => server.clearStatus('link'),
    // It makes its own.
    graph: async () => {},
    stop: () => server.close(),
  };
}

async function theirs(): Promise<Subject> {
  const child: ChildProcess = spawn(PYTHON, [join(packageRoot, 'tests/interop/foxglove_sdk_peer.py')], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const order = async (value: object): Promise<{ port: number }> => {
    child.stdin!.write(`${JSON.stringify(value)}\n`);
    return JSON.parse((await lines.next()).value);
  };
  const { port } = await order(setup);
  return {
    port,
    // JSON would round such a number.
    log: (topic, type, message, timeNs) =>
      order({ topic, log: encode(type, message).toString('base64'), time: String(BigInt(timeNs)) }),
    time: (time) => order({ time }),
    status: (status) => order({ status }),
    clearStatus: () => order({ clear: 'link' }),
    graph: (graph) => order({ graph }),
    stop: () => {
      const gone = child.exitCode === null ? once(child, 'exit') : null;
      child.kill('SIGKILL');
      return gone;
    },
  };
}

const opened: { stop(): unknown }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.stop();
});

const call = (service: number, id: number, encoding: string, data: number[]) => {
  const head = Buffer.alloc(13);
  head[0] = 2;
  head.writeUInt32LE(service, 1);
  head.writeUInt32LE(id, 5);
  head.writeUInt32LE(encoding.length, 9);
  return Buffer.concat([head, Buffer.from(encoding), Buffer.from(data)]);
};
const EMPTY_REQUEST = [0, 1, 0, 0, 0];
const BOTH = {
  op: 'subscribe',
  subscriptions: [
    { id: 0, channelId: 1 },
    { id: 4, channelId: 2 },
  ],
};
const subscribe = (id: number, channelId: number) => ({ op: 'subscribe', subscriptions: [{ id, channelId }] });

const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);
const byId = (a: { id: number }, b: { id: number }) => a.id - b.id;

/** Text of an error and order of a list are each one's own; bytes are compared as they are. */
function essence(data: Buffer, binary: boolean): unknown {
  if (binary) return data.toString('hex');
  const said = JSON.parse(String(data));
  switch (said.op) {
    case 'serverInfo':
      return { op: said.op, name: said.name, can: said.capabilities.sort(), encodings: said.supportedEncodings };
    case 'advertise':
      return { op: said.op, channels: said.channels.sort(byId) };
    case 'advertiseServices':
      return { op: said.op, services: said.services.sort(byId) };
    case 'connectionGraphUpdate':
      for (const { subscriberIds } of said.subscribedTopics) subscriberIds.sort();
      return {
        ...said,
        publishedTopics: said.publishedTopics.sort(byName),
        subscribedTopics: said.subscribedTopics.sort(byName),
        advertisedServices: said.advertisedServices.sort(byName),
      };
    case 'status':
      return said.id === undefined ? { op: said.op, level: said.level } : said;
    case 'serviceCallFailure':
      return { op: said.op, serviceId: said.serviceId, callId: said.callId };
    default:
      return said;
  }
}

/** Everything that a server says in answer to a script: by the step after which it said it. */
async function transcript(subject: Subject): Promise<[string, unknown[]][]> {
  const heard: unknown[] = [];
  const socket = new WebSocket(`ws://127.0.0.1:${subject.port}`, ['foxglove.sdk.v1'], { perMessageDeflate: false });
  let barrier = (_id: string) => {};
  socket.on('message', (data: Buffer, binary) => {
    const text = binary ? '' : String(data);
    const id = /"id":"(barrier \d+)"/.exec(text)?.[1];
    if (id === undefined) heard.push(essence(data, binary));
    else barrier(id);
  });
  const told: [string, unknown[]][] = [];
  let barriers = 0;
  /** `answers`: how many there must be; of more, the next step has one too many. */
  const step = async (name: string, answers: number, act: () => unknown) => {
    await act();
    const id = `barrier ${++barriers}`;
    const passed = new Promise<void>((resolve) => {
      barrier = (seen) => seen === id && resolve();
    });
    socket.send(JSON.stringify({ op: 'getParameters', parameterNames: ['none'], id }));
    await passed;
    while (heard.length < answers) await once(socket, 'message');
    told.push([name, heard.splice(0)]);
  };
  const say = (what: string | Buffer | object, answers: number) => {
    const raw = typeof what === 'string' || Buffer.isBuffer(what) ? what : JSON.stringify(what);
    return step(typeof raw === 'string' ? raw : raw.toString('hex'), answers, () => socket.send(raw));
  };
  await once(socket, 'open');
  await step('connect', 3, () => {});
  await say({ op: 'getParameters', parameterNames: [], id: 'all' }, 1);
  await say({ op: 'getParameters', parameterNames: ['robot.name', 'none.such'] }, 1);
  await say(BOTH, 0);
  await step('log a text', 1, () => subject.log('/s', STRING, { data: 'µ, Δ, 力' }, 2 ** 60));
  const header = { stamp: { sec: 1, nanosec: 2 }, frame_id: 'b' };
  const state = { header, name: ['a'], position: [0.1], velocity: [Number.NaN] };
  await step('log a state', 1, () => subject.log('/joint_states', JOINTS, state, 1234));
  for (const odd of [subscribe(9, 1), subscribe(7, 99), { op: 'unadvertise', channelIds: [7] }]) await say(odd, 1);
  for (const odd of ['{"op":', '[1]', 'null', { op: 'dance' }, { op: 'subscribe' }]) await say(odd, 1);
  await say({ op: 'fetchAsset', uri: 'x', requestId: 3 }, 1);
  for (const odd of [Buffer.of(77, 1), Buffer.of(1, 5), Buffer.of(1, 5, 0, 0, 0, 1), Buffer.of(2, 1)])
    await say(odd, 1);
  await say(call(1, 21, 'cdr', EMPTY_REQUEST), 1);
  await say(call(2, 22, 'cdr', EMPTY_REQUEST), 1);
  await say(call(9, 23, 'cdr', EMPTY_REQUEST), 1);
  await say(call(1, 24, 'protobuf', EMPTY_REQUEST), 1);
  const channels = [{ id: 1, topic: '/cmd', encoding: 'json', schemaName: 'geometry_msgs/Twist' }];
  await say({ op: 'advertise', channels }, 0);
  await say({ op: 'advertise', channels }, 1);
  await say({ op: 'unadvertise', channelIds: [1] }, 0);
  await step('tell the time', 1, () => subject.time(5_000_000_000));
  await step('set a status', 1, () => subject.status('no link'));
  await step('clear it', 1, () => subject.clearStatus());
  await say({ op: 'unsubscribe', subscriptionIds: [0, 4] }, 0);
  await step('log to nobody', 0, () => subject.log('/s', STRING, { data: 'unheard' }, 5));
  const graph = (...viewers: string[]): Graph =>
    setup.channels.map(([topic]) => [topic!, ['robot'], ['reflex', ...viewers]]);
  await subject.graph(graph());
  await say({ op: 'subscribeConnectionGraph' }, 1);
  await step('subscribe, seen in the graph', 1, async () => {
    socket.send(JSON.stringify(BOTH));
    await subject.graph(graph('viewer 1'));
  });
  socket.terminate();
  return told;
}

describe("a server of Foxglove's SDK, asked the same", () => {
  it('says the same as ours: who it is, bytes, levels, failures, graph', async (context) => {
    covers(
      'foxglove',
      ['subprotocol', 'serverInfo', 'advertise', 'advertise.ros2msg', 'subscribe', 'unsubscribe'],
      'sdk',
    );
    covers('foxglove', ['messageData', 'time', 'status', 'removeStatus', 'getParameters', 'frame.malformed'], 'sdk');
    covers('foxglove', ['advertiseServices', 'serviceCall', 'serviceCallFailure', 'unknown_op'], 'sdk');
    covers('foxglove', ['subscribeConnectionGraph', 'client.advertise', 'client.unadvertise'], 'sdk');
    needs(context, 'pypi', 'foxglove-sdk', missing);
    const [a, b] = [await ours(), await theirs()];
    opened.push(a, b);
    const [said, expected] = [await transcript(a), await transcript(b)];
    for (const [i, step] of expected.entries()) expect(said[i]).toEqual(step);
    expect(said).toHaveLength(expected.length);
  });

  it.for([[], ['graphql-ws']])('turns a client away that offers %j, as ours does', async (protocols, context) => {
    covers('foxglove', 'subprotocol', 'sdk');
    needs(context, 'pypi', 'foxglove-sdk', missing);
    const [a, b] = [await ours(), await theirs()];
    opened.push(a, b);
    for (const { port } of [a, b]) {
      const socket = new WebSocket(`ws://127.0.0.1:${port}`, protocols);
      const [error] = await once(socket, 'error');
      expect((error as Error).message).toBe('Unexpected server response: 400');
    }
  });
});
