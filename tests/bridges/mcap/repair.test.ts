import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { logMetadata } from '../../../bridges/mcap/reader.ts';
import { type Examined, examineLog } from '../../../bridges/mcap/repair.ts';
import { folder, readAll, recording, STRING, text } from './rig.ts';

const at = folder();
afterAll(() => at.remove());

/** 40 messages of 1000 characters in five chunks of eight; what `damage` does to the bytes. */
async function damaged(name: string, compression: 'none' | 'lz4' | 'zstd', damage: (bytes: Buffer) => Buffer) {
  const path = at.path(`${name}.mcap`);
  const { recorder } = await recording(path, { chunkBytes: 8_000, compression, metadata: { run: { seed: '1' } } });
  for (let i = 0; i < 40; i++) recorder.record('/s', STRING, { data: `${i} ${'x'.repeat(1000)}` }, i, i);
  await recorder.close();
  const whole = readFileSync(path);
  const bytes = damage(Buffer.from(whole));
  writeFileSync(path, bytes);
  const out = at.path(`${name}-out.mcap`);
  const found = await examineLog(path, out);
  expect(readFileSync(path).equals(bytes)).toBe(true);
  const { messages, error } = await readAll(out);
  expect(error).toBeNull();
  // Whatever was kept is complete, and says so.
  expect(await examineLog(out)).toMatchObject({ complete: true, messages: found.messages, damaged: [] });
  return { found, whole, numbers: messages.map((m) => Number(m.logTimeNs)), out, messages };
}
const upTo = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
/** Where the `n`th chunk begins: an opcode of 6, the time of its first message, and a length that fits its parts. */
function chunkAt(bytes: Buffer, n: number): number {
  for (let at = bytes.indexOf(6); at >= 0 && at + 60 < bytes.length; at = bytes.indexOf(6, at + 1)) {
    const name = bytes.readUInt32LE(at + 37);
    if (name > 4 || bytes.readBigUInt64LE(at + 9) !== BigInt(8 * n)) continue;
    if (bytes.readBigUInt64LE(at + 1) === 40n + BigInt(name) + bytes.readBigUInt64LE(at + 41 + name)) return at;
  }
  throw new Error(`no chunk ${n}`);
}

describe('a log that ends too early', () => {
  it('keeps whole chunks and, of the one that is cut, the whole messages where it is not compressed', async () => {
    const { found, numbers, messages } = await damaged('cut', 'none', (b) => b.subarray(0, chunkAt(b, 2) + 4000));
    // 4000 bytes of the third chunk: three messages of 1004 + 4 + 31 bytes and the beginning of a fourth.
    expect(numbers).toEqual(upTo(0, 18));
    expect(messages.at(-1)!.message).toEqual({ data: `18 ${'x'.repeat(1000)}` });
    expect(found.damaged).toMatchObject([{ bytes: 4000, why: 'the file ends in the middle of a chunk', kept: 3 }]);
    expect(found).toMatchObject({ complete: false, messages: 19, topics: { '/s': 19 }, from_ns: '0', to_ns: '18' });
  });

  it.each(['lz4', 'zstd'] as const)('keeps the whole chunks of %s', async (compression) => {
    const { found, numbers, whole } = await damaged(`cut-${compression}`, compression, (b) =>
      b.subarray(0, chunkAt(b, 2) + 60),
    );
    expect(numbers).toEqual(upTo(0, 15));
    expect(found.damaged).toEqual([
      { offset: chunkAt(whole, 2), bytes: 60, why: 'the file ends in the middle of a chunk', kept: 0 },
    ]);
  });

  it('between two chunks is not damaged, only without an end', async () => {
    const { found, numbers, out } = await damaged('between', 'lz4', (b) => b.subarray(0, chunkAt(b, 3)));
    expect(numbers).toEqual(upTo(0, 23));
    expect(found).toMatchObject({ complete: false, damaged: [] });
    expect(await logMetadata(out)).toMatchObject({ run: { seed: '1' }, repair: { of: 'between.mcap', damaged: '[]' } });
  });

  it.each([0, 1, 7, 8, 9, 20, 40])('after %i bytes gives an empty log', async (length) => {
    const { found } = await damaged(`short-${length}`, 'lz4', (b) => b.subarray(0, length));
    expect(found).toMatchObject({ complete: false, messages: 0, from_ns: null });
  });
});

describe('a log that is damaged in the middle', () => {
  it.each(['none', 'lz4', 'zstd'] as const)(
    'loses the chunk with a flipped bit, and no other (%s)',
    async (compression) => {
      const { found, numbers, whole } = await damaged(`flip-${compression}`, compression, (b) => {
        b[chunkAt(b, 2) + 64]! ^= 1;
        return b;
      });
      expect(numbers).toEqual([...upTo(0, 15), ...upTo(24, 39)]);
      expect(found.damaged).toMatchObject([{ offset: chunkAt(whole, 2), kept: 0 }]);
    },
  );

  it('without the chunk that introduced a channel still knows it, by the index', async () => {
    const { numbers } = await damaged('first', 'lz4', (b) => {
      b[chunkAt(b, 0) + 64]! ^= 1;
      return b;
    });
    expect(numbers).toEqual(upTo(8, 39));
  });

  it('finds the next chunk after a length that leads nowhere', async () => {
    const { found, numbers, whole } = await damaged('length', 'lz4', (b) => {
      b.writeBigUInt64LE(1n << 60n, chunkAt(b, 2) + 1);
      return b;
    });
    expect(numbers).toEqual([...upTo(0, 15), ...upTo(24, 39)]);
    expect(found.damaged).toMatchObject([{ offset: chunkAt(whole, 2), bytes: chunkAt(whole, 3) - chunkAt(whole, 2) }]);
  });

  it('with a hole of zeros in it keeps what is on both sides', async () => {
    const { numbers } = await damaged('zeros', 'none', (b) => b.fill(0, chunkAt(b, 1) + 100, chunkAt(b, 3) - 100));
    expect(numbers).toEqual([...upTo(0, 7), ...upTo(24, 39)]);
  });
});

describe('examining', () => {
  it('a whole log says so, and what is in it', async () => {
    const path = at.path('whole.mcap');
    const { recorder } = await recording(path, { metadata: { run: {} } });
    for (let i = 0; i < 3; i++) recorder.record('/s', STRING, text(10), 10 + i, 0);
    await recorder.close();
    const found: Partial<Examined> = { complete: true, messages: 3, chunks: 1, topics: { '/s': 3 }, damaged: [] };
    expect(await examineLog(path)).toMatchObject({ ...found, from_ns: '10', to_ns: '12', metadata: ['run', 'file'] });
  });

  it('never writes over a file', async () => {
    const path = at.path('whole.mcap');
    const before = readFileSync(path);
    await expect(examineLog(path, path)).rejects.toMatchObject({ code: 'RA_FILE_EXISTS' });
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('of what is no log is refused, and nothing is left behind', async () => {
    const path = at.path('text.mcap');
    writeFileSync(path, 'hello, this is no log');
    await expect(examineLog(path, at.path('none.mcap'))).rejects.toMatchObject({ code: 'RA_LOG_DAMAGED' });
    await expect(examineLog(at.path('none.mcap'))).rejects.toThrow('ENOENT');
  });

  it('a log that is being written can be looked at', async () => {
    const path = at.path('open.mcap');
    const { recorder } = await recording(path);
    expect(await examineLog(path)).toMatchObject({ complete: false, messages: 0, damaged: [] });
    await recorder.close();
    truncateSync(path, 8);
    expect(await examineLog(path)).toMatchObject({ complete: false, messages: 0 });
  });
});
