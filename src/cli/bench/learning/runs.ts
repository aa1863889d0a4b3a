import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { portable } from '../../../core/paths.ts';
import type { Progress } from '../../training.ts';
import type { Row } from '../rows.ts';
import { rounded, rowOf } from '../rows.ts';
import { EndedEarly, type Watch } from './watch.ts';

/** One training run with what it came to; kept in a file, so that a bench that was cut off goes on where it was. */
export interface KeptRun<T> {
  /** All that the result depends on, beside the code. */
  settings: Record<string, unknown>;
  wall_s: number;
  result: T;
}

/** What a run is told: where it may keep what it trains, who wants to hear of it, and who may end it. */
export interface Making {
  run?: string;
  resume: true;
}
export type Make<T> = (
  making: Making,
  hooks: { onProgress(progress: Progress): void; signal?: AbortSignal },
) => T | null | Promise<T | null>;

export interface Keeping {
  out?: string | undefined;
  watch?: Watch | undefined;
}

/**
 * The run `name` of the folder `out`, made by `make` unless it is there with the same settings. Without a folder nothing is kept.
 * A line on stderr tells of each run that was made. @throws EndedEarly where it was, or `make` answers null for that
 */
export async function kept<T>(
  { out: folder, watch }: Keeping,
  name: string,
  given: Record<string, unknown>,
  make: Make<T>,
): Promise<KeptRun<T>> {
  const settings = portable(given);
  const file = folder === undefined ? null : join(folder, `${name}.json`);
  if (file !== null && existsSync(file)) {
    const before = JSON.parse(readFileSync(file, 'utf8')) as KeptRun<T>;
    if (JSON.stringify(before.settings) === JSON.stringify(settings)) return before;
  }
  watch?.begin(name);
  const at = performance.now();
  const hooks = {
    onProgress: (progress: Progress) => watch?.progress(name, progress),
    ...(watch && { signal: watch.signal }),
  };
  const result = await make({ ...(folder !== undefined && { run: join(folder, name) }), resume: true }, hooks);
  if (result === null) {
    watch?.finished(name);
    throw new EndedEarly(name);
  }
  const run: KeptRun<T> = { settings, wall_s: rounded((performance.now() - at) / 1000), result };
  const text = `${name}  ${run.wall_s} s`;
  if (watch) watch.finished(name, text);
  else process.stderr.write(`${text}\n`);
  if (file !== null) {
    mkdirSync(folder!, { recursive: true });
    writeFileSync(file, `${JSON.stringify(run)}\n`);
  }
  return run;
}

/** `job` with the folder `out`; without one, with a temporary one that goes with it. */
export async function inFolder<T>(out: string | undefined, job: (folder: string) => Promise<T>): Promise<T> {
  if (out !== undefined) return job(resolve(out));
  const folder = mkdtempSync(join(tmpdir(), 'reflexarc-bench-'));
  try {
    return await job(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What `job` makes of each of them, in their order; as many at once as there are cores. Rejects when all that had begun are over. */
export async function pooled<A, B>(all: readonly A[], job: (one: A) => Promise<B>): Promise<B[]> {
  const results: B[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < all.length) {
      const at = next++;
      results[at] = await job(all[at]!);
    }
  };
  const width = Math.min(all.length, availableParallelism());
  const failed = (await Promise.allSettled(Array.from({ length: width }, worker))).find((w) => w.status === 'rejected');
  if (failed) throw failed.reason;
  return results;
}

/** A row of one number for each training seed, with their mean and standard deviation. */
export function seedRow(name: string, subject: string, unit: string, values: readonly number[]): Row {
  const { mean, sd } = spread(values);
  return { ...rowOf(name, subject, unit, values), mean: rounded(mean), sd: rounded(sd) };
}

export function spread(values: readonly number[]): { mean: number; sd: number } {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const squares = values.reduce((a, b) => a + (b - mean) ** 2, 0);
  return { mean, sd: Math.sqrt(squares / Math.max(1, values.length - 1)) };
}
