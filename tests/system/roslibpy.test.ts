import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RosServer } from '../../bridges/rosserver/server.ts';
import { MonotonicClock } from '../../src/core/clock.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { RawClient } from '../bridges/rosserver/raw-client.ts';
import { covers } from '../interop/conformance.ts';
import { needs } from '../interop/peers.ts';
import { prepareRoslibpy, ROSLIBPY } from '../interop/roslibpy.ts';

let missing = '';
beforeAll(() => {
  missing = prepareRoslibpy();
});

let server: RosServer;
let port = 0;
let provider: RawClient;
let beat: NodeJS.Timeout;
let child: ChildProcess | null = null;
const heard: unknown[] = [];

/** What the script meets: a state that moves, a latched mode, a service, an action of another client. */
async function serve(position: number): Promise<void> {
  server = new RosServer({ port, clock: new MonotonicClock() });
  ({ port } = await server.listen());
  const state = () => server.publish('/joint_states', 'sensor_msgs/JointState', { name: ['a'], position: [position] });
  state();
  beat = setInterval(state, 20);
  server.publish('/mode', 'std_msgs/String', { data: 'HOLD' }, { latch: true });
  server.onPublish('/chatter', 'std_msgs/String', (message) => {
    heard.push(message);
    if ((message as { data: string }).data === 'after the cut')
      server.publish('/mode', 'std_msgs/String', { data: 'heard' }, { latch: true });
  });
  server.advertiseService('/add', 'reflexarc_msgs/Add', (args) => {
    const { a, b } = args as { a: number; b: number };
    return { sum: a + b };
  });
  provider = await RawClient.open(port);
  provider.socket.on('message', (data) => {
    const op = JSON.parse(String(data)) as { op: string; id: string; args: { to: number } };
    if (op.op !== 'send_action_goal') return;
    const goal = { id: op.id, action: '/count' };
    provider.send({ op: 'action_feedback', ...goal, values: { at: 1 } });
    provider.send({ op: 'action_result', ...goal, values: { counted: op.args.to }, status: 4, result: true });
  });
  provider.send({ op: 'advertise_action', action: '/count', type: 'x/Count' });
  await provider.settled();
}
async function stop(): Promise<void> {
  clearInterval(beat);
  provider.close();
  await server.close();
}
beforeEach(() => serve(0.5));
afterEach(async () => {
  if (child?.exitCode === null) child.kill('SIGKILL');
  await stop();
});

describe('a stock roslibpy client on our server', () => {
  it('publishes, subscribes, calls, offers, sets parameters, sends goals, and comes back after a cut', async (context) => {
    covers('server', ['advertise', 'publish', 'publish.stamp', 'subscribe', 'subscribe.type'], 'roslibpy');
    covers('server', ['subscribe.queue_length', 'advertise.latch', 'advertise.queue_size', 'reconnect'], 'roslibpy');
    covers('server', ['call_service', 'service_response', 'service_response.failure'], 'roslibpy');
    covers('server', ['advertise_service', 'unadvertise_service', 'rosapi.params', 'rosapi.topics'], 'roslibpy');
    covers('server', ['rosapi.types', 'rosapi.nodes', 'rosapi.services', 'rosapi.message_details'], 'roslibpy');
    covers('server', ['rosapi.time', 'send_action_goal', 'action_feedback', 'action_result'], 'roslibpy');
    covers('server', ['send_action_goal.action_type', 'send_action_goal.args', 'action_result.status'], 'roslibpy');
    needs(context, 'pypi', 'roslibpy', missing);
    child = spawn(ROSLIBPY, [join(packageRoot, 'tests/interop/roslibpy_peer.py'), String(port)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const said = new Map<string, unknown>();
    for await (const line of createInterface({ input: child.stdout! })) {
      const { step, value } = JSON.parse(line) as { step: string; value: unknown };
      said.set(step, value);
      if (step === 'offering') {
        while (server.clients.length < 2 || !(await offered())) await provider.settled();
        said.set('called', await server.callService('/grip', { data: true }));
        child.stdin!.write('\n');
      } else if (step === 'before the cut') {
        await stop();
        await serve(99);
        child.stdin!.write('\n');
      }
    }
    expect(Object.fromEntries(said)).toEqual({
      connected: true,
      subscribe: { name: ['a'], position: [0.5] },
      latched: { data: 'HOLD' },
      publish: { data: 'hello from Python' },
      'stamp of ROS 1': { stamp: { sec: 1, nanosec: 2 }, frame_id: 'of ROS 1' },
      service: { sum: 5 },
      'no such service': 'Service /none does not exist',
      offering: '/grip',
      called: { success: true, message: 'gripped in Python' },
      param: { p: 1.5 },
      params: ['/gains'],
      'params left': [],
      topics: ['/rosout', '/joint_states', '/mode', '/chatter', '/header'],
      'topic type': 'sensor_msgs/msg/JointState',
      'topics for type': ['/joint_states'],
      services: ['/add'],
      'service type': 'reflexarc_msgs/srv/Add',
      nodes: ['/reflexarc', '/client_1', '/client_2'],
      'node details': { services: [], subscribing: [], publishing: [] },
      'message details': ['header', 'name', 'position', 'velocity', 'effort'],
      time: ['nanosec', 'sec'],
      action: { values: { counted: 2 }, status: 'SUCCEEDED', feedback: [{ at: 1 }] },
      'before the cut': true,
      'subscribed again': [99],
      'advertised again': { data: 'heard' },
    });
    expect(heard).toContainEqual({ data: 'hello from Python' });
    expect(server.counters.malformed).toBe(0);
  });
});

const offered = async () =>
  ((await provider.call('/rosapi/service_type', { service: '/grip' })).values as { type: string }).type !== '';
