import { EventEmitter } from 'node:events';
import type { ITransport, ITransportFactory, RosbridgeMessage } from 'roslib';
import { WebSocket } from 'ws';

export interface TransportOptions {
  maxMessageBytes: number;
  pingMs: number;
  /** Told of text that is no JSON, and of frames that are no text. */
  onMalformed(why: string): void;
}

/** Pings without an answer after which the peer counts as gone, whatever `readyState` says. */
const MISSED_PINGS = 5;

/**
 * roslib's transport on `ws`, pinned: no compression, no Nagle, bounded messages. Asks for a pong at an interval and
 * ends the connection when nothing at all came for several of them: a half-open socket stays OPEN for ever otherwise.
 */
export class WsTransport extends EventEmitter implements ITransport {
  readonly #socket: WebSocket;
  readonly #ping: NodeJS.Timeout;
  #heard = true;
  #missed = 0;

  constructor(url: string, options: TransportOptions) {
    super();
    this.#socket = new WebSocket(url, {
      perMessageDeflate: false,
      maxPayload: options.maxMessageBytes,
      handshakeTimeout: 2000,
    });
    this.#socket.on('upgrade', (response) => response.socket.setNoDelay(true));
    this.#socket.on('open', () => this.emit('open', {}));
    this.#socket.on('close', (code, reason) => {
      clearInterval(this.#ping);
      this.emit('close', { code, reason: String(reason) });
    });
    this.#socket.on('error', (error) => this.emit('error', error));
    this.#socket.on('pong', () => {
      this.#heard = true;
    });
    this.#socket.on('message', (data, binary) => {
      this.#heard = true;
      if (binary) {
        options.onMalformed('a binary frame; allowed: JSON text');
        return;
      }
      let message: RosbridgeMessage;
      try {
        message = JSON.parse(String(data));
      } catch {
        options.onMalformed(`text that is no JSON: ${String(data).slice(0, 60)}`);
        return;
      }
      if (typeof message === 'object' && message !== null) this.emit('message', message);
      else options.onMalformed(`JSON that is no object: ${String(data).slice(0, 60)}`);
    });
    this.#ping = setInterval(() => this.#watch(), options.pingMs);
  }

  #watch(): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#missed = this.#heard ? 0 : this.#missed + 1;
    this.#heard = false;
    if (this.#missed >= MISSED_PINGS) this.#socket.terminate();
    else this.#socket.ping();
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
    clearInterval(this.#ping);
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
