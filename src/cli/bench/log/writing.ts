import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from '@foxglove/rosmsg';
import { MessageWriter } from '@foxglove/rosmsg2-serialization';
import { McapWriter } from '@mcap/core';
import { FileHandleWritable } from '@mcap/nodejs';
import { type Compression, compressor } from '../../../../bridges/mcap/compression.ts';
import { Recorder } from '../../../../bridges/mcap/recorder.ts';
import { definitionOf } from '../../../../bridges/messages/definitions.ts';
import type { Sample } from './traffic.ts';

export const PERIOD_NS = 2e6;
const CHUNK_BYTES = 512 * 1024;

/** A recorder with room for whatever a bench gives it at once. */
export const benchRecorder = (path: string, options: Partial<Parameters<typeof Recorder.open>[1]> = {}) =>
  Recorder.open(path, {
    maxBytes: 1e12,
    definitionOf,
    metadata: { bench: { name: 'log' } },
    onError: (error) => {
      throw error;
    },
    chunkSpanNs: Number.POSITIVE_INFINITY,
    maxQueued: 1e9,
    maxQueuedBytes: 1e12,
    ...options,
  });

/** Writes all of it to a new file; resolves with its path when it is closed. */
export type Write = (folder: string, name: string, periods: readonly Sample[][]) => Promise<string>;

/** From `record` to the closed file. */
export const ours =
  (compression: Compression): Write =>
  async (folder, name, periods) => {
    const recorder = await benchRecorder(join(folder, name), { compression });
    for (const [i, period] of periods.entries())
      for (const { topic, type, message } of period)
        recorder.record(topic, type, message, i * PERIOD_NS, i * PERIOD_NS);
    await recorder.close();
    if (recorder.counters.written !== periods.flat().length) throw new Error(`${JSON.stringify(recorder.counters)}`);
    return recorder.path;
  };

/** The library's own writer and encoder, with nothing between them: no queue, no bound, no second kind of number. */
export const bare =
  (compression: Compression): Write =>
  async (folder, name, periods) => {
    const path = join(folder, name);
    const file = await open(path, 'wx');
    const packer = await compressor(compression);
    const writer = new McapWriter({
      writable: new FileHandleWritable(file),
      chunkSize: CHUNK_BYTES,
      ...(packer && {
        compressChunk: (data: Uint8Array) => ({ compression: packer.name, compressedData: packer.compress(data) }),
      }),
    });
    await writer.start({ profile: 'ros2', library: 'bench' });
    const channels = new Map<string, { id: number; encode: MessageWriter; sequence: number }>();
    for (const [i, period] of periods.entries()) {
      const time = BigInt(i * PERIOD_NS);
      for (const { topic, type, message } of period) {
        let channel = channels.get(topic);
        if (channel === undefined) {
          const text = definitionOf(type);
          const schema = { name: type, encoding: 'ros2msg', data: new TextEncoder().encode(text) };
          const schemaId = await writer.registerSchema(schema);
          const id = await writer.registerChannel({ topic, schemaId, messageEncoding: 'cdr', metadata: new Map() });
          channel = { id, encode: new MessageWriter(parse(text, { ros2: true })), sequence: 0 };
          channels.set(topic, channel);
        }
        const data = channel.encode.writeMessage(bigs(message as Record<string, unknown>));
        const { id: channelId } = channel;
        await writer.addMessage({ channelId, sequence: channel.sequence++, logTime: time, publishTime: time, data });
      }
    }
    await writer.end();
    await file.sync();
    await file.close();
    return path;
  };

const BIG = ['epoch', 'decision_seq', 'first'] as const;
/** The library wants BigInt in 64-bit fields. */
function bigs(message: Record<string, unknown>): Record<string, unknown> {
  const out = { ...message };
  for (const key of BIG) if (typeof out[key] === 'number') out[key] = BigInt(out[key]);
  return out;
}
