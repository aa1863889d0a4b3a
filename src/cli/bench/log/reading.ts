import { createReadStream } from 'node:fs';
import { parse } from '@foxglove/rosmsg';
import { MessageReader } from '@foxglove/rosmsg2-serialization';
import { McapStreamReader } from '@mcap/core';
import { decompressors } from '../../../../bridges/mcap/compression.ts';
import { readLog } from '../../../../bridges/mcap/reader.ts';

/** Reads and decodes every message of a file; resolves with their number. */
export type Read = (path: string) => Promise<number>;

export const ours: Read = async (path) => {
  let count = 0;
  for await (const { message } of readLog(path)) if (message !== undefined) count++;
  return count;
};

/** The library's own reader and decoder, checksums on, with nothing between them. */
export const bare: Read = async (path) => {
  const reader = new McapStreamReader({ validateCrcs: true, decompressHandlers: await decompressors() });
  const schemas = new Map<number, MessageReader>();
  const channels = new Map<number, MessageReader>();
  let count = 0;
  for await (const data of createReadStream(path)) {
    reader.append(data as Buffer);
    for (let record = reader.nextRecord(); record !== undefined; record = reader.nextRecord()) {
      if (record.type === 'Schema')
        schemas.set(record.id, new MessageReader(parse(new TextDecoder().decode(record.data), { ros2: true })));
      else if (record.type === 'Channel') channels.set(record.id, schemas.get(record.schemaId)!);
      else if (record.type === 'Message' && channels.get(record.channelId)!.readMessage(record.data)) count++;
    }
  }
  return count;
};
