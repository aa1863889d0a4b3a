import type { WebSocket } from 'ws';
import type { Clock } from '../../src/core/clock.ts';
import type { Feed, Outlet } from './feed.ts';

/** A client may have so much unsent; beyond, messages of topics are dropped and counted. */
const MAX_UNSENT_BYTES = 1_000_000;
/** Answers are never dropped, for somebody waits for them; a client this far behind is let go instead. */
const MAX_UNANSWERED_BYTES = 8_000_000;

const LEVELS = ['none', 'error', 'warning', 'info'] as const;
export type Level = (typeof LEVELS)[number];

/** One client of the server: its socket, what it subscribed and advertised, and what it did not get. */
export class Connection implements Outlet {
  readonly id: number;
  /** By global topic name. */
  readonly feeds = new Map<string, Feed>();
  /** Global names of the topics it publishes; true where it asked for latching. */
  readonly advertised = new Map<string, boolean>();
  /** Service calls that have not been answered yet. */
  calls = 0;
  malformed = 0;
  /** Cleared when a ping goes out, set by its pong. */
  alive = true;
  #dropped = 0;
  /** rosbridge_suite sends no status at all, and its clients may not expect any: silent until asked by `set_level`. */
  #level: Level = 'none';
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  readonly #held = new Set<Feed>();

  constructor(id: number, socket: WebSocket, clock: Clock) {
    this.id = id;
    this.#socket = socket;
    this.#clock = clock;
  }

  /** Messages that this client did not get because it did not keep up. */
  get dropped(): number {
    let dropped = this.#dropped;
    for (const feed of this.feeds.values()) dropped += feed.dropped;
    return dropped;
  }

  get clear(): boolean {
    return this.#socket.bufferedAmount === 0;
  }

  nowNs(): number {
    return this.#clock.nowNs();
  }

  /** Sends a message of a topic, or drops it when the client is too far behind. */
  send(bytes: Buffer): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount > MAX_UNSENT_BYTES) this.#dropped++;
    else this.#socket.send(bytes, TEXT, this.#written);
  }

  whenClear(feed: Feed): void {
    this.#held.add(feed);
  }

  /** Called for each frame once the operating system has it. */
  readonly #written = (): void => {
    if (this.#held.size === 0 || !this.clear) return;
    const held = [...this.#held];
    this.#held.clear();
    for (const feed of held) feed.flush();
  };

  /** Takes a feed's messages with it; what it dropped stays counted. */
  drop(topic: string): void {
    const feed = this.feeds.get(topic);
    if (feed === undefined) return;
    this.#dropped += feed.dropped;
    this.#held.delete(feed);
    this.feeds.delete(topic);
    feed.close();
  }

  /** rosbridge's `set_level`: from then on, status messages up to that level are sent. False for no such level. */
  setLevel(level: unknown): boolean {
    if (!LEVELS.includes(level as Level)) return false;
    this.#level = level as Level;
    return true;
  }

  status(level: Exclude<Level, 'none'>, id: unknown, msg: string): void {
    if (LEVELS.indexOf(level) > LEVELS.indexOf(this.#level)) return;
    this.reply({ op: 'status', level, ...(id === undefined ? {} : { id }), msg });
  }

  reply(operation: object): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.send(JSON.stringify(operation), this.#written);
    if (this.#socket.bufferedAmount > MAX_UNANSWERED_BYTES) this.terminate();
  }

  ping(): void {
    this.alive = false;
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping();
  }

  terminate(): void {
    this.#socket.terminate();
  }
}

const TEXT = { binary: false };
