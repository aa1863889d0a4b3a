import type { Channels } from './channels.ts';
import type { Client } from './client.ts';
import type { GraphUpdate } from './protocol.ts';
import type { Services } from './services.ts';

type Ids = ReadonlyMap<string, readonly string[]>;

/** Who publishes and who listens, by topic, and who offers, by service. */
export interface Graph {
  readonly publishers: Ids;
  readonly subscribers: Ids;
  readonly providers: Ids;
}

const EMPTY: Graph = { publishers: new Map(), subscribers: new Map(), providers: new Map() };

/** The connection graph of a server, for the viewers that asked to be told of it. */
export class ConnectionGraph {
  readonly #name: string;
  readonly #channels: Channels;
  readonly #services: Services;
  readonly #publishers = new Map<string, readonly string[]>();
  readonly #readers = new Map<string, readonly string[]>();
  /** What each of them knows. */
  readonly #known = new Map<Client, Graph>();

  /** `name`: of the publisher of all topics, and provider of all services, of which nothing else is said. */
  constructor(name: string, channels: Channels, services: Services) {
    this.#name = name;
    this.#channels = channels;
    this.#services = services;
  }

  /** Who publishes a topic and who reads it, besides viewers. */
  declare(topic: string, publishers: readonly string[], readers: readonly string[]): void {
    this.#publishers.set(topic, publishers);
    this.#readers.set(topic, readers);
  }

  subscribe(client: Client): void {
    if (!this.#known.has(client)) this.#known.set(client, EMPTY);
    this.changed();
  }

  unsubscribe(client: Client): void {
    this.#known.delete(client);
  }

  /** Tells whoever asked what has changed since it was told last. */
  changed(): void {
    if (this.#known.size === 0) return;
    const now = this.#now();
    for (const [client, known] of this.#known) {
      const update = graphUpdate(known, now);
      this.#known.set(client, now);
      if (update !== null) client.say({ op: 'connectionGraphUpdate', ...update });
    }
  }

  #now(): Graph {
    const [publishers, subscribers] = [new Map<string, readonly string[]>(), new Map<string, readonly string[]>()];
    for (const { info, subscribers: viewers } of this.#channels.all) {
      publishers.set(info.topic, this.#publishers.get(info.topic) ?? [this.#name]);
      const readers = this.#readers.get(info.topic) ?? [];
      subscribers.set(info.topic, [...readers, ...[...viewers.keys()].map((viewer) => viewer.name)]);
    }
    return {
      publishers,
      subscribers,
      providers: new Map(this.#services.infos.map((service) => [service.name, [this.#name]])),
    };
  }
}

/** What leads from one graph to the next; null where nothing does. */
export function graphUpdate(from: Graph, to: Graph): GraphUpdate | null {
  const gone = (before: Ids, now: Ids) => [...before.keys()].filter((name) => !now.has(name));
  const update: GraphUpdate = {
    publishedTopics: changes(from.publishers, to.publishers).map(([name, publisherIds]) => ({ name, publisherIds })),
    subscribedTopics: changes(from.subscribers, to.subscribers).map(([name, subscriberIds]) => ({
      name,
      subscriberIds,
    })),
    advertisedServices: changes(from.providers, to.providers).map(([name, providerIds]) => ({ name, providerIds })),
    removedTopics: gone(from.publishers, to.publishers),
    removedServices: gone(from.providers, to.providers),
  };
  return Object.values(update).every((list) => list.length === 0) ? null : update;
}

/** Names that are new, or that have other ids than before. */
function changes(from: Ids, to: Ids): [string, string[]][] {
  return [...to].flatMap(([name, ids]): [string, string[]][] => {
    const before = from.get(name);
    return before?.length === ids.length && before.every((id, i) => id === ids[i]) ? [] : [[name, [...ids]]];
  });
}
