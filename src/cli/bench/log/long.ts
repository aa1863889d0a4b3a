import { join } from 'node:path';
import type { RunConfig } from '../../../core/config-schema.ts';
import { collector } from '../heap.ts';
import { type Outcome, rounded, rowOf, slopeOf } from '../rows.ts';
import { Traffic } from './traffic.ts';
import { benchRecorder, PERIOD_NS } from './writing.ts';

/** Bytes a second of recording below which the heap is flat: 10 hours would keep 3.6 MB. In a short run 2 MB are noise. */
const FLAT = 100;
const NOISE = 2e6;
/** States that are made before, and said again and again: making them would take longer than recording them. */
const STATES = 2000;

/**
 * Heap after a forced collection along a recording of `seconds` at 500 states a second, as fast as it goes: rotated, the newest
 * files kept, with a black box, as a robot would that records for days.
 */
export async function longRecording(folder: string, config: RunConfig, seconds: number): Promise<Outcome> {
  const traffic = new Traffic(config);
  const states = Array.from({ length: STATES }, (_, i) => traffic.period(i * PERIOD_NS));
  const recorder = await benchRecorder(join(folder, 'long_00000.mcap'), {
    ...{ compression: 'lz4', rotateBytes: 20e6, keepFiles: 3, maxBytes: 256e6, chunkSpanNs: 1e9 },
    blackBox: { beforeNs: 10e9, afterNs: 5e9, maxBytes: 32e6, maxFiles: 1 },
  });
  const heap = collector();
  const series: [number, number][] = [];
  const every = Math.max(1, Math.round(seconds / 40));
  const began = performance.now();
  let n = 0;
  for (let s = 0; s < seconds; s++) {
    for (; n * PERIOD_NS < (s + 1) * 1e9; n++)
      for (const { topic, type, message } of states[n % STATES]!)
        recorder.record(topic, type, message, n * PERIOD_NS, n * PERIOD_NS);
    // One second waits at a time, as in a recorder that keeps up.
    while (recorder.counters.queued > 5000) await new Promise((resolve) => setImmediate(resolve));
    // Not before the black box and the first files are full.
    if (s >= Math.min(20, seconds / 4) && s % every === 0) series.push([s, heap()]);
  }
  await recorder.close();
  const took = (performance.now() - began) / 1000;
  const { written, dropped, files, deleted } = recorder.counters;
  const slope = slopeOf(series);
  const span = (series.at(-1)?.[0] ?? 0) - (series[0]?.[0] ?? 0);
  const flat = slope * span < Math.max(NOISE, FLAT * span);
  const row = rowOf(
    'heap_while_recording',
    'ours',
    'bytes',
    series.map(([, bytes]) => bytes),
  );
  const speed = `${(seconds / took).toFixed(0)} times real time`;
  return {
    results: [{ ...row, series, slope: rounded(slope) }],
    notes: [
      `${written} messages of ${seconds} s (${speed}), ${dropped} lost, ${files} files there, ${deleted} deleted; ` +
        `${slope.toFixed(1)} bytes of heap a second: ${flat ? 'flat' : 'NOT FLAT'} (allowed: below ${FLAT}, or ${NOISE} in all)`,
    ],
    failed: !flat || dropped > 0,
  };
}
