import { resolve } from 'node:path';
import { createBase } from '../../policies/base/registry.ts';
import { createResidual } from '../../policies/residual/registry.ts';
import { loadRun } from '../core/config/load.ts';
import { BC_DEFAULTS, trainBc } from '../learning/behaviour-cloning.ts';
import { SEARCH_DEFAULTS, searchResidual } from '../learning/residual-search.ts';
import { RISK_DEFAULTS, trainRisk } from '../learning/risk.ts';
import { train, weightRows } from './training.ts';

interface TrainOptions {
  out: string;
  episodes?: number;
  seed?: number;
  json?: boolean;
  set: string[];
}

/** `reflexarc train bc`: demonstrations, behaviour cloning, weights and manifest in `options.out`. Returns the exit code. */
export async function trainBase(file: string, options: TrainOptions & { epochs?: number }): Promise<number> {
  const { config } = loadRun(file, options.set);
  const { episodes = BC_DEFAULTS.episodes, epochs = BC_DEFAULTS.epochs, seed = config.seed } = options;
  const made = await train(options, async ({ progress, signal }) => {
    const made = await trainBc(config, {
      ...BC_DEFAULTS,
      ...{ out: resolve(options.out), episodes, epochs, seed, signal },
      onProgress: ({ loss, validationLoss, ...at }) =>
        progress({ ...at, figures: { loss, 'held out': validationLoss } }),
    });
    const loss = `${made.loss.toPrecision(4)}, held out ${made.validationLoss.toPrecision(4)}, after ${made.epochs} passes`;
    const rows: [string, string][] = [
      ['data', `${made.demonstrations} successful demonstrations, ${made.transitions} steps, seed ${seed}`],
      ['loss', loss],
      ['backend', made.backend],
      ...weightRows('base', made.file, made.sha256),
    ];
    if (made.epochs === 0) rows.push(['note', 'ended before the first pass over the data: these have learned nothing']);
    return { rows, made: { ...made, seed } };
  });
  // Saved before the first pass over the data, the weights are those of a newborn.
  return made.epochs === 0 ? 1 : 0;
}

/** `reflexarc train residual`: a correction of the run's frozen base, from reward alone. Returns the exit code. */
export async function trainResidual(file: string, options: TrainOptions & { generations?: number }): Promise<number> {
  const { config } = loadRun(file, options.set);
  const { episodes = SEARCH_DEFAULTS.episodes, seed = config.seed } = options;
  const { generations = SEARCH_DEFAULTS.generations } = options;
  const made = await train(options, async ({ progress, signal }) => {
    const made = await searchResidual(config, createBase(config.policies.base), {
      ...SEARCH_DEFAULTS,
      ...{ out: resolve(options.out), episodes, generations, seed, signal },
      onProgress: ({ done, of, best, mean }) =>
        progress({ phase: 'episodes', done, of, figures: { best, elites: mean } }),
    });
    const rows: [string, string][] = [
      ['data', `${made.decisions} decisions, ${made.generations} generations, seed ${seed}`],
      ['score', `${made.score.toPrecision(4)} (success 1, violation −0.5, a second −0.02)`],
      ...weightRows('residual', made.file, made.sha256),
    ];
    return { rows, made: { ...made, seed } };
  });
  return made.generations === 0 ? 1 : 0;
}

/** `reflexarc train critic`: the risk of the run's base and residual, from rough episodes. Returns the exit code. */
export async function trainCritic(file: string, options: TrainOptions & { epochs?: number }): Promise<number> {
  const { config } = loadRun(file, options.set);
  const { episodes = RISK_DEFAULTS.episodes, epochs = RISK_DEFAULTS.epochs, seed = config.seed } = options;
  const { base, residual } = config.policies;
  await train(options, async ({ progress, signal }) => {
    const made = await trainRisk(config, createBase(base), createResidual(residual), {
      ...RISK_DEFAULTS,
      ...{ out: resolve(options.out), episodes, epochs, seed, signal },
      onProgress: ({ loss, ...at }) => progress({ ...at, figures: { loss } }),
    });
    const at = made.rates.map((r) => `${r.threshold}: ${percent(r.caught)} caught, ${percent(r.false_alarms)} false`);
    const rows: [string, string][] = [
      ['data', `${made.rows} ticks, ${made.violations} of ${episodes} episodes with a violation, seed ${seed}`],
      ['held out', `area under the ROC curve ${made.auc.toFixed(4)}\n${at.join('\n')}`],
      ...weightRows('critic', made.file, made.sha256),
    ];
    return { rows, made: { ...made, seed } };
  });
  return 0;
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
