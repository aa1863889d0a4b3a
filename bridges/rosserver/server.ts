import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { type Clock, wallNs } from '../../src/core/clock.ts';
import { ReflexArcError } from '../../src/core/errors.ts';
import { parseFrame } from '../messages/json.ts';
import { Connection } from './connection.ts';
import { carryOut, distribute, leave } from './operations.ts';
import { Publication } from './publication.ts';
import { type Handler, Registry, type ServiceHandler } from './registry.ts';
import type { Room } from './room.ts';
import { offerRosapi } from './rosapi.ts';

export interface RosServerOptions {
  host?: string;
  /** 0 takes a free one. */
  port: number;
  clock: Clock;
  logger?: { warn(fields: object, message: string): void };
  maxMessageBytes?: number;
  maxClients?: number;
  /** Topics that clients may bring besides ours. */
  maxTopics?: number;
  /** A service that is silent for so long is answered for, as failed. */
  callTimeoutMs?: number;
  /** A client that leaves a ping unanswered for so long is gone. */
  pingMs?: number;
  /**
   * Web pages that may connect, as origins (`https://app.example`) besides pages of this machine: any page open in a
   * browser could otherwise arm the robot through loopback. Programs send no origin and are not concerned.
   */
  origins?: readonly string[];
}

const DEFAULTS = {
  host: '127.0.0.1',
  logger: { warn: () => {} },
  maxMessageBytes: 10_000_000,
  maxClients: 64,
  maxTopics: 1000,
  callTimeoutMs: 30_000,
  pingMs: 5000,
  origins: [],
} as const;

export interface RosServerCounters {
  /** Clients taken, and turned away for their number or their origin. */
  clients: number;
  turnedAway: number;
  /** Operations refused, and frames that were none. */
  malformed: number;
  /** Messages that slow clients did not get, of clients that have left. */
  dropped: number;
  /** Handlers of ours that threw. */
  failed: number;
}

/**
 * An embedded rosbridge v2 server: ROS tools and the simulated robot meet here. Loopback unless told otherwise. A slow
 * client is isolated (its messages are dropped and counted), a malformed message is counted and answered with a status
 * where asked for, and nothing a client sends ends the server.
 */
export class RosServer {
  readonly counters: RosServerCounters = { clients: 0, turnedAway: 0, malformed: 0, dropped: 0, failed: 0 };
  readonly #options: Required<RosServerOptions>;
  readonly #registry: Registry;
  readonly #room: Room;
  readonly #connections = new Set<Connection>();
  #http: Server | null = null;
  #sockets: WebSocketServer | null = null;
  #pinging: NodeJS.Timeout | null = null;
  #nextId = 1;

  constructor(options: RosServerOptions) {
    this.#options = { ...DEFAULTS, ...options };
    this.#registry = new Registry(this.#options.maxTopics);
    offerRosapi(this.#registry, wallNs);
    this.#room = {
      registry: this.#registry,
      callTimeoutMs: this.#options.callTimeoutMs,
      failed: (what, error) => {
        this.counters.failed++;
        this.#options.logger.warn({ error: String(error) }, `${what} failed`);
      },
    };
  }

  get clients(): readonly { id: number; dropped: number; malformed: number }[] {
    return [...this.#connections].map(({ id, dropped, malformed }) => ({ id, dropped, malformed }));
  }

  /** @throws ReflexArcError RA_PORT_IN_USE when the address cannot be had */
  async listen(): Promise<{ host: string; port: number }> {
    const { host, port, maxMessageBytes, pingMs } = this.#options;
    const http = createServer((_request, response) => {
      response.writeHead(426, { 'content-type': 'text/plain' }).end('a rosbridge v2 websocket server\n');
    });
    await new Promise<void>((resolve, reject) => {
      http.once('error', (cause: NodeJS.ErrnoException) => reject(notListening(host, port, cause)));
      http.listen(port, host, resolve);
    });
    http.removeAllListeners('error');
    const sockets = new WebSocketServer({
      server: http,
      perMessageDeflate: false,
      maxPayload: maxMessageBytes,
      verifyClient: ({ origin }: { origin?: string }) => this.#welcome(origin),
    });
    sockets.on('error', () => {});
    sockets.on('connection', (socket, request) => {
      request.socket.setNoDelay(true);
      this.#accept(socket);
    });
    this.#pinging = setInterval(() => this.#ping(), pingMs).unref();
    this.#http = http;
    this.#sockets = sockets;
    return { host, port: (http.address() as AddressInfo).port };
  }

  /** Publishes to every subscriber; serialised once, and not at all when nobody listens. */
  publish(topic: string, type: string, message: unknown, opts: { latch?: boolean } = {}): void {
    const entry = this.#registry.claim(topic, type);
    const publication = new Publication(entry.topic, message);
    if (opts.latch === true) {
      entry.latched = publication;
      // Written down now: whoever comes later gets what it was, not what became of the object.
      publication.bytes(entry.topic);
    }
    if (entry.feeds.size > 0) distribute(entry, publication, this.#options.clock.nowNs());
  }

  /** Calls `handler` for every message that a client publishes on the topic. What is in it is the handler's to check. */
  onPublish(topic: string, type: string, handler: Handler): void {
    this.#registry.claim(topic, type).handlers.push(handler);
  }

  /** `handler` answers with the response message; what it throws is answered as a failed call. */
  advertiseService(name: string, type: string, handler: ServiceHandler): void {
    this.#registry.offer(name, type, handler);
  }

  async close(): Promise<void> {
    if (this.#pinging !== null) clearInterval(this.#pinging);
    for (const socket of this.#sockets?.clients ?? []) socket.terminate();
    const http = this.#http;
    this.#http = null;
    if (http === null) return;
    const closed = new Promise<void>((resolve) => http.close(() => resolve()));
    http.closeAllConnections();
    await closed;
  }

  #welcome(origin: string | undefined): boolean {
    const { origins, logger } = this.#options;
    if (origin === undefined || isLocalPage(origin) || origins.includes(origin)) return true;
    this.counters.turnedAway++;
    logger.warn({ origin }, 'a web page of this origin may not connect');
    return false;
  }

  #accept(socket: WebSocket): void {
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code?.startsWith('WS_ERR')) this.counters.malformed++;
    });
    if (this.#connections.size >= this.#options.maxClients) {
      this.counters.turnedAway++;
      socket.close(1013, 'too many clients');
      return;
    }
    this.counters.clients++;
    const connection = new Connection(this.#nextId++, socket, this.#options.clock);
    this.#connections.add(connection);
    socket.on('pong', () => {
      connection.alive = true;
    });
    socket.on('message', (data) => {
      connection.alive = true;
      this.#receive(connection, data);
    });
    socket.on('close', () => {
      leave(connection, this.#registry);
      this.counters.dropped += connection.dropped;
      this.#connections.delete(connection);
    });
  }

  #receive(from: Connection, data: unknown): void {
    let refused = 0;
    try {
      for (const op of parseFrame(String(data))) if (!carryOut(from, op, this.#room)) refused++;
    } catch (error) {
      refused++;
      from.status('error', undefined, (error as Error).message);
    }
    from.malformed += refused;
    this.counters.malformed += refused;
  }

  #ping(): void {
    for (const connection of this.#connections) {
      if (connection.alive) connection.ping();
      else connection.terminate();
    }
  }
}

function isLocalPage(origin: string): boolean {
  if (!URL.canParse(origin)) return false;
  return ['localhost', '127.0.0.1', '[::1]'].includes(new URL(origin).hostname);
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
