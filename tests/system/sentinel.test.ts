import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import type { DiagnosticArray } from '../../bridges/messages/messages.ts';
import { freePort } from '../../src/cli/ports.ts';
import { loadRun } from '../../src/core/config/load.ts';
import type { RunConfig } from '../../src/core/config-schema.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { Daemon } from '../../src/daemon/launch.ts';
import { listen, rosClientOf, until } from './harness.ts';

interface Operation {
  op: string;
  topic: string;
  type?: string;
  // biome-ignore lint/suspicious/noExplicitAny: what arrives is what is tested.
  msg?: any;
}

/** A rosbridge that answers nothing, and writes down what the sentinel says: who advertises a stop is the sentinel. */
class Bridge {
  readonly said: Operation[] = [];
  readonly sockets = new Set<WebSocket>();
  readonly #server: WebSocketServer;

  private constructor(readonly port: number) {
    this.#server = new WebSocketServer({ host: '127.0.0.1', port });
    this.#server.on('connection', (socket) => {
      socket.on('message', (data) => {
        const operation = JSON.parse(String(data)) as Operation;
        if (operation.op === 'advertise' && operation.topic === '/stop') this.sockets.add(socket);
        if (this.sockets.has(socket)) this.said.push(operation);
      });
    });
  }

  static async at(port: number): Promise<Bridge> {
    const bridge = new Bridge(port);
    await once(bridge.#server, 'listening');
    open.push(() => bridge.close());
    return bridge;
  }

  published(topic: string): Operation[] {
    return this.said.filter((o) => o.op === 'publish' && o.topic === topic);
  }

  close(): void {
    for (const client of this.#server.clients) client.terminate();
    this.#server.close();
  }
}

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of open.splice(0).reverse()) await end();
});

const shipped = (path: string): string => join(packageRoot, 'configs', path);
/** The shipped base, with a policy that asks for nothing. */
const BASE = `name: base
robot: ${shipped('robots/diff-base.yaml')}
safety: ${shipped('safety/diff-base.yaml')}
task: { name: drive, observation: { base: { features: [{ from: "/odom.twist.twist.linear.x" }] } } }
policies:
  base: { type: zero, observation_size: 1, action_size: 3, execute_steps: 1 }
  residual: { type: zero, observation_size: 1, action_size: 3, scale: 0 }
  critic: { type: zero, input_size: 9 }
`;

/** A daemon of real processes at such a bridge; its reflex ticks and its sentinel is connected. */
async function daemonOf(
  run: string,
  ...sets: string[]
): Promise<{ bridge: Bridge; daemon: Daemon; config: RunConfig }> {
  const dir = mkdtempSync(join(tmpdir(), 'reflexarc-sentinel-'));
  open.push(() => rmSync(dir, { recursive: true, force: true }));
  const bridge = await Bridge.at(await freePort());
  const file = run.includes('\n') ? join(dir, 'run.yaml') : run;
  if (file !== run) writeFileSync(file, run);
  const { config } = loadRun(file, [
    `bridge.url=ws://127.0.0.1:${bridge.port}`,
    `daemon.console_port=${await freePort()}`,
    `daemon.ros_port=${await freePort()}`,
    // Of a machine that stands still for a moment nothing is said; where a silent reflex is the test, this is less.
    'daemon.heartbeat_ms=20000',
    ...sets,
  ]);
  const daemon = new Daemon(config, { logLines: { file: join(dir, 'lines') }, logPath: '' });
  open.push(() => daemon.stop());
  await daemon.reflex.until((s) => s.mode === 'DISARMED', 20_000);
  await until(() => bridge.sockets.size > 0, 20_000, 'the sentinel at the bridge');
  return { bridge, daemon, config };
}
const STILL = { linear: { x: 0, y: 0, z: 0 }, angular: { x: 0, y: 0, z: 0 } };
const killReflex = (daemon: Daemon) => process.kill(daemon.pids.get('reflex')!, 'SIGKILL');

describe('the sentinel of a mobile base', () => {
  it.each([
    ['ROS 2', 2, 'geometry_msgs/msg/Twist'],
    ['ROS 1', 1, 'geometry_msgs/Twist'],
  ])('says a twist of zero on the command topic when the reflex dies: %s', async (_name, version, type) => {
    const { bridge, daemon } = await daemonOf(BASE, `bridge.ros_version=${version}`);
    expect(bridge.said.filter((o) => o.op === 'advertise')).toEqual([
      { op: 'advertise', topic: '/stop', type: version === 2 ? 'reflexarc_msgs/msg/Stop' : 'reflexarc_msgs/Stop' },
      { op: 'advertise', topic: '/cmd_vel', type },
    ]);
    // It has nothing to say while the reflex lives.
    expect(bridge.published('/stop').concat(bridge.published('/cmd_vel'))).toEqual([]);
    killReflex(daemon);
    await until(() => bridge.published('/cmd_vel').length > 0, 20_000, 'a twist');
    expect(bridge.published('/cmd_vel')).toEqual([{ op: 'publish', topic: '/cmd_vel', msg: STILL }]);
    expect(bridge.published('/stop')[0]!.msg.reason).toBe('reflex died (SIGKILL)');
  });

  it('with a stamp of zero where the driver wants one: a stop is never too old', async () => {
    const { bridge, daemon } = await daemonOf(BASE, 'robot.interface.message=twist_stamped');
    expect(bridge.said).toContainEqual({
      op: 'advertise',
      topic: '/cmd_vel',
      type: 'geometry_msgs/msg/TwistStamped',
    });
    killReflex(daemon);
    await until(() => bridge.published('/cmd_vel').length > 0, 20_000, 'a twist');
    const header = { stamp: { sec: 0, nanosec: 0 }, frame_id: 'base_link' };
    expect(bridge.published('/cmd_vel')[0]!.msg).toEqual({ header, twist: STILL });
    // The stop itself says when it was.
    expect(bridge.published('/stop')[0]!.msg.header.stamp.sec).toBeGreaterThan(1.6e9);
  });

  it('the same for the tip of an arm before MoveIt Servo, in the frame of its twists', async () => {
    const { bridge, daemon } = await daemonOf(shipped('runs/servo.yaml'));
    const [topic, type] = ['/servo_node/delta_twist_cmds', 'geometry_msgs/msg/TwistStamped'];
    expect(bridge.said).toContainEqual({ op: 'advertise', topic, type });
    killReflex(daemon);
    await until(() => bridge.published(topic).length > 0, 20_000, 'a twist');
    const header = { stamp: { sec: 0, nanosec: 0 }, frame_id: 'fr3_link0' };
    expect(bridge.published(topic)[0]!.msg).toEqual({ header, twist: STILL });
  });

  it('also when the reflex only falls silent', async () => {
    const { bridge, daemon } = await daemonOf(BASE, 'daemon.heartbeat_ms=1000');
    process.kill(daemon.pids.get('reflex')!, 'SIGSTOP');
    await until(() => bridge.published('/cmd_vel').length > 0, 20_000, 'a twist');
    expect(bridge.published('/stop')[0]!.msg.reason).toMatch(/^reflex silent for \d+ ms$/);
    expect(bridge.published('/cmd_vel')[0]!.msg).toEqual(STILL);
  });

  it('what could not be said while the link was away is said when it is back', async () => {
    const { bridge, daemon } = await daemonOf(BASE, 'daemon.heartbeat_ms=1000');
    const stops: boolean[] = [];
    daemon.events$.subscribe((e) => e.event === 'stop' && stops.push(e.sent));
    bridge.close();
    process.kill(daemon.pids.get('reflex')!, 'SIGSTOP');
    await until(() => stops.length > 0, 20_000, 'a stop');
    expect(stops[0]).toBe(false);
    const again = await Bridge.at(bridge.port);
    await until(() => again.published('/cmd_vel').length > 0, 20_000, 'a twist');
    expect(again.published('/cmd_vel')[0]!.msg).toEqual(STILL);
  });

  it('says it when the daemon is shut down, after the reflex', async () => {
    const { bridge, daemon } = await daemonOf(BASE);
    await daemon.stop();
    expect(bridge.published('/cmd_vel').at(-1)!.msg).toEqual(STILL);
    expect(bridge.published('/stop').at(-1)!.msg.reason).toBe('daemon shut down');
  });
});

it('what the sentinel finds on its own link is counted and stands in /diagnostics beside reflex and brain', async () => {
  const { bridge, daemon, config } = await daemonOf(BASE);
  const ros = await rosClientOf(config.daemon.ros_port);
  open.push(() => ros.close());
  let values = new Map<string, string>();
  listen<DiagnosticArray>(ros, '/diagnostics', 'diagnostic_msgs/msg/DiagnosticArray', ({ status }) => {
    const part = status.find(({ name }) => name.endsWith(': bridge'));
    values = new Map(part?.values.map(({ key, value }) => [key, value]));
  });
  await until(() => values.get('sentinel') === 'up', 20_000, 'a sentinel that is up');
  for (const socket of bridge.sockets) socket.terminate();
  await until(() => values.get('sentinel') === 'up, 1 lost', 20_000, 'its loss');
  expect(Number(values.get('connections lost'))).toBeGreaterThanOrEqual(1);
  expect(daemon.reflex.status$.value?.linkUp).toBe(true);
});

it('the sentinel of an arm says stop, and nothing on its command topic', async () => {
  const { bridge, daemon } = await daemonOf(shipped('runs/peg.yaml'));
  killReflex(daemon);
  await until(() => bridge.published('/stop').length > 0, 20_000, 'a stop');
  expect(bridge.said.map((o) => o.topic)).toEqual(['/stop', '/stop']);
});
