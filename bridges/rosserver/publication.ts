import { wallNs } from '../../src/core/clock.ts';
import { encodeCbor, encodePublication } from '../messages/cbor-writer.ts';
import { stringifyExact } from '../messages/json.ts';
import { pngOfText } from '../messages/png.ts';
import { rawWriter } from '../messages/raw-writer.ts';
import { type Shape, shapeOf } from '../messages/shape.ts';

/** From the one that says least to the one that wins where a client has several subscriptions to a topic. */
export const ENCODINGS = ['none', 'png', 'cbor', 'cbor-raw'] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** One websocket message. */
export interface Packet {
  readonly bytes: Buffer;
  readonly binary: boolean;
}

/**
 * One message on its way to the subscribers of a topic. It is written once in each encoding, at the first who wants it;
 * each client gets the topic's name as it wrote it, since client libraries find their listener by it. NaN and infinities
 * go out as `null` in JSON, as rosbridge sends them, and as what they are in the others.
 */
export class Publication {
  readonly topic: string;
  /** Long spelling; empty where nobody gave one. */
  readonly type: string;
  readonly #message: unknown;
  #body: string | null;
  readonly #packets = new Map<Encoding, Packet>();

  /** `text`: the message as JSON, where it is at hand. */
  constructor(topic: string, type: string, message: unknown, text: string | null = null) {
    this.topic = topic;
    this.type = type;
    this.#message = message;
    this.#body = text;
  }

  /** The message as JSON. */
  get body(): string {
    this.#body ??= stringifyExact(this.#message, this.#shape?.hasBytes ? bytesAsText : undefined) ?? 'null';
    return this.#body;
  }

  /**
   * The whole operation. `spelling`: the topic's name as the receiver knows it.
   * @throws TypeError, RangeError for a message that cannot be written in this encoding
   */
  packet(spelling: string, encoding: Encoding): Packet {
    if (spelling !== this.topic) return this.#write(spelling, encoding);
    let packet = this.#packets.get(encoding);
    if (packet === undefined) {
      packet = this.#write(spelling, encoding);
      this.#packets.set(encoding, packet);
    }
    return packet;
  }

  #write(topic: string, encoding: Encoding): Packet {
    switch (encoding) {
      case 'none':
        return { bytes: Buffer.from(this.#text(topic)), binary: false };
      case 'png':
        return { bytes: Buffer.from(pngOperation(this.#text(topic))), binary: false };
      case 'cbor':
        return { bytes: encodePublication(topic, this.#message, this.#shape), binary: true };
      case 'cbor-raw':
        return { bytes: this.#raw(topic), binary: true };
    }
  }

  #text(topic: string): string {
    return `{"op":"publish","topic":${JSON.stringify(topic)},"msg":${this.body}}`;
  }

  get #shape(): Shape | null {
    return shapeOf(this.type);
  }

  #raw(topic: string): Buffer {
    const write = rawWriter(this.type);
    if (write === null) throw new TypeError(`${topic}: no definition of ${this.type}`);
    const ns = wallNs();
    const secs = Math.floor(ns / 1e9);
    return encodeCbor({
      op: 'publish',
      topic,
      msg: { secs, nsecs: Math.floor(ns - secs * 1e9), bytes: write(this.#message) },
    });
  }
}

/** A `png` operation that holds another one. */
export const pngOperation = (text: string) => JSON.stringify({ op: 'png', data: pngOfText(text).toString('base64') });

/** Bytes as base64, as rosbridge writes them. The holder has them as they are; a Buffer writes itself otherwise. */
function bytesAsText(this: Record<string, unknown>, key: string, value: unknown): unknown {
  const held = this[key];
  return held instanceof Uint8Array
    ? Buffer.from(held.buffer, held.byteOffset, held.byteLength).toString('base64')
    : value;
}
