import type { Connection } from './connection.ts';
import type { Feed } from './feed.ts';
import { globalName, longType, type Publication } from './publication.ts';

export type Handler = (message: unknown, client: { id: number }) => void;
export type ServiceHandler = (args: unknown) => unknown | Promise<unknown>;
export interface ServiceEntry {
  readonly type: string;
  readonly handler: ServiceHandler;
}

export interface TopicEntry {
  readonly topic: string;
  /** Long spelling; empty while it is only subscribed without a type. */
  type: string;
  /** Published or handled by the process that runs this server: its type cannot be changed by a client. */
  ours: boolean;
  /** Last message of a latched topic: what a late subscriber gets first. */
  latched: Publication | null;
  readonly handlers: Handler[];
  readonly feeds: Set<Feed>;
  /** The clients that publish here. */
  readonly advertisers: Set<Connection>;
}

/** A topic name may be so long. */
const MAX_NAME = 256;

/** Topics and services that exist. What only clients brought is bounded, and goes when the last of them does. */
export class Registry {
  readonly topics = new Map<string, TopicEntry>();
  readonly services = new Map<string, ServiceEntry>();
  readonly #maxTopics: number;
  #foreign = 0;

  constructor(maxTopics: number) {
    this.#maxTopics = maxTopics;
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

  /** The entry of a topic for a client, made if new. A string says why not: another type, a bad name, too many topics. */
  open(name: string, type: string): TopicEntry | string {
    const topic = globalName(name);
    const long = longType(type);
    const found = this.topics.get(topic);
    if (found !== undefined) {
      if (found.type === '') found.type = long;
      return long === '' || long === found.type ? found : `topic ${topic} is ${found.type}, not ${long}`;
    }
    if (topic.length > MAX_NAME || long.length > MAX_NAME) return `a name of more than ${MAX_NAME} characters`;
    if (this.#foreign >= this.#maxTopics) return `no more than ${this.#maxTopics} topics`;
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

  offer(name: string, type: string, handler: ServiceHandler): void {
    this.services.set(globalName(name), { type: longType(type, 'srv'), handler });
  }
}

function makeEntry(topic: string, type: string): TopicEntry {
  return { topic, type, ours: false, latched: null, handlers: [], feeds: new Set(), advertisers: new Set() };
}
