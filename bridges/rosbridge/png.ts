import { inflateSync } from 'node:zlib';

/**
 * The PNG that rosbridge packs JSON text into: 8-bit RGB, not interlaced, three bytes of text a pixel, the last row
 * filled up with line feeds. Only that is read. No more than `maxBytes` come out, whatever the picture says of itself.
 */
const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const CHANNELS = 3;

/** @throws Error when it is no such picture */
export function textOfPng(png: Buffer, maxBytes: number): string {
  if (png.length < 33 || !png.subarray(0, 8).equals(SIGNATURE)) throw new Error('no PNG');
  const width = png.readUInt32BE(16);
  const height = png.readUInt32BE(20);
  const rowBytes = width * CHANNELS;
  if (png[24] !== 8 || png[25] !== 2 || png[28] !== 0) throw new Error('a PNG that is not 8-bit RGB');
  if (width === 0 || height * (rowBytes + 1) > maxBytes) throw new Error(`a PNG of ${width} × ${height}`);
  const rows = inflateSync(Buffer.concat(imageData(png)), { maxOutputLength: height * (rowBytes + 1) });
  if (rows.length !== height * (rowBytes + 1)) throw new Error('a PNG that is cut off');
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
