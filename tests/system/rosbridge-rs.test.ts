import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TYPES } from '../../bridges/messages/messages.ts';
import { withLease } from '../../controllers/interfaces/lease.ts';
import { freePort } from '../../src/cli/ports.ts';
import { packageRoot } from '../../src/core/paths.ts';
import type { CommandEncoder, SafeAction, SensorFrame } from '../../src/core/signals.ts';
import { action, client, type Made } from '../bridges/rosbridge/robot-stand-in.ts';
import { covers } from '../interop/conformance.ts';
import { needs } from '../interop/peers.ts';
import { prepareRos2, ROS2_PYTHON, ros2Graph, rosbridgeServer } from '../interop/ros2.ts';
import { endProcess, until } from './harness.ts';

let dir: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'reflexarc-rosbridge-rs-'));
});
let missing = '';
let made: Made | undefined;
beforeAll(() => {
  missing = prepareRos2();
}, 180_000);
afterEach(async () => {
  await made?.bridge.close();
  for (const child of children.splice(0).reverse()) await endProcess(child);
  rmSync(dir, { recursive: true, force: true });
});

const LEASE = '/reflexarc/lease';
/** Forward velocity of a mobile base: the first element of the setpoint. */
const TWIST: CommandEncoder = {
  ...{ topic: '/cmd_vel', type: 'geometry_msgs/msg/Twist' },
  encode: ({ setpoint }) => ({
    ...{ topic: '/cmd_vel', type: 'geometry_msgs/msg/Twist' },
    message: { linear: { x: setpoint[0], y: 0, z: 0 }, angular: { x: 0, y: 0, z: 0 } },
  }),
};
const driving = (seq: number): SafeAction =>
  ({ ...action(seq), epoch: 1_700_000_000_123, leaseMs: 3000, setpoint: Float64Array.of(0.25, 0, 0) }) as SafeAction;

describe('our client on a rosbridge server in a real ROS 2 graph', () => {
  it('reads states, drives a base through the receiver, which stops it when we fall silent, and calls and is called', async (context) => {
    covers('client', ['advertise', 'publish', 'publish.nan', 'subscribe', 'subscribe.type'], 'rosbridge_rs');
    covers('client', ['call_service', 'service_response', 'service_response.failure'], 'rosbridge_rs');
    covers('client', ['call_service.type', 'advertise_service'], 'rosbridge_rs');
    needs(context, 'ros2', 'rclpy', missing);
    const env = ros2Graph(dir);
    const port = await freePort();
    const server = rosbridgeServer(dir, env, port);
    let errors = '';
    const start = (command: string, args: string[], environment: NodeJS.ProcessEnv) => {
      const child = spawn(command, args, { env: environment, stdio: ['pipe', 'pipe', 'pipe'] });
      children.push(child);
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        errors += text;
      });
      return child;
    };
    start(server.command, server.args, server.env).stdout.resume();
    const receiver = join(packageRoot, 'bridges/receivers/ros2_receiver.py');
    const parameters = ['kind:=twist', 'command:=/cmd_vel', 'output:=/base', 'deadman_ms:=20000'];
    start(ROS2_PYTHON, [receiver, '--ros-args', ...parameters.flatMap((p) => ['-p', p])], env).stdout.resume();
    const robot = start(ROS2_PYTHON, [join(packageRoot, 'tests/interop/rosbridge_rs_peer.py')], env);
    const said: [step: string, value: unknown][] = [];
    createInterface({ input: robot.stdout }).on('line', (line) => {
      const { step, value } = JSON.parse(line) as { step: string; value: unknown };
      said.push([step, value]);
    });
    const heard = (value: number) => said.some(([step, v]) => step === 'twist' && v === value);

    const topics = [{ topic: '/joint_states', type: TYPES.jointState }];
    made = client(
      `ws://127.0.0.1:${port}`,
      { ping_ms: 5000, backoff_ms: [50, 200] },
      { topics, encoder: withLease(TWIST, LEASE) },
    );
    const { bridge } = made;
    const frames: SensorFrame[] = [];
    bridge.frames$.subscribe((frame) => frames.push(frame));
    bridge.graph.advertiseService('/reflexarc/stop', TYPES.trigger, () => ({ success: true, message: 'stopped' }));
    await bridge.open();
    await until(() => frames.length > 0, 30_000, `a state: ${errors}`);
    expect(frames[0]!.message).toEqual({
      header: { stamp: { sec: 3, nanosec: 5 }, frame_id: '' },
      ...{ name: ['a', 'b'], position: [0.5, Number.NaN], velocity: [], effort: [] },
    });

    let seq = 0;
    await until(() => bridge.send(driving(++seq)).sent && heard(0.25), 30_000, 'a command that passed');
    // No command any more, and with it no lease: the receiver's deadman is 20 s away.
    await until(() => heard(0), 15_000, 'the base to stand still');
    expect(said).toEqual([
      ['twist', 0.25],
      ['twist', 0],
    ]);

    expect(await bridge.call('/grip', TYPES.trigger, {}, 10_000)).toEqual({ success: true, message: 'gripped' });
    await expect(bridge.call('/grip', TYPES.trigger, { no_such: 1 }, 10_000)).rejects.toThrow('no_such');
    robot.stdin.write('/reflexarc/stop\n');
    await until(() => said.some(([step]) => step === 'answer'), 30_000, `an answer of ours: ${errors}`);
    expect(said.at(-1)).toEqual(['answer', [true, 'stopped']]);
    expect(made.errors.filter(({ code }) => code !== 'RA_BRIDGE_UNREACHABLE')).toEqual([]);
  });
});
