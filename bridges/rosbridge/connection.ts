import { Ros, type RosbridgeMessage } from 'roslib';
import type { Random } from '../../src/core/random.ts';
import { type TransportOptions, transportFactory, type WsTransport } from './transport.ts';

export interface ConnectionOptions extends TransportOptions {
  url: string;
  /** Shortest and longest wait before the next attempt, ms. */
  backoffMs: readonly [number, number];
  random: Random;
  /** A fresh connection: subscribe, advertise. Nothing of an earlier one is left on it. */
  onUp(ros: Ros): void;
  onDown(reason: string): void;
  /** An attempt did not become a connection. */
  onFailed(reason: string): void;
  /** An operation that nobody waits for: a late answer, a topic that is not subscribed, a status, an op we do not know. */
  onUnexpected(operation: RosbridgeMessage): void;
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
  #opened = false;
  #closed = false;
  /** Since the last connection that lasted. */
  #attempts = 0;
  /** Runs while the connection is answered; it has lasted when this ends. */
  #lasting: NodeJS.Timeout | null = null;
  #retry: NodeJS.Timeout | null = null;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** Null unless connected, with everything subscribed and advertised. */
  get ros(): Ros | null {
    return this.#up ? this.#ros : null;
  }

  /** The server has answered on this connection, and still does. */
  get acknowledged(): boolean {
    return this.#up && this.#transport?.acknowledged === true;
  }

  /** Writes an operation now. False when it is not connected: nothing is kept for later. */
  send(operation: object): boolean {
    const { ros } = this;
    if (ros === null || !ros.isConnected) return false;
    ros.callOnConnection(operation as RosbridgeMessage);
    return true;
  }

  /** Ends this connection; a fresh one follows. */
  drop(reason: string): void {
    this.#transport?.drop(reason);
  }

  /** Bytes that the kernel has not taken; 0 while down. */
  get unsentBytes(): number {
    return this.#transport?.bufferedAmount ?? 0;
  }

  /** Begins to connect, and keeps at it. Does nothing the second time. */
  open(): void {
    if (!this.#opened && !this.#closed) this.connect();
  }

  connect(): void {
    this.#opened = true;
    this.#retry = null;
    let reason = '';
    const ros = new Ros({
      transportFactory: transportFactory(this.#options, (transport) => {
        this.#transport = transport;
        transport.on('error', (error: NodeJS.ErrnoException) => {
          reason = error.message === '' ? String(error.code) : error.message;
        });
        transport.on('message', (operation: RosbridgeMessage) => {
          const name = nameOf(operation);
          if (ros.listenerCount(name) === 0 || OWN_EVENTS.has(name)) this.#options.onUnexpected(operation);
        });
        transport.once('acknowledged', () => this.#answered());
        transport.on('close', (event: { code: number; reason: string }) =>
          this.#ended(ros, reason || `closed by the server (${`${event.code} ${event.reason}`.trim()})`),
        );
      }),
    });
    this.#ros = ros;
    ros.on('error', () => {});
    // Once: roslib keeps its own events and topics in one namespace, and a peer may publish on a topic `connection`.
    ros.once('connection', () => {
      if (this.#closed) {
        ros.close();
        return;
      }
      this.#up = true;
      this.#options.onUp(ros);
      this.#transport?.ping();
    });
    void ros.connect(this.#options.url).catch((error: Error) => this.#ended(ros, error.message));
  }

  /** A server that answers and drops us, again and again, is retried ever more slowly: the count begins anew later. */
  #answered(): void {
    this.#lasting = setTimeout(() => {
      this.#attempts = 0;
    }, this.#options.backoffMs[1]);
  }

  #ended(ros: Ros, reason: string): void {
    if (this.#ros !== ros) return;
    this.#ros = null;
    this.#transport = null;
    const wasUp = this.#up;
    this.#up = false;
    this.#clearTimers();
    if (this.#closed) return;
    if (wasUp) this.#options.onDown(reason);
    else this.#options.onFailed(reason);
    const [shortest, longest] = this.#options.backoffMs;
    const wait = Math.min(longest, shortest * 2 ** Math.min(this.#attempts++, 10));
    this.#retry = setTimeout(() => this.connect(), wait * this.#options.random.range(0.5, 1));
  }

  close(): void {
    this.#closed = true;
    this.#up = false;
    this.#clearTimers();
    this.#transport?.close();
  }

  #clearTimers(): void {
    if (this.#retry !== null) clearTimeout(this.#retry);
    if (this.#lasting !== null) clearTimeout(this.#lasting);
    this.#retry = null;
    this.#lasting = null;
  }
}

/** roslib's own, which nobody can have asked for by name. */
const OWN_EVENTS: ReadonlySet<string> = new Set(['connection', 'close', 'error']);

/** The event under which roslib tells of an operation. */
function nameOf(operation: RosbridgeMessage): string {
  const { op, topic, id, service, action } = operation as unknown as Record<string, string>;
  if (op === 'publish') return topic ?? '';
  if (op === 'call_service') return service ?? '';
  if (op === 'send_action_goal') return action ?? '';
  return op === 'status' ? 'status' : (id ?? '');
}
