import { createRequire } from 'node:module';

/** How the chunks of a log are compressed; every reader of MCAP reads all three. */
export type Compression = 'none' | 'lz4' | 'zstd';

export interface Compressor {
  /** As the file names it. */
  readonly name: string;
  compress(bytes: Uint8Array): Uint8Array;
}

/** By the name in the file; `size` is what comes out, as the chunk says. Throws for bytes that are not of that kind. */
export type Decompressors = Record<string, (bytes: Uint8Array, size: bigint) => Uint8Array>;

/** Of zstd: 2 and 3 are 1 % and 5 % smaller on our logs and take half as long again (`reflexarc bench log`). */
const ZSTD_LEVEL = 1;

/** More than any writer makes of one chunk; a damaged size must not ask for all the memory there is. */
const MAX_CHUNK_BYTES = 1n << 30n;

/** WebAssembly, so that nothing is compiled at install; only what is asked for is loaded. Null for `none`. */
export async function compressor(kind: Compression): Promise<Compressor | null> {
  if (kind === 'none') return null;
  if (kind === 'lz4') {
    const { compress } = await import('lz4-wasm-nodejs');
    return { name: 'lz4', compress: (bytes) => lz4Frame(bytes, compress) };
  }
  const zstd = await loadZstd();
  return { name: 'zstd', compress: (bytes) => zstd.compress(bytes, ZSTD_LEVEL) };
}

async function loadZstd() {
  const zstd = await import('@foxglove/wasm-zstd');
  await zstd.isLoaded;
  return zstd;
}

/** LZ4 frame format 1.6: magic, version 1 with independent blocks of up to 4 MB and no checksums, checksum of that. */
const LZ4_HEAD = Uint8Array.of(0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73);
const LZ4_BLOCK_BYTES = 4 << 20;
const LZ4_NOT_COMPRESSED = 0x8000_0000;

/** The package compresses blocks, each behind its size; MCAP wants them in a frame. The chunk has a checksum of its own. */
function lz4Frame(bytes: Uint8Array, compress: (block: Uint8Array) => Uint8Array): Uint8Array {
  const blocks: { head: number; data: Uint8Array }[] = [];
  for (let at = 0; at < bytes.length; at += LZ4_BLOCK_BYTES) {
    const plain = bytes.subarray(at, at + LZ4_BLOCK_BYTES);
    const packed = compress(plain).subarray(4);
    if (packed.length < plain.length) blocks.push({ head: packed.length, data: packed });
    else blocks.push({ head: LZ4_NOT_COMPRESSED + plain.length, data: plain });
  }
  const size = blocks.reduce((sum, { data }) => sum + 4 + data.length, LZ4_HEAD.length + 4);
  const frame = new Uint8Array(size);
  const view = new DataView(frame.buffer);
  frame.set(LZ4_HEAD);
  let at = LZ4_HEAD.length;
  for (const { head, data } of blocks) {
    view.setUint32(at, head, true);
    frame.set(data, at + 4);
    at += 4 + data.length;
  }
  return frame;
}

interface Lz4 {
  (bytes: Uint8Array, size: number): Uint8Array;
  isLoaded: Promise<void>;
}
const require = createRequire(import.meta.url);
let lz4: Lz4 | null = null;

/**
 * For `McapStreamReader` and `McapIndexedReader`. Call it for each reader: the lz4 decoder keeps its state after an error
 * and would refuse every chunk that follows, so that after one it is made anew here.
 */
export async function decompressors(): Promise<Decompressors> {
  if (lz4 === null) {
    delete require.cache[require.resolve('@foxglove/wasm-lz4')];
    lz4 = require('@foxglove/wasm-lz4') as Lz4;
  }
  const decodeLz4 = lz4;
  const [zstd] = await Promise.all([loadZstd(), decodeLz4.isLoaded]);
  return {
    lz4: whole((bytes, size) => {
      try {
        return decodeLz4(bytes, size);
      } catch (error) {
        lz4 = null;
        throw error;
      }
    }),
    zstd: whole((bytes, size) => zstd.decompress(bytes, size)),
  };
}

const whole =
  (decode: (bytes: Uint8Array, size: number) => Uint8Array): Decompressors[string] =>
  (bytes, size) => {
    if (size > MAX_CHUNK_BYTES) throw new RangeError(`a chunk that says it has ${size} bytes`);
    const out = decode(bytes, Number(size));
    if (out.length !== Number(size)) throw new RangeError(`a chunk of ${out.length} bytes that says ${size}`);
    return out;
  };
