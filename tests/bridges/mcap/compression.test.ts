import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { compressor, decompressors } from '../../../bridges/mcap/compression.ts';
import { folder, readAll, recording, STRING, text } from './rig.ts';

const at = folder();
afterAll(() => at.remove());

/** Neither all the same nor without a pattern: the squares of the numbers up to `n`, modulo 977, as text. */
const squares = (n: number) => new TextEncoder().encode(Array.from({ length: n }, (_, i) => (i * i) % 977).join(','));
/** The linear congruence of Numerical Recipes: bytes that do not compress. */
function noise(n: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length: n }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
}

describe.each(['lz4', 'zstd'] as const)('%s', (kind) => {
  it.each([
    ['nothing', new Uint8Array(0)],
    ['one byte', Uint8Array.of(7)],
    ['text', squares(100_000)],
    ['noise', noise(100_000)],
    ['more than one block of lz4', squares(1_200_000)],
    ['noise over more than one block', noise(9_000_000)],
  ])('gives back %s', async (_, bytes) => {
    const packed = (await compressor(kind))!.compress(bytes);
    const plain = (await decompressors())[kind]!(packed, BigInt(bytes.length));
    expect(Buffer.compare(plain, bytes)).toBe(0);
  });

  it('makes text smaller, and noise larger by no more than a thousandth', async () => {
    const { compress } = (await compressor(kind))!;
    expect(compress(squares(100_000)).length).toBeLessThan(0.9 * squares(100_000).length);
    expect(compress(noise(100_000)).length).toBeLessThan(100_100);
  });

  it('after bytes that are cut off, throws, and the next reader reads what is whole', async () => {
    const bytes = squares(10_000);
    const packed = (await compressor(kind))!.compress(bytes);
    const damaged = (await decompressors())[kind]!;
    expect(() => damaged(packed.subarray(0, packed.length >> 1), BigInt(bytes.length))).toThrow();
    const plain = (await decompressors())[kind]!(packed, BigInt(bytes.length));
    expect(Buffer.compare(plain, bytes)).toBe(0);
  });

  it('refuses a size that is not that of the bytes, and one that no chunk has', async () => {
    const bytes = squares(10_000);
    const packed = (await compressor(kind))!.compress(bytes);
    await expect((async () => (await decompressors())[kind]!(packed, BigInt(bytes.length + 1)))()).rejects.toThrow(
      `says ${bytes.length + 1}`,
    );
    await expect((async () => (await decompressors())[kind]!(packed, 1n << 40n))()).rejects.toThrow('1099511627776');
  });

  it('a log of it reads as one without, and is smaller', async () => {
    const read = async (compression: 'none' | typeof kind) => {
      const path = at.path(`${kind}-${compression}.mcap`);
      const { recorder } = await recording(path, { compression, chunkBytes: 8000 });
      for (let i = 0; i < 100; i++) recorder.record('/s', STRING, text(500 + i), i, i);
      await recorder.close();
      return { ...(await readAll(path)), bytes: statSync(path).size };
    };
    const plain = await read('none');
    const packed = await read(kind);
    expect(packed.error).toBeNull();
    expect(packed.messages).toEqual(plain.messages);
    // Of x and nothing else: what is left are the records around the chunks.
    expect(packed.bytes).toBeLessThan(0.3 * plain.bytes);
  });

  it('one flipped bit in a compressed chunk is noticed, and what is before it is read', async () => {
    const path = at.path(`${kind}-flipped.mcap`);
    const { recorder } = await recording(path, { compression: kind, chunkBytes: 8_000 });
    for (let i = 0; i < 40; i++)
      recorder.record('/s', STRING, { data: Buffer.from(noise(1000 + i)).toString('hex') }, i, i);
    await recorder.close();
    const bytes = readFileSync(path);
    bytes[Math.floor(bytes.length / 2)]! ^= 1;
    writeFileSync(path, bytes);
    const { messages, error } = await readAll(path);
    expect(error?.code).toBe('RA_LOG_DAMAGED');
    expect(messages.length).toBeGreaterThan(8);
    expect(messages.map((m) => Number(m.logTimeNs))).toEqual(messages.map((_, i) => i));
  });
});

describe('none', () => {
  it('is no compressor', async () => {
    expect(await compressor('none')).toBeNull();
  });
});
