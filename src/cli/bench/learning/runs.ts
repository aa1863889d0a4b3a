import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { portable } from '../../../core/paths.ts';
import type { Row } from '../rows.ts';
import { rounded, rowOf } from '../rows.ts';

/** One training run with what it came to; kept in a file, so that a bench that was cut off goes on where it was. */
export interface KeptRun<T> {
  /** All that the result depends on, beside the code. */
  settings: Record<string, unknown>;
  wall_s: number;
  result: T;
}

/**
 * The run `name` of `folder`, made by `make` unless it is there with the same settings. Without a folder nothing is kept.
 * A line on stderr tells of each run that was made. `make` is told of a folder of its own for what it trains.
 */
export async function kept<T>(
  folder: string | undefined,
  name: string,
  given: Record<string, unknown>,
  make: (run: { run?: string; resume: true }) => T | Promise<T>,
): Promise<KeptRun<T>> {
  const settings = portable(given);
  const file = folder === undefined ? null : join(folder, `${name}.json`);
  if (file !== null && existsSync(file)) {
    const before = JSON.parse(readFileSync(file, 'utf8')) as KeptRun<T>;
    if (JSON.stringify(before.settings) === JSON.stringify(settings)) return before;
  }
  const at = performance.now();
  const result = await make({ ...(folder !== undefined && { run: join(folder, name) }), resume: true });
  const run: KeptRun<T> = { settings, wall_s: rounded((performance.now() - at) / 1000), result };
  process.stderr.write(`${name}  ${run.wall_s} s\n`);
  if (file !== null) {
    mkdirSync(folder!, { recursive: true });
    writeFileSync(file, `${JSON.stringify(run)}\n`);
  }
  return run;
}

/** What `job` makes of each of them, in their order; as many at once as there are cores. */
export async function pooled<A, B>(all: readonly A[], job: (one: A) => Promise<B>): Promise<B[]> {
  const results: B[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < all.length) {
      const at = next++;
      results[at] = await job(all[at]!);
    }
  };
  await Promise.all(Array.from({ length: Math.min(all.length, availableParallelism()) }, worker));
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
