import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { WebSocket } from 'ws';
import { packageRoot } from '../../../core/paths.ts';
import { end } from '../child.ts';
import type { Memory } from '../heap.ts';
import { jointStateText, STATES } from './robot.ts';

export type RelayName = 'ours' | 'ws';

/** Messages that a talker may be ahead of the slowest listener, so that nobody is dropped. */
export const AHEAD = 200;
/** States that fill the sockets of a connection (600 bytes each), and what the server holds for it. */
const FILLING = 20_000;
/** Numbers of messages as `jointStateText` writes them into the stamp. */
const NUMBER = /"sec":(\d+),"nanosec":(\d+)/;

/** A relay in its own process (relay-process.ts). */
export class Relay {
  readonly name: RelayName;
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #lines: Interface;

  private constructor(name: RelayName, url: string, child: ChildProcess, lines: Interface) {
    this.name = name;
    this.url = url;
    this.#child = child;
    this.#lines = lines;
  }

  static async start(name: RelayName): Promise<Relay> {
    const file = join(packageRoot, 'dist/src/cli/bench/bridge/relay-process.js');
    const child = spawn(process.execPath, [file, name], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: child.stdout! });
    const [port] = (await once(lines, 'line')) as [string];
    return new Relay(name, `ws://127.0.0.1:${port}`, child, lines);
  }

  /** What is in use in the relay after a forced collection. */
  async memory(): Promise<Memory> {
    this.#child.stdin!.write('memory\n');
    const [line] = (await once(this.#lines, 'line')) as [string];
    return JSON.parse(line) as Memory;
  }

  /** A talker and so many listeners, connected and subscribed, for as long as `measure` takes. */
  async with<T>(listeners: number, measure: (group: Group) => Promise<T>): Promise<T> {
    const sockets = Array.from({ length: listeners + 1 }, () => new WebSocket(this.url, { perMessageDeflate: false }));
    // What goes wrong shows as a message that does not come.
    for (const socket of sockets) socket.on('error', () => {});
    try {
      await Promise.all(sockets.map((socket) => once(socket, 'open')));
      const group = new Group(sockets[0]!, sockets.slice(1));
      await group.ready();
      return await measure(group);
    } finally {
      for (const socket of sockets) socket.terminate();
    }
  }

  async close(): Promise<void> {
    this.#lines.close();
    await end(this.#child);
  }
}

class Group {
  readonly #talker: WebSocket;
  readonly #listeners: readonly WebSocket[];

  constructor(talker: WebSocket, listeners: readonly WebSocket[]) {
    this.#talker = talker;
    this.#listeners = listeners;
  }

  /** Subscribed and advertised, and proved by a message that has come to everybody. */
  async ready(): Promise<void> {
    const type = 'sensor_msgs/msg/JointState';
    this.#talker.send(JSON.stringify({ op: 'advertise', topic: STATES, type }));
    for (const socket of this.#listeners) socket.send(JSON.stringify({ op: 'subscribe', topic: STATES, type }));
    const heard = this.#listeners.map(
      (socket) =>
        new Promise<void>((resolve) => {
          const hear = (data: Buffer) => {
            if (!String(data).includes('"publish"')) return;
            socket.off('message', hear);
            resolve();
          };
          socket.on('message', hear);
        }),
    );
    const again = setInterval(() => this.#talker.send(jointStateText(0)), 20);
    await Promise.all(heard);
    clearInterval(again);
    // What is still under way must not be taken for a message of the measurement.
    await new Promise((resolve) => setTimeout(resolve, 50));
  }

  /** Milliseconds from each of `count` states at `hz` to the first listener, by a loop that does not sleep. */
  async pace(hz: number, count: number): Promise<number[]> {
    const sentMs = new Float64Array(count).fill(Number.NaN);
    const ms: number[] = [];
    const listener = this.#listeners[0]!;
    const hear = (data: Buffer) => {
      const number = numberIn(data) - 1;
      const at = sentMs[number];
      if (at !== undefined && !Number.isNaN(at)) ms.push(performance.now() - at);
    };
    listener.on('message', hear);
    await paced(hz, count, (number) => {
      const text = jointStateText(number);
      sentMs[number - 1] = performance.now();
      this.#talker.send(text);
    });
    listener.off('message', hear);
    return ms;
  }

  /** Milliseconds until `count` states have come to every listener that reads. */
  async flood(count: number): Promise<number> {
    const reading = this.#listeners.filter((socket) => !socket.isPaused);
    const had = new Float64Array(reading.length);
    let slowest = 0;
    let wake: () => void = () => {};
    const hears = reading.map((_, i) => () => {
      had[i]!++;
      const now = Math.min(...had);
      if (now === slowest) return;
      slowest = now;
      wake();
    });
    for (const [i, socket] of reading.entries()) socket.on('message', hears[i]!);
    const text = Buffer.from(jointStateText(1));
    const begin = performance.now();
    for (let sent = 0; slowest < count; ) {
      while (sent < count && sent - slowest < AHEAD) {
        this.#talker.send(text, { binary: false });
        sent++;
      }
      if (slowest >= count) break;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    const ms = performance.now() - begin;
    for (const [i, socket] of reading.entries()) socket.off('message', hears[i]!);
    return ms;
  }

  /** The last listener reads no more, and enough has come to the others that its socket is full. */
  async freeze(): Promise<void> {
    this.#listeners.at(-1)!.pause();
    await this.flood(FILLING);
  }
}

/** Calls `send` with 1 to `count` at `hz`, by a loop that does not sleep, and waits a moment for what is under way. */
export async function paced(hz: number, count: number, send: (number: number) => void): Promise<void> {
  const begin = performance.now();
  for (let sent = 0; sent < count; ) {
    if (performance.now() >= begin + (sent * 1000) / hz) send(++sent);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await new Promise((resolve) => setTimeout(resolve, 50));
}

function numberIn(data: Buffer): number {
  const [, sec, nanosec] = NUMBER.exec(String(data)) ?? [];
  return Number(sec) * 1e6 + Number(nanosec);
}
