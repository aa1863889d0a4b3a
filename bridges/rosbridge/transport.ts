import { EventEmitter } from 'node:events';
import type { ITransport, ITransportFactory, RosbridgeMessage } from 'roslib';
import { WebSocket } from 'ws';
import { parseFrame } from '../messages/json.ts';

export interface TransportOptions {
  maxMessageBytes: number;
  pingMs: number;
  /** Told of what came and was no operation. */
  onMalformed(why: string): void;
}

/** So many intervals without an answer to a ping, and the peer counts as gone, whatever `readyState` says. */
const GONE_AFTER = 3;
const HANDSHAKE_MS = 2000;

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
    this.#socket.on('message', (data, binary) => {
      if (binary) options.onMalformed('a binary frame');
      else this.#read(String(data));
    });
    this.#watching = setInterval(() => this.#watch(), options.pingMs);
  }

  #read(text: string): void {
    let messages: unknown[];
    try {
      messages = parseFrame(text);
    } catch {
      this.#options.onMalformed(`no JSON: ${excerpt(text)}`);
      return;
    }
    for (const message of messages) {
      if (!isOperation(message)) {
        this.#options.onMalformed(`no operation: ${excerpt(text)}`);
        continue;
      }
      try {
        this.emit('message', message);
      } catch (error) {
        // roslib throws when an operation comes under a name on which its listeners expect another one.
        this.#options.onMalformed((error as Error).message.slice(0, 200));
      }
    }
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
    this.emit('error', new Error(`no answer to a ping for ${GONE_AFTER * this.#options.pingMs} ms`));
    this.#socket.terminate();
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
    this.#socket.send(JSON.stringify(message));
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

/** Has what roslib looks at without looking whether it is there. */
function isOperation(message: unknown): message is RosbridgeMessage {
  if (typeof message !== 'object' || message === null) return false;
  const { op, id } = message as { op?: unknown; id?: unknown };
  return typeof op === 'string' && (op !== 'service_response' || typeof id === 'string');
}

const excerpt = (text: string) => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

/** A factory for roslib that also hands each transport to `made`. */
export function transportFactory(options: TransportOptions, made: (transport: WsTransport) => void): ITransportFactory {
  return async (url) => {
    const transport = new WsTransport(url, options);
    made(transport);
    return transport;
  };
}
