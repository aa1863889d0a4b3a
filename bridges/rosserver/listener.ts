import { createServer as createHttp, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { ReflexArcError } from '../../src/core/errors.ts';

export interface ListenerOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  maxMessageBytes: number;
  /** PEM. With it the server speaks wss. */
  tls: { cert: string | Buffer; key: string | Buffer } | null;
  /** An HTTP status to turn the handshake away with, or 0 to let it in. */
  door(request: IncomingMessage): number;
  onSocket(socket: WebSocket, request: IncomingMessage): void;
}

/** What a plain GET is told, as rosbridge_suite of 2026 does. */
const VERSION = { protocol: { major: 2, minor: 1, patch: 0 }, server: { name: 'reflexarc' } };

/** The port: plain or TLS, websockets without compression, and a word for whoever comes with a browser. */
export class Listener {
  readonly #options: ListenerOptions;
  #http: Server | null = null;
  #sockets: WebSocketServer | null = null;

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  /** @throws ReflexArcError RA_PORT_IN_USE when the address cannot be had, RA_CONFIG_INVALID for no usable certificate */
  async listen(): Promise<{ host: string; port: number }> {
    const { host, port, tls, maxMessageBytes, door, onSocket } = this.#options;
    const http = tls === null ? createHttp(answer) : secure(tls);
    await new Promise<void>((resolve, reject) => {
      http.once('error', (cause: NodeJS.ErrnoException) => reject(notListening(host, port, cause)));
      http.listen(port, host, resolve);
    });
    http.removeAllListeners('error');
    const sockets = new WebSocketServer({
      server: http,
      perMessageDeflate: false,
      maxPayload: maxMessageBytes,
      verifyClient: ({ req }: { req: IncomingMessage }, tell: (ok: boolean, status?: number) => void) => {
        const status = door(req);
        tell(status === 0, status);
      },
    });
    sockets.on('error', () => {});
    sockets.on('connection', (socket, request) => {
      request.socket.setNoDelay(true);
      onSocket(socket, request);
    });
    this.#http = http;
    this.#sockets = sockets;
    return { host, port: (http.address() as AddressInfo).port };
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets?.clients ?? []) socket.terminate();
    const http = this.#http;
    this.#http = null;
    if (http === null) return;
    const closed = new Promise<void>((resolve) => http.close(() => resolve()));
    http.closeAllConnections();
    await closed;
  }
}

function answer({ method }: IncomingMessage, response: ServerResponse): void {
  if (method === 'GET') response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(VERSION));
  else response.writeHead(405, { allow: 'GET' }).end();
}

function secure(tls: { cert: string | Buffer; key: string | Buffer }): Server {
  try {
    return createHttps({ ...tls, minVersion: 'TLSv1.2' }, answer);
  } catch (cause) {
    throw new ReflexArcError('RA_CONFIG_INVALID', {
      seen: `TLS certificate or key: ${(cause as Error).message}`,
      allowed: 'a certificate and its key, both PEM',
      cause,
    });
  }
}

function notListening(host: string, port: number, cause: NodeJS.ErrnoException): ReflexArcError {
  const seen = `${host}:${port}: ${cause.code ?? cause.message}`;
  const taken = cause.code === 'EADDRINUSE';
  return new ReflexArcError('RA_PORT_IN_USE', {
    seen,
    allowed: taken ? 'a port that no other program has' : 'an address of this machine, and a port we may open',
    ...(taken ? {} : { next: 'Choose another host or port.' }),
    cause,
  });
}
