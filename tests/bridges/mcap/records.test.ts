import { writeFileSync } from 'node:fs';
import { McapRecordBuilder, McapWriter } from '@mcap/core';
import { afterAll, describe, expect, it } from 'vitest';
import { readBatches, readLog } from '../../../bridges/mcap/reader.ts';
import { crc32, crc32InJs } from '../../../bridges/messages/crc32.ts';
import { folder, readAll, recording, STRING, text } from './rig.ts';

const at = folder();
afterAll(() => at.remove());

/** "x" as std_msgs/String: encapsulation, length with its zero, letter, zero. */
const X = Uint8Array.of(0, 1, 0, 0, 2, 0, 0, 0, 0x78, 0);

/** A file by the stock writer, without chunks or with them. */
async function stock(path: string, useChunks: boolean): Promise<void> {
  const parts: Uint8Array[] = [];
  let position = 0n;
  const writable = {
    position: () => position,
    write: async (bytes: Uint8Array) => {
      parts.push(bytes.slice());
      position += BigInt(bytes.length);
    },
  };
  const writer = new McapWriter({ writable, useChunks });
  await writer.start({ profile: 'ros2', library: 'test' });
  const data = new TextEncoder().encode('string data');
  const schemaId = await writer.registerSchema({ name: STRING, encoding: 'ros2msg', data });
  const channelId = await writer.registerChannel({
    ...{ topic: '/s', schemaId, messageEncoding: 'cdr' },
    metadata: new Map(),
  });
  for (let i = 0; i < 5; i++)
    await writer.addMessage({ channelId, sequence: i, logTime: BigInt(i), publishTime: 0n, data: X });
  await writer.end();
  writeFileSync(path, Buffer.concat(parts));
}

/** A file whose only chunk holds these bytes, whatever they are. */
function withChunk(
  path: string,
  records: Uint8Array,
  change: Partial<{ compression: string; crc: number }> = {},
): number {
  const builder = new McapRecordBuilder();
  builder.writeMagic();
  builder.writeHeader({ profile: 'ros2', library: 'test' });
  const offset = builder.length;
  builder.writeChunk({
    ...{ messageStartTime: 0n, messageEndTime: 0n, uncompressedSize: BigInt(records.length) },
    ...{ uncompressedCrc: change.crc ?? 0, compression: change.compression ?? '', records },
  });
  writeFileSync(path, builder.buffer);
  return offset;
}

const record = (opcode: number, ...content: number[]) =>
  Uint8Array.of(opcode, content.length, 0, 0, 0, 0, 0, 0, 0, ...content);

describe('a log', () => {
  it.each([true, false])('of the stock writer, chunks: %s, is read', async (useChunks) => {
    const path = at.path(`stock-${useChunks}.mcap`);
    await stock(path, useChunks);
    const { messages, error } = await readAll(path);
    expect(error).toBeNull();
    expect(messages.map((m) => [m.logTimeNs, m.topic, m.message.data])).toEqual(
      [0n, 1n, 2n, 3n, 4n].map((ns) => [ns, '/s', 'x']),
    );
  });

  it('in batches of some topics: those alone, and how far all of it was read', async () => {
    const path = at.path('batches.mcap');
    const { recorder } = await recording(path, { chunkBytes: 8_000 });
    for (let i = 0; i < 40; i++) recorder.record(i % 4 === 0 ? '/rare' : '/often', STRING, text(1000), i + 10, i);
    await recorder.close();
    const rare: bigint[] = [];
    const ends: bigint[] = [];
    for await (const { messages, firstNs, lastNs } of readBatches(path, new Set(['/rare']))) {
      rare.push(...messages.map((m) => m.logTimeNs));
      ends.push(firstNs, lastNs);
    }
    expect(rare).toEqual([10n, 14n, 18n, 22n, 26n, 30n, 34n, 38n, 42n, 46n]);
    // Eight of a thousand letters fill a chunk.
    expect(ends).toEqual([10n, 17n, 18n, 25n, 26n, 33n, 34n, 41n, 42n, 49n]);
  });

  it('with more in a chunk than is handed over at once is given whole, in order', async () => {
    const path = at.path('long.mcap');
    const { recorder } = await recording(path, { chunkBytes: 10_000_000 });
    for (let i = 0; i < 600; i++) recorder.record('/s', STRING, text(1), i, i);
    await recorder.close();
    const sizes: number[] = [];
    let next = 0n;
    for await (const { messages } of readBatches(path)) {
      sizes.push(messages.length);
      for (const { logTimeNs } of messages) expect(logTimeNs).toBe(next++);
    }
    expect(sizes).toEqual([256, 256, 88]);
  });
});

describe('a chunk that cannot be', () => {
  it.each([
    ['that ends within a record', Uint8Array.of(5, 1, 0, 0), '4 bytes remaining in chunk'],
    ['with a record longer than itself', record(0x80, 1, 2).subarray(0, 10), '10 bytes remaining in chunk'],
    ['with a chunk in it', record(6, 1), 'a record of opcode 6 in a chunk'],
    ['with a message too short to be one', record(5, 1, 0), 'a message record of 2 bytes'],
    ['with a message of no channel', record(5, ...new Uint8Array(22)), 'without prior channel'],
  ])('%s is refused where it begins', async (_, records, why) => {
    const path = at.path('bad.mcap');
    const offset = withChunk(path, records);
    const { error } = await readAll(path);
    expect(error).toMatchObject({ code: 'RA_LOG_DAMAGED', seen: expect.stringMatching(why) });
    expect(error!.seen).toContain(`at ${offset}:`);
  });

  it('of an unknown compression or another checksum is refused', async () => {
    const path = at.path('bad.mcap');
    withChunk(path, record(0x80, 1), { compression: 'brotli' });
    expect((await readAll(path)).error?.seen).toContain('Unsupported compression brotli');
    withChunk(path, record(0x80, 1), { crc: 1 });
    expect((await readAll(path)).error?.seen).toContain('Incorrect chunk CRC');
  });

  it('of records that are not known yet is passed over', async () => {
    const path = at.path('private.mcap');
    withChunk(path, record(0x80, 1, 2, 3));
    // No footer: it ends too early, but not for that.
    await expect(readLog(path).next()).rejects.toThrow(/ends in the middle of a record/);
  });
});

it('the checksum is the same by Node and by hand', () => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * 37) & 255);
  expect(crc32InJs(bytes)).toBe(crc32(bytes));
  expect(crc32InJs(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
});
