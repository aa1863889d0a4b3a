import { type Row, rounded, rowOf, slopeOf } from '../rows.ts';

export const MILLION = 1_000_000;
const WINDOW = 100_000;
/** Bytes a message below which a heap is flat. */
const FLAT = 0.5;

export interface Heap {
  row: Row;
  notes: string[];
  failed: boolean;
}

/**
 * Whether the heap stays flat over so many messages: bytes in use after a forced collection, ten times on the way. Fewer
 * than a million messages are no verdict.
 * @param flood lets so many messages pass; `used` collects, and tells the bytes
 */
export async function heapOver(
  name: string,
  messages: number,
  flood: (count: number) => Promise<unknown>,
  used: () => number | Promise<number>,
): Promise<Heap> {
  const window = Math.min(WINDOW, Math.ceil(messages / 10));
  const series: [number, number][] = [];
  // Code and buffers have their size after the first.
  await flood(window);
  for (let n = 0; n <= messages; n += window) {
    if (n > 0) await flood(window);
    series.push([n, await used()]);
  }
  const slope = slopeOf(series);
  const failed = slope >= FLAT && messages >= MILLION;
  const says = `${name}: ${slope.toFixed(3)} bytes a message over ${messages} messages: ${failed ? 'NOT FLAT' : 'flat'}`;
  return {
    row: {
      ...rowOf(
        name,
        'ours',
        'bytes',
        series.map(([, bytes]) => bytes),
      ),
      series,
      slope: rounded(slope),
    },
    notes: [`${says} (allowed: below ${FLAT})`],
    failed,
  };
}
