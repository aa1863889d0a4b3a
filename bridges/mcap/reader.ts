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

/** Metadata records by name, as `Recorder` takes them. */
export type LogMetadata = Record<string, Record<string, string>>;

const damaged = (path: string, seen: string, cause?: unknown) =>
  new ReflexArcError('RA_LOG_DAMAGED', { seen: `${path}: ${seen}`, allowed: 'a complete MCAP file', cause });

/** Every record as it stands in the file, those inside chunks too. `where.at` is the offset of what comes next. */
async function* records(path: string, where: { at: number }): AsyncGenerator<McapTypes.TypedMcapRecord> {
  const reader = new McapStreamReader({ validateCrcs: true, decompressHandlers: await decompressors() });
  let read = 0;
  try {
    for await (const data of createReadStream(path)) {
      reader.append(data as Buffer);
      read += (data as Buffer).length;
      for (;;) {
        where.at = read - reader.bytesRemaining();
        const record = reader.nextRecord();
        if (record === undefined) break;
        yield record;
      }
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
    throw damaged(path, `at ${where.at}: ${message}`, cause);
  }
  if (!reader.done()) throw damaged(path, `ends in the middle of a record, at ${where.at} of ${read} bytes`);
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
  const types = new Map<number, { name: string; reader: MessageReader }>();
  const channels: Channels = new Map();
  const where = { at: 0 };
  for await (const record of records(path, where)) {
    if (record.type === 'Metadata') onMetadata(record.name, record.metadata);
    else if (record.type === 'Channel')
      channels.set(record.id, { topic: record.topic, schemaId: record.schemaId, durable: isDurable(record.metadata) });
    else if (record.type !== 'Schema' && record.type !== 'Message') continue;
    else {
      const { at } = where;
      const broken = (cause: unknown) => damaged(path, `at ${at}: ${(cause as Error).message}`, cause);
      if (record.type === 'Schema') learn(record, types, broken);
      else {
        const found = undecoded(record, channels, types, broken);
        if (found !== null) yield found;
      }
    }
  }
}

type Types = Map<number, { name: string; reader: MessageReader }>;
type Channels = Map<number, { topic: string; schemaId: number; durable: boolean }>;

/** By rosbag2's `offered_qos_profiles`: YAML, the policy as its number in older ones. */
const isDurable = (metadata: ReadonlyMap<string, string>): boolean =>
  /\bdurability: *(transient_local|1)\b/.test(metadata.get('offered_qos_profiles') ?? '');

type Broken = (cause: unknown) => ReflexArcError;

function learn(schema: McapTypes.TypedMcapRecords['Schema'], types: Types, broken: Broken): void {
  if (types.has(schema.id) || schema.encoding !== 'ros2msg') return;
  try {
    const definitions = parse(new TextDecoder().decode(schema.data), { ros2: true });
    types.set(schema.id, { name: schema.name, reader: new MessageReader(definitions) });
  } catch (cause) {
    throw broken(cause);
  }
}

/** Null for a message of another encoding than ours: a foreign log may hold some beside those that we know. */
function undecoded(
  record: McapTypes.TypedMcapRecords['Message'],
  channels: Readonly<Channels>,
  types: Types,
  broken: Broken,
): LogMessage | null {
  const channel = channels.get(record.channelId);
  const type = channel && types.get(channel.schemaId);
  if (channel === undefined || type === undefined) return null;
  let message: Record<string, unknown> | null = null;
  return {
    ...{ topic: channel.topic, type: type.name, logTimeNs: record.logTime, durable: channel.durable },
    get message(): Record<string, unknown> {
      try {
        message ??= type.reader.readMessage<Record<string, unknown>>(record.data);
      } catch (cause) {
        throw broken(cause);
      }
      return message;
    },
  };
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
    for await (const record of records(path, { at: 0 }))
      if (record.type === 'Metadata') found[record.name] = Object.fromEntries(record.metadata);
  } catch (error) {
    if (Object.keys(found).length === 0) throw error;
  }
  return found;
}
