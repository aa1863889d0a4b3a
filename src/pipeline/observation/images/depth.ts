import type { ImageConfig } from '../../../core/observation-schema.ts';
import { inBands } from './bands.ts';
import { type Depth, ImageFault, type Pixels } from './raw.ts';

/**
 * Depth as bytes: `range[0]` m and nearer is 0, `range[1]` m and further is 255, linear between; where there is none, 0.
 * Each pixel is looked up at the nearest of the source, not averaged: the mean of a finger and the wall behind it is a place where
 * nothing is.
 * @throws ImageFault without a range
 */
export async function depthBytes(depth: Depth, config: ImageConfig): Promise<Pixels> {
  const { range, width, height } = config;
  if (range === undefined) throw new ImageFault('is a depth image, and the config gives it no range');
  const { sx, sy } = placed(config, depth.width, depth.height);
  const columns = nearest(width, sx, depth.width);
  const rows = nearest(height, sy, depth.height);
  const data = new Uint8Array(width * height);
  const { values } = depth;
  const shade = values instanceof Uint16Array ? shades(range) : null;
  await inBands(height, width, (from, to) => {
    for (let row = from; row < to; row++) {
      const y = rows[row]!;
      if (y < 0) continue;
      if (shade !== null) ofMillimetres(values, y * depth.width, columns, shade, data, row * width);
      else ofMetres(values, y * depth.width, columns, range, data, row * width);
    }
  });
  return { data, width, height, channels: 1 };
}

type Values = Depth['values'];

function ofMillimetres(
  values: Values,
  from: number,
  columns: Int32Array,
  shade: Uint8Array,
  out: Uint8Array,
  at: number,
) {
  for (let i = 0; i < columns.length; i++) {
    const x = columns[i]!;
    if (x >= 0) out[at + i] = shade[values[from + x]!]!;
  }
}

function ofMetres(
  values: Values,
  from: number,
  columns: Int32Array,
  [near, far]: readonly [number, number],
  out: Uint8Array,
  at: number,
) {
  for (let i = 0; i < columns.length; i++) {
    const x = columns[i]!;
    if (x < 0) continue;
    out[at + i] = shadeOf(values[from + x]!, near, far);
  }
}

/** NaN, where there is no depth, becomes 0 as it is stored. */
const shadeOf = (d: number, near: number, far: number): number =>
  Math.round(255 * Math.max(0, Math.min(1, (d - near) / (far - near))));

/** The byte of each of the 65,536 depths in mm, for each range of a config. */
const made = new WeakMap<readonly number[], Uint8Array>();
function shades(range: readonly [number, number]): Uint8Array {
  let shade = made.get(range);
  if (shade === undefined) {
    shade = Uint8Array.from({ length: 1 << 16 }, (_, mm) => (mm === 0 ? 0 : shadeOf(mm / 1000, ...range)));
    made.set(range, shade);
  }
  return shade;
}

/** Scale from a source to the size asked for: one factor that fits or covers, or one for each side. */
function placed(config: Pick<ImageConfig, 'width' | 'height' | 'fit'>, width: number, height: number) {
  const [sx, sy] = [config.width / width, config.height / height];
  if (config.fit === 'fill') return { sx, sy };
  const s = config.fit === 'contain' ? Math.min(sx, sy) : Math.max(sx, sy);
  return { sx: s, sy: s };
}

/** Of each place of a side, where it is in the source; -1 where the source has nothing. */
const nearest = (size: number, scale: number, source: number): Int32Array =>
  Int32Array.from({ length: size }, (_, i) => {
    const at = Math.floor((i + 0.5 - size / 2) / scale + source / 2);
    return at >= 0 && at < source ? at : -1;
  });
