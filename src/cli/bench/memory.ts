import { createCritic } from '../../../policies/critic/registry.ts';
import type { RunConfig } from '../../core/config-schema.ts';
import { collector } from './heap.ts';
import { MovingRobot } from './moving-robot.ts';
import { type BenchOptions, type Outcome, rounded, rowOf, slopeOf } from './rows.ts';

/** Bytes a tick below which the heap is flat: the smallest thing that could be kept, one number, is 8. */
const FLAT = 0.5;
const WARM_UP = 20_000;

/** Heap after a forced collection, every `every` ticks of the real gate with the run's own critic. */
export async function benchMemory(
  config: RunConfig,
  { samples = 10 }: BenchOptions,
  every = 100_000,
): Promise<Outcome> {
  const robot = new MovingRobot(config, createCritic(config.policies.critic));
  const step = () => robot.step();
  const outcome = memoryOf(step, samples, every);
  robot.mustBeActive();
  return outcome;
}

/** The same for anything that steps: `samples` times `every` steps, after a warm-up that does not count. */
export function memoryOf(step: () => void, samples: number, every: number): Outcome {
  const heap = collector();
  const series: [number, number][] = Array.from({ length: samples + 1 }, () => [0, 0]);
  for (let i = 0; i < Math.min(WARM_UP, every); i++) step();
  heap();
  for (let n = 0; n <= samples; n++) {
    if (n > 0) for (let i = 0; i < every; i++) step();
    series[n]![0] = n * every;
    series[n]![1] = heap();
  }
  const slope = slopeOf(series);
  const flat = Math.abs(slope) < FLAT;
  const bytes = series.map(([, used]) => used);
  const row = rowOf('heap_after_gc', 'ours', 'bytes', bytes);
  const says = `${slope.toFixed(3)} bytes a tick over ${samples * every} ticks: ${flat ? 'flat' : 'NOT FLAT'}`;
  return {
    results: [{ ...row, series, slope: rounded(slope) }],
    notes: [`${says} (allowed: below ${FLAT})`],
    failed: !flat,
  };
}
