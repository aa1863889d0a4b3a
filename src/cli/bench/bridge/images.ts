import { readFileSync } from 'node:fs';
import type { RunConfig } from '../../../core/config-schema.ts';
import type { ReflexArcError } from '../../../core/errors.ts';
import { type ImageConfig, observationSchema } from '../../../core/observation-schema.ts';
import { decoderOf } from '../../../pipeline/observation/images/decode.ts';
import { loadSharp } from '../../../pipeline/observation/images/sharp.ts';
import { type Aim, judge } from '../aims.ts';
import { type BenchOptions, type Outcome, rowOf } from '../rows.ts';
import { inTurns, ROUNDS } from './turns.ts';

const [WIDTH, HEIGHT] = [640, 480];
const SIZE = 224;
const TYPE = 'sensor_msgs/msg/Image';
/** Images of a sample: the system counts a thread's time in steps of some ms. */
const IMAGES = 100;
/** The event loop is kept no longer than so many ms by an image. */
const KEPT_MS = 1;

interface Kind {
  readonly encoding: string;
  readonly bytes: number;
  readonly channels: 1 | 3;
  /** Where its colours are in a pixel. */
  readonly places?: readonly number[];
}
const KINDS: readonly Kind[] = [
  { encoding: 'rgb8', bytes: 3, channels: 3, places: [0, 1, 2] },
  { encoding: 'bgr8', bytes: 3, channels: 3, places: [2, 1, 0] },
  { encoding: 'mono8', bytes: 1, channels: 1, places: [0] },
  { encoding: '16UC1', bytes: 2, channels: 1 },
];

/** A camera's image as bytes, as `cbor` carries it. */
function imageOf({ encoding, bytes }: Kind) {
  const data = Uint8Array.from({ length: WIDTH * HEIGHT * bytes }, (_, i) => (i * 7919) >> 5);
  const header = { stamp: { sec: 0, nanosec: 0 }, frame_id: 'camera' };
  return { header, width: WIDTH, height: HEIGHT, encoding, is_bigendian: 0, step: WIDTH * bytes, data };
}

/** Pixel by pixel on the event loop, as far as the colours, and not resized. */
function byLoop({ data }: ReturnType<typeof imageOf>, { bytes, places = [] }: Kind): Uint8Array {
  const out = new Uint8Array(WIDTH * HEIGHT * places.length);
  for (let pixel = 0; pixel < WIDTH * HEIGHT; pixel++)
    for (let c = 0; c < places.length; c++) out[pixel * places.length + c] = data[pixel * bytes + places[c]!]!;
  return out;
}

/**
 * Milliseconds that the thread of the event loop has worked: what other threads and processes take from it is not in it. Where the system
 * does not tell, the time in which the loop did not wait.
 */
function workedMs(): number {
  try {
    const [ns] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ');
    return Number(ns) / 1e6;
  } catch {
    return performance.eventLoopUtilization().active;
  }
}

/**
 * How long a raw image of a camera keeps the brain's event loop from everything else, in all and so at most at a time, beside a plain
 * loop over its pixels.
 */
export async function benchImages(
  _config: RunConfig,
  { samples = ROUNDS }: BenchOptions,
  images = IMAGES,
): Promise<Outcome> {
  try {
    await loadSharp();
  } catch (error) {
    const why = (error as ReflexArcError).message;
    return { results: [], missing: [{ subject: 'images', why, next: 'install the optional package sharp' }] };
  }
  const outcome: Outcome = { results: [] };
  const aims: Aim[] = [];
  for (const kind of KINDS) {
    const name = `Image ${kind.encoding} ${WIDTH}x${HEIGHT} to ${SIZE}x${SIZE}, event loop kept`;
    const image = imageOf(kind);
    const decode = decoderOf(configOf(kind), TYPE);
    const subjects: [string, () => unknown][] = [['ours', () => decode(image)]];
    if (kind.places !== undefined) subjects.push(['plain JavaScript loop', () => byLoop(image, kind)]);
    const all = await inTurns(subjects, samples, async ([, work]) => {
      const before = workedMs();
      for (let i = 0; i < images; i++) await work();
      return [(workedMs() - before) / images];
    });
    for (const [[subject], ms] of all) outcome.results.push(rowOf(name, subject, 'ms', ms));
    const value = outcome.results.find((row) => row.case === name && row.subject === 'ours')!.p50;
    aims.push({ what: `${name}, p50`, value, unit: 'ms', atMost: KEPT_MS });
  }
  return { ...outcome, ...judge(aims, samples >= ROUNDS) };
}

/** As a task's observation would ask for it. */
function configOf({ encoding, channels }: Kind): ImageConfig {
  const image = { name: 'camera', topic: '/camera', width: SIZE, height: SIZE, channels };
  return observationSchema.parse({
    base: { features: [{ from: '/joint_states.position' }] },
    images: [encoding === '16UC1' ? { ...image, range: [0.2, 2] } : image],
  }).images[0]!;
}
