import { createReadStream } from 'node:fs';
import { parse } from '@foxglove/rosmsg';
import { MessageReader } from '@foxglove/rosmsg2-serialization';
import { McapStreamReader } from '@mcap/core';
import { ReflexArcError } from '../../src/core/errors.ts';

export interface LogMessage {
  readonly topic: string;
  readonly type: string;
  readonly logTimeNs: bigint;
  /** Decoded from CDR; 64-bit integers are BigInt. */
  readonly message: Record<string, unknown>;
}

/**
 * The messages of a log in the order they were written. What can be read of a damaged or truncated file is given
 * first; then it throws.
 * @throws ReflexArcError RA_LOG_DAMAGED naming the offset
 */
export async function* readLog(
  path: string,
  onMetadata: (name: string, entries: ReadonlyMap<string, string>) => void = () => {},
): AsyncGenerator<LogMessage> {
  const reader = new McapStreamReader({ validateCrcs: true });
  const types = new Map<number, { name: string; reader: MessageReader }>();
  const channels = new Map<number, { topic: string; schemaId: number }>();
  let offset = 0;
  const damaged = (seen: string, cause?: unknown) =>
    new ReflexArcError('RA_LOG_DAMAGED', { seen: `${path}: ${seen}`, allowed: 'a complete MCAP file', cause });
  for await (const data of createReadStream(path)) {
    reader.append(data as Buffer);
    offset += (data as Buffer).length;
    for (;;) {
      let record: ReturnType<McapStreamReader['nextRecord']>;
      try {
        record = reader.nextRecord();
      } catch (cause) {
        throw damaged(`at ${offset - reader.bytesRemaining()}: ${(cause as Error).message}`, cause);
      }
      if (record === undefined) break;
      if (record.type === 'Metadata') onMetadata(record.name, record.metadata);
      else if (record.type === 'Channel') channels.set(record.id, record);
      else if (record.type === 'Schema' && !types.has(record.id)) {
        const definitions = parse(new TextDecoder().decode(record.data), { ros2: true });
        types.set(record.id, { name: record.name, reader: new MessageReader(definitions) });
      } else if (record.type === 'Message') {
        const channel = channels.get(record.channelId);
        const type = channel && types.get(channel.schemaId);
        if (channel === undefined || type === undefined) continue;
        yield {
          topic: channel.topic,
          type: type.name,
          logTimeNs: record.logTime,
          message: type.reader.readMessage<Record<string, unknown>>(record.data),
        };
      }
    }
  }
  if (!reader.done()) throw damaged(`ends in the middle of a record, at ${offset - reader.bytesRemaining()}`);
}
