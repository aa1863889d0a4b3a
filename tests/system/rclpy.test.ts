import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import { needs } from '../interop/peers.ts';
import { prepareRos2, ROS2_PYTHON, ros2Graph } from '../interop/ros2.ts';
import { endProcess } from './harness.ts';

let dir: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'reflexarc-rclpy-'));
});
let missing = '';
beforeAll(() => {
  missing = prepareRos2();
}, 180_000);
afterEach(async () => {
  for (const child of children.splice(0).reverse()) await endProcess(child);
  rmSync(dir, { recursive: true, force: true });
});

/** By a signal; its exit code. */
async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const exit = once(child, 'exit');
  child.kill(signal);
  return ((await exit) as [number | null])[0];
}

describe('the reference receiver in a real ROS 2 graph', () => {
  it('passes commands on, refuses, stands still and ends as the contract says', async (context) => {
    needs(context, 'ros2', 'rclpy', missing);
    const env = ros2Graph(dir);
    const start = (...args: string[]) => {
      const child = spawn(ROS2_PYTHON, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
      children.push(child);
      const said: string[] = [];
      child.stderr.setEncoding('utf8').on('data', (text: string) => said.push(text));
      return { child, said };
    };
    // Whole numbers, as a person writes them. Where no deadman is to be waited for it is seconds: the machine may be busy.
    const receiver = (name: string, deadmanMs: number) => {
      const topics = { command: 'cmd_vel', output: 'base', lease: 'lease', status: 'status' };
      const parameters = Object.entries(topics).flatMap(([key, topic]) => ['-p', `${key}:=/${name}/${topic}`]);
      const node = join(packageRoot, 'bridges/receivers/ros2_receiver.py');
      const own = [
        '-r',
        `__node:=${name}`,
        '-p',
        'kind:=twist',
        '-p',
        `deadman_ms:=${deadmanMs}`,
        '-p',
        'rate_hz:=100',
      ];
      const started = start(node, '--ros-args', ...own, ...parameters);
      started.child.stdout.resume();
      return started;
    };
    const said: Record<string, unknown> = {};
    const receivers: ReturnType<typeof receiver>[] = [];
    const peer = start(join(packageRoot, 'tests/interop/rclpy_peer.py'));
    for await (const line of createInterface({ input: peer.child.stdout })) {
      const { step, value } = JSON.parse(line) as { step: string; value: unknown };
      said[step] = value;
      if (step === 'ready') receivers.push(receiver('lasting', 20_000), receiver('short', 300));
    }
    const errors = [peer, ...receivers].map((process) => process.said.join('')).join('\n');
    expect(said, errors).toEqual({
      'kept for who comes late': [0.75],
      ready: true,
      begins: 'start',
      'refuses what has no lease but that from before it came': [true, true],
      'of which nothing passed': [],
      'follows under a live lease': true,
      'stands still when the lease falls silent, and not before': [true, true],
      for: 'deadman',
      'refuses commands then': true,
      'an old epoch': true,
      'an old sequence': true,
      'the epoch that was let go': true,
      'and stands still all the while': false,
      'follows a newer epoch': true,
      'holds that one': true,
      'until a person releases it': true,
      'and follows again': true,
      'before its lease ends': true,
      'its own deadman lets go': 'deadman',
      'its deadman can be set': false,
    });
    // A person's Ctrl-C, and systemd's way: neither is a fault.
    const codes = [await ended(receivers[0]!.child, 'SIGINT'), await ended(receivers[1]!.child, 'SIGTERM')];
    expect(codes, errors).toEqual([0, 0]);
    expect(receivers.map((r) => r.said.join('')).join('')).not.toContain('Traceback');
  });
});
