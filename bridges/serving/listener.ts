import { createServer as createHttp, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { ReflexArcError } from '../../src/core/errors.ts';

/** The code of `ws` for a message that is larger than allowed; its other WS_ERR are frames that break its protocol. */
export const TOO_LARGE = 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH';

/** Turned away before it is a websocket: HTTP status and one sentence. */
export interface TurnedAway {
  readonly status: number;
  readonly why: string;
}

export interface ListenerOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  maxMessageBytes: number;
  /** PEM. With it the server speaks wss. */
  tls: { cert: string | Buffer; key: string | Buffer } | null;
  /** What a plain GET is told, as JSON: who comes with a browser sees what this is. */
  about: object;
  /** Subprotocols that are spoken; the client's first among them is chosen. Without it, whichever the client names. */
  protocols?: readonly string[];
  /** Null lets a handshake in. */
  door(request: IncomingMessage): TurnedAway | null;
  onSocket(socket: WebSocket, request: IncomingMessage): void;
}

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
    const { host, port, tls, about, maxMessageBytes, protocols, door, onSocket } = this.#options;
    const answer = (request: IncomingMessage, response: ServerResponse) => tell(about, request, response);
    const http = tls === null ? createHttp(answer) : secure(tls, answer);
    await new Promise<void>((resolve, reject) => {
      http.once('error', (cause: NodeJS.ErrnoException) => reject(notListening(host, port, cause)));
      http.listen(port, host, resolve);
    });
    http.removeAllListeners('error');
    const sockets = new WebSocketServer({
      server: http,
      perMessageDeflate: false,
      maxPayload: maxMessageBytes,
      ...(protocols === undefined
        ? {}
        : { handleProtocols: (offered: Set<string>) => [...offered].find((p) => protocols.includes(p)) ?? false }),
      verifyClient: (
        { req }: { req: IncomingMessage },
        say: (ok: boolean, status?: number, body?: string) => void,
      ): void => {
        const away = door(req);
        if (away === null) say(true);
        else say(false, away.status, away.why);
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

function tell(about: object, { method }: IncomingMessage, response: ServerResponse): void {
  if (method === 'GET') response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(about));
  else response.writeHead(405, { allow: 'GET' }).end();
}

function secure(
  tls: { cert: string | Buffer; key: string | Buffer },
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Server {
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
