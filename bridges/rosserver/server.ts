import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '../../src/core/clock.ts';
import { wallNs } from '../../src/core/clock.ts';
import { ReflexArcError } from '../../src/core/errors.ts';
import { Connection } from './connection.ts';
import { type Handler, longType, Registry, type ServiceHandler, type TopicEntry } from './registry.ts';
import { rosapi } from './rosapi.ts';

export interface RosServerOptions {
  host?: string;
  /** 0 takes a free one. */
  port: number;
  clock: Clock;
  maxMessageBytes?: number;
  maxClients?: number;
}

/**
 * An embedded rosbridge v2 server: ROS tools and the simulated robot meet here. Loopback unless told otherwise. A slow
 * client is isolated (its messages are dropped and counted), a malformed message is counted and answered with a status,
 * and nothing a client sends ends the server.
 */
export class RosServer {
  readonly #options: Required<RosServerOptions>;
  readonly #registry = new Registry();
  readonly #connections = new Set<Connection>();
  #server: WebSocketServer | null = null;
  #nextId = 1;

  constructor(options: RosServerOptions) {
    this.#options = { host: '127.0.0.1', maxMessageBytes: 10_000_000, maxClients: 64, ...options };
    for (const [name, service] of rosapi(this.#registry, wallNs)) this.#registry.services.set(name, service);
  }

  get clients(): readonly { id: number; dropped: number; malformed: number }[] {
    return [...this.#connections].map(({ id, dropped, malformed }) => ({ id, dropped, malformed }));
  }

  /** @throws ReflexArcError RA_PORT_IN_USE */
  async listen(): Promise<{ host: string; port: number }> {
    const { host, port, maxMessageBytes } = this.#options;
    const server = new WebSocketServer({ host, port, perMessageDeflate: false, maxPayload: maxMessageBytes });
    await new Promise<void>((resolve, reject) => {
      server.once('listening', resolve);
      server.once('error', (cause: NodeJS.ErrnoException) =>
        reject(
          new ReflexArcError('RA_PORT_IN_USE', {
            seen: `${host}:${port}: ${cause.code}`,
            allowed: 'a free port',
            cause,
          }),
        ),
      );
    });
    server.on('error', () => {});
    server.on('connection', (socket, request) => {
      request.socket.setNoDelay(true);
      this.#accept(socket);
    });
    this.#server = server;
    return { host, port: (server.address() as { port: number }).port };
  }

  /** Publishes to every subscriber; serialised once. NaN and infinities go out as `null`, as rosbridge does. */
  publish(topic: string, type: string, message: unknown, opts: { latch?: boolean } = {}): void {
    const entry = this.#registry.topic(topic, type);
    if (typeof entry === 'string') throw new Error(entry);
    this.#distribute(entry, message, opts.latch === true, { id: 0 }, false);
  }

  /** Calls `handler` for every message that a client publishes on the topic. */
  onPublish(topic: string, type: string, handler: Handler): void {
    const entry = this.#registry.topic(topic, type);
    if (typeof entry === 'string') throw new Error(entry);
    entry.handlers.push(handler);
  }

  advertiseService(name: string, type: string, handler: ServiceHandler): void {
    this.#registry.services.set(name, { type: longType(type, 'srv'), handler });
  }

  async close(): Promise<void> {
    for (const connection of this.#connections) connection.terminate();
    const server = this.#server;
    this.#server = null;
    if (server !== null) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  #accept(socket: WebSocket): void {
    if (this.#connections.size >= this.#options.maxClients) {
      socket.close(1013, 'too many clients');
      return;
    }
    const connection = new Connection(this.#nextId++, socket);
    this.#connections.add(connection);
    socket.on('error', () => {});
    socket.on('close', () => this.#connections.delete(connection));
    socket.on('message', (data: RawData) => this.#receive(connection, data));
  }

  #receive(from: Connection, data: RawData): void {
    let op: Record<string, unknown>;
    try {
      op = JSON.parse(String(data));
    } catch {
      from.malformed++;
      from.status('error', undefined, `not JSON: ${String(data).slice(0, 80)}`);
      return;
    }
    const why = typeof op === 'object' && op !== null ? this.#carryOut(from, op) : 'not an object';
    if (why === '') return;
    from.malformed++;
    from.status('error', op?.id, why);
  }

  /** Empty when carried out, otherwise what was wrong. */
  #carryOut(from: Connection, op: Record<string, unknown>): string {
    const topic = typeof op.topic === 'string' ? op.topic : '';
    const type = typeof op.type === 'string' ? op.type : '';
    switch (op.op) {
      case 'subscribe':
        return this.#subscribe(from, op, topic, type);
      case 'unsubscribe':
        from.unsubscribe(topic, op.id);
        return '';
      case 'advertise': {
        if (topic === '' || type === '') return 'advertise needs topic and type';
        const entry = this.#registry.topic(topic, type);
        if (typeof entry === 'string') return entry;
        from.advertised.add(topic);
        return '';
      }
      case 'unadvertise':
        from.advertised.delete(topic);
        return '';
      case 'publish':
        return this.#published(from, op, topic);
      case 'call_service':
        void this.#call(from, op);
        return '';
      case 'set_level':
        return from.setLevel(op.level) ? '' : `level ${String(op.level)}; allowed: none, error, warning, info`;
      default:
        return `op ${String(op.op)} is not known here`;
    }
  }

  #subscribe(from: Connection, op: Record<string, unknown>, topic: string, type: string): string {
    if (topic === '') return 'subscribe needs a topic';
    if (op.compression !== undefined && op.compression !== 'none')
      return `compression ${String(op.compression)}; allowed: none`;
    const entry = this.#registry.topic(topic, type);
    if (typeof entry === 'string') return entry;
    const throttleMs = typeof op.throttle_rate === 'number' ? op.throttle_rate : 0;
    const subscription = {
      id: typeof op.id === 'string' ? op.id : undefined,
      throttleNs: throttleMs * 1e6,
      sentNs: Number.NEGATIVE_INFINITY,
    };
    const before = from.subscriptions.get(topic) ?? [];
    from.subscriptions.set(topic, [
      ...before.filter((s) => s.id !== subscription.id || s.id === undefined),
      subscription,
    ]);
    if (entry.latched !== null) from.send(entry.latched);
    return '';
  }

  #published(from: Connection, op: Record<string, unknown>, topic: string): string {
    const entry = this.#registry.topics.get(topic);
    if (entry === undefined || entry.type === '') return `topic ${topic} is not advertised`;
    if (typeof op.msg !== 'object' || op.msg === null) return `msg of ${topic} is not an object`;
    this.#distribute(entry, op.msg, op.latch === true, from, true);
    return '';
  }

  #distribute(entry: TopicEntry, message: unknown, latch: boolean, from: { id: number }, fromClient: boolean): void {
    let text: string | null = null;
    const serialised = () => {
      text ??= JSON.stringify({ op: 'publish', topic: entry.topic, msg: message });
      return text;
    };
    if (latch) entry.latched = serialised();
    if (fromClient) for (const handler of entry.handlers) handler(message, from);
    const nowNs = this.#options.clock.nowNs();
    for (const connection of this.#connections) {
      if (connection.subscriptions.has(entry.topic)) connection.deliver(entry.topic, serialised(), nowNs);
    }
  }

  async #call(from: Connection, op: Record<string, unknown>): Promise<void> {
    const name = String(op.service);
    const answer = (values: unknown, result: boolean) =>
      from.send(
        JSON.stringify({
          op: 'service_response',
          service: name,
          values,
          result,
          ...(op.id === undefined ? {} : { id: op.id }),
        }),
      );
    const service = this.#registry.services.get(name);
    if (service === undefined) {
      answer(`Service ${name} does not exist`, false);
      return;
    }
    try {
      answer((await service.handler(op.args ?? {})) ?? {}, true);
    } catch (error) {
      answer((error as Error).message, false);
    }
  }
}
