import type { ImageConfig } from '../../../core/observation-schema.ts';

/**
 * sensor_msgs/Image → tight bytes. Rows of `step` bytes lose their padding; colours become RGB; depth is looked up where
 * it is asked for, not averaged: the mean of a finger and the wall behind it is a place where nothing is.
 */
export interface Pixels {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
}

/** Metres a pixel, by row and column; NaN where the camera saw none. */
export interface Depth {
  readonly width: number;
  readonly height: number;
  at(row: number, column: number): number;
}

export class ImageFault extends Error {}

/** Sides above this are refused before anything is allocated. */
export const MAX_SIDE = 8192;

/** Bytes a pixel, and where its colours are: red, green, blue, or one grey. */
const ENCODINGS: Readonly<
  Record<string, { bytes: number; places: readonly [number, number, number] | readonly [number] }>
> = {
  rgb8: { bytes: 3, places: [0, 1, 2] },
  bgr8: { bytes: 3, places: [2, 1, 0] },
  '8UC3': { bytes: 3, places: [2, 1, 0] },
  rgba8: { bytes: 4, places: [0, 1, 2] },
  bgra8: { bytes: 4, places: [2, 1, 0] },
  mono8: { bytes: 1, places: [0] },
  '8UC1': { bytes: 1, places: [0] },
};
const DEPTH_BYTES: Readonly<Record<string, number>> = { '16UC1': 2, mono16: 2, '32FC1': 4 };

interface RawImage {
  readonly width: number;
  readonly height: number;
  readonly step: number;
  readonly encoding: string;
  readonly isBigEndian: boolean;
  readonly bytes: Uint8Array;
}

/** The bytes of a `uint8[]` field: base64 text on a JSON wire, an array or bytes on others. @throws ImageFault */
export function bytesOf(data: unknown): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data, 'base64');
  if (data instanceof Uint8Array) return data;
  if (Array.isArray(data) && data.every((v) => Number.isInteger(v) && v >= 0 && v <= 255)) return Uint8Array.from(data);
  throw new ImageFault(`data is ${data === undefined ? 'missing' : 'no bytes'}`);
}

/** Pixels or depth of a sensor_msgs/Image. @throws ImageFault */
export function readRaw(message: unknown): Pixels | Depth {
  const m = (message ?? {}) as Record<string, unknown>;
  const side = (name: string): number => {
    const v = m[name];
    if (!(Number.isInteger(v) && (v as number) >= 1 && (v as number) <= MAX_SIDE))
      throw new ImageFault(`${name} is ${v === undefined ? 'missing' : String(v)}, allowed 1 to ${MAX_SIDE}`);
    return v as number;
  };
  const encoding = String(m.encoding);
  const pixel = ENCODINGS[encoding]?.bytes ?? DEPTH_BYTES[encoding];
  if (pixel === undefined) {
    const known = [...Object.keys(ENCODINGS), ...Object.keys(DEPTH_BYTES)].join(', ');
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
  const isBigEndian = m.is_bigendian === 1 || m.is_bigendian === true;
  const image: RawImage = { width, height, step, encoding, isBigEndian, bytes };
  return encoding in ENCODINGS ? colours(image) : depth(image);
}

function colours({ width, height, step, encoding, bytes }: RawImage): Pixels {
  const { bytes: size, places } = ENCODINGS[encoding]!;
  const channels = places.length;
  const data = new Uint8Array(width * height * channels);
  let to = 0;
  for (let row = 0; row < height; row++) {
    let from = row * step;
    for (let column = 0; column < width; column++, from += size)
      for (let c = 0; c < channels; c++) data[to++] = bytes[from + places[c]!]!;
  }
  return { data, width, height, channels };
}

/** 16-bit depth is in mm with 0 for none, 32-bit in m with NaN for none and ±∞ for too far and too near (REP 118). */
function depth({ width, height, step, encoding, isBigEndian, bytes }: RawImage): Depth {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isFloat = encoding === '32FC1';
  return {
    width,
    height,
    at(row, column) {
      if (isFloat) return view.getFloat32(row * step + column * 4, !isBigEndian);
      const mm = view.getUint16(row * step + column * 2, !isBigEndian);
      return mm === 0 ? Number.NaN : mm / 1000;
    },
  };
}

/** Depth from 16-bit pixels in mm, tight, as a decoded PNG has them. */
export function depthOf(values: Uint16Array, width: number, height: number): Depth {
  return {
    width,
    height,
    at: (row, column) => (values[row * width + column] === 0 ? Number.NaN : values[row * width + column]! / 1000),
  };
}

/** Scale and shift from a source to the size asked for: one factor that fits or covers, or one for each side. */
function placed(config: Pick<ImageConfig, 'width' | 'height' | 'fit'>, width: number, height: number) {
  const [sx, sy] = [config.width / width, config.height / height];
  if (config.fit === 'fill') return { sx, sy };
  const s = config.fit === 'contain' ? Math.min(sx, sy) : Math.max(sx, sy);
  return { sx: s, sy: s };
}

/**
 * Depth as bytes: `range[0]` m and nearer is 0, `range[1]` m and further is 255, linear between; where there is none, 0.
 * Each pixel is the nearest of the source.
 * @throws ImageFault without a range
 */
export function depthBytes(depth: Depth, config: ImageConfig): Pixels {
  if (config.range === undefined) throw new ImageFault('is a depth image, and the config gives it no range');
  const [near, far] = config.range;
  const { width, height } = config;
  const { sx, sy } = placed(config, depth.width, depth.height);
  const data = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    const y = Math.floor((row + 0.5 - height / 2) / sy + depth.height / 2);
    if (y < 0 || y >= depth.height) continue;
    for (let column = 0; column < width; column++) {
      const x = Math.floor((column + 0.5 - width / 2) / sx + depth.width / 2);
      if (x < 0 || x >= depth.width) continue;
      const d = depth.at(y, x);
      if (!Number.isNaN(d))
        data[row * width + column] = Math.round(255 * Math.max(0, Math.min(1, (d - near) / (far - near))));
    }
  }
  return { data, width, height, channels: 1 };
}

/** Grey to RGB, or RGB to grey by the weights of ITU-R BT.601; the same pixels when they are as wanted. */
export function withChannels({ data, width, height, channels }: Pixels, wanted: 1 | 3): Pixels {
  if (channels === wanted) return { data, width, height, channels };
  const out = new Uint8Array(width * height * wanted);
  for (let i = 0; i < width * height; i++) {
    if (wanted === 3) out.fill(data[i]!, 3 * i, 3 * i + 3);
    else out[i] = Math.round(0.299 * data[3 * i]! + 0.587 * data[3 * i + 1]! + 0.114 * data[3 * i + 2]!);
  }
  return { data: out, width, height, channels: wanted };
}
