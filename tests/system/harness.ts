import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Ros, Service, Topic } from 'roslib';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { type EpisodeStatus, nsFromTime } from '../../bridges/messages/messages.ts';
import { settled } from '../../src/cli/operator-script.ts';
import { freePort } from '../../src/cli/ports.ts';
import { loadRun } from '../../src/core/config/load.ts';
import type { RunConfig } from '../../src/core/config-schema.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { Daemon } from '../../src/daemon/launch.ts';

/** Real processes for the system tests: they run what `npm run build` made. */
export const MAIN = join(packageRoot, 'dist/src/cli/main.js');
export const RUN_FILE = join(packageRoot, 'configs/runs/peg.yaml');

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export async function until(test: () => boolean | undefined, withinMs: number, what: string): Promise<void> {
  const end = performance.now() + withinMs;
  while (!test()) {
    if (performance.now() > end) throw new Error(`waited ${withinMs} ms for ${what}`);
    await pause(1);
  }
}

/** What the tests of a file share. It is made anew after one that failed: its second go finds what the first one found. */
export function shared(begin: () => Promise<void>, end: () => Promise<void>): void {
  beforeAll(begin);
  afterAll(end);
  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail') return;
    await end();
    await begin();
  });
}

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the command line to its end, and to that of `onStart`; where this fails, it is ended, and that is the failure. */
export function cli(
  args: string[],
  options: { cwd?: string; onStart?: (child: ChildProcess) => unknown } = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: options.cwd ?? packageRoot,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (d) => {
    stdout += d;
  });
  child.stderr.on('data', (d) => {
    stderr += d;
  });
  const acted = Promise.resolve(options.onStart?.(child));
  acted.catch(() => child.kill('SIGTERM'));
  const ended = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
  return ended.then((said) => acted.then(() => said));
}

/** The simulated robot in its own process. */
export class Sim {
  readonly child: ChildProcess;
  readonly port: number;

  private constructor(child: ChildProcess, port: number) {
    this.child = child;
    this.port = port;
  }

  static async start(port?: number, options: string[] = []): Promise<Sim> {
    const at = port ?? (await freePort());
    const args = [MAIN, 'sim', RUN_FILE, '--json', '--port', String(at), '--seed', '1', ...options];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: child.stdout! }).once('line', () => resolve());
      child.once('exit', (code) => reject(new Error(`sim ended with ${code}`)));
    });
    return new Sim(child, at);
  }

  async stop(): Promise<void> {
    await endProcess(this.child);
  }
}

export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const killer = setTimeout(() => child.kill('SIGKILL'), 3000);
  await gone;
  clearTimeout(killer);
}

/**
 * The daemon with free ports, recording into a folder of its own. A machine that stands still for a moment has no dead reflex
 * here: who tests how long it may be silent says so in `change`.
 */
export async function startDaemon(
  robotPort: number,
  change: (config: RunConfig) => void = () => {},
  logPath?: string,
): Promise<TestDaemon> {
  const { config } = loadRun(RUN_FILE, []);
  config.bridge.url = `ws://127.0.0.1:${robotPort}`;
  config.daemon.console_port = await freePort();
  config.daemon.ros_port = await freePort();
  config.daemon.foxglove_port = await freePort();
  config.daemon.heartbeat_ms = 20_000;
  change(config);
  const dir = mkdtempSync(join(tmpdir(), 'reflexarc-test-'));
  const daemon = new Daemon(config, {
    logLines: { file: join(dir, 'lines') },
    logPath: logPath ?? join(dir, 'log.mcap'),
  });
  const stop = async () => {
    await daemon.stop();
    rmSync(dir, { recursive: true, force: true });
  };
  return { daemon, config, dir, stop };
}

/** In the robot's time, which waits for commands: then such a machine has no robot that is late, or dead, either. */
export function stepped({ daemon, bridge }: RunConfig): void {
  daemon.time = 'stepped';
  bridge.ping_ms = 5000;
}

export interface TestDaemon {
  daemon: Daemon;
  config: RunConfig;
  dir: string;
  stop(): Promise<void>;
}

/** A stock roslib client. */
export async function rosClient(port: number): Promise<Ros> {
  const ros = new Ros({ url: `ws://127.0.0.1:${port}` });
  await new Promise<void>((resolve, reject) => {
    ros.on('connection', () => resolve());
    ros.on('error', (e) => reject(new Error(String((e as { message?: string }).message ?? e))));
  });
  return ros;
}

/** Tried again and again, until its server is there: the observer may need a moment longer than the reflex. */
export async function insist<T>(open: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await open();
    } catch (error) {
      if (tries > 200) throw error;
      await pause(100);
    }
  }
}

export const rosClientOf = (port: number): Promise<Ros> => insist(() => rosClient(port));

export function listen<T>(ros: Ros, name: string, messageType: string, handler: (message: T) => void): Topic<T> {
  const topic = new Topic<T>({ ros, name, messageType, queue_length: 1 });
  topic.subscribe(handler);
  return topic;
}

export function callTrigger(ros: Ros, name: string): Promise<{ success: boolean; message: string }> {
  const service = new Service<Record<string, never>, { success: boolean; message: string }>({
    ros,
    name,
    serviceType: 'std_srvs/srv/Trigger',
  });
  return new Promise((resolve, reject) =>
    service.callService({}, resolve, (e) => reject(new Error(String(e))), 20_000),
  );
}

/** A new episode on the simulated robot, by a client there; and when it began, ns of the robot's time. */
export async function newEpisode(ros: Ros): Promise<number> {
  const heard: EpisodeStatus[] = [];
  const topic = listen<EpisodeStatus>(ros, '/episode', 'reflexarc_msgs/msg/EpisodeStatus', (m) => heard.push(m));
  const { success, message } = await callTrigger(ros, '/reset_episode');
  if (!success) throw new Error(`no new episode: ${message}`);
  const begun = () => heard.find(({ seed }) => message === `episode with seed ${seed}`);
  await until(() => begun() !== undefined, 20_000, 'the new episode');
  topic.unsubscribe();
  return nsFromTime(begun()!.header.stamp);
}

/**
 * A new episode, once the reflex has measured where it put the arm: it hears of that later than we do, and stops for
 * implausible_step if it is armed by then. Nobody resets an episode before a daemon without this.
 */
export async function resetEpisode(ros: Ros, { daemon }: TestDaemon): Promise<void> {
  await settled(daemon.reflex, await newEpisode(ros));
}

/**
 * Arms and engages through the reflex's own socket, until the policy moves the robot. On a busy machine a stall may stop
 * it again on the way: then the incident is answered, as an operator would, and it is tried once more.
 */
export async function engage({ daemon }: TestDaemon): Promise<void> {
  const { reflex } = daemon;
  const end = performance.now() + 30_000;
  for (let last = ''; ; await pause(20)) {
    if (performance.now() > end) throw new Error(`not ACTIVE within 30 s; last: ${last}`);
    const status = reflex.status$.value;
    if (status === null || !status.linkUp || !status.brainUp) continue;
    last = `${status.mode} ${status.cause}`;
    if (status.mode === 'ACTIVE') return;
    const { incident } = status;
    if (status.mode === 'STOPPED') last += (await reflex.request({ kind: 'reset', incident })).reason;
    else if (status.mode === 'DISARMED') last += (await reflex.request({ kind: 'arm' })).reason;
    else if (status.mode === 'HOLD') last += (await reflex.request({ kind: 'engage' })).reason;
  }
}

/** Ids of all processes below `pid`, from /proc. */
export function descendants(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // It ended while we looked.
    }
  }
  const found: number[] = [];
  const visit = (of: number) => {
    for (const [child, parent] of parents)
      if (parent === of) {
        found.push(child);
        visit(child);
      }
  };
  visit(pid);
  return found;
}

export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** A TCP proxy that can be cut: the pulled cable between daemon and robot. */
export class Cable {
  readonly port: number;
  readonly #server: Server;
  readonly #pairs = new Set<[Socket, Socket]>();
  #cut = false;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  static async to(port: number): Promise<Cable> {
    let cable: Cable;
    const server = createServer((near) => {
      if (cable.#cut) {
        near.destroy();
        return;
      }
      const far = connect(port, '127.0.0.1');
      const pair: [Socket, Socket] = [near, far];
      cable.#pairs.add(pair);
      near.setNoDelay(true);
      far.setNoDelay(true);
      near.pipe(far);
      far.pipe(near);
      for (const socket of pair) {
        socket.on('error', () => {});
        socket.on('close', () => {
          near.destroy();
          far.destroy();
          cable.#pairs.delete(pair);
        });
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cable = new Cable(server, (server.address() as { port: number }).port);
    return cable;
  }

  /** The two ends of each connection: towards the daemon, and towards the robot. */
  get pairs(): Iterable<readonly [Socket, Socket]> {
    return this.#pairs;
  }

  /** Half open: both ends stay connected, and nothing passes. What is written meanwhile waits. */
  stall(): void {
    for (const [near, far] of this.#pairs) {
      near.unpipe(far).pause();
      far.unpipe(near).pause();
    }
  }

  /** All that waited passes at once, on the connections that are left. */
  flow(): void {
    for (const [near, far] of this.#pairs) {
      near.pipe(far);
      far.pipe(near);
    }
  }

  cut(): void {
    this.#cut = true;
    for (const [near, far] of this.#pairs) {
      near.destroy();
      far.destroy();
    }
  }

  restore(): void {
    this.#cut = false;
  }

  close(): void {
    this.cut();
    this.#server.close();
  }
}
