import type { Ros } from 'roslib';
import type { RosGraph } from '../bridge.ts';
import type { Connection } from './connection.ts';
import { type RosVersion, spellIncoming, spellOutgoing, spellType } from './dialect.ts';
import { finite } from './finite.ts';
import { Subscription } from './subscription.ts';
import type { Expected } from './verify.ts';

type Handler = Parameters<RosGraph['onPublish']>[2];
type Service = Parameters<RosGraph['advertiseService']>[2];

export interface GraphOptions {
  /** The connection, not yet open. It is this graph's alone: nothing that is said here delays a command or a state. */
  connect(on: { up(ros: Ros): void; down(reason: string): void }): Connection;
  /** Whether the server has this message type. */
  knows(type: string): Promise<boolean>;
  /** Whether it has the types of this package: where not, what is of one is not published there, nor heard or answered. */
  found(pkg: string, known: boolean): void;
  /** All of ours has been said that could be: whether others have it in another type, nobody tells. */
  verify(ours: readonly Expected[]): void;
  malformed(topic: string, seen: string, allowed: string): void;
}

/** A server that is so far behind gets nothing more until it has read; what it misses is counted. */
const MAX_UNSENT_BYTES = 64 * 1024;
/** So many calls of one server may be in work; a further one is refused. */
const MAX_CALLS = 32;
/** Nobody tells who published: all of a graph are one. */
const SOMEBODY = { id: 0 };

/** Packages that come with every ROS. */
const STANDARD = new Set(['std_msgs', 'std_srvs', 'geometry_msgs', 'sensor_msgs', 'diagnostic_msgs']);

/**
 * Our place in the graph of a ROS system, through its rosbridge server: topics and services of ours, and topics that we
 * listen to. At each connection all of it is said anew, latched messages included; everything else that cannot go out at
 * once is dropped and counted.
 */
export class RosbridgeGraph implements RosGraph {
  /** Messages that did not go out: no connection, a server that does not read, or numbers that JSON does not have. */
  dropped = 0;
  /** And those of types that the server does not have: it was said once that they are missing. */
  unknown = 0;
  readonly #options: GraphOptions;
  readonly #connection: Connection;
  readonly #topics = new Map<string, { type: string; latch: boolean; last: unknown }>();
  readonly #handlers = new Map<string, { subscription: Subscription; handler: Handler }>();
  readonly #services = new Map<string, { type: string; handler: Service }>();
  /** By package: whether the server has its types; undefined while that is not known. */
  readonly #known = new Map<string, boolean>();
  #version: RosVersion = 2;
  #calls = 0;

  constructor(options: GraphOptions) {
    this.#options = options;
    this.#connection = options.connect({ up: (ros) => void this.#up(ros), down: () => this.#known.clear() });
  }

  /** Begins to connect; `version`: how the server spells. */
  open(version: RosVersion): void {
    this.#version = version;
    this.#connection.open();
  }

  close(): void {
    this.#connection.close();
  }

  advertise(topic: string, type: string, { latch = false } = {}): void {
    if (this.#topics.has(topic)) return;
    this.#topics.set(topic, { type, latch, last: undefined });
    if (this.#isKnown(type)) this.#advertise(topic);
  }

  publish(topic: string, type: string, message: unknown, opts: { latch?: boolean } = {}): void {
    this.advertise(topic, type, opts);
    const entry = this.#topics.get(topic)!;
    if (entry.latch) entry.last = message;
    if (this.#known.get(packageOf(type)) === false) this.unknown++;
    else if (!this.#isKnown(type) || this.#connection.unsentBytes > MAX_UNSENT_BYTES) this.dropped++;
    else this.#say(topic, message);
  }

  onPublish(topic: string, type: string, handler: Handler): void {
    // In order, each one: a person's words are few.
    const subscription = new Subscription({ topic, type, how: { queue_length: 10 } });
    this.#handlers.set(topic, { subscription, handler });
    const { ros } = this.#connection;
    if (ros !== null && this.#isKnown(type)) this.#subscribe(ros, topic);
  }

  advertiseService(name: string, type: string, handler: Service): void {
    this.#services.set(name, { type, handler });
    const { ros } = this.#connection;
    if (ros !== null && this.#isKnown(type)) this.#offer(ros, name);
  }

  /** First what every ROS has, at once; then, package by package, what the server turns out to have. */
  async #up(ros: Ros): Promise<void> {
    const types = [
      ...[...this.#topics.values()].map(({ type }) => type),
      ...[...this.#handlers.values()].map(({ subscription }) => subscription.type),
    ];
    for (const pkg of STANDARD) this.#known.set(pkg, true);
    this.#sayAll(ros, (pkg) => STANDARD.has(pkg));
    const services = [...this.#services.values()].map(({ type }) => type);
    for (const pkg of new Set([...types, ...services].map(packageOf))) {
      if (STANDARD.has(pkg)) continue;
      const one = types.find((type) => packageOf(type) === pkg);
      // Of a package with services only there is nothing to ask about.
      const known = one === undefined || (await this.#options.knows(one));
      if (this.#connection.ros !== ros) return;
      this.#known.set(pkg, known);
      this.#options.found(pkg, known);
      if (known) this.#sayAll(ros, (one) => one === pkg);
    }
    this.#options.verify([
      ...[...this.#topics].map(([topic, { type }]) => ({ topic, type, role: 'listens' }) as const),
      ...[...this.#handlers].map(
        ([
          topic,
          {
            subscription: { type },
          },
        ]) => ({ topic, type, role: 'listens' }) as const,
      ),
      ...[...this.#services].map(([topic, { type }]) => ({ topic, type, role: 'serves' }) as const),
    ]);
  }

  #sayAll(ros: Ros, of: (pkg: string) => boolean): void {
    for (const [topic, { type }] of this.#topics) if (of(packageOf(type))) this.#advertise(topic);
    for (const [topic, { subscription }] of this.#handlers)
      if (of(packageOf(subscription.type))) this.#subscribe(ros, topic);
    for (const [name, { type }] of this.#services) if (of(packageOf(type))) this.#offer(ros, name);
  }

  #isKnown(type: string): boolean {
    return this.#connection.ros !== null && this.#known.get(packageOf(type)) === true;
  }

  #advertise(topic: string): void {
    const { type, latch, last } = this.#topics.get(topic)!;
    const durability = latch ? 'transient_local' : 'volatile';
    const qos = { history: 'keep_last', depth: latch ? 1 : 10, reliability: 'reliable', durability };
    this.#connection.send({
      op: 'advertise',
      topic,
      type: spellType(type, this.#version),
      latch,
      queue_size: qos.depth,
      ...(this.#version === 2 ? { qos } : {}),
    });
    if (last !== undefined) this.#say(topic, last);
  }

  #say(topic: string, message: unknown): void {
    const msg = finite(message);
    if (msg === null) this.dropped++;
    else this.#connection.send({ op: 'publish', topic, msg: spellOutgoing(msg, this.#version) });
  }

  #subscribe(ros: Ros, topic: string): void {
    const { subscription, handler } = this.#handlers.get(topic)!;
    subscription.define(this.#version);
    ros.on(topic, (operation) => {
      const { op, msg } = operation as unknown as { op: string; msg?: unknown };
      if (op !== 'publish') return;
      const { message, fault } = subscription.read(msg);
      if (fault === null) handler(message, SOMEBODY);
      else this.#options.malformed(topic, `${topic}: ${fault.field} is ${fault.seen}`, fault.allowed);
    });
    this.#connection.send(subscription.operation(this.#version));
  }

  #offer(ros: Ros, name: string): void {
    const { type, handler } = this.#services.get(name)!;
    ros.on(name, (operation) => {
      const { op, id, args } = operation as unknown as { op: string; id?: unknown; args?: unknown };
      if (op !== 'call_service') return;
      const answer = (result: boolean, values: unknown) => {
        // An answer belongs to the connection on which it was asked for.
        if (this.#connection.ros !== ros) return;
        const spelt = spellOutgoing(values, this.#version);
        this.#connection.send({ op: 'service_response', id, service: name, values: spelt, result });
      };
      if (this.#calls >= MAX_CALLS) return answer(false, `more than ${MAX_CALLS} calls unanswered`);
      this.#calls++;
      if (typeof args === 'object' && args !== null) spellIncoming(args as Record<string, unknown>, false);
      const run = async () => handler(args ?? {});
      void run()
        .then(
          (values) => answer(true, values ?? {}),
          (error: unknown) => answer(false, error instanceof Error ? error.message : String(error)),
        )
        .finally(() => this.#calls--);
    });
    this.#connection.send({ op: 'advertise_service', service: name, type: spellType(type, this.#version, 'srv') });
  }
}

const packageOf = (type: string): string => type.split('/')[0]!;
