import { globalName, longType } from '../messages/names.ts';
import type { ServiceHandler } from '../serving/service.ts';
import type { Connection } from './connection.ts';
import type { Feed } from './feed.ts';
import type { Publication } from './publication.ts';
import { type Refusal, refuse } from './refusal.ts';

export type Handler = (message: unknown, client: { id: number }) => void;
export interface ServiceEntry {
  /** Global name. */
  readonly name: string;
  readonly type: string;
  readonly handler: ServiceHandler;
  /** The client that offers it; null for one of ours. */
  readonly provider: Connection | null;
}

export interface TopicEntry {
  readonly topic: string;
  /** Long spelling; empty while it is only subscribed without a type. */
  type: string;
  /** Published or handled by the process that runs this server: its type cannot be changed by a client. */
  ours: boolean;
  /** Said to be published by that process, which may only listen. */
  published: boolean;
  /** Last message of a latched topic: what a late subscriber gets first. */
  latched: Publication | null;
  readonly handlers: Handler[];
  readonly feeds: Set<Feed>;
  /** The clients that publish here. */
  readonly advertisers: Set<Connection>;
}

/** A topic name may be so long. */
const MAX_NAME = 256;
/** So many services of clients. */
const MAX_SERVICES = 1000;

/** Topics and services that exist. What only clients brought is bounded, and goes when the last of them does. */
export class Registry {
  readonly topics = new Map<string, TopicEntry>();
  readonly services = new Map<string, ServiceEntry>();
  readonly #maxTopics: number;
  #foreign = 0;
  #foreignServices = 0;

  constructor(maxTopics: number) {
    this.#maxTopics = maxTopics;
  }

  /** The entry of a topic that we publish. */
  claimToPublish(name: string, type: string): TopicEntry {
    const entry = this.claim(name, type);
    entry.published = true;
    return entry;
  }

  /** The entry of a topic of ours, made if new. A type that a client gave it before gives way. */
  claim(name: string, type: string): TopicEntry {
    const topic = globalName(name);
    const long = longType(type);
    let entry = this.topics.get(topic);
    if (entry?.ours && entry.type !== long) throw new Error(`topic ${topic} is ${entry.type}, not ${long}`);
    if (entry === undefined) {
      entry = makeEntry(topic, long);
      this.topics.set(topic, entry);
    } else if (!entry.ours) this.#foreign--;
    entry.type = long;
    entry.ours = true;
    return entry;
  }

  /** The entry of a topic for a client, made if new. */
  open(name: string, type: string): TopicEntry | Refusal {
    const topic = globalName(name);
    const long = longType(type);
    const found = this.topics.get(topic);
    if (found !== undefined) {
      if (found.type === '') found.type = long;
      return long === '' || long === found.type
        ? found
        : refuse('type_conflict', `topic ${topic} is ${found.type}, not ${long}`);
    }
    if (topic.length > MAX_NAME || long.length > MAX_NAME)
      return refuse('limit', `a name of more than ${MAX_NAME} characters`);
    if (this.#foreign >= this.#maxTopics) return refuse('limit', `no more than ${this.#maxTopics} topics`);
    const entry = makeEntry(topic, long);
    this.topics.set(topic, entry);
    this.#foreign++;
    return entry;
  }

  /** Forgets a topic that nobody publishes, handles or listens to any longer. */
  release(topic: string): void {
    const entry = this.topics.get(topic);
    if (entry === undefined || entry.ours) return;
    if (entry.advertisers.size === 0) entry.latched = null;
    if (entry.advertisers.size > 0 || entry.feeds.size > 0) return;
    this.topics.delete(topic);
    this.#foreign--;
  }

  /** Offers a service of ours. */
  offer(name: string, type: string, handler: ServiceHandler): void {
    const global = globalName(name);
    this.services.set(global, { name: global, type: longType(type, 'srv'), handler, provider: null });
  }

  /** Offers a service of a client. It takes the place of an earlier one of the same client, of nobody else's. */
  provide(name: string, type: string, provider: Connection, handler: ServiceHandler): Refusal | null {
    const global = globalName(name);
    const found = this.services.get(global);
    if (found !== undefined && found.provider !== provider)
      return refuse('type_conflict', `service ${global} is offered already`);
    if (global.length > MAX_NAME || type.length > MAX_NAME)
      return refuse('limit', `a name of more than ${MAX_NAME} characters`);
    if (found === undefined && this.#foreignServices++ >= MAX_SERVICES) {
      this.#foreignServices--;
      return refuse('limit', `no more than ${MAX_SERVICES} services of clients`);
    }
    this.services.set(global, { name: global, type: longType(type, 'srv'), handler, provider });
    return null;
  }

  /** Takes a service of a client back. False when it is none of that client's. */
  withdraw(name: string, provider: Connection): boolean {
    const global = globalName(name);
    if (this.services.get(global)?.provider !== provider) return false;
    this.services.delete(global);
    this.#foreignServices--;
    return true;
  }
}

function makeEntry(topic: string, type: string): TopicEntry {
  return {
    topic,
    type,
    ours: false,
    published: false,
    latched: null,
    handlers: [],
    feeds: new Set(),
    advertisers: new Set(),
  };
}
