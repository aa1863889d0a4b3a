import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { parse } from '@foxglove/rosmsg';
import { MessageReader } from '@foxglove/rosmsg2-serialization';
import { McapIndexedReader, McapStreamReader, type McapTypes } from '@mcap/core';
import { FileHandleReadable } from '@mcap/nodejs';
import { ReflexArcError } from '../../src/core/errors.ts';
import { decompressors } from './compression.ts';

export interface LogMessage {
  readonly topic: string;
  readonly type: string;
  readonly logTimeNs: bigint;
  /** The channel's publisher kept its last message for late subscribers (transient local), as bags of ROS 2 say it. */
  readonly durable: boolean;
  /**
   * Decoded from CDR when it is asked for, so that what nobody reads costs nothing; 64-bit integers are BigInt, arrays of
   * numbers are typed arrays. Ask before the next message is: the bytes are the reader's.
   * @throws ReflexArcError RA_LOG_DAMAGED naming the offset, for bytes that are no such message
   */
  readonly message: Record<string, unknown>;
}

/** Records that are handed over at once, at most. */
const BATCH = 256;

/** Metadata records by name, as `Recorder` takes them. */
export type LogMetadata = Record<string, Record<string, string>>;

const damaged = (path: string, seen: string, cause?: unknown) =>
  new ReflexArcError('RA_LOG_DAMAGED', { seen: `${path}: ${seen}`, allowed: 'a complete MCAP file', cause });

/** A record, and the offset in the file up to which it was read: of a chunk, its end. */
interface Placed {
  readonly at: number;
  readonly record: McapTypes.TypedMcapRecord;
}

/**
 * Every record as it stands in the file, those inside chunks too; what one piece of the file holds at once, since a turn of the
 * event loop for each record would cost as much as reading it. What was read before a fault is given before it is thrown.
 */
async function* records(path: string): AsyncGenerator<readonly Placed[]> {
  const reader = new McapStreamReader({ validateCrcs: true, decompressHandlers: await decompressors() });
  let read = 0;
  let at = 0;
  try {
    for await (const data of createReadStream(path)) {
      reader.append(data as Buffer);
      read += (data as Buffer).length;
      let found: Placed[] = [];
      let fault: unknown = null;
      do {
        found = [];
        try {
          while (found.length < BATCH) {
            at = read - reader.bytesRemaining();
            const record = reader.nextRecord();
            if (record === undefined) break;
            found.push({ at, record });
          }
        } catch (error) {
          fault = error;
        }
        if (found.length > 0) yield found;
        if (fault !== null) throw fault;
      } while (found.length === BATCH);
    }
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EACCES' || code === 'EISDIR')
      throw new ReflexArcError('RA_LOG_DAMAGED', {
        seen: `${path}: ${code}`,
        allowed: 'an MCAP file',
        next: 'Check the path.',
        cause,
      });
    throw damaged(path, `at ${at}: ${message}`, cause);
  }
  if (!reader.done()) throw damaged(path, `ends in the middle of a record, at ${at} of ${read} bytes`);
}

/**
 * The messages of a log in the order they were written. What can be read of a damaged or truncated file is given
 * first; then it throws.
 * @throws ReflexArcError RA_LOG_DAMAGED naming the offset of what could not be read
 */
export async function* readLog(
  path: string,
  onMetadata: (name: string, entries: ReadonlyMap<string, string>) => void = () => {},
): AsyncGenerator<LogMessage> {
  const types: Types = new Map();
  const channels: Channels = new Map();
  for await (const batch of records(path))
    for (const { at, record } of batch) {
      if (record.type === 'Message') {
        const channel = channels.get(record.channelId);
        const type = channel && types.get(channel.schemaId);
        // Of another encoding than ours: a foreign log may hold some beside those that we know.
        if (type !== undefined) yield new Undecoded(path, at, channel!, type, record);
      } else if (record.type === 'Metadata') onMetadata(record.name, record.metadata);
      else if (record.type === 'Channel')
        channels.set(record.id, {
          topic: record.topic,
          schemaId: record.schemaId,
          durable: isDurable(record.metadata),
        });
      else if (record.type === 'Schema') learn(path, at, record, types);
    }
}

interface Type {
  readonly name: string;
  readonly reader: MessageReader;
}
type Types = Map<number, Type>;
interface Channel {
  readonly topic: string;
  readonly schemaId: number;
  readonly durable: boolean;
}
type Channels = Map<number, Channel>;

/** By rosbag2's `offered_qos_profiles`: YAML, the policy as its number in older ones. */
const isDurable = (metadata: ReadonlyMap<string, string>): boolean =>
  /\bdurability: *(transient_local|1)\b/.test(metadata.get('offered_qos_profiles') ?? '');

const broken = (path: string, at: number, cause: unknown) =>
  damaged(path, `at ${at}: ${(cause as Error).message}`, cause);

function learn(path: string, at: number, schema: McapTypes.TypedMcapRecords['Schema'], types: Types): void {
  if (types.has(schema.id) || schema.encoding !== 'ros2msg') return;
  try {
    const definitions = parse(new TextDecoder().decode(schema.data), { ros2: true });
    types.set(schema.id, { name: schema.name, reader: new MessageReader(definitions) });
  } catch (cause) {
    throw broken(path, at, cause);
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
  readonly #reader: MessageReader;
  readonly #data: Uint8Array;
  #message: Record<string, unknown> | null = null;

  constructor(
    path: string,
    at: number,
    { topic, durable }: Channel,
    { name, reader }: Type,
    { logTime, data }: McapTypes.TypedMcapRecords['Message'],
  ) {
    this.topic = topic;
    this.type = name;
    this.logTimeNs = logTime;
    this.durable = durable;
    this.#path = path;
    this.#at = at;
    this.#reader = reader;
    this.#data = data;
  }

  get message(): Record<string, unknown> {
    try {
      this.#message ??= this.#reader.readMessage<Record<string, unknown>>(this.#data);
    } catch (cause) {
      throw broken(this.#path, this.#at, cause);
    }
    return this.#message;
  }
}

/**
 * The metadata of a log: by its index, or, where the file has none because it ends too early, by reading on as far as
 * it goes.
 * @throws ReflexArcError RA_LOG_DAMAGED when the file holds no metadata and is not complete
 */
export async function logMetadata(path: string): Promise<LogMetadata> {
  const found: LogMetadata = {};
  const file = await open(path).catch(() => null);
  try {
    if (file !== null) {
      const reader = await McapIndexedReader.Initialize({ readable: new FileHandleReadable(file) });
      for await (const { name, metadata } of reader.readMetadata()) found[name] = Object.fromEntries(metadata);
      return found;
    }
  } catch {
    // Without an index: below.
  } finally {
    await file?.close();
  }
  try {
    for await (const batch of records(path))
      for (const { record } of batch)
        if (record.type === 'Metadata') found[record.name] = Object.fromEntries(record.metadata);
  } catch (error) {
    if (Object.keys(found).length === 0) throw error;
  }
  return found;
}
