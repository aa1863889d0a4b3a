import { deflateSync, inflateSync } from 'node:zlib';
import { crc32 } from './crc32.ts';

/**
 * The PNG that rosbridge packs JSON text into: 8-bit RGB, not interlaced, three bytes of text a pixel, about square, the
 * last row filled up with line feeds. Only that is written and read. Our own few lines, since no package bounds what a
 * picture of a stranger inflates to.
 */
const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const CHANNELS = 3;

/** The picture of a text. */
export function pngOfText(text: string): Buffer {
  const bytes = Buffer.from(text);
  const width = Math.max(1, Math.floor(Math.sqrt(bytes.length / CHANNELS)));
  const rowBytes = width * CHANNELS;
  const height = Math.max(1, Math.ceil(bytes.length / rowBytes));
  // Each row begins with its filter: 0, none.
  const rows = Buffer.alloc(height * (rowBytes + 1), 0x0a);
  for (let y = 0; y < height; y++) {
    rows[y * (rowBytes + 1)] = 0;
    bytes.copy(rows, y * (rowBytes + 1) + 1, y * rowBytes, Math.min(bytes.length, (y + 1) * rowBytes));
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows, { level: 1 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const out = Buffer.alloc(12 + data.length);
  out.writeUInt32BE(data.length, 0);
  out.write(type, 4, 'latin1');
  data.copy(out, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + data.length)), 8 + data.length);
  return out;
}

/**
 * The text of a picture. No more than `maxBytes` come out of it, whatever it says of itself.
 * @throws Error when it is no such picture
 */
export function textOfPng(png: Buffer, maxBytes: number): string {
  if (png.length < 33 || !png.subarray(0, 8).equals(SIGNATURE)) throw new Error('no PNG');
  const width = png.readUInt32BE(16);
  const height = png.readUInt32BE(20);
  const rowBytes = width * CHANNELS;
  const size = height * (rowBytes + 1);
  if (png[24] !== 8 || png[25] !== 2 || png[28] !== 0) throw new Error('a PNG that is not 8-bit RGB');
  if (width === 0 || height === 0 || size > maxBytes) throw new Error(`a PNG of ${width} × ${height}`);
  const rows = inflateSync(Buffer.concat(imageData(png)), { maxOutputLength: size });
  if (rows.length !== size) throw new Error('a PNG that is cut off');
  const pixels = Buffer.allocUnsafe(height * rowBytes);
  for (let y = 0; y < height; y++) unfilter(rows, pixels, y, rowBytes);
  return pixels.toString('utf8').trimEnd();
}

function imageData(png: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 8; at + 12 <= png.length; ) {
    const length = png.readUInt32BE(at);
    if (at + 12 + length > png.length) throw new Error('a PNG that is cut off');
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') found.push(png.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  return found;
}

/** One row, by the filters of the PNG specification (section 9): each byte was coded as a difference. */
function unfilter(rows: Buffer, pixels: Buffer, y: number, rowBytes: number): void {
  const from = y * (rowBytes + 1);
  const to = y * rowBytes;
  const filter = rows[from]!;
  if (filter > 4) throw new Error(`PNG filter ${filter}`);
  for (let i = 0; i < rowBytes; i++) {
    const left = i < CHANNELS ? 0 : pixels[to + i - CHANNELS]!;
    const up = y === 0 ? 0 : pixels[to + i - rowBytes]!;
    const upLeft = i < CHANNELS || y === 0 ? 0 : pixels[to + i - rowBytes - CHANNELS]!;
    const predicted = [0, left, up, (left + up) >> 1, filter === 4 ? paeth(left, up, upLeft) : 0][filter]!;
    pixels[to + i] = rows[from + 1 + i]! + predicted;
  }
}

function paeth(a: number, b: number, c: number): number {
  const p = a + b - c;
  const [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)];
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}
