import type { WebSocket } from 'ws';

/** A slow client may have so much unsent; beyond, its messages are dropped and counted. */
const MAX_UNSENT_BYTES = 1_000_000;

export interface Subscription {
  readonly id: string | undefined;
  /** Smallest time between two messages, ns. */
  readonly throttleNs: number;
  sentNs: number;
}

const LEVELS = ['none', 'error', 'warning', 'info'] as const;
export type Level = (typeof LEVELS)[number];

/** One client of the server: its socket, its subscriptions, and what it did not get because it was too slow. */
export class Connection {
  readonly id: number;
  /** By topic; several subscriptions of one client to a topic give one copy, at the fastest throttle of them. */
  readonly subscriptions = new Map<string, Subscription[]>();
  readonly advertised = new Set<string>();
  dropped = 0;
  malformed = 0;
  #level: Level = 'error';
  readonly #socket: WebSocket;

  constructor(id: number, socket: WebSocket) {
    this.id = id;
    this.#socket = socket;
  }

  /** Sends a serialised message, or drops it when the client does not keep up. */
  send(text: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount > MAX_UNSENT_BYTES) this.dropped++;
    else this.#socket.send(text);
  }

  /** Sends `text` if this client wants the topic now. */
  deliver(topic: string, text: string, nowNs: number): void {
    const subscriptions = this.subscriptions.get(topic);
    if (subscriptions === undefined) return;
    let due = false;
    for (const s of subscriptions) {
      if (s.throttleNs > 0 && nowNs - s.sentNs < s.throttleNs) continue;
      s.sentNs = nowNs;
      due = true;
    }
    if (due) this.send(text);
  }

  /** rosbridge's `set_level`: from then on, status messages up to that level are sent. */
  setLevel(level: unknown): boolean {
    if (!LEVELS.includes(level as Level)) return false;
    this.#level = level as Level;
    return true;
  }

  status(level: Exclude<Level, 'none'>, id: unknown, msg: string): void {
    if (LEVELS.indexOf(level) > LEVELS.indexOf(this.#level)) return;
    this.send(JSON.stringify({ op: 'status', level, ...(id === undefined ? {} : { id }), msg }));
  }

  unsubscribe(topic: string, id: unknown): void {
    const left = id === undefined ? [] : (this.subscriptions.get(topic) ?? []).filter((s) => s.id !== id);
    if (left.length > 0) this.subscriptions.set(topic, left);
    else this.subscriptions.delete(topic);
  }

  terminate(): void {
    this.#socket.terminate();
  }
}
