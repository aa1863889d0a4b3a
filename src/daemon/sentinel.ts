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
import { WebSocket } from 'ws';
import { handshakeOf } from '../core/handshake.ts';
import { MODES } from '../core/signals.ts';
import { ServiceNotifier } from './notify.ts';
import { startProcess } from './process.ts';

const HEARTBEAT_BYTES = 16;
const here = import.meta.dirname ?? new URL('.', import.meta.url).pathname;

const self = startProcess('sentinel', shutdown);
const { config } = self.run;
const log = self.log;
const monotonicMs = () => performance.now();

/** A line on stdout for the launcher: which process started or ended, and every stop. */
const say = (event: Record<string, unknown>) => process.stdout.write(`${JSON.stringify(event)}\n`);

// ---- the stop connection ------------------------------------------------------------------------------------------
const handshake = handshakeOf(config.bridge);
let robot: WebSocket | null = null;
/** The driver of a mobile base and MoveIt Servo do not know our stop, but they know a twist of zero. */
const how = config.robot.interface;
const rest =
  how.type === 'twist' || how.type === 'tip_twist'
    ? {
        topic: config.robot.topics.command,
        type: `geometry_msgs/${config.bridge.ros_version === 2 ? 'msg/' : ''}${how.type === 'twist' && how.message === 'twist' ? 'Twist' : 'TwistStamped'}`,
      }
    : null;
let ending = false;

function connectRobot(): void {
  if (ending) return;
  const socket = new WebSocket(config.bridge.url, { ...handshake, perMessageDeflate: false, handshakeTimeout: 1000 });
  socket.on('open', () => {
    // Where the dialect is found out by others: both know the short spelling, and ROS 1 replaces a time of ROS 2 by now.
    const type = config.bridge.ros_version === 2 ? 'reflexarc_msgs/msg/Stop' : 'reflexarc_msgs/Stop';
    socket.send(JSON.stringify({ op: 'advertise', topic: config.robot.topics.stop, type }));
    if (rest !== null) socket.send(JSON.stringify({ op: 'advertise', ...rest }));
    robot = socket;
    // A stop that could not be said while the link was away is said now: stopping late is better than never.
    if (stopped) publishStop(stopped.reason);
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    if (robot === socket) robot = null;
    setTimeout(connectRobot, 200).unref();
  });
}

// ---- the heartbeat ------------------------------------------------------------------------------------------------
let epoch = 0;
let beatMs = Number.NaN;
let firstBeatMs = Number.NaN;
let stopped: { reason: string; epoch: number } | null = null;

function publishStop(reason: string): void {
  const seconds = (performance.timeOrigin + performance.now()) / 1000;
  const sec = Math.floor(seconds);
  const fraction = Math.floor((seconds - sec) * 1e9);
  const stamp = config.bridge.ros_version === 1 ? { secs: sec, nsecs: fraction } : { sec, nanosec: fraction };
  const msg = { header: { stamp, frame_id: config.robot.base_frame }, epoch, reason };
  const sent = robot !== null && robot.readyState === WebSocket.OPEN;
  if (sent) robot?.send(JSON.stringify({ op: 'publish', topic: config.robot.topics.stop, msg }));
  if (sent && rest !== null) {
    const still = { linear: { x: 0, y: 0, z: 0 }, angular: { x: 0, y: 0, z: 0 } };
    // A stamp of zero is now: our clock need not be the robot's, and a stop must not be too old for anybody.
    const header = { ...msg.header, stamp: 'secs' in stamp ? { secs: 0, nsecs: 0 } : { sec: 0, nanosec: 0 } };
    const twist = rest.type.endsWith('Stamped') ? { header, twist: still } : still;
    robot?.send(JSON.stringify({ op: 'publish', topic: rest.topic, msg: twist }));
  }
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
  robot?.close();
  return 0;
}

process.on('uncaughtException', (error) => {
  log.fatal(error, 'sentinel failed');
  stopRobot('sentinel failed');
  setTimeout(() => process.exit(1), 20);
});

connectRobot();
for (const name of ['reflex', 'observer', 'brain'] as const) start(name);
if (config.practice) start('practice');
