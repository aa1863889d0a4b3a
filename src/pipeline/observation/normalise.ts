import { readFileSync } from 'node:fs';
import type { NormaliseConfig } from '../../core/observation-schema.ts';
import { PathComplaint } from './path.ts';

/** x ← (x − centre) / spread, in place, element by element. */
export interface Normalisation {
  readonly centre: Float64Array;
  readonly spread: Float64Array;
}

export function normalise({ centre, spread }: Normalisation, values: Float64Array): void {
  for (let i = 0; i < values.length; i++) values[i] = (values[i]! - centre[i]!) / spread[i]!;
}

const MAX_BYTES = 10_000_000;

/**
 * Mean and std: (x − mean) / std. Min and max: onto [-1, 1], (x − (min + max)/2) / ((max − min)/2). A spread of zero is
 * refused unless `floor` says what it counts as: the element never changed in the data, and any change would be infinite.
 * @throws PathComplaint
 */
export function normalisationOf(config: NormaliseConfig, width: number): Normalisation {
  const { floor } = config;
  const from = config.statistics === undefined ? '' : ` in ${config.statistics}`;
  const given = config.statistics === undefined ? config : statisticsIn(config.statistics, config.key);
  const byMean =
    config.statistics === undefined ? given.mean !== undefined : (config.mode ?? 'mean_std') === 'mean_std';
  const [a, b] = byMean ? (['mean', 'std'] as const) : (['min', 'max'] as const);
  const first = row(given[a], a, width, from);
  const second = row(given[b], b, width, from);
  const centre = byMean ? first : first.map((lo, i) => (lo + second[i]!) / 2);
  const spread = (byMean ? second : first.map((lo, i) => (second[i]! - lo) / 2)).map((s) => Math.max(s, floor));
  const flat = spread.findIndex((s) => !(s > 0));
  if (flat >= 0) {
    const seen = byMean ? `std ${second[flat]}` : `min ${first[flat]} and max ${second[flat]}`;
    throw new PathComplaint(
      `has ${seen} for element ${flat}${from}: it never changed in the data; give a floor, or leave the element out`,
    );
  }
  return { centre, spread };
}

function row(values: unknown, name: string, width: number, from: string): Float64Array {
  const numbers = Array.isArray(values) ? values.flat(8) : [];
  if (!Array.isArray(values) || !numbers.every((v) => typeof v === 'number' && Number.isFinite(v)))
    throw new PathComplaint(`has no ${name}${from}, or one that is no list of numbers`);
  if (numbers.length !== width)
    throw new PathComplaint(`has ${numbers.length} numbers of ${name}${from}, but ${width} elements`);
  return Float64Array.from(numbers as number[]);
}

/**
 * The statistics under `key` of a JSON file: LeRobot's `meta/stats.json` (`{"observation.state": {mean, std, min, max}}`),
 * openpi's `norm_stats.json` (`{norm_stats: {state: {mean, std}}}`, key `norm_stats.state`), or the like.
 */
function statisticsIn(file: string, key: string | undefined): Partial<Record<'mean' | 'std' | 'min' | 'max', unknown>> {
  let at: unknown;
  try {
    const text = readFileSync(file, 'utf8');
    if (text.length > MAX_BYTES) throw new Error(`longer than ${MAX_BYTES} characters`);
    at = JSON.parse(text);
  } catch (error) {
    throw new PathComplaint(`cannot read ${file}: ${(error as Error).message}`);
  }
  let left = key ?? '';
  // A key may hold dots itself, as LeRobot's do: the longest beginning that is there wins.
  while (left !== '') {
    const section = (typeof at === 'object' && at !== null ? at : {}) as Record<string, unknown>;
    const found = Object.keys(section)
      .filter((name) => left === name || left.startsWith(`${name}.`))
      .sort((a, b) => b.length - a.length)[0];
    if (found === undefined)
      throw new PathComplaint(`finds no ${left} in ${file}; there are ${Object.keys(section).slice(0, 20).join(', ')}`);
    at = section[found];
    left = left.slice(found.length + 1);
  }
  if (typeof at !== 'object' || at === null) throw new PathComplaint(`finds no statistics under ${key} in ${file}`);
  return at;
}
