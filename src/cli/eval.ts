import { createBase } from '../../policies/base/registry.ts';
import { createCritic } from '../../policies/critic/registry.ts';
import { createResidual } from '../../policies/residual/registry.ts';
import { loadRun } from '../core/config/load.ts';
import { carefree, noResidual } from '../learning/demonstrations.ts';
import { evaluate } from '../learning/evaluate.ts';
import { LiveLine, table } from './output.ts';

export interface EvalOptions {
  episodes?: number;
  seed?: number;
  without?: ('residual' | 'critic')[];
  json?: boolean;
  set: string[];
}

const EPISODES = 100;
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

/**
 * `reflexarc eval`: episodes in the in-process world, through the same pipeline and gate as the daemon; the hard limits
 * always hold, residual and critic can be left out to see what each is worth. Returns the exit code.
 */
export async function evalRun(file: string, options: EvalOptions): Promise<number> {
  const { config } = loadRun(file, options.set);
  const { episodes = EPISODES, seed = config.seed, without = [] } = options;
  const parts = {
    base: createBase(config.policies.base),
    residual: without.includes('residual') ? noResidual : createResidual(config.policies.residual),
    critic: without.includes('critic') ? carefree : createCritic(config.policies.critic),
  };
  const stream = options.json ? process.stderr : process.stdout;
  const live = new LiveLine(stream);
  const scored = await evaluate(config, parts, {
    ...{ episodes, seed },
    onEpisode: (done, successes) => live.show(`episode ${done}/${episodes}  ${successes} succeeded`),
  });
  live.done();
  const rows: [string, string][] = [
    ['without', without.length > 0 ? without.join(', ') : 'nothing: base, residual and critic'],
    ['episodes', `${scored.episodes}, seeds ${seed} to ${seed + scored.episodes - 1}`],
    ['success', `${percent(scored.success_rate)}, 95 % interval ${scored.success_ci95.map(percent).join(' to ')}`],
    ['violations', percent(scored.violation_rate)],
    ['interventions', String(scored.interventions)],
    ['steps', scored.mean_steps.toFixed(1)],
    ['peak force', `${scored.mean_max_force.toFixed(1)} N, mean of episodes`],
    [
      'ended',
      Object.entries(scored.ended)
        .map(([how, count]) => `${how} ${count}`)
        .join(', '),
    ],
  ];
  stream.write(`${table(rows)}\n`);
  if (options.json) process.stdout.write(`${JSON.stringify(scored)}\n`);
  return 0;
}
