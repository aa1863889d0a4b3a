import { EventEmitter } from 'node:events';
import type { ITransport, ITransportFactory, RosbridgeMessage } from 'roslib';
import { WebSocket } from 'ws';
import type { Handshake } from '../../src/core/handshake.ts';
import { stringifyExact } from '../messages/json.ts';
import { Incoming, type IncomingOptions } from './incoming.ts';

export interface TransportOptions extends IncomingOptions {
  pingMs: number;
  handshake: Handshake;
}

/** So many intervals without an answer to a ping, and the peer counts as gone, whatever `readyState` says. */
const GONE_AFTER = 3;
const HANDSHAKE_MS = 2000;
/** The parts of a message follow each other: after such a gap they do not come. */
const FRAGMENT_MS = 1000;

/**
 * roslib's transport on `ws`, pinned: no compression, no Nagle, bounded messages. It pings at an interval and ends the
 * connection when the answers stay away: a half-open socket stays OPEN for ever otherwise, and takes all we write.
 */
export class WsTransport extends EventEmitter implements ITransport {
  readonly #socket: WebSocket;
  readonly #options: TransportOptions;
  readonly #watching: NodeJS.Timeout;
  /** Number of the last ping, and of the last that was answered. */
  #asked = 0;
  #answered = 0;

  constructor(url: string, options: TransportOptions) {
    super();
    this.#options = options;
    this.#socket = new WebSocket(url, {
      ...options.handshake,
      perMessageDeflate: false,
      maxPayload: options.maxMessageBytes,
      handshakeTimeout: HANDSHAKE_MS,
    });
    this.#socket.on('upgrade', (response) => response.socket.setNoDelay(true));
    this.#socket.on('open', () => this.emit('open', {}));
    this.#socket.on('close', (code, reason) => {
      clearInterval(this.#watching);
      this.emit('close', { code, reason: String(reason) });
    });
    this.#socket.on('error', (error) => this.emit('error', error));
    this.#socket.on('pong', (data) => this.#ponged(Number(String(data))));
    const incoming = new Incoming(options, (operation) => this.emit('message', operation));
    this.#socket.on('message', (data, binary) => incoming.frame(data as Buffer, binary));
    const patience = Math.ceil(FRAGMENT_MS / options.pingMs);
    this.#watching = setInterval(() => {
      incoming.look(patience);
      this.#watch();
    }, options.pingMs);
  }

  /** Asks for an answer now. What was written before has been read by the peer when it comes. */
  ping(): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.ping(String(++this.#asked));
  }

  #ponged(number: number): void {
    if (!(number > this.#answered && number <= this.#asked)) return;
    const first = this.#answered === 0;
    this.#answered = number;
    if (first) this.emit('acknowledged');
  }

  /** Counts intervals and not time: a stall of our own is one interval, and its answers may be waiting to be read. */
  #watch(): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    if (this.#asked - this.#answered < GONE_AFTER) {
      this.ping();
      return;
    }
    this.drop(`no answer to a ping for ${GONE_AFTER * this.#options.pingMs} ms`);
  }

  /** True while the peer answers: what is written now is read soon, and not found by it in a heap later. */
  get acknowledged(): boolean {
    return this.#answered > 0 && this.#asked - this.#answered < GONE_AFTER;
  }

  /** Bytes that the kernel has not taken. More than 0 at a tick means that the peer does not keep up. */
  get bufferedAmount(): number {
    return this.#socket.bufferedAmount;
  }

  send(message: RosbridgeMessage): void {
    this.#socket.send(stringifyExact(message));
  }

  /** Ends it for a reason of ours: as if it had failed. */
  drop(reason: string): void {
    this.emit('error', new Error(reason));
    this.#socket.terminate();
  }

  /** At once, without a closing handshake: a half-open peer would never answer it. */
  close(): void {
    clearInterval(this.#watching);
    this.#socket.terminate();
  }

  isConnecting(): boolean {
    return this.#socket.readyState === WebSocket.CONNECTING;
  }
  isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }
  isClosing(): boolean {
    return this.#socket.readyState === WebSocket.CLOSING;
  }
  isClosed(): boolean {
    return this.#socket.readyState === WebSocket.CLOSED;
  }
}

/** A factory for roslib that also hands each transport to `made`. */
export function transportFactory(options: TransportOptions, made: (transport: WsTransport) => void): ITransportFactory {
  return async (url) => {
    const transport = new WsTransport(url, options);
    made(transport);
    return transport;
  };
}
