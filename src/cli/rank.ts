import { SeededRandom } from '../core/random.ts';
import { type Ranking, rankActions } from '../learning/judging/ranking.ts';
import { trainedRun } from '../learning/trained-run.ts';
import { LiveLine, table } from './output.ts';

export interface RankOptions {
  episodes: number;
  states: number;
  actions: number;
  seed: number;
  spread?: number;
  json?: boolean;
}

/** Of the residual's bound: candidates further off are cut by it, and come to the same. */
const WITHIN = 0.5;

/** `reflexarc rank <folder>`: does the Q of a training run rank actions? Returns the exit code. */
export async function rank(folder: string, options: RankOptions): Promise<number> {
  const { record, algorithm, environment, learner } = await trainedRun(folder);
  const { episodes, states: statesPerEpisode, actions, seed } = options;
  const own = algorithm.name === 'residual' ? WITHIN * algorithm.options.scale : undefined;
  const spread = options.spread ?? own;
  const stream = options.json ? process.stderr : process.stdout;
  const live = new LiveLine(stream);
  const ranking = rankActions(
    environment,
    (step, out) => learner.exploit(step, out),
    (step, action) => learner.value(step, action),
    {
      ...{ episodes, seed, statesPerEpisode, actions, gamma: algorithm.options.gamma },
      ...{ random: new SeededRandom(seed).fork('rank'), ...(spread !== undefined && { spread }) },
      onEpisode: (done) => live.show(`episode ${done}/${episodes}`),
    },
  );
  live.done();
  environment.dispose?.();
  const { states, indifferent, correlation, ci95, choice } = ranking;
  const told = (v: number) => (Number.isNaN(v) ? 'none' : v.toFixed(2));
  const rows: [string, string][] = [
    ['run', `${record.name}, seed ${record.seed}, ${record.steps_done} decisions`],
    [
      'actions',
      `${actions} in a state, ${spread === undefined ? 'uniform' : `normal around the policy's own, sd ${spread}`}`,
    ],
    ['states', `${states}; in ${indifferent} more it did not matter what was done`],
    ['correlation', `${told(correlation)}, 95 % interval by episodes ${ci95.map(told).join(' to ')}`],
    ["Q's choice", `${told(choice)} of the way from the worst return to the best; by chance 0.50`],
    ['verdict', verdict(ranking)],
  ];
  stream.write(`${table(rows)}\n`);
  if (options.json) process.stdout.write(`${JSON.stringify({ run: record.name, seed: record.seed, ...ranking })}\n`);
  return 0;
}

function verdict({ states, ci95: [low, high] }: Ranking): string {
  if (states === 0) return 'nothing to rank: whatever was done came to the same';
  if (low > 0) return 'Q ranks actions';
  return high < 0 ? 'Q ranks actions the wrong way round' : 'it is not shown that Q ranks actions';
}
