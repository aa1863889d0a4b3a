import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../src/cli/ports.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { buildOurs } from '../interop/genpy.ts';
import { needs, ROS1_PYTHON, ros1Lacks } from '../interop/peers.ts';
import { endProcess, pause } from './harness.ts';

let dir: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'reflexarc-rospy-'));
});
afterEach(async () => {
  for (const child of children.splice(0).reverse()) await endProcess(child);
  rmSync(dir, { recursive: true, force: true });
});

const listens = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    }).on('error', () => resolve(false));
  });

describe('the reference receiver in a real ROS 1 graph', () => {
  it('passes commands on, refuses, holds and stands still as the contract says', async (context) => {
    needs(context, 'ros1', 'rospy', ros1Lacks(['rospy', 'rosmaster.main', 'genpy.generator', 'std_srvs.srv']));
    const packages = join(dir, 'python');
    buildOurs(packages, dir);
    const port = await freePort();
    const env = {
      ...process.env,
      ROS_MASTER_URI: `http://127.0.0.1:${port}`,
      ROS_IP: '127.0.0.1',
      ROS_LOG_DIR: join(dir, 'log'),
      ROS_HOME: dir,
      PYTHONPATH: packages,
      PYTHONDONTWRITEBYTECODE: '1',
    };
    const start = (...args: string[]) => {
      const child = spawn(ROS1_PYTHON, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
      children.push(child);
      return child;
    };
    start(
      '-c',
      `import rosmaster; rosmaster.rosmaster_main(['rosmaster', '--core', '-p', '${port}'])`,
    ).stdout!.resume();
    while (!(await listens(port))) await pause(50);
    const node = join(packageRoot, 'bridges/receivers/ros1_receiver.py');
    // Deadmen of seconds where nothing is to be waited for: a busy machine must not let go by itself.
    start(node, '_output:=/guarded', '_deadman_ms:=20000').stdout!.resume();
    const base = ['__name:=base_receiver', '_kind:=twist', '_command:=/cmd_vel', '_output:=/base/cmd_vel'];
    start(node, ...base, '_status:=/base/status', '_deadman_ms:=20000').stdout!.resume();
    const said: Record<string, unknown> = {};
    const peer = start(join(packageRoot, 'tests/interop/rospy_peer.py'));
    for await (const line of createInterface({ input: peer.stdout! })) {
      const { step, value } = JSON.parse(line) as { step: string; value: unknown };
      said[step] = value;
    }
    expect(said).toEqual({
      begins: 'start',
      follows: [false, 5, 1],
      'passes on': 0.51,
      refuses: ['old epoch', 'old sequence', 'malformed', 'malformed', 'no lease', 'too stiff'],
      'of which nothing passed': [1],
      stops: 'stop: person',
      'refuses its epoch': 'stopped',
      'follows a newer one': true,
      'lets go': 'deadman',
      'and holds where it was measured': true,
      'until a newer epoch': 'held',
      'or a person': true,
      'follows again': false,
      'a twist without a lease': 'no lease',
      'a twist with one': 0.25,
      'whose lease ends': 'deadman',
      'stands still': true,
    });
  });
});
