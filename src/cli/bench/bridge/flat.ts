import type { Memory } from '../heap.ts';
import { type Outcome, type Row, rounded, rowOf, slopeOf } from '../rows.ts';

export const MILLION = 1_000_000;
const WINDOW = 100_000;

/** Bytes a message from which on a kind of memory is not flat. */
export type Bounds = Readonly<Record<keyof Memory, number>>;

/**
 * The least that can be kept: of objects one number, 8 bytes, for every sixteenth message; outside of the heap a small Buffer for each
 * hundredth; and of what the system has given, which is not all in use, half of the smallest block of malloc (32 bytes) a message.
 */
export const BRIDGE_BOUNDS: Bounds = { heapUsed: 0.5, external: 1, arrayBuffers: 1, rss: 16 };

const KINDS = {
  heapUsed: 'heap',
  external: 'external',
  arrayBuffers: 'array_buffers',
  rss: 'rss',
} as const satisfies Record<keyof Memory, string>;

/** `[messages so far, bytes]`. */
export type Points = readonly (readonly [number, Memory])[];

export interface Flatness extends Required<Pick<Outcome, 'notes' | 'failed'>> {
  rows: Row[];
}

/**
 * Whether memory stays flat, by the least-squares slope over the second half of the way: the first is warm-up.
 * @param prefix of the names of the rows, `server_` for `server_heap_after_gc`
 * @param judged false for a way that is too short to say anything: then nothing fails
 */
export function flatness(prefix: string, points: Points, bounds: Bounds, judged: boolean): Flatness {
  const flatness: Flatness = { rows: [], notes: [], failed: false };
  for (const kind of Object.keys(KINDS) as (keyof Memory)[]) {
    const series = points.map(([messages, memory]): [number, number] => [messages, memory[kind]]);
    const slope = slopeOf(series.slice(Math.floor(series.length / 2)));
    const isFlat = slope < bounds[kind];
    const name = `${prefix}${KINDS[kind]}_after_gc`;
    const bytes = series.map(([, b]) => b);
    flatness.rows.push({ ...rowOf(name, 'ours', 'bytes', bytes), series, slope: rounded(slope) });
    const verdict = judged ? (isFlat ? 'flat' : 'NOT FLAT') : 'too short to judge';
    const says = `${name}: ${slope.toFixed(3)} bytes a message over ${series.at(-1)?.[0] ?? 0} messages`;
    flatness.notes.push(`${says}: ${verdict} (allowed: below ${bounds[kind]})`);
    flatness.failed ||= judged && !isFlat;
  }
  return flatness;
}

/**
 * The memory of a part over so many messages: after a forced collection, ten times on the way. Fewer than a million messages are no
 * verdict.
 * @param flood lets so many messages pass; `used` collects, and tells the bytes
 */
export async function memoryOver(
  prefix: string,
  messages: number,
  flood: (count: number) => Promise<unknown>,
  used: () => Memory | Promise<Memory>,
): Promise<Flatness> {
  const window = Math.min(WINDOW, Math.ceil(messages / 10));
  const points: [number, Memory][] = [];
  // Code and buffers have their size after the first.
  await flood(window);
  for (let n = 0; n <= messages; n += window) {
    if (n > 0) await flood(window);
    points.push([n, await used()]);
  }
  return flatness(prefix, points, BRIDGE_BOUNDS, messages >= MILLION);
}
