import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLog } from '../../bridges/mcap/reader.ts';
import { freePort } from '../../src/cli/ports.ts';
import { alive, cli, descendants, listen, rosClientOf, until } from './harness.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'reflexarc-demo-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const ports = ['--sim-port', '0', '--console-port', '0', '--ros-port', '0'];

describe('demo', () => {
  it('runs episodes through the real processes, ends by itself, and says what happened in one object', async () => {
    const { code, stdout } = await cli([
      'demo',
      '--headless',
      '--episodes',
      '2',
      '--seed',
      '1',
      '--speed',
      'max',
      '--json',
      '--set',
      `log.dir=${dir}`,
      ...ports,
    ]);
    const last = JSON.parse(stdout.trim().split('\n').at(-1)!);
    expect(code).toBe(0);
    expect(last.episodes).toBe(2);
    for (const key of [
      'successes',
      'violations',
      'interventions',
      'commands_sent',
      'commands_refused',
      'ticks',
      'overruns',
    ])
      expect(last[key]).toBeTypeOf('number');
    for (const key of ['tick_us', 'loop_ms']) expect(Object.keys(last[key])).toEqual(['p50', 'p99', 'max']);
    expect(last.commands_sent).toBeGreaterThan(50);
    expect(last.robot_held).toBe(true);

    const topics = new Map<string, number>();
    for await (const m of readLog(last.log)) topics.set(m.topic, (topics.get(m.topic) ?? 0) + 1);
    for (const topic of [
      '/joint_states',
      '/ee_pose',
      '/wrench',
      '/reflexarc/decision',
      '/reflexarc/tick',
      '/reflexarc/transition',
    ])
      expect(topics.get(topic) ?? 0, topic).toBeGreaterThan(0);
  });

  it('Ctrl-C in the middle: exit code 0, robot held, summary on screen, no process behind', async () => {
    let below: number[] = [];
    const rosPort = await freePort();
    const args = ['--sim-port', '0', '--console-port', '0', '--ros-port', String(rosPort)];
    const { code, stdout } = await cli(['demo', '--headless', '--seed', '2', '--set', `log.dir=${dir}`, ...args], {
      onStart: async (child) => {
        const ros = await rosClientOf(rosPort);
        let mode = '';
        listen<{ data: string }>(ros, '/reflexarc/mode', 'std_msgs/msg/String', (m) => {
          mode = m.data;
        });
        await until(() => mode === 'ACTIVE', 60_000, 'a policy that moves the robot');
        ros.close();
        below = descendants(child.pid!);
        child.kill('SIGINT');
      },
    });
    expect(code).toBe(0);
    expect(below.length).toBeGreaterThanOrEqual(5);
    expect(stdout).toMatch(/loop ms/);
    expect(stdout).toMatch(/robot +held/);
    await until(() => !below.some(alive), 10_000, 'the end of all of them');
  });

  it('says which port is in use, and leaves nothing behind', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => blocker.once('listening', resolve));
    const { port } = blocker.address() as { port: number };
    const { code, stderr } = await cli([
      'demo',
      '--headless',
      '--sim-port',
      String(port),
      '--console-port',
      '0',
      '--ros-port',
      '0',
    ]);
    blocker.close();
    expect(code).toBe(1);
    expect(stderr).toContain('RA_PORT_IN_USE');
    expect(stderr).toContain(String(port));
  });
});
