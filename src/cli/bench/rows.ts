import type { RunConfig } from '../../core/config-schema.ts';
import type { Watch } from './learning/watch.ts';

/** One line of a bench: one subject in one case. What a bench adds for itself stands in snake_case beside these. */
export interface Row {
  case: string;
  /** `ours`, or the peer's name. */
  subject: string;
  unit: string;
  p50: number;
  p99: number;
  /** Where a promise is made of it. */
  p99_9?: number;
  max: number;
  samples: number;
  /** Whole periods that a timer left out. */
  skipped?: number;
  /** CPU time that the host of a virtual machine took meanwhile, ms. */
  stolen_ms?: number;
  /** `[upper edge, count]`, equal steps from 0. */
  histogram?: [number, number][];
  /** Measured along the way, e.g. `[ticks, bytes]`. */
  series?: [number, number][];
  /** Over training seeds. */
  mean?: number;
  sd?: number;
  /** Least-squares slope of the series, in units of the row for each step of the series' first column. */
  slope?: number;
}

/** A peer that could not take part: why, and what to do to have it. */
export interface Missing {
  subject: string;
  why: string;
  next: string;
}

export interface Outcome {
  results: Row[];
  missing?: Missing[];
  /** Versions and build options of the peers. */
  peers?: Record<string, string>;
  /** What the reader must know; on stdout, and in the JSON. */
  notes?: string[];
  /** The bench has a yes or no, and it is no. */
  failed?: boolean;
}

/** What the command line tells a bench besides the run. */
export interface BenchOptions {
  /** The person beside a bench that trains. */
  watch?: Watch | undefined;
  /** Samples of each subject; the bench's own number without it. */
  samples?: number;
  /** How long a bench goes on that goes on; its own time without it. */
  seconds?: number;
  /** Of a bench that has several; all without it. */
  case?: string[];
  /** Of a case that has several; all without it. */
  arm?: string[];
  /** Training seeds, and environment steps or episodes of each run; the case's own numbers without it. */
  seeds?: number;
  steps?: number;
  /** Folder in which runs are kept; those that are there are not made again. */
  out?: string;
}

/** Measures; every subject of a case in turns, in this one run. */
export type Bench = (config: RunConfig, options: BenchOptions) => Promise<Outcome>;

/** Nearest-rank quantile of ascending numbers; 0 when there are none. */
export function quantile(ascending: ArrayLike<number>, q: number): number {
  const rank = Math.max(1, Math.ceil(q * ascending.length));
  return ascending[rank - 1] ?? 0;
}

/** Four digits: more would be noise. */
export const rounded = (v: number): number => Number(v.toPrecision(4));

/** The row of `values`, in any order. */
export function rowOf(name: string, subject: string, unit: string, values: ArrayLike<number>): Row {
  const sorted = Float64Array.from(values).sort();
  return {
    case: name,
    subject,
    unit,
    p50: rounded(quantile(sorted, 0.5)),
    p99: rounded(quantile(sorted, 0.99)),
    max: rounded(sorted.at(-1) ?? 0),
    samples: sorted.length,
  };
}

/** `rowOf` with the far tail and the shape of the distribution, in buckets of `step`. */
export function tailRow(name: string, subject: string, unit: string, values: ArrayLike<number>, step: number): Row {
  const sorted = Float64Array.from(values).sort();
  return {
    ...rowOf(name, subject, unit, sorted),
    p99_9: rounded(quantile(sorted, 0.999)),
    histogram: histogramOf(sorted, step),
  };
}

/** Counts in buckets `(upper − step, upper]`, 0 in the first, up to the last that is not empty. */
export function histogramOf(values: ArrayLike<number>, step: number): [number, number][] {
  const counts: number[] = [];
  for (const value of Array.from(values)) {
    const at = Math.max(0, Math.ceil(value / step) - 1);
    while (counts.length <= at) counts.push(0);
    counts[at] = counts[at]! + 1;
  }
  return counts.map((count, i) => [Number(((i + 1) * step).toFixed(6)), count]);
}

/**
 * A histogram as bars of text, the longest `width` characters, from its first bucket that is not empty. A count that is
 * not zero is never without a bar.
 */
export function bars(all: readonly (readonly [number, number])[], unit: string, width = 40): string {
  const histogram = all.slice(
    Math.max(
      0,
      all.findIndex(([, count]) => count > 0),
    ),
  );
  const most = Math.max(1, ...histogram.map(([, count]) => count));
  const edges = histogram.map(([upper]) => `≤ ${upper} ${unit}`);
  const room = Math.max(0, ...edges.map((edge) => edge.length));
  return histogram
    .map(([, count], i) => {
      const bar = '#'.repeat(Math.ceil((count / most) * width));
      return `  ${edges[i]!.padStart(room)}  ${bar}${bar === '' ? '' : ' '}${count}`;
    })
    .join('\n');
}

/** Least-squares slope of points `[x, y]`; 0 below two of them. */
export function slopeOf(points: readonly (readonly [number, number])[]): number {
  const n = points.length;
  if (n < 2) return 0;
  const mx = points.reduce((sum, [x]) => sum + x / n, 0);
  const my = points.reduce((sum, [, y]) => sum + y / n, 0);
  const top = points.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0);
  const bottom = points.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
  return bottom === 0 ? 0 : top / bottom;
}
