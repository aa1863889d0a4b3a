import { parse } from '@foxglove/rosmsg';
import { cdrWriter } from '../messages/cdr-writer.ts';

/** A message as it stands in a log. */
export interface Encoded {
  readonly topic: string;
  readonly type: string;
  /** .msg text of the type. */
  readonly definition: string;
  /** Counts the messages of the topic that were encoded, whatever file they go to: a gap is a message that is not there. */
  readonly sequence: number;
  readonly logTime: bigint;
  readonly publishTime: bigint;
  /** CDR */
  readonly data: Uint8Array;
}

interface Channel {
  readonly definition: string;
  readonly encode: (message: unknown) => Uint8Array;
  sequence: number;
}

/** Encodes messages of any topic to CDR, by the definitions of their types. */
export class Channels {
  readonly #definitionOf: (type: string) => string;
  /** By topic and type; null for a type that cannot be written. */
  readonly #channels = new Map<string, Channel | null>();

  /** `definitionOf`: .msg text of a type, see bridges/messages/definitions.ts. Throws for a type that it does not know. */
  constructor(definitionOf: (type: string) => string) {
    this.#definitionOf = definitionOf;
  }

  /**
   * Null for a type that was found to be unknown before. Times are integer nanoseconds.
   * @throws Error for a type that is unknown, RangeError for a time or TypeError for a message that cannot be written
   */
  encode(
    topic: string,
    type: string,
    message: unknown,
    logTimeNs: number | bigint,
    publishTimeNs: number | bigint,
  ): Encoded | null {
    const channel = this.#channel(topic, type);
    if (channel === null) return null;
    const logTime = nanoseconds(logTimeNs);
    const publishTime = nanoseconds(publishTimeNs);
    const data = channel.encode(message);
    return { topic, type, definition: channel.definition, sequence: channel.sequence++, logTime, publishTime, data };
  }

  #channel(topic: string, type: string): Channel | null {
    const key = `${topic}\n${type}`;
    const known = this.#channels.get(key);
    if (known !== undefined) return known;
    this.#channels.set(key, null);
    const definition = this.#definitionOf(type);
    const channel = { definition, encode: cdrWriter(parse(definition, { ros2: true })), sequence: 0 };
    this.#channels.set(key, channel);
    return channel;
  }
}

/** @throws RangeError for what is no time of a log */
function nanoseconds(time: number | bigint): bigint {
  const ns = typeof time === 'bigint' ? time : BigInt(Math.round(time));
  if (ns < 0n || ns >= 1n << 64n) throw new RangeError(`${time} is not a time in nanoseconds`);
  return ns;
}
