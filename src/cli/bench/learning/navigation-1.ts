import type { RunConfig } from '../../../core/config-schema.ts';
import type { ShieldMode } from '../../../learning/shield.ts';
import type { BenchOptions, Outcome } from '../rows.ts';
import { navigationRuns } from './navigation-runs.ts';
import { seedRow, spread } from './runs.ts';

const SEEDS = 3;
const EPISODES = 100;
const MODES: readonly ShieldMode[] = ['off', 'recover'];

/**
 * Navigation 1 of Recovery RL, a corridor whose straight way is safe: what a shield saves there is what exploration would break. Reported; no
 * aim is bound to it.
 */
export async function benchNavigation1(_config: RunConfig, options: BenchOptions): Promise<Outcome> {
  const { seeds = SEEDS, steps: episodes = EPISODES, out } = options;
  const runs = await navigationRuns({ map: 1, modes: MODES, seeds, episodes, out, watch: options.watch });
  const figures = [...runs].map(([mode, of]) => ({
    mode,
    successes: of.map((r) => r.successes),
    violations: of.map((r) => r.violations),
  }));
  const told = (values: readonly number[]) => {
    const { mean, sd } = spread(values);
    return `${mean.toFixed(1)} ± ${sd.toFixed(1)}`;
  };
  return {
    results: figures.flatMap(({ mode, successes, violations }) => [
      seedRow(`navigation 1, ${mode}`, 'ours', 'successes', successes),
      seedRow(`navigation 1, ${mode}`, 'ours', 'violations', violations),
    ]),
    notes: figures.map(
      ({ mode, successes, violations }) =>
        `navigation 1, ${mode}: successes ${told(successes)}, violations ${told(violations)}, of ${episodes} episodes, ${seeds} seeds`,
    ),
  };
}
