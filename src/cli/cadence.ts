import type { Quantiles } from '../core/histogram.ts';
import type { CadenceSummary } from '../daemon/cadence.ts';

const quantiles = (q: Quantiles | undefined) =>
  q === undefined || q.max === 0 ? '-' : `p50 ${q.p50}  p99 ${q.p99}  max ${q.max}`;

/** The reflex's cadence for a reader, as rows of a table: what Ctrl-C prints. A reflex that did not answer has dashes. */
export function cadenceRows(c: Partial<CadenceSummary>): [string, string][] {
  const { ticks, overruns, skipped, starved, gc } = c;
  return [
    ['ticks', ticks === undefined ? '-' : `${ticks}, ${overruns} overruns, ${skipped} skipped, ${starved} starved`],
    ['late µs', quantiles(c.lateness_us)],
    ['tick µs', quantiles(c.tick_us)],
    ['loop ms', quantiles(c.loop_ms)],
    ['GC', gc === undefined ? '-' : `${gc.count} pauses, ${gc.total_ms} ms in all, longest ${gc.max_ms} ms`],
  ];
}
