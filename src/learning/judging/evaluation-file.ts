import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { ReflexArcError } from '../../core/errors.ts';
import type { Metric } from './metrics.ts';

const episode = z.object({
  seed: z.int().min(0),
  success: z.boolean(),
  violation: z.boolean(),
  interventions: z.int().min(0),
  steps: z.number(),
  return: z.number(),
  cost: z.number(),
  max_force: z.number(),
  ended: z.string(),
});

/** What `eval --out` writes, episode by episode, and `compare` reads. `version` grows when a reader of before would err. */
const schema = z.object({
  kind: z.literal('evaluation'),
  version: z.literal(1),
  name: z.string().min(1),
  made_by: z.string(),
  episodes: z.array(episode).min(1),
});
export type EvaluationFile = z.output<typeof schema>;

/** Scores of one algorithm; `seeds` where they are known, so that they can be paired. */
export interface Scores {
  readonly name: string;
  readonly scores: readonly number[];
  readonly seeds: readonly number[] | null;
}

export function writeEvaluation(file: string, evaluation: Omit<EvaluationFile, 'kind' | 'version'>): void {
  writeFileSync(file, `${JSON.stringify({ kind: 'evaluation', version: 1, ...evaluation })}\n`);
}

export const metricOf = (episodes: readonly EvaluationFile['episodes'][number][], metric: Metric): number[] =>
  episodes.map((e) => Number(e[metric]));

/**
 * Scores of an evaluation file, or of a CSV with a column for each algorithm and a row for each score (a column without a
 * name, pandas' index, is left out).
 * @throws ReflexArcError RA_CONFIG_MISSING for a file that is not there, RA_USAGE for one that holds something else
 */
export function readScores(file: string, metric: Metric): Scores[] {
  const text = read(file);
  if (file.endsWith('.csv')) return readCsv(file, text);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw unusable(file, 'no JSON');
  }
  const { data, error } = schema.safeParse(parsed);
  if (error !== undefined) {
    const { path, message } = error.issues[0]!;
    throw unusable(file, `${path.join('.') || 'the whole'}: ${message}`);
  }
  return [{ name: data.name, scores: metricOf(data.episodes, metric), seeds: data.episodes.map((e) => e.seed) }];
}

function readCsv(file: string, text: string): Scores[] {
  const [head, ...rows] = text
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1')));
  const columns = (head ?? []).flatMap((name, column) => (name === '' ? [] : [{ name, column }]));
  return columns.map(({ name, column }) => {
    const cells = rows.map((row) => row[column] ?? '');
    // A column may be shorter than another: it is empty from some row on.
    const end = cells.findLastIndex((cell) => cell !== '') + 1;
    const scores = cells.slice(0, end).map((cell) => (cell === '' ? Number.NaN : Number(cell)));
    const wrong = scores.findIndex((s) => !Number.isFinite(s));
    if (wrong >= 0 || end === 0) throw unusable(file, `column ${name}, row ${wrong + 1}: '${cells[wrong] ?? ''}'`);
    return { name, scores, seeds: null };
  });
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ReflexArcError('RA_CONFIG_MISSING', {
      seen: `${file}: ${(cause as Error).message}`,
      allowed: 'a file of `reflexarc eval --out`, or a CSV of scores',
      next: 'Check the path.',
      cause,
    });
  }
}

const unusable = (file: string, why: string) =>
  new ReflexArcError('RA_USAGE', {
    seen: `${file}: ${why}`,
    allowed: 'a file of `reflexarc eval --out`, or a CSV of numbers',
  });
