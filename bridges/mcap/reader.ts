import { open } from 'node:fs/promises';
import { parse } from '@foxglove/rosmsg';
import { MessageReader } from '@foxglove/rosmsg2-serialization';
import { McapIndexedReader, type McapTypes } from '@mcap/core';
import { FileHandleReadable } from '@mcap/nodejs';
import type { CdrCursor } from './cdr-cursor.ts';
import { damaged, type RecordTaker, recordsOf } from './records.ts';

export interface LogMessage {
  readonly topic: string;
  readonly type: string;
  readonly logTimeNs: bigint;
  /** The channel's publisher kept its last message for late subscribers (transient local), as bags of ROS 2 say it. */
  readonly durable: boolean;
  /**
   * Decoded from CDR when it is asked for, so that what nobody reads costs nothing; 64-bit integers are BigInt, arrays of
   * numbers are typed arrays.
   * @throws ReflexArcError RA_LOG_DAMAGED naming the offset, for bytes that are no such message
   */
  readonly message: Record<string, unknown>;
  /**
   * The same bytes through a reader of one's own, for who reads millions: `read` gets a cursor at the first field, and gives
   * back what it made. Undefined, and nothing read, where the log's definition of the type is not `definition`.
   * @throws ReflexArcError RA_LOG_DAMAGED naming the offset, for bytes that are no such message
   */
  by<T>(definition: string, cursor: CdrCursor, read: (cursor: CdrCursor) => T): T | undefined;
}

/** Messages of a log that follow each other, and the log times of the first and the last that were read for it. */
export interface LogBatch {
  readonly messages: readonly LogMessage[];
  readonly firstNs: bigint;
  readonly lastNs: bigint;
}

/** Messages that are handed over at once, at most. */
const BATCH = 256;

/** Metadata records by name, as `Recorder` takes them. */
export type LogMetadata = Record<string, Record<string, string>>;
type OnMetadata = (name: string, entries: ReadonlyMap<string, string>) => void;

/**
 * The messages of a log in the order they were written. What can be read of a damaged or truncated file is given
 * first; then it throws.
 * @throws ReflexArcError RA_LOG_DAMAGED naming the offset of what could not be read
 */
export async function* readLog(path: string, onMetadata: OnMetadata = () => {}): AsyncGenerator<LogMessage> {
  for await (const { messages } of readBatches(path, null, onMetadata)) for (const message of messages) yield message;
}

/**
 * As `readLog`, many messages at once: a turn of the event loop for each costs as much as reading it.
 * @param topics those that are given; null: all. Batches come for the others too, empty ones, to say how far the log was read.
 */
export async function* readBatches(
  path: string,
  topics: ReadonlySet<string> | null = null,
  onMetadata: OnMetadata = () => {},
): AsyncGenerator<LogBatch> {
  const messages = new Messages(path, topics, onMetadata);
  for await (const _ of recordsOf(path, messages, BATCH)) yield messages.batch();
}

interface Type {
  readonly name: string;
  readonly definition: string;
  readonly reader: MessageReader;
}
interface Channel {
  readonly topic: string;
  readonly schemaId: number;
  readonly durable: boolean;
}

/** By rosbag2's `offered_qos_profiles`: YAML, the policy as its number in older ones. */
const isDurable = (metadata: ReadonlyMap<string, string>): boolean =>
  /\bdurability: *(transient_local|1)\b/.test(metadata.get('offered_qos_profiles') ?? '');

const broken = (path: string, at: number, cause: unknown) =>
  damaged(path, `at ${at}: ${(cause as Error).message}`, cause);

/** Makes messages of records, by the channels and schemas before them. */
class Messages implements RecordTaker {
  waiting = 0;
  readonly #path: string;
  readonly #topics: ReadonlySet<string> | null;
  readonly #onMetadata: OnMetadata;
  readonly #types = new Map<number, Type>();
  readonly #channels = new Map<number, Channel>();
  #messages: LogMessage[] = [];
  #firstNs = 0n;
  #lastNs = 0n;

  constructor(path: string, topics: ReadonlySet<string> | null, onMetadata: OnMetadata) {
    this.#path = path;
    this.#topics = topics;
    this.#onMetadata = onMetadata;
  }

  batch(): LogBatch {
    const batch = { messages: this.#messages, firstNs: this.#firstNs, lastNs: this.#lastNs };
    this.#messages = [];
    this.waiting = 0;
    return batch;
  }

  record(record: McapTypes.TypedMcapRecord, at: number): void {
    if (record.type === 'Metadata') this.#onMetadata(record.name, record.metadata);
    else if (record.type === 'Schema') this.#learn(record, at);
    else if (record.type === 'Channel')
      this.#channels.set(record.id, {
        topic: record.topic,
        schemaId: record.schemaId,
        durable: isDurable(record.metadata),
      });
    else if (record.type === 'Message') {
      const { channelId, logTime, data } = record;
      const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
      this.message(channelId, logTime, view, 0, data.byteLength, at);
    }
  }

  message(id: number, logTimeNs: bigint, view: DataView, from: number, length: number, at: number): void {
    const channel = this.#channels.get(id);
    if (channel === undefined)
      throw new RangeError(`Encountered message on channel ${id} without prior channel record`);
    const type = this.#types.get(channel.schemaId);
    // Of another encoding than ours: a foreign log may hold some beside those that we know.
    if (type === undefined) return;
    if (this.waiting++ === 0) this.#firstNs = logTimeNs;
    this.#lastNs = logTimeNs;
    if (this.#topics === null || this.#topics.has(channel.topic))
      this.#messages.push(new Undecoded(this.#path, at, channel, type, logTimeNs, view, from, length));
  }

  #learn(schema: McapTypes.TypedMcapRecords['Schema'], at: number): void {
    if (this.#types.has(schema.id) || schema.encoding !== 'ros2msg') return;
    try {
      const definition = new TextDecoder().decode(schema.data);
      const reader = new MessageReader(parse(definition, { ros2: true }));
      this.#types.set(schema.id, { name: schema.name, definition, reader });
    } catch (cause) {
      throw broken(this.#path, at, cause);
    }
  }
}

/** A class, and nothing made for each message but this: there are a thousand of them in a second of log. */
class Undecoded implements LogMessage {
  readonly topic: string;
  readonly type: string;
  readonly logTimeNs: bigint;
  readonly durable: boolean;
  readonly #path: string;
  readonly #at: number;
  readonly #type: Type;
  readonly #view: DataView;
  readonly #from: number;
  readonly #length: number;
  #message: Record<string, unknown> | null = null;

  constructor(
    path: string,
    at: number,
    { topic, durable }: Channel,
    type: Type,
    logTimeNs: bigint,
    view: DataView,
    from: number,
    length: number,
  ) {
    this.topic = topic;
    this.type = type.name;
    this.logTimeNs = logTimeNs;
    this.durable = durable;
    this.#path = path;
    this.#at = at;
    this.#type = type;
    this.#view = view;
    this.#from = from;
    this.#length = length;
  }

  get message(): Record<string, unknown> {
    const { buffer, byteOffset } = this.#view;
    try {
      this.#message ??= this.#type.reader.readMessage<Record<string, unknown>>(
        new Uint8Array(buffer, byteOffset + this.#from, this.#length),
      );
    } catch (cause) {
      throw broken(this.#path, this.#at, cause);
    }
    return this.#message;
  }

  by<T>(definition: string, cursor: CdrCursor, read: (cursor: CdrCursor) => T): T | undefined {
    if (definition !== this.#type.definition) return undefined;
    try {
      if (!cursor.begin(this.#view, this.#from, this.#length)) return undefined;
      const made = read(cursor);
      cursor.end();
      return made;
    } catch (cause) {
      throw broken(this.#path, this.#at, cause);
    }
  }
}

/**
 * The metadata of a log: by its index, or, where the file has none because it ends too early, by reading on as far as
 * it goes.
 * @throws ReflexArcError RA_LOG_DAMAGED when the file holds no metadata and is not complete
 */
export async function logMetadata(path: string): Promise<LogMetadata> {
  const found: LogMetadata = {};
  const onMetadata: OnMetadata = (name, entries) => {
    found[name] = Object.fromEntries(entries);
  };
  const file = await open(path).catch(() => null);
  try {
    if (file !== null) {
      const reader = await McapIndexedReader.Initialize({ readable: new FileHandleReadable(file) });
      for await (const { name, metadata } of reader.readMetadata()) onMetadata(name, metadata);
      return found;
    }
  } catch {
    // Without an index: below.
  } finally {
    await file?.close();
  }
  try {
    for await (const _ of readBatches(path, new Set(), onMetadata));
  } catch (error) {
    if (Object.keys(found).length === 0) throw error;
  }
  return found;
}
