import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import type { Ros } from 'roslib';
import { describe, expect, it } from 'vitest';
import { Viewer } from '../bridges/foxglove/viewer.ts';
import { covers } from '../interop/conformance.ts';
import { CHROMIUM, noChromium } from '../interop/peers.ts';
import { insist, listen, rosClientOf, Sim, shared, startDaemon, type TestDaemon, until } from './harness.ts';

/** The stock client of the Foxglove protocol on a daemon with its real processes. */
let sim: Sim;
let t: TestDaemon;
let viewer: Viewer;
let ros: Ros;

shared(
  async () => {
    sim = await Sim.start();
    t = await startDaemon(sim.port, (config) => {
      config.daemon.foxglove_publish_allow = ['/cmd_vel'];
    });
    await t.daemon.reflex.until((s) => s.linkUp && s.mode === 'DISARMED', 20_000);
    ros = await rosClientOf(t.config.daemon.ros_port);
    viewer = await insist(() => Viewer.open(t.config.daemon.foxglove_port!));
  },
  async () => {
    viewer?.close();
    ros?.close();
    await t?.stop();
    await sim?.stop();
  },
);

describe('a viewer of a running daemon', () => {
  it('sees the topics of the log, and their messages as ROS clients do', async () => {
    covers('foxglove', ['serverInfo', 'advertise', 'subscribe', 'messageData'], 'stock');
    for (const topic of ['/joint_states', '/reflexarc/tick', '/tf']) viewer.subscribe(topic);
    const ticks = new Map<number, { mode: string; force: number; setpoint: number[] }>();
    listen<{ seq: number; mode: string; force: number; setpoint: number[] }>(
      ros,
      '/reflexarc/tick',
      'reflexarc_msgs/msg/TickRecord',
      (m) => ticks.set(m.seq, m),
    );
    await until(() => ticks.size > 30, 20_000, 'ticks over rosbridge');
    await viewer.until(() => viewer.of('/reflexarc/tick').length > 30);
    const both = viewer.of('/reflexarc/tick').filter(({ seq }) => ticks.has(seq as number));
    expect(both.length).toBeGreaterThan(5);
    for (const { seq, mode, force, setpoint } of both) {
      const same = ticks.get(seq as number)!;
      expect({ mode, force }).toEqual({ mode: same.mode, force: same.force });
      // rosbridge has null for what is no number.
      expect(setpoint).toEqual(same.setpoint.map((v) => v ?? Number.NaN));
    }
    expect(viewer.of('/joint_states')[0]).toMatchObject({ name: t.config.robot.joints.map((j) => j.name) });
    await viewer.until(() => viewer.of('/tf').length > 0);
    expect(viewer.of('/tf')[0]).toMatchObject({
      transforms: expect.arrayContaining([expect.objectContaining({ child_frame_id: 'tip' })]),
    });
    expect(viewer.errors).toEqual([]);
    // One with an id is of the daemon, which may be starting; one without, an answer to us.
    expect(viewer.statuses.filter(({ id }) => id === undefined)).toEqual([]);
  });

  it('arms and disarms by the services, and cannot engage what is not armed', async () => {
    covers('foxglove', ['advertiseServices', 'serviceCall'], 'stock');
    viewer.subscribe('/reflexarc/transition');
    expect(await viewer.call('/reflexarc/engage')).toMatchObject({ success: false });
    expect(await viewer.call('/reflexarc/arm')).toMatchObject({ success: true });
    await viewer.until(() => viewer.of('/reflexarc/transition').some(({ to_mode }) => to_mode === 'HOLD'));
    expect(await viewer.call('/reflexarc/disarm')).toMatchObject({ success: true });
    await t.daemon.reflex.until((s) => s.mode === 'DISARMED', 20_000);
  });

  it('publishes what it may to ROS clients of the daemon, and nothing of the daemon itself', async () => {
    covers('foxglove', ['client.advertise', 'client.messageData'], 'stock');
    let heard: unknown = null;
    listen(ros, '/cmd_vel', 'geometry_msgs/msg/Twist', (message) => {
      heard = message;
    });
    const id = viewer.client.advertise({ topic: '/cmd_vel', encoding: 'json', schemaName: 'geometry_msgs/Twist' });
    const linear = { x: 0.25, y: 0, z: 0 };
    for (let tries = 0; heard === null && tries < 100; tries++) {
      viewer.client.sendMessage(id, Buffer.from(JSON.stringify({ linear })));
      await viewer.settled();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(heard).toEqual({ linear, angular: { x: 0, y: 0, z: 0 } });
    viewer.client.advertise({ topic: '/reflexarc/mode', encoding: 'json', schemaName: 'std_msgs/String' });
    await viewer.settled();
    expect(viewer.statuses.at(-1)?.message).toBe('topic /reflexarc/mode may not be published');
  });
});

const why = noChromium();

/** A page that connects from its window and from a worker, and remembers the first two things that it is told. */
function page(url: string): string {
  const connect = (say: string) => `
    const socket = new WebSocket('${url}', ['foxglove.websocket.v1', 'foxglove.sdk.v1']);
    const ops = [];
    socket.onerror = () => ${say}(['refused']);
    socket.onmessage = ({ data }) => { if (typeof data === 'string' && ops.push(JSON.parse(data).op) === 2) ${say}([...ops]); };`;
  return `<script>
    const heard = {};
    const say = (ops) => { heard.window = ops; };
    { ${connect('say')} }
    const worker = new Worker(URL.createObjectURL(new Blob([${JSON.stringify(connect('postMessage'))}])));
    worker.onmessage = ({ data }) => { heard.worker = data; };
  </script>`;
}

describe.skipIf(why !== '')(`a page from a file in a browser${why}`, () => {
  const hearing = async (args: string[]) => {
    const dir = mkdtempSync(join(tmpdir(), 'reflexarc-page-'));
    writeFileSync(join(dir, 'page.html'), page(`ws://127.0.0.1:${t.config.daemon.foxglove_port}`));
    const browser = await chromium.launch({ executablePath: CHROMIUM!, args: ['--no-sandbox', ...args] });
    try {
      const opened = await browser.newPage();
      await opened.goto(String(pathToFileURL(join(dir, 'page.html'))));
      await opened.waitForFunction('heard.window && heard.worker', undefined, { timeout: 20_000 });
      return await opened.evaluate('heard');
    } finally {
      await browser.close();
      rmSync(dir, { recursive: true });
    }
  };

  it('with the rights that desktop applications give their files sees the channels, from its window and a worker', async () => {
    covers('foxglove', 'origin', 'raw');
    const told = ['serverInfo', 'advertise'];
    expect(await hearing(['--allow-file-access-from-files'])).toEqual({ window: told, worker: told });
  });

  it('without them comes from nowhere, as any page in a sandbox might, and is turned away', async () => {
    covers('foxglove', 'origin', 'hostile');
    expect(await hearing([])).toEqual({ window: ['refused'], worker: ['refused'] });
  });
});
