import type { WebSocket } from 'ws';
import type { Clock } from '../../src/core/clock.ts';
import { encodeCbor } from '../messages/cbor-writer.ts';
import type { Feed, Outlet } from './feed.ts';
import { Fragments, fragmentsOf } from './fragments.ts';
import { type Encoding, type Packet, pngOperation } from './publication.ts';
import { type Kind, noCounts } from './refusal.ts';

/** A client may have so much unsent; beyond, messages of topics are dropped and counted. */
const MAX_UNSENT_BYTES = 1_000_000;
/** And so much may wait in the queues that it asked for, all topics together. */
const MAX_WAITING_BYTES = 8_000_000;
/** Answers are never dropped, for somebody waits for them; a client this far behind is let go instead. */
const MAX_UNANSWERED_BYTES = 8_000_000;

const LEVELS = ['none', 'error', 'warning', 'info'] as const;
export type Level = (typeof LEVELS)[number];

/** How a client wants an answer. */
export interface Manner {
  encoding: Encoding;
  /** Characters; 0: not fragmented. */
  fragmentSize: number;
}
const PLAIN: Manner = { encoding: 'none', fragmentSize: 0 };

/** One client of the server: its socket, what it subscribed and advertised, and what it did not get. */
export class Connection implements Outlet {
  readonly id: number;
  /** By global topic name. */
  readonly feeds = new Map<string, Feed>();
  /** Global names of the topics it publishes; true where it asked for latching. */
  readonly advertised = new Map<string, boolean>();
  /** Global names of the services and of the actions that it offers. */
  readonly services = new Set<string>();
  readonly actions = new Set<string>();
  readonly fragments: Fragments;
  readonly waiting = { bytes: 0, limitBytes: MAX_WAITING_BYTES };
  /** Characters of a fragment, for what has no size of its own; 0: not fragmented. */
  fragmentSize = 0;
  /** Service calls of it that have not been answered yet. */
  calls = 0;
  readonly refused = noCounts();
  /** Cleared when a ping goes out, set by its pong. */
  alive = true;
  /** Wall time at which its session ends, s; NaN while it has not shown who it is. */
  authenticatedUntilS = Number.POSITIVE_INFINITY;
  #dropped = 0;
  #fragmented = 0;
  /** rosbridge_suite sends no status at all, and its clients may not expect any: silent until asked by `set_level`. */
  #level: Level = 'none';
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  readonly #held = new Set<Feed>();
  readonly #stalled: () => void;

  /** `stalled`: told when it is let go because answers to it pile up. */
  constructor(id: number, socket: WebSocket, clock: Clock, maxMessageBytes: number, stalled: () => void) {
    this.id = id;
    this.#stalled = stalled;
    this.#socket = socket;
    this.#clock = clock;
    this.fragments = new Fragments(maxMessageBytes);
  }

  /** Counts what it did wrong. True the first time that it does wrong in this way. */
  count(kind: Kind): boolean {
    return ++this.refused[kind] === 1;
  }

  /** Operations refused, and frames that were none. */
  get malformed(): number {
    return Object.values(this.refused).reduce((sum, n) => sum + n, 0);
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

  /** Sends a message of a topic, whole, or drops it when the client is too far behind. */
  send(packet: Packet, ownSize: number): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    const fragmentSize = ownSize || this.fragmentSize;
    if (this.#socket.bufferedAmount > MAX_UNSENT_BYTES) this.#dropped++;
    else if (fragmentSize > 0 && !packet.binary && packet.bytes.length > fragmentSize)
      this.#text(String(packet.bytes), fragmentSize);
    else this.#socket.send(packet.bytes, packet.binary ? BINARY : TEXT, this.#written);
  }

  #text(text: string, fragmentSize: number): void {
    if (fragmentSize === 0 || text.length <= fragmentSize) {
      this.#socket.send(text, this.#written);
      return;
    }
    for (const fragment of fragmentsOf(text, fragmentSize, `${this.id}.${++this.#fragmented}`))
      this.#socket.send(fragment, this.#written);
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

  /** @throws TypeError for what cannot be written; nothing is sent then */
  reply(operation: object, { encoding, fragmentSize }: Manner = PLAIN): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (encoding === 'cbor') this.#socket.send(encodeCbor(operation), BINARY, this.#written);
    else {
      const text = JSON.stringify(operation);
      this.#text(encoding === 'png' ? pngOperation(text) : text, fragmentSize || this.fragmentSize);
    }
    if (this.#socket.bufferedAmount <= MAX_UNANSWERED_BYTES) return;
    this.terminate();
    this.#stalled();
  }

  ping(): void {
    this.alive = false;
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping();
  }

  close(code: number, why: string): void {
    this.#socket.close(code, why);
  }

  terminate(): void {
    this.#socket.terminate();
  }
}

const TEXT = { binary: false };
const BINARY = { binary: true };
