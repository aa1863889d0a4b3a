import type { IncomingMessage } from 'node:http';
import type { WebSocket } from 'ws';
import { type Clock, wallNs } from '../../src/core/clock.ts';
import type { RosGraph } from '../bridge.ts';
import { Conformer } from '../messages/conform.ts';
import { nsFromTime, TYPES, timeFromNs } from '../messages/messages.ts';
import { globalName, longType } from '../messages/names.ts';
import { loadStandardTypes } from '../messages/types.ts';
import { ALLOW_ALL, type AllowLists, allowed } from '../serving/allow.ts';
import { Listener, TOO_LARGE, type TurnedAway } from '../serving/listener.ts';
import { originOf } from '../serving/origin.ts';
import { callWithin, type ServiceHandler } from '../serving/service.ts';
import { TurnedAwayLog } from '../serving/turned-away.ts';
import { Authenticator } from './auth.ts';
import { Calls } from './calls.ts';
import { Connection } from './connection.ts';
import { Goals } from './goals.ts';
import { leave, receive } from './operations.ts';
import { Params } from './params.ts';
import { Publication } from './publication.ts';
import { type Counts, noCounts, type Refusal, refuse } from './refusal.ts';
import { type Handler, Registry, type TopicEntry } from './registry.ts';
import type { Room } from './room.ts';
import { offerRosapi } from './rosapi.ts';
import { LOG_TYPE, type LogLevel, logMessage } from './rosout.ts';
import { deliver, distribute } from './topics.ts';

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
  /** Clients must show that they know it, in the handshake or by an `auth` operation; null: everybody is welcome. */
  token?: string | null;
  /** A client that has not shown it after so long is let go. */
  authMs?: number;
  allow?: Partial<AllowLists>;
  tls?: { cert: string | Buffer; key: string | Buffer } | null;
  /** Wall time, ns. */
  wallNs?: () => number;
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
  token: null,
  authMs: 5000,
  allow: {},
  tls: null,
  wallNs,
} as const;

/** What a plain GET is told, as rosbridge_suite of 2026 does. */
const ABOUT = { protocol: { major: 2, minor: 1, patch: 0 }, server: { name: 'reflexarc' } };

export interface RosServerCounters {
  /** Clients taken, and turned away for their number, their origin or their token. */
  clients: number;
  turnedAway: number;
  /** Operations refused, and frames that were none: all of them, and by kind. */
  malformed: number;
  refused: Counts;
  /** Messages that slow clients did not get, of clients that have left. */
  dropped: number;
  /** Handlers of ours that threw. */
  failed: number;
}

/**
 * An embedded rosbridge v2 server: ROS tools and the simulated robot meet here. Loopback unless told otherwise. A slow
 * client is isolated (its messages are dropped and counted), what a client does wrong is counted, logged once and
 * answered with a status where asked for, and nothing a client sends ends the server.
 */
export class RosServer implements RosGraph {
  readonly counters: RosServerCounters = {
    ...{ clients: 0, turnedAway: 0, malformed: 0, dropped: 0, failed: 0 },
    refused: noCounts(),
  };
  /** Parameters of ours that clients may read. */
  readonly params = new Params();
  readonly #options: Required<RosServerOptions>;
  readonly #room: Room;
  readonly #authenticator: Authenticator | null;
  readonly #listener: Listener;
  readonly #connections = new Set<Connection>();
  readonly #rosout: TopicEntry;
  readonly #turnedAway: TurnedAwayLog;
  #pinging: NodeJS.Timeout | null = null;
  #nextId = 1;
  /** Of our last `/clock`, ns; null: the ROS clock is wall time. */
  #simulatedNs: number | null = null;

  constructor(options: RosServerOptions) {
    this.#options = { ...DEFAULTS, ...options };
    const { token, maxTopics, allow, callTimeoutMs, maxMessageBytes, clock, logger } = this.#options;
    this.#turnedAway = new TurnedAwayLog(clock, (fields, message) => logger.warn(fields, message));
    this.#authenticator = token === null ? null : new Authenticator(token, () => this.#options.wallNs() / 1e9);
    const rosTimeNs = () => this.#simulatedNs ?? this.#options.wallNs();
    this.#room = {
      registry: new Registry(maxTopics),
      calls: new Calls(),
      actions: new Goals(),
      allowed: allowed({ ...ALLOW_ALL, ...allow }),
      conformer: new Conformer(() => timeFromNs(rosTimeNs())),
      callTimeoutMs,
      maxMessageBytes,
      authenticate: (op) => this.#authenticator?.operation(op) ?? Number.POSITIVE_INFINITY,
      receive: (from, text, depth) => this.#receive(from, text, depth),
      failed: (what, error) => this.#failed(what, error),
    };
    this.#rosout = this.#room.registry.claimToPublish('/rosout', LOG_TYPE);
    offerRosapi({ ...this.#room, params: this.params, clients: () => this.#connections, nowNs: rosTimeNs });
    this.#listener = new Listener({
      ...this.#options,
      about: ABOUT,
      door: (request) => this.#door(request),
      onSocket: (socket, request) => this.#accept(socket, request),
    });
  }

  get clients(): readonly { id: number; dropped: number; malformed: number }[] {
    return [...this.#connections].map(({ id, dropped, malformed }) => ({ id, dropped, malformed }));
  }

  /** Messages that slow clients did not get, of those that have left and of those that are here. */
  get dropped(): number {
    let { dropped } = this.counters;
    for (const connection of this.#connections) dropped += connection.dropped;
    return dropped;
  }

  /** All that was said has gone out to every client. */
  get clear(): boolean {
    for (const connection of this.#connections) if (!connection.clear) return false;
    return true;
  }

  /** @throws ReflexArcError RA_PORT_IN_USE when the address cannot be had, RA_CONFIG_INVALID for no usable certificate */
  async listen(): Promise<{ host: string; port: number }> {
    await loadStandardTypes();
    const address = await this.#listener.listen();
    this.#pinging = setInterval(() => this.#ping(), this.#options.pingMs).unref();
    return address;
  }

  /** Makes a topic of ours known before its first message. */
  advertise(topic: string, type: string): void {
    this.#room.registry.claimToPublish(topic, type);
  }

  /** Publishes to every subscriber; written once in each encoding, and not at all when nobody listens. */
  publish(topic: string, type: string, message: unknown, opts: { latch?: boolean } = {}): void {
    const entry = this.#room.registry.claimToPublish(topic, type);
    const publication = new Publication(entry.topic, entry.type, message);
    if (opts.latch === true) {
      // Written down now: whoever comes later gets what it was, not what became of the object.
      entry.latched = new Publication(entry.topic, entry.type, JSON.parse(publication.body), publication.body);
    }
    try {
      distribute(entry, publication, this.#options.clock.nowNs());
    } catch (error) {
      this.#failed(`a message of ${entry.topic}`, error);
    }
    if (entry.type === TYPES.clock) {
      const { clock } = message as { clock?: { sec: number; nanosec: number } };
      if (clock !== undefined) this.#simulatedNs = nsFromTime(clock);
    }
  }

  /** Says a line on `/rosout`. `name`: of the part that says it. */
  log(level: LogLevel, name: string, text: string): void {
    if (this.#rosout.feeds.size === 0) return;
    this.publish(this.#rosout.topic, LOG_TYPE, logMessage(level, name, text, this.#options.wallNs()));
  }

  /** Calls `handler` for every message that a client publishes on the topic. What is in it is the handler's to check. */
  onPublish(topic: string, type: string, handler: Handler): void {
    this.#room.registry.claim(topic, type).handlers.push(handler);
  }

  /**
   * Passes on a whole message that a client of another server of ours published, as if a client of ours had.
   * @throws Error when it may not be published, or the topic is of another type
   */
  deliver(topic: string, type: string, message: object, from: { id: number }): void {
    const refused = deliver(globalName(topic), longType(type), message, from, this.#options.clock.nowNs(), this.#room);
    if (refused !== null) throw new Error(refused.why);
  }

  /** `handler` answers with the response message; what it throws is answered as a failed call. */
  advertiseService(name: string, type: string, handler: ServiceHandler): void {
    this.#room.registry.offer(name, type, handler);
  }

  /**
   * Calls a service, of ours or of a client.
   * @throws Error saying why it failed
   */
  async callService(name: string, args: unknown, timeoutMs = this.#options.callTimeoutMs): Promise<unknown> {
    const service = this.#room.registry.services.get(globalName(name));
    if (service === undefined) throw new Error(`Service ${name} does not exist`);
    const { result, values } = await callWithin(service.handler, name, args, timeoutMs);
    if (!result) throw new Error(String(values));
    return values;
  }

  async close(): Promise<void> {
    if (this.#pinging !== null) clearInterval(this.#pinging);
    await this.#listener.close();
  }

  #door(request: IncomingMessage): TurnedAway | null {
    const { origin } = request.headers;
    const known = originOf(origin, this.#options.origins) === 'known';
    if (known && this.#authenticator?.handshake(request) !== false) return null;
    const why = known ? 'a wrong token' : 'a web page of this origin may not connect';
    this.counters.turnedAway++;
    this.#turnedAway.say(why, { origin });
    return { status: 401, why };
  }

  #accept(socket: WebSocket, request: IncomingMessage): void {
    const { maxClients, maxMessageBytes, clock, authMs } = this.#options;
    socket.on('error', () => {});
    if (this.#connections.size >= maxClients) {
      this.counters.turnedAway++;
      this.#turnedAway.say(`a client is one too many; allowed: ${maxClients}`);
      socket.close(1013, 'too many clients');
      return;
    }
    this.counters.clients++;
    const stalled = () => this.#refused(connection, refuse('stalled', 'it reads nothing, and answers to it pile up'));
    const connection = new Connection(this.#nextId++, socket, clock, maxMessageBytes, stalled);
    this.#connections.add(connection);
    socket.on('error', ({ code, message }: NodeJS.ErrnoException) => {
      if (code === TOO_LARGE) this.#refused(connection, refuse('oversized', message));
      else if (code?.startsWith('WS_ERR')) this.#refused(connection, refuse('bad_frame', message));
    });
    socket.on('pong', () => {
      connection.alive = true;
    });
    socket.on('message', (data) => {
      connection.alive = true;
      this.#receive(connection, String(data), 0);
    });
    let waiting: NodeJS.Timeout | undefined;
    if (this.#authenticator !== null && this.#authenticator.handshake(request) === null) {
      connection.authenticatedUntilS = Number.NaN;
      waiting = setTimeout(() => {
        if (!Number.isNaN(connection.authenticatedUntilS)) return;
        this.#refused(connection, refuse('not_authenticated', `no auth within ${authMs} ms`));
        connection.close(1008, 'not authenticated');
      }, authMs).unref();
    }
    socket.on('close', () => {
      clearTimeout(waiting);
      leave(connection, this.#room);
      this.counters.dropped += connection.dropped;
      this.#connections.delete(connection);
    });
  }

  #receive(from: Connection, frame: string, depth: number): void {
    receive(from, frame, this.#room, (refusal) => this.#refused(from, refusal), depth);
  }

  /** Counted always; said the first time that this client does it. */
  #refused(from: Connection, { kind, why }: Refusal): void {
    this.counters.malformed++;
    this.counters.refused[kind]++;
    if (!from.count(kind)) return;
    this.#options.logger.warn({ client: from.id, kind }, `refused: ${why}`);
    this.log('warn', 'rosserver', `client ${from.id}: ${why}`);
  }

  #failed(what: string, error: unknown): void {
    this.counters.failed++;
    this.#options.logger.warn({ error: String(error) }, `${what} failed`);
    this.log('error', 'rosserver', `${what} failed: ${String(error)}`);
  }

  #ping(): void {
    const nowS = this.#options.wallNs() / 1e9;
    for (const connection of this.#connections) {
      for (const refusal of connection.fragments.expire(connection.nowNs())) this.#refused(connection, refusal);
      if (connection.authenticatedUntilS < nowS) {
        connection.close(1008, 'the session has ended');
        continue;
      }
      if (connection.alive) connection.ping();
      else {
        this.#refused(connection, refuse('silent', `no answer to a ping for ${this.#options.pingMs} ms`));
        connection.terminate();
      }
    }
  }
}
