import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Socket } from 'node:net';
import { pause } from '../../system/harness.ts';

interface Stamped {
  header: { stamp: { sec: number; nanosec: number } };
}
type Message = Stamped & Record<string, unknown>;

/** Between two states of a burst, ns: all of them lie between two real ones, 10 ms apart. */
const APART_NS = 50_000;
const STAMP = 1e9;

/** The texts of a chunk from a websocket server (unmasked frames, RFC 6455 5.2); null unless it is made of whole ones. */
function texts(chunk: Buffer): string[] | null {
  const found: string[] = [];
  for (let at = 0; at < chunk.length; ) {
    if (chunk[at] !== 0x81 || chunk.length < at + 4) return null;
    const short = chunk[at + 1]!;
    const [from, length] =
      short < 126 ? [at + 2, short] : short === 126 ? [at + 4, chunk.readUInt16BE(at + 2)] : [0, -1];
    if (length < 0 || from + length > chunk.length) return null;
    found.push(chunk.toString('utf8', from, from + length));
    at = from + length;
  }
  return found;
}

function frameOf(text: string): Buffer {
  const body = Buffer.from(text);
  const head =
    body.length < 126 ? Buffer.of(0x81, body.length) : Buffer.of(0x81, 126, body.length >> 8, body.length & 255);
  return Buffer.concat([head, body]);
}

/** The stamp `byNs` later, and one number a hair off: a sensor that says the same to the last bit is another fault. */
function later(message: Message, byNs: number): Message {
  const { sec, nanosec } = message.header.stamp;
  const ns = nanosec + byNs;
  const stamp = { sec: sec + Math.floor(ns / STAMP), nanosec: ns % STAMP };
  const moved: Message = { ...message, header: { ...message.header, stamp } };
  if (Array.isArray(message.position)) {
    const [first, ...rest] = message.position as number[];
    return { ...moved, position: [first! + byNs * 1e-15, ...rest] };
  }
  return moved;
}

/** The last state that went over a connection, message by message; and whether its stream stands between two frames. */
class Stream {
  readonly near: Socket;
  readonly #last = new Map<string, { op: 'publish'; topic: string; msg: Message }>();
  #whole = false;

  constructor([near, far]: readonly [Socket, Socket]) {
    this.near = near;
    far.on('data', (chunk: Buffer) => {
      const found = texts(chunk);
      this.#whole = found !== null;
      for (const text of found ?? []) {
        const operation = JSON.parse(text);
        if (operation.op === 'publish') this.#last.set(operation.topic, operation);
      }
    });
  }

  /** The messages of one state, all of one stamp; null while there is none, or within a frame. */
  state(topics: readonly string[]) {
    const last = topics.map((topic) => this.#last.get(topic));
    const stamps = last.map((operation) => JSON.stringify(operation?.msg.header?.stamp));
    return this.#whole && stamps[0] !== undefined && stamps.every((s) => s === stamps[0]) ? last.map((o) => o!) : null;
  }
}

/** Local TCP ports of a process, from its open files and the kernel's table (proc(5)). */
function portsOf(pid: number): Set<number> {
  const inodes = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [/^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? ''];
    } catch {
      return [];
    }
  });
  const rows = readFileSync('/proc/net/tcp', 'utf8').trim().split('\n').slice(1);
  const cells = rows.map((row) => row.trim().split(/\s+/));
  return new Set(cells.flatMap((c) => (inodes.includes(c[9]!) ? [Number.parseInt(c[1]!.split(':')[1]!, 16)] : [])));
}

/**
 * Writes `count` state messages, each as the robot would have sent it a moment later, into the connection over which process
 * `pid` gets its states: one write of `count` frames. Returns the stamps of the whole states among them, ns, oldest first.
 */
export async function burst(
  pid: number,
  pairs: Iterable<readonly [Socket, Socket]>,
  topics: readonly string[],
  count: number,
): Promise<number[]> {
  const ports = portsOf(pid);
  const streams = [...pairs].filter(([near]) => ports.has(near.remotePort!)).map((pair) => new Stream(pair));
  for (const end = performance.now() + 3000; performance.now() < end; await pause(1)) {
    for (const stream of streams) {
      const state = stream.state(topics);
      if (state === null) continue;
      const frames = Array.from({ length: count }, (_, n) => {
        const operation = state[n % topics.length]!;
        const msg = later(operation.msg, APART_NS * (1 + Math.floor(n / topics.length)));
        return frameOf(JSON.stringify({ ...operation, msg }));
      });
      stream.near.write(Buffer.concat(frames));
      return Array.from({ length: Math.floor(count / topics.length) }, (_, n) => {
        const { sec, nanosec } = later(state[0]!.msg, APART_NS * (1 + n)).header.stamp;
        return sec * STAMP + nanosec;
      });
    }
  }
  throw new Error(`process ${pid} has no connection with ${topics.join(', ')}`);
}
