import type { IncomingMessage } from 'node:http';
import type { WebSocket } from 'ws';
import { wallNs } from '../../src/core/clock.ts';
import { Conformer } from '../messages/conform.ts';
import { timeFromNs } from '../messages/messages.ts';
import { globalName, longType } from '../messages/names.ts';
import { loadStandardTypes } from '../messages/types.ts';
import { type Allowed, allowed } from '../serving/allow.ts';
import { Listener, TOO_LARGE, type TurnedAway } from '../serving/listener.ts';
import { originOf } from '../serving/origin.ts';
import type { ServiceHandler } from '../serving/service.ts';
import { showsToken } from '../serving/token.ts';
import { TurnedAwayLog } from '../serving/turned-away.ts';
import { type Channel, Channels } from './channels.ts';
import { Client } from './client.ts';
import { ConnectionGraph } from './graph.ts';
import { leave, receive } from './operations.ts';
import { DEFAULTS, type FoxgloveCounters, type FoxgloveServerOptions } from './options.ts';
import { Parameters } from './parameters.ts';
import { type Capability, type Level, messageData, type ParameterValue, SUBPROTOCOLS, timeData } from './protocol.ts';
import { PUBLISH_ENCODINGS } from './publish.ts';
import { levelOf, noCounts, type Refusal, refuse } from './refusal.ts';
import type { Room } from './room.ts';
import { Services } from './services.ts';

/**
 * The live view: a server of the Foxglove websocket protocol, for Foxglove and Lichtblick. Loopback unless told otherwise.
 * A slow viewer is isolated (the newest message of each channel waits, others are dropped and counted), what a viewer
 * does wrong is counted, logged once and answered with a status, and nothing that a viewer sends ends the server.
 */
export class FoxgloveServer {
  readonly counters: FoxgloveCounters = {
    ...{ clients: 0, turnedAway: 0, malformed: 0, dropped: 0, failed: 0 },
    refused: noCounts(),
  };
  readonly #options: Required<FoxgloveServerOptions>;
  readonly #room: Room;
  readonly #listener: Listener;
  readonly #clients = new Set<Client>();
  /** A restart is another session: viewers then forget what they knew. */
  readonly #sessionId = String(wallNs());
  readonly #statuses = new Map<string, { level: Level; message: string }>();
  readonly #may: Allowed;
  readonly #turnedAway: TurnedAwayLog;
  #timeNs = Number.NaN;
  #pinging: NodeJS.Timeout | null = null;
  #nextId = 1;

  constructor(options: FoxgloveServerOptions) {
    this.#options = { ...DEFAULTS, ...options };
    const { name, allow, onMessage, callTimeoutMs, logger, clock } = this.#options;
    this.#turnedAway = new TurnedAwayLog(clock, (fields, message) => logger.warn(fields, message));
    this.#may = allowed(allow);
    const channels = new Channels();
    const services = new Services(callTimeoutMs);
    this.#room = {
      channels,
      services,
      graph: new ConnectionGraph(name, channels, services),
      parameters: new Parameters(),
      conformer: new Conformer(() => timeFromNs(wallNs())),
      mayPublish: onMessage === null || allow.publish.length === 0 ? null : (topic) => this.#may('publish', topic),
      onMessage: onMessage ?? (() => {}),
    };
    this.#listener = new Listener({
      ...this.#options,
      about: { protocol: SUBPROTOCOLS, server: { name: 'reflexarc' } },
      protocols: SUBPROTOCOLS,
      door: (request) => this.#door(request),
      onSocket: (socket, request) => this.#accept(socket, request),
    });
  }

  get clients(): readonly { id: number; dropped: number; malformed: number }[] {
    return [...this.#clients].map(({ id, outbox, malformed }) => ({ id, dropped: outbox.dropped, malformed }));
  }

  /** Messages that slow viewers did not get: those of viewers that have left, and of those that are there. */
  get dropped(): number {
    let { dropped } = this.counters;
    for (const { outbox } of this.#clients) dropped += outbox.dropped;
    return dropped;
  }

  /** @throws ReflexArcError RA_PORT_IN_USE when the address cannot be had, RA_CONFIG_INVALID for no usable certificate */
  async listen(): Promise<{ host: string; port: number }> {
    await loadStandardTypes();
    const address = await this.#listener.listen();
    this.#pinging = setInterval(() => this.#ping(), this.#options.pingMs).unref();
    return address;
  }

  /** A topic that viewers shall see before its first message; `by` whom and `to` whom it is, in the graph. */
  declare(topic: string, type: string, by: readonly string[], to: readonly string[]): void {
    const name = globalName(topic);
    this.#room.graph.declare(name, by, to);
    this.#channel(name, longType(type));
  }

  /** Whether anybody listens to the topic. */
  isWatched(topic: string): boolean {
    return (this.#room.channels.of(globalName(topic))?.subscribers.size ?? 0) > 0;
  }

  /**
   * Publishes to every viewer that listens; written once, and not at all when nobody does. `timeNs`: integer nanoseconds,
   * wall time or of the caller's clock. A topic that comes with another type than before is another channel.
   */
  publish(topic: string, type: string, message: unknown, timeNs: number, opts: { latch?: boolean } = {}): void {
    const name = globalName(topic);
    const channel = this.#channel(name, longType(type));
    if (channel === null || (channel.subscribers.size === 0 && opts.latch !== true)) return;
    let payload: Uint8Array;
    try {
      payload = channel.write(message);
    } catch (error) {
      if (this.counters.failed++ === 0) this.#options.logger.warn({ error: String(error) }, `cannot write ${name}`);
      return;
    }
    if (opts.latch === true) channel.latched = { timeNs, payload };
    const { id } = channel.info;
    for (const [client, subscription] of channel.subscribers)
      client.outbox.message(id, messageData(subscription, timeNs, payload));
  }

  /** The channel of a topic, made and told of if new; null where it may not be seen. */
  #channel(topic: string, type: string): Channel | null {
    const { channels } = this.#room;
    const found = channels.of(topic);
    if (found?.info.schemaName === type) return found;
    if (!this.#may('subscribe', topic)) return null;
    const channel = channels.add(topic, type);
    for (const client of this.#clients) {
      if (found !== undefined) client.say({ op: 'unadvertise', channelIds: [found.info.id] });
      client.say({ op: 'advertise', channels: [channel.info] });
    }
    this.#room.graph.changed();
    return channel;
  }

  /** The time of the caller's clock, integer nanoseconds; for a server of simulated time. */
  time(timeNs: number): void {
    this.#timeNs = timeNs;
    const frame = timeData(timeNs);
    for (const client of this.#clients) client.outbox.message(TIME_CHANNEL, frame);
  }

  /** What all viewers shall know until it is cleared, by its id. */
  setStatus(id: string, level: Level, message: string): void {
    const before = this.#statuses.get(id);
    if (before?.level === level && before.message === message) return;
    this.#statuses.set(id, { level, message });
    for (const client of this.#clients) client.status(level, message, id);
  }

  clearStatus(id: string): void {
    if (!this.#statuses.delete(id)) return;
    for (const client of this.#clients) client.say({ op: 'removeStatus', statusIds: [id] });
  }

  /** A parameter that viewers can read. Those that asked for it are told when its value is another one. */
  setParameter(name: string, value: ParameterValue): void {
    if (!this.#room.parameters.set(name, value)) return;
    for (const client of this.#clients)
      if (client.parameters.has(name)) client.say({ op: 'parameterValues', parameters: [{ name, value }] });
  }

  /**
   * `handler` answers with the response message; what it throws is answered as a failed call.
   * @throws Error for a type of which there is no definition
   */
  advertiseService(name: string, type: string, handler: ServiceHandler): void {
    const global = globalName(name);
    if (!this.#may('call', global)) return;
    const service = this.#room.services.add(global, type, handler);
    for (const client of this.#clients) if (client.mayAct) client.say({ op: 'advertiseServices', services: [service] });
    this.#room.graph.changed();
  }

  async close(): Promise<void> {
    if (this.#pinging !== null) clearInterval(this.#pinging);
    await this.#listener.close();
  }

  #door(request: IncomingMessage): TurnedAway | null {
    const { token, origins } = this.#options;
    const { origin, 'sec-websocket-protocol': offered = '' } = request.headers;
    const turnAway = (status: number, why: string): TurnedAway => {
      this.counters.turnedAway++;
      this.#turnedAway.say(`a viewer was turned away: ${why}`, { origin, offered });
      return { status, why };
    };
    // Who shows the token is known, wherever it comes from: no page can show it that was not told.
    if (token !== null && showsToken(request, token) !== true)
      return turnAway(401, 'the token is missing or wrong; allowed: ?token=… with the right one');
    if (token === null && originOf(origin, origins) === 'foreign')
      return turnAway(
        401,
        `origin ${origin} may not connect; allowed: pages of this machine, and those in ros_origins`,
      );
    const known = offered.split(',').some((name) => SUBPROTOCOLS.some((ours) => ours === name.trim()));
    if (!known) return turnAway(400, `subprotocol "${offered}"; allowed: ${SUBPROTOCOLS.join(', ')}`);
    return null;
  }

  #accept(socket: WebSocket, request: IncomingMessage): void {
    const { maxClients, origins, token } = this.#options;
    socket.on('error', () => {});
    if (this.#clients.size >= maxClients) {
      this.counters.turnedAway++;
      this.#turnedAway.say(`a viewer is one too many; allowed: ${maxClients}`);
      socket.close(1013, 'too many viewers');
      return;
    }
    this.counters.clients++;
    const mayAct = token !== null || originOf(request.headers.origin, origins) === 'known';
    const client = new Client(this.#nextId++, socket, mayAct, (stalled) => {
      this.#refused(stalled, refuse('stalled', 'it reads nothing, and what it must know piles up'));
      stalled.terminate();
    });
    socket.on('error', ({ code, message }: NodeJS.ErrnoException) => {
      if (code === TOO_LARGE) this.#refused(client, refuse('oversized', message));
      else if (code?.startsWith('WS_ERR')) this.#refused(client, refuse('bad_frame', message));
    });
    socket.on('pong', () => {
      client.alive = true;
    });
    socket.on('message', (data, binary) => {
      client.alive = true;
      receive(client, data as Buffer, binary, this.#room, (refusal) => this.#refused(client, refusal));
    });
    socket.on('close', () => {
      this.#clients.delete(client);
      this.counters.dropped += client.outbox.dropped;
      leave(client, this.#room);
    });
    this.#clients.add(client);
    this.#welcome(client);
  }

  /** What a viewer is told first: who we are and what can be done, then all that there is. */
  #welcome(client: Client): void {
    const { name, simulatedTime } = this.#options;
    const { channels, services, mayPublish } = this.#room;
    const offered = client.mayAct ? services.infos : [];
    const publishes = client.mayAct && mayPublish !== null;
    const capabilities: Capability[] = ['parameters', 'parametersSubscribe', 'connectionGraph'];
    if (offered.length > 0) capabilities.push('services');
    if (publishes) capabilities.push('clientPublish');
    if (simulatedTime) capabilities.push('time');
    client.say({
      op: 'serverInfo',
      name,
      capabilities,
      ...(publishes || offered.length > 0 ? { supportedEncodings: [...PUBLISH_ENCODINGS] } : {}),
      sessionId: this.#sessionId,
    });
    client.say({ op: 'advertise', channels: [...channels.all].map(({ info }) => info) });
    if (offered.length > 0) client.say({ op: 'advertiseServices', services: offered });
    for (const [id, { level, message }] of this.#statuses) client.status(level, message, id);
    if (simulatedTime && Number.isFinite(this.#timeNs)) client.outbox.message(TIME_CHANNEL, timeData(this.#timeNs));
  }

  /** Counted and answered always; said to the log the first time that this viewer does it. */
  #refused(client: Client, refusal: Refusal): void {
    const { kind, why } = refusal;
    this.counters.malformed++;
    this.counters.refused[kind]++;
    const first = client.count(kind);
    if (!refusal.answered && kind !== 'stalled') client.status(levelOf(refusal), why);
    if (first) this.#options.logger.warn({ viewer: client.id, kind }, `refused: ${why}`);
  }

  #ping(): void {
    for (const client of this.#clients) {
      if (client.alive) client.ping();
      else {
        this.#refused(client, refuse('silent', `no answer to a ping for ${this.#options.pingMs} ms`));
        client.terminate();
      }
    }
  }
}

/** The key of the time among what waits for a viewer: the newest wins there too. */
const TIME_CHANNEL = 0;
