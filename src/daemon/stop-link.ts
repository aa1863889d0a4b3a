import { WebSocket } from 'ws';
import type { RunConfig } from '../core/config-schema.ts';
import { handshakeOf } from '../core/handshake.ts';
import type { BridgeReport } from './bridge-report.ts';

/** So long after one connection has ended the next is tried, and so often one that is open is asked whether it lives, ms. */
const DEFAULTS = { retryMs: 200, pingMs: 1000 };
/** So many pings without an answer, and it is taken for dead, whatever it says of itself. */
const GONE_AFTER = 3;

/**
 * The sentinel's own connection to the robot, for one purpose: to publish stop. Always kept up, never a queue: what cannot be said now
 * is said by whoever asks again. Plain `ws`, no ROS client library.
 */
export class StopLink {
  readonly #config: RunConfig;
  readonly #onOpen: () => void;
  readonly #every: typeof DEFAULTS;
  readonly #handshake;
  readonly #counters = {
    ...{ framesIn: 0, malformed: 0, unexpected: 0, commandsSent: 0, commandsRefused: 0, reconnects: 0 },
    ...{ lost: 0, silent: 0, mismatched: 0, unreached: 0, callsFailed: 0 },
  };
  /** The driver of a mobile base and MoveIt Servo do not know our stop, but they know a twist of zero. */
  readonly #rest: { topic: string; type: string } | null;
  #socket: WebSocket | null = null;
  #pinging: NodeJS.Timeout | null = null;
  #ending = false;
  #opened = 0;
  #reason = 'not yet connected';
  #atNs = 0;

  /** `onOpen`: told of each fresh connection, when something can be said over it. @throws as handshakeOf does */
  constructor(config: RunConfig, onOpen: () => void, every = DEFAULTS) {
    this.#config = config;
    this.#onOpen = onOpen;
    this.#every = every;
    this.#handshake = handshakeOf(config.bridge);
    const how = config.robot.interface;
    const name = how.type === 'twist' && how.message === 'twist' ? 'Twist' : 'TwistStamped';
    this.#rest =
      how.type === 'twist' || how.type === 'tip_twist'
        ? {
            topic: config.robot.topics.command,
            type: `geometry_msgs/${config.bridge.ros_version === 2 ? 'msg/' : ''}${name}`,
          }
        : null;
  }

  /** Connects, and keeps at it. */
  open(): void {
    const { url, ros_version } = this.#config.bridge;
    const socket = new WebSocket(url, { ...this.#handshake, perMessageDeflate: false, handshakeTimeout: 1000 });
    let why = '';
    socket.on('open', () => {
      if (this.#ending) {
        socket.terminate();
        return;
      }
      // Where the dialect is found out by others: both know the short spelling, and ROS 1 replaces a time of ROS 2 by now.
      const type = ros_version === 2 ? 'reflexarc_msgs/msg/Stop' : 'reflexarc_msgs/Stop';
      socket.send(JSON.stringify({ op: 'advertise', topic: this.#config.robot.topics.stop, type }));
      if (this.#rest !== null) socket.send(JSON.stringify({ op: 'advertise', ...this.#rest }));
      this.#socket = socket;
      this.#counters.reconnects = this.#opened++;
      this.#now('');
      this.#watch(socket, (reason) => {
        why = reason;
      });
      this.#onOpen();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      why ||= error.message || String(error.code);
    });
    socket.on('close', (code, reason) => {
      if (this.#pinging !== null) clearInterval(this.#pinging);
      const wasOpen = this.#socket === socket;
      this.#socket = null;
      if (this.#ending) return;
      if (wasOpen) this.#counters.lost++;
      else this.#counters.unreached++;
      this.#now(why || `closed by the server (${`${code} ${reason}`.trim()})`);
      setTimeout(() => this.#ending || this.open(), this.#every.retryMs).unref();
    });
  }

  /** A link that is half open takes all that is written, and nobody reads it. */
  #watch(socket: WebSocket, dead: (reason: string) => void): void {
    let unanswered = 0;
    socket.on('pong', () => {
      unanswered = 0;
    });
    this.#pinging = setInterval(() => {
      if (unanswered++ < GONE_AFTER) {
        socket.ping();
        return;
      }
      dead(`no answer to a ping for ${GONE_AFTER * this.#every.pingMs} ms`);
      socket.terminate();
    }, this.#every.pingMs);
    this.#pinging.unref();
  }

  #now(reason: string): void {
    this.#reason = reason;
    this.#atNs = performance.now() * 1e6;
  }

  /** Says stop now. False when it could not be said. */
  publish(reason: string, epoch: number): boolean {
    const socket = this.#socket;
    if (socket === null || socket.readyState !== WebSocket.OPEN) {
      this.#counters.commandsRefused++;
      return false;
    }
    const { bridge, robot } = this.#config;
    const seconds = (performance.timeOrigin + performance.now()) / 1000;
    const sec = Math.floor(seconds);
    const fraction = Math.floor((seconds - sec) * 1e9);
    const stamp = bridge.ros_version === 1 ? { secs: sec, nsecs: fraction } : { sec, nanosec: fraction };
    const msg = { header: { stamp, frame_id: robot.base_frame }, epoch, reason };
    socket.send(JSON.stringify({ op: 'publish', topic: robot.topics.stop, msg }));
    this.#counters.commandsSent++;
    if (this.#rest === null) return true;
    const still = { linear: { x: 0, y: 0, z: 0 }, angular: { x: 0, y: 0, z: 0 } };
    // A stamp of zero is now: our clock need not be the robot's, and a stop must not be too old for anybody.
    const header = { ...msg.header, stamp: 'secs' in stamp ? { secs: 0, nsecs: 0 } : { sec: 0, nanosec: 0 } };
    const twist = this.#rest.type.endsWith('Stamped') ? { header, twist: still } : still;
    socket.send(JSON.stringify({ op: 'publish', topic: this.#rest.topic, msg: twist }));
    return true;
  }

  /** How it stands, and what was counted: stops said and not said as commands sent and refused. */
  get report(): BridgeReport {
    const up = this.#socket !== null;
    return { up, reason: this.#reason, atNs: this.#atNs, counters: { ...this.#counters }, faults: [] };
  }

  close(): void {
    this.#ending = true;
    if (this.#pinging !== null) clearInterval(this.#pinging);
    this.#socket?.close();
  }
}
