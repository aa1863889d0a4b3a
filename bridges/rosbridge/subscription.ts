import type { SubscriptionConfig } from '../../src/core/bridge-schema.ts';
import { definitions } from '../messages/definitions.ts';
import { type RosVersion, spellIncoming, spellType } from './dialect.ts';
import { has64Bits, hasFlatTimes } from './fields.ts';
import { type ReadRaw, rawReader } from './raw.ts';
import { type Fault, validate } from './validate.ts';

export interface TopicRef {
  topic: string;
  /** Long spelling, `pkg/msg/Type`. */
  type: string;
  /** How it is subscribed; what the config says of the topic by name comes before it. */
  how?: SubscriptionConfig;
}

/** Large by their nature: where nothing else is said they do not come over the connection for states. */
export const BULKY: ReadonlySet<string> = new Set([
  'sensor_msgs/msg/Image',
  'sensor_msgs/msg/CompressedImage',
  'sensor_msgs/msg/PointCloud2',
]);

/** Every message, as JSON, the newest first. */
const DEFAULTS = { compression: 'none', throttle_ms: 0, queue_length: 1, sporadic: false } as const;
type How = Omit<SubscriptionConfig, keyof typeof DEFAULTS | 'bulky'> &
  Required<Pick<SubscriptionConfig, keyof typeof DEFAULTS | 'bulky'>>;

export interface Read {
  readonly message: unknown;
  readonly fault: Fault | null;
  /** The dialect that its times were spelt in; 0 when there was nothing to tell it by. */
  readonly met: RosVersion | 0;
}

/** One topic that we listen to: how it is asked for, and how its messages are read. */
export class Subscription {
  readonly topic: string;
  readonly type: string;
  readonly how: How;
  /** Its integers may be beyond ±2^53; so it is taken to be where we have no definition. */
  readonly exact: boolean;
  readonly #flat: boolean;
  /** Reused for every message. */
  readonly #read: { -readonly [K in keyof Read]: Read[K] } = { message: null, fault: null, met: 0 };
  #raw: ReadRaw | null = null;

  constructor({ topic, type, how }: TopicRef, config: SubscriptionConfig = {}) {
    this.topic = topic;
    this.type = type;
    this.how = { ...DEFAULTS, bulky: BULKY.has(type), ...how, ...config };
    const text = definitions.get(type);
    this.exact = text === undefined || has64Bits(text);
    this.#flat = hasFlatTimes(type);
  }

  /** True when messages come as ROS's own bytes and we have no definition to read them by. */
  get lacksDefinition(): boolean {
    return this.how.compression === 'cbor-raw' && this.#raw === null;
  }

  /** Makes the reader of raw messages. @throws Error for a definition that cannot be read */
  define(version: RosVersion, foreign?: string): void {
    if (this.how.compression === 'cbor-raw') this.#raw = rawReader(this.type, version, foreign);
  }

  /** What is sent to the server to have it. */
  operation(version: RosVersion): object {
    const { compression, throttle_ms, queue_length, fragment_bytes, qos } = this.how;
    return {
      op: 'subscribe',
      topic: this.topic,
      type: spellType(this.type, version),
      queue_length,
      throttle_rate: throttle_ms,
      ...(compression === 'none' ? {} : { compression }),
      ...(fragment_bytes === undefined ? {} : { fragment_size: fragment_bytes }),
      ...(version === 2 && qos !== undefined ? { qos } : {}),
    };
  }

  /**
   * Hot: each message passes here. It was parsed once, by the transport; it is respelt and checked in place. The answer
   * is reused.
   */
  read(msg: unknown): Read {
    const read = this.#read;
    read.message = msg;
    read.met = 0;
    read.fault = null;
    if (this.how.compression === 'cbor-raw') read.fault = this.#readRaw(msg);
    if (read.fault !== null) return read;
    if (typeof read.message === 'object' && read.message !== null)
      read.met = spellIncoming(read.message as Record<string, unknown>, this.#flat);
    // ROS 1's own bytes have times of a third spelling, which tells nothing of the server's JSON.
    if (this.how.compression === 'cbor-raw') read.met = 0;
    read.fault = validate(this.type, read.message);
    return read;
  }

  /** `{secs, nsecs, bytes}`: the time of its arrival at the server, and the message. */
  #readRaw(msg: unknown): Fault | null {
    const { bytes } = (msg ?? {}) as { bytes?: unknown };
    if (!(bytes instanceof Uint8Array)) return { field: 'msg.bytes', seen: 'missing', allowed: 'a raw message' };
    if (this.#raw === null) return { field: this.type, seen: 'not defined', allowed: 'a definition to read it by' };
    try {
      this.#read.message = this.#raw(bytes);
      return null;
    } catch (error) {
      return { field: 'msg.bytes', seen: (error as Error).message.slice(0, 100), allowed: `a whole ${this.type}` };
    }
  }
}
