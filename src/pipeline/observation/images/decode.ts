import type { ImageConfig } from '../../../core/observation-schema.ts';
import { inBands } from './bands.ts';
import { depthBytes } from './depth.ts';
import { bytesOf, type Colours, type Depth, ImageFault, MAX_SIDE, type Pixels, readRaw } from './raw.ts';
import { loadSharp, type Sharp, type SharpImage } from './sharp.ts';

/** Turns a message into `height × width × channels` bytes. @throws ImageFault for one that is no such image */
export type Decode = (message: unknown) => Promise<Uint8Array>;

/** A compressedDepth header: a format word and two floats, before the PNG (image_transport_plugins). */
const COMPRESSED_DEPTH_HEADER = 12;

/**
 * The decoder of `sensor_msgs/msg/CompressedImage` or `sensor_msgs/msg/Image`. Pixels are moved on sharp's threads; what is left for
 * the event loop comes in bands.
 */
export function decoderOf(config: ImageConfig, type: string): Decode {
  const decode = type.endsWith('/CompressedImage') ? compressed : raw;
  return async (message) => (await decode(message, config)).data;
}

async function raw(message: unknown, config: ImageConfig): Promise<Pixels> {
  const image = readRaw(message);
  return 'values' in image ? depthBytes(image, config) : colours(image, config);
}

/** Blue and red change places. */
const SWAPPED = [
  [0, 0, 1],
  [0, 1, 0],
  [1, 0, 0],
];

async function colours(image: Colours, config: ImageConfig): Promise<Pixels> {
  const { data, width, height, channels, order } = await opaque(image);
  const isSized = width === config.width && height === config.height;
  const wanted = channels === 1 ? config.channels : 3;
  let pixels: Pixels = { data, width, height, channels };
  if (!isSized || order === 'bgr' || channels !== wanted) {
    const sharp = await loadSharp();
    let picture = sharp(data, { raw: { width, height, channels } });
    if (!isSized) picture = resized(picture, config);
    if (order === 'bgr') picture = picture.recomb(SWAPPED);
    pixels = await finished(picture, wanted);
  }
  return config.channels === 1 && pixels.channels === 3 ? grey(pixels) : pixels;
}

/** Without the fourth channel, before anything is scaled: sharp would weigh colours by it. */
async function opaque(image: Colours): Promise<Colours & { channels: 1 | 3 }> {
  const { data, width, height, channels, order } = image;
  if (channels !== 4) return { data, width, height, channels, order };
  const sharp = await loadSharp();
  return { ...(await finished(sharp(data, { raw: { width, height, channels } }).removeAlpha(), 3)), order };
}

/** By the weights of ITU-R BT.601. */
async function grey({ data, width, height }: Pixels): Promise<Pixels> {
  const out = new Uint8Array(width * height);
  await inBands(height, width, (from, to) => {
    for (let i = from * width; i < to * width; i++)
      out[i] = Math.round(0.299 * data[3 * i]! + 0.587 * data[3 * i + 1]! + 0.114 * data[3 * i + 2]!);
  });
  return { data: out, width, height, channels: 1 };
}

async function compressed(message: unknown, config: ImageConfig): Promise<Pixels> {
  const { format, data } = (message ?? {}) as { format?: unknown; data?: unknown };
  const bytes = bytesOf(data);
  const sharp = await loadSharp();
  try {
    if (String(format).includes('compressedDepth')) {
      if (!String(format).startsWith('16UC1'))
        throw new ImageFault(`format is ${String(format)}, of compressedDepth only 16UC1 is read`);
      return await depthBytes(await depthPng(sharp, bytes.subarray(COMPRESSED_DEPTH_HEADER)), config);
    }
    if (config.range !== undefined) return await depthBytes(await depthPng(sharp, bytes), config);
    const picture = sharp(bytes, bounds).removeAlpha();
    return await finished(resized(picture, config), config.channels);
  } catch (error) {
    if (error instanceof ImageFault) throw error;
    throw new ImageFault(`cannot be decoded: ${(error as Error).message.split('\n')[0]}`);
  }
}

const bounds = { limitInputPixels: MAX_SIDE * MAX_SIDE, failOn: 'error' };

async function depthPng(sharp: Sharp, bytes: Uint8Array): Promise<Depth> {
  const picture = sharp(bytes, bounds).toColourspace('grey16').raw({ depth: 'ushort' });
  const { data, info } = await picture.toBuffer({ resolveWithObject: true });
  if (info.channels !== 1) throw new ImageFault(`has ${info.channels} channels; a depth image has one of 16 bits`);
  const values = new Uint16Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength));
  return { values, width: info.width, height: info.height };
}

const resized = (image: SharpImage, { width, height, fit }: ImageConfig) =>
  image.resize({ width, height, fit, kernel: 'linear', background: { r: 0, g: 0, b: 0 } });

async function finished<Channels extends 1 | 3>(
  image: SharpImage,
  channels: Channels,
): Promise<Pixels & { channels: Channels }> {
  const space = channels === 1 ? 'b-w' : 'srgb';
  const { data, info } = await image.toColourspace(space).raw().toBuffer({ resolveWithObject: true });
  if (info.channels !== channels) throw new ImageFault(`came out with ${info.channels} channels, not ${channels}`);
  return {
    data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    width: info.width,
    height: info.height,
    channels,
  };
}
