import { Ros } from 'roslib';
import type { Random } from '../../src/core/random.ts';
import { type TransportOptions, transportFactory, type WsTransport } from './transport.ts';

export interface ConnectionOptions extends TransportOptions {
  url: string;
  /** Shortest and longest wait before the next attempt, ms. */
  backoffMs: readonly [number, number];
  random: Random;
  /** A fresh connection: subscribe, advertise. Called before `send` works on it. */
  onUp(ros: Ros): void;
  onDown(reason: string): void;
  /** An attempt failed; `attempts` counts since the last connection. */
  onFailed(reason: string, attempts: number): void;
}

/**
 * One websocket to a rosbridge server that is always being kept up. roslib never reconnects by itself, and its topics
 * replay what was published while the link was down; so each connection is a new `Ros` object, nothing is published
 * unless it is connected, and what an old object still held dies with it.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  #ros: Ros | null = null;
  #transport: WsTransport | null = null;
  #up = false;
  #closed = false;
  #attempts = 0;
  #retry: NodeJS.Timeout | null = null;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  get ros(): Ros | null {
    return this.#up ? this.#ros : null;
  }

  /** Bytes that the kernel has not taken; 0 while down. */
  get unsentBytes(): number {
    return this.#transport?.bufferedAmount ?? 0;
  }

  connect(): void {
    let transport: WsTransport | null = null;
    let reason = 'closed by the server';
    const ros = new Ros({
      transportFactory: transportFactory(this.#options, (made) => {
        transport = made;
        made.on('error', (error: Error) => {
          reason = error.message === '' ? String((error as NodeJS.ErrnoException).code) : error.message;
        });
        made.on('close', () => this.#ended(ros, reason));
      }),
    });
    this.#ros = ros;
    ros.on('error', () => {});
    ros.on('connection', () => {
      if (this.#closed || this.#ros !== ros) {
        ros.close();
        return;
      }
      this.#transport = transport;
      this.#up = true;
      this.#attempts = 0;
      this.#options.onUp(ros);
    });
    void ros.connect(this.#options.url).catch((error: Error) => this.#ended(ros, error.message));
  }

  #ended(ros: Ros, reason: string): void {
    if (this.#ros !== ros) return;
    this.#ros = null;
    this.#transport = null;
    const wasUp = this.#up;
    this.#up = false;
    if (this.#closed) return;
    if (wasUp) this.#options.onDown(reason);
    else this.#options.onFailed(reason, ++this.#attempts);
    const [shortest, longest] = this.#options.backoffMs;
    const wait = Math.min(longest, shortest * 2 ** Math.min(this.#attempts, 10)) * this.#options.random.range(0.5, 1);
    this.#retry = setTimeout(() => this.connect(), wait);
  }

  close(): void {
    this.#closed = true;
    this.#up = false;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#transport?.close();
    this.#ros?.close();
  }
}
