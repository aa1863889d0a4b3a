import { endianness } from 'node:os';

/** sensor_msgs/Image → tight bytes: rows of `step` bytes lose their padding, numbers have this machine's byte order. */

/** Bytes of colours or grey. */
export interface Pixels {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
}

/** Colours as a camera has them: with `order` of `bgr` blue comes first, and a fourth channel says nothing. */
export interface Colours {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3 | 4;
  readonly order: 'rgb' | 'bgr';
}

/** Depth as a camera has it: 16 bits in mm with 0 for none, 32 bits in m with NaN for none and ±∞ for too far and too near (REP 118). */
export interface Depth {
  readonly values: Uint16Array | Float32Array;
  readonly width: number;
  readonly height: number;
}

export class ImageFault extends Error {}

/** Sides above this are refused before anything is allocated. */
export const MAX_SIDE = 8192;

const COLOURS: Readonly<Record<string, Pick<Colours, 'channels' | 'order'>>> = {
  rgb8: { channels: 3, order: 'rgb' },
  bgr8: { channels: 3, order: 'bgr' },
  '8UC3': { channels: 3, order: 'bgr' },
  rgba8: { channels: 4, order: 'rgb' },
  bgra8: { channels: 4, order: 'bgr' },
  mono8: { channels: 1, order: 'rgb' },
  '8UC1': { channels: 1, order: 'rgb' },
};
const DEPTH_BYTES: Readonly<Record<string, 2 | 4>> = { '16UC1': 2, mono16: 2, '32FC1': 4 };

/** The bytes of a `uint8[]` field: base64 text on a JSON wire, an array or bytes on others. @throws ImageFault */
export function bytesOf(data: unknown): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data, 'base64');
  if (data instanceof Uint8Array) return data;
  if (Array.isArray(data)) return bytesOfList(data);
  throw new ImageFault(`data is ${data === undefined ? 'missing' : 'no bytes'}`);
}

function bytesOfList(list: readonly unknown[]): Uint8Array {
  const bytes = new Uint8Array(list.length);
  for (let i = 0; i < list.length; i++) {
    const value = list[i] as number;
    if ((value & 255) !== value) throw new ImageFault('data is no bytes');
    bytes[i] = value;
  }
  return bytes;
}

/** Colours or depth of a sensor_msgs/Image, without a look at any pixel. @throws ImageFault */
export function readRaw(message: unknown): Colours | Depth {
  const m = (message ?? {}) as Record<string, unknown>;
  const side = (name: string): number => {
    const v = m[name];
    if (!(Number.isInteger(v) && (v as number) >= 1 && (v as number) <= MAX_SIDE))
      throw new ImageFault(`${name} is ${v === undefined ? 'missing' : String(v)}, allowed 1 to ${MAX_SIDE}`);
    return v as number;
  };
  const encoding = String(m.encoding);
  const colours = COLOURS[encoding];
  const pixel = colours?.channels ?? DEPTH_BYTES[encoding];
  if (pixel === undefined) {
    const known = [...Object.keys(COLOURS), ...Object.keys(DEPTH_BYTES)].join(', ');
    throw new ImageFault(`encoding is ${encoding}, allowed ${known}`);
  }
  const width = side('width');
  const height = side('height');
  const step = Number(m.step);
  if (!(Number.isInteger(step) && step >= width * pixel))
    throw new ImageFault(`step is ${m.step}, at least ${width * pixel} bytes make a row`);
  const bytes = bytesOf(m.data);
  // The last row need not be padded.
  const needed = step * (height - 1) + width * pixel;
  if (bytes.length < needed) throw new ImageFault(`data has ${bytes.length} bytes of ${needed}`);
  const data = tight(bytes, step, width * pixel, height);
  if (colours !== undefined) return { data, width, height, ...colours };
  const isBigEndian = m.is_bigendian === 1 || m.is_bigendian === true;
  return { values: numbers(data, pixel as 2 | 4, isBigEndian), width, height };
}

/** Rows of `row` bytes that begin `step` bytes apart; the bytes themselves where nothing is between them. */
function tight(bytes: Uint8Array, step: number, row: number, height: number): Uint8Array {
  if (step === row) return bytes.subarray(0, row * height);
  const data = new Uint8Array(row * height);
  for (let r = 0; r < height; r++) data.set(bytes.subarray(r * step, r * step + row), r * row);
  return data;
}

/** The bytes as numbers of so many bytes; a copy where they lie at odd places or have the other byte order. */
function numbers(bytes: Uint8Array, size: 2 | 4, isBigEndian: boolean): Uint16Array | Float32Array {
  const isForeign = isBigEndian !== (endianness() === 'BE');
  const own = isForeign || bytes.byteOffset % size !== 0 ? Uint8Array.from(bytes) : bytes;
  if (isForeign) {
    const buffer = Buffer.from(own.buffer, own.byteOffset, own.length);
    if (size === 2) buffer.swap16();
    else buffer.swap32();
  }
  const Numbers = size === 2 ? Uint16Array : Float32Array;
  return new Numbers(own.buffer as ArrayBuffer, own.byteOffset, own.length / size);
}
