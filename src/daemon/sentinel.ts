/**
 * The sentinel: parent of the daemon's processes and the last hand on the brake. It starts reflex, brain and observer,
 * reads the reflex's heartbeat, and has its own connection to the robot for one purpose: to publish stop when the
 * reflex is gone or silent. It is kept as small as we can: no ROS client library, no config validation, no learning.
 *
 * Heartbeat: 16 bytes on the reflex's fd 3 at every tick: float64 epoch, uint8 mode index, uint8 1 when the link is up,
 * uint16 zero, uint32 counter. It is also what the service manager's watchdog is fed from.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { MODES } from '../core/signals.ts';
import { ServiceNotifier } from './notify.ts';
import { startProcess } from './process.ts';
import { StopLink } from './stop-link.ts';

const HEARTBEAT_BYTES = 16;
const TELL_MS = 500;
const here = import.meta.dirname ?? new URL('.', import.meta.url).pathname;

const self = startProcess('sentinel', shutdown);
const { config } = self.run;
const log = self.log;
const monotonicMs = () => performance.now();

/** A line on stdout for the launcher: which process started or ended, and every stop. */
const say = (event: Record<string, unknown>) => process.stdout.write(`${JSON.stringify(event)}\n`);

// ---- the stop connection ------------------------------------------------------------------------------------------
/** A stop that could not be said while the link was away is said when it is back: stopping late is better than never. */
const robot = new StopLink(config, () => {
  if (stopped) publishStop(stopped.reason);
});
let ending = false;

// ---- the heartbeat ------------------------------------------------------------------------------------------------
let epoch = 0;
let beatMs = Number.NaN;
let firstBeatMs = Number.NaN;
let stopped: { reason: string; epoch: number } | null = null;

function publishStop(reason: string): void {
  const sent = robot.publish(reason, epoch);
  log.warn({ reason, epoch, sent }, 'stop');
  say({ event: 'stop', reason, epoch, sent });
}

function stopRobot(reason: string): void {
  stopped = { reason, epoch };
  publishStop(reason);
  if (told === '') return;
  told = `stopped by the sentinel: ${reason}`;
  manager.say('STATUS', told);
}

function onHeartbeats(stream: Readable): void {
  let rest: Buffer = Buffer.alloc(0);
  stream.on('data', (chunk: Buffer) => {
    const all = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    const whole = all.length - (all.length % HEARTBEAT_BYTES);
    if (whole > 0) {
      epoch = all.readDoubleLE(whole - HEARTBEAT_BYTES);
      beatMs = monotonicMs();
      stopped = null;
      tellManager(all.readUInt8(whole - 8), all.readUInt8(whole - 7) === 1);
    }
    rest = Buffer.from(all.subarray(whole));
  });
  stream.on('error', () => {});
}

// ---- the service manager -------------------------------------------------------------------------------------------
const manager = new ServiceNotifier(process.env, (why) =>
  log.error({ why }, 'NOTIFY_SOCKET is set, but systemd-notify cannot be run: the service manager hears nothing of us'),
);
/** A robot that is not there by then is known to be away. */
const LINK_KNOWN_MS = 5000;
let told = '';

/** At every beat: READY when the link is known, STATUS when it or the mode has changed, and the watchdog. */
function tellManager(mode: number, linkUp: boolean): void {
  if (Number.isNaN(firstBeatMs)) firstBeatMs = beatMs;
  manager.feed(beatMs);
  const status = `${MODES[mode] ?? 'FAULT'}, ${linkUp ? 'linked to' : 'no link to'} ${config.bridge.url}`;
  if (status === told || (told === '' && !linkUp && beatMs - firstBeatMs < LINK_KNOWN_MS)) return;
  if (told === '') manager.say('READY');
  manager.say('STATUS', status);
  told = status;
}

const watch = setInterval(() => {
  const silentMs = monotonicMs() - beatMs;
  if (!(silentMs > config.daemon.heartbeat_ms) || stopped || ending) return;
  stopRobot(`reflex silent for ${silentMs.toFixed(0)} ms`);
  // A reflex that was only stalled must not wake up and go on: it is replaced.
  children.get('reflex')?.child.kill('SIGKILL');
}, 10);

// ---- the children -------------------------------------------------------------------------------------------------
type Name = 'reflex' | 'brain' | 'observer' | 'practice';
interface Child {
  child: ChildProcess;
  done: Promise<void>;
}
const children = new Map<string, Child>();
const deaths = new Map<string, number[]>();

function start(name: Name): void {
  // The epoch base grows with wall time, so that a restarted reflex always speaks in a newer epoch than the old one.
  const epochBase = Math.max(Math.floor(performance.timeOrigin + performance.now()), epoch + 1);
  const child = spawn(process.execPath, [...flags(name), join(here, `${name}.js`), self.dir, String(epochBase)], {
    stdio: name === 'reflex' ? ['pipe', 'ignore', 'inherit', 'pipe'] : ['pipe', 'ignore', 'inherit'],
  });
  child.stdin?.on('error', () => {});
  if (name === 'reflex') {
    beatMs = Number.NaN;
    onHeartbeats(child.stdio[3] as Readable);
  }
  const done = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  children.set(name, { child, done });
  say({ event: 'started', name, pid: child.pid });
  child.once('exit', (code, signal) => {
    if (ending) return;
    if (name === 'reflex') stopRobot(`reflex died (${signal ?? `exit ${code}`})`);
    log.error({ name, code, signal }, 'process died');
    say({ event: 'died', name, code, signal });
    restart(name);
  });
}

/** How we find our own way to the robot, as reflex and brain tell of theirs. An observer that does not read it is not waited for. */
const telling = setInterval(() => {
  const stdin = children.get('observer')?.child.stdin;
  if (stdin?.writable && !stdin.writableNeedDrain) stdin.write(`${JSON.stringify(robot.report)}\n`);
}, TELL_MS);

/** V8 heaps are bounded, so that a leak ends in a restart and not in a swapping robot host. */
function flags(name: string): string[] {
  if (name === 'reflex') return ['--max-old-space-size=96', '--max-semi-space-size=2'];
  return ['--max-old-space-size=256'];
}

function restart(name: Name): void {
  const now = monotonicMs();
  const recent = (deaths.get(name) ?? []).filter((t) => now - t < 60_000);
  recent.push(now);
  deaths.set(name, recent);
  if (recent.length > config.daemon.restarts) {
    log.fatal({ name, restarts: config.daemon.restarts }, 'died too often; giving up');
    say({ event: 'gave_up', name });
    // Without its observer the robot is still safe, only unseen; without brain or reflex there is nothing to run.
    if (name === 'observer' || name === 'practice') return;
    void shutdown().then(() => process.exit(1));
    return;
  }
  setTimeout(() => !ending && start(name), Math.min(100 * 2 ** (recent.length - 1), 2000));
}

/** Reflex first, while its link still works: it brings the robot to a stop. The observer last, so that the log has it. */
async function shutdown(): Promise<number> {
  ending = true;
  manager.say('STOPPING');
  clearInterval(watch);
  for (const name of ['reflex', 'brain', 'practice', 'observer'] as const) {
    const entry = children.get(name);
    if (!entry || entry.child.exitCode !== null || entry.child.signalCode !== null) continue;
    entry.child.kill('SIGTERM');
    const killer = setTimeout(() => entry.child.kill('SIGKILL'), 4000);
    await entry.done;
    clearTimeout(killer);
    if (name === 'reflex') publishStop('daemon shut down');
  }
  clearInterval(telling);
  robot.close();
  return 0;
}

process.on('uncaughtException', (error) => {
  log.fatal(error, 'sentinel failed');
  stopRobot('sentinel failed');
  setTimeout(() => process.exit(1), 20);
});

robot.open();
for (const name of ['reflex', 'observer', 'brain'] as const) start(name);
if (config.practice) start('practice');
