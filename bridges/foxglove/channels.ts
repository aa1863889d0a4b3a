import { cdrWriter } from '../messages/cdr-writer.ts';
import { definitionsFor, textOf } from '../messages/types.ts';
import type { Client } from './client.ts';
import type { ChannelInfo } from './protocol.ts';

export interface Channel {
  /** As it is advertised. */
  readonly info: ChannelInfo;
  /** Throws for a message that is none of its type. */
  readonly write: (message: unknown) => Uint8Array;
  /** Subscription id of each client that listens. */
  readonly subscribers: Map<Client, number>;
  /** What a late subscriber gets first. */
  latched: { timeNs: number; payload: Uint8Array } | null;
}

/** Topics as channels, one a topic. Types that we have a definition of are CDR with their .msg text, others plain JSON. */
export class Channels {
  readonly #byTopic = new Map<string, Channel>();
  readonly #byId = new Map<number, Channel>();
  #nextId = 1;

  get all(): Iterable<Channel> {
    return this.#byId.values();
  }

  of(topic: string): Channel | undefined {
    return this.#byTopic.get(topic);
  }

  withId(id: number): Channel | undefined {
    return this.#byId.get(id);
  }

  /** `type` in long spelling. A channel that the topic had before is no longer found. */
  add(topic: string, type: string): Channel {
    const id = this.#nextId++;
    const before = this.#byTopic.get(topic);
    if (before !== undefined) this.#byId.delete(before.info.id);
    const definitions = definitionsFor(type);
    const made: Channel =
      definitions === null
        ? { info: { id, topic, encoding: 'json', schemaName: type, schema: '' }, write: writeJson, ...fresh() }
        : {
            info: { id, topic, encoding: 'cdr', schemaName: type, schemaEncoding: 'ros2msg', schema: textOf(type) },
            write: cdrWriter(definitions),
            ...fresh(),
          };
    this.#byTopic.set(topic, made);
    this.#byId.set(id, made);
    return made;
  }
}

const fresh = () => ({ subscribers: new Map<Client, number>(), latched: null });
const writeJson = (message: unknown) => Buffer.from(JSON.stringify(message) ?? 'null');
