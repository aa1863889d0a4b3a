import type { ImageConfig } from '../../../core/observation-schema.ts';
import { bytesOf, depthBytes, depthOf, ImageFault, MAX_SIDE, type Pixels, readRaw, withChannels } from './raw.ts';
import { loadSharp, type Sharp, type SharpImage } from './sharp.ts';

/** Turns a message into `height × width × channels` bytes. @throws ImageFault for one that is no such image */
export type Decode = (message: unknown) => Promise<Uint8Array>;

/** A compressedDepth header: a format word and two floats, before the PNG (image_transport_plugins). */
const COMPRESSED_DEPTH_HEADER = 12;

/** The decoder of `sensor_msgs/msg/CompressedImage` or `sensor_msgs/msg/Image`. */
export function decoderOf(config: ImageConfig, type: string): Decode {
  const decode = type.endsWith('/CompressedImage') ? compressed : raw;
  return async (message) => {
    const pixels = await decode(message, config);
    return withChannels(pixels, config.channels).data;
  };
}

async function raw(message: unknown, config: ImageConfig): Promise<Pixels> {
  const image = readRaw(message);
  if ('at' in image) return depthBytes(image, config);
  const { data, width, height, channels } = image;
  if (width === config.width && height === config.height) return image;
  const sharp = await loadSharp();
  return finished(resized(sharp(data, { raw: { width, height, channels } }), config), channels);
}

async function compressed(message: unknown, config: ImageConfig): Promise<Pixels> {
  const { format, data } = (message ?? {}) as { format?: unknown; data?: unknown };
  const bytes = bytesOf(data);
  const sharp = await loadSharp();
  try {
    if (String(format).includes('compressedDepth')) {
      if (!String(format).startsWith('16UC1'))
        throw new ImageFault(`format is ${String(format)}, of compressedDepth only 16UC1 is read`);
      return depthBytes(await depthPng(sharp, bytes.subarray(COMPRESSED_DEPTH_HEADER)), config);
    }
    if (config.range !== undefined) return depthBytes(await depthPng(sharp, bytes), config);
    const picture = sharp(bytes, bounds).removeAlpha();
    return await finished(resized(picture, config), config.channels);
  } catch (error) {
    if (error instanceof ImageFault) throw error;
    throw new ImageFault(`cannot be decoded: ${(error as Error).message.split('\n')[0]}`);
  }
}

const bounds = { limitInputPixels: MAX_SIDE * MAX_SIDE, failOn: 'error' };

async function depthPng(sharp: Sharp, bytes: Uint8Array) {
  const picture = sharp(bytes, bounds).toColourspace('grey16').raw({ depth: 'ushort' });
  const { data, info } = await picture.toBuffer({ resolveWithObject: true });
  if (info.channels !== 1) throw new ImageFault(`has ${info.channels} channels; a depth image has one of 16 bits`);
  const values = new Uint16Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength));
  return depthOf(values, info.width, info.height);
}

const resized = (image: SharpImage, { width, height, fit }: ImageConfig) =>
  image.resize({ width, height, fit, kernel: 'linear', background: { r: 0, g: 0, b: 0 } });

async function finished(image: SharpImage, channels: 1 | 3): Promise<Pixels> {
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
