import { deflateSync } from 'node:zlib';

/** CBOR as rosbridge_suite's encoder writes it. A typed array of float64 gets its tag. */
export function cbor(value: unknown): Buffer {
  if (value === null) return Buffer.from([0xf6]);
  if (typeof value === 'boolean') return Buffer.from([value ? 0xf5 : 0xf4]);
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (typeof value === 'bigint') return value < 0n ? head(1, -1n - value) : head(0, value);
  if (typeof value === 'number') return number(value);
  if (value instanceof Float64Array) return Buffer.concat([Buffer.from([0xd8, 86]), cbor(Buffer.from(value.buffer))]);
  if (value instanceof BigInt64Array) return Buffer.concat([Buffer.from([0xd8, 79]), cbor(Buffer.from(value.buffer))]);
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value]);
  if (Array.isArray(value)) return Buffer.concat([head(4, value.length), ...value.map(cbor)]);
  const entries = Object.entries(value as object);
  return Buffer.concat([head(5, entries.length), ...entries.flatMap(([key, v]) => [cbor(key), cbor(v)])]);
}

function number(value: number): Buffer {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return value < 0 ? head(1, -1 - value) : head(0, value);
  const bytes = Buffer.alloc(9);
  bytes[0] = 0xfb;
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

function head(kind: number, n: number | bigint): Buffer {
  if (n < 24) return Buffer.from([(kind << 5) | Number(n)]);
  if (n < 256) return Buffer.from([(kind << 5) | 24, Number(n)]);
  const bytes = Buffer.alloc(9);
  bytes[0] = (kind << 5) | 27;
  bytes.writeBigUInt64BE(BigInt(n), 1);
  return bytes;
}

/** Text in a picture as rosbridge packs it: RGB, three bytes a pixel, filled up with line feeds. One filter a row. */
export function png(text: string, filters: readonly number[] = [0]): Buffer {
  const bytes = Buffer.from(text);
  const width = Math.max(1, Math.floor(Math.sqrt(bytes.length / 3)));
  const height = Math.ceil(bytes.length / 3 / width);
  const pixels = Buffer.concat([bytes, Buffer.alloc(width * height * 3 - bytes.length, '\n')]);
  const size = width * 3;
  const rows = Array.from({ length: height }, (_, y) => {
    const filter = filters[y % filters.length]!;
    const row = Buffer.alloc(size + 1);
    row[0] = filter;
    for (let i = 0; i < size; i++) {
      const left = i < 3 ? 0 : pixels[y * size + i - 3]!;
      const up = y === 0 ? 0 : pixels[(y - 1) * size + i]!;
      const corner = i < 3 || y === 0 ? 0 : pixels[(y - 1) * size + i - 3]!;
      const near = [left, up, corner].sort((a, b) => distance(a) - distance(b));
      function distance(v: number) {
        return Math.abs(left + up - corner - v);
      }
      row[i + 1] = pixels[y * size + i]! - [0, left, up, Math.floor((left + up) / 2), near[0]!][filter]!;
    }
    return row;
  });
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Without a checksum: ours does not look at it, and whoever wrote it wrote it over TCP. */
export function chunk(name: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  return Buffer.concat([length, Buffer.from(name), data, Buffer.alloc(4)]);
}

/** Fragments as rosbridge_suite cuts them: id 0, and a total that is a fraction. */
export function fragments(text: string, size: number): object[] {
  const total = (text.length - 1) / size + 1;
  return Array.from({ length: Math.floor(total) }, (_, num) => ({
    op: 'fragment',
    id: 0,
    data: text.slice(num * size, (num + 1) * size),
    num,
    total,
  }));
}
