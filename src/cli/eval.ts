import { loadRun } from '../core/config/load.ts';
import { type ExpertEvaluation, expertInterventions, summarise } from '../learning/evaluate.ts';
import { writeEvaluation } from '../learning/judging/evaluation-file.ts';
import { type LeftOut, playSideBySide, policiesOf } from '../learning/side-by-side.ts';
import { LiveLine, table } from './output.ts';

export interface EvalOptions {
  episodes?: number;
  seed?: number;
  without?: LeftOut[];
  /** Episodes of the expert, to count interventions for nothing; 0 leaves them out. */
  expertEpisodes?: number;
  /** File for the scores of every episode, for `compare`. */
  out?: string;
  json?: boolean;
  set: string[];
}

const EPISODES = 100;
const EXPERT_EPISODES = 20;
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

/**
 * `reflexarc eval`: episodes in the in-process world, through the same pipeline and gate as the daemon; the hard limits
 * always hold, residual and critic can be left out to see what each is worth. Returns the exit code.
 */
export async function evalRun(file: string, options: EvalOptions): Promise<number> {
  const { config } = loadRun(file, options.set);
  const { episodes = EPISODES, seed = config.seed, without = [], expertEpisodes = EXPERT_EPISODES } = options;
  const stream = options.json ? process.stderr : process.stdout;
  const live = new LiveLine(stream);
  const scores = await playSideBySide(config, {
    ...{ episodes, seed, without },
    onEpisode: (done, successes) => live.show(`episode ${done}/${episodes}  ${successes} succeeded`),
  });
  const scored = summarise(scores);
  const expert =
    expertEpisodes === 0
      ? null
      : await expertInterventions(config, policiesOf(config, without).critic, {
          ...{ episodes: expertEpisodes, seed },
          onEpisode: (done) => live.show(`expert ${done}/${expertEpisodes}`),
        });
  live.done();
  if (options.out !== undefined) {
    const leftOut = without.length > 0 ? ` --without ${without.join(' ')}` : '';
    const set = options.set.map((s) => ` --set ${s}`).join('');
    writeEvaluation(options.out, {
      name: [config.name, ...without.map((part) => `without ${part}`)].join(' '),
      made_by: `reflexarc eval --episodes ${episodes} --seed ${seed}${leftOut}${set}`,
      episodes: scores,
    });
  }
  const rows: [string, string][] = [
    ['without', without.length > 0 ? without.join(', ') : 'nothing: base, residual and critic'],
    ['episodes', `${scored.episodes}, seeds ${seed} to ${seed + scored.episodes - 1}`],
    ['success', `${percent(scored.success_rate)}, 95 % interval ${scored.success_ci95.map(percent).join(' to ')}`],
    ['violations', percent(scored.violation_rate)],
    ['return, cost', `${scored.mean_return.toFixed(3)}, ${scored.mean_cost.toFixed(3)}, means of episodes`],
    ['interventions', `${scored.interventions}, in ${scores.filter((s) => s.interventions > 0).length} episodes`],
    ...(expert === null ? [] : [['on the expert', falsely(expert)] as [string, string]]),
    [
      'steps',
      `${scored.mean_steps.toFixed(1)}; to success ${scored.steps_to_success?.toFixed(1) ?? 'none'}; means of episodes`,
    ],
    ['peak force', `${scored.mean_max_force.toFixed(1)} N, mean of episodes`],
    [
      'ended',
      Object.entries(scored.ended)
        .map(([how, count]) => `${how} ${count}`)
        .join(', '),
    ],
  ];
  stream.write(`${table(rows)}\n`);
  if (options.json) process.stdout.write(`${JSON.stringify({ ...scored, false_interventions: expert })}\n`);
  return 0;
}

const falsely = ({ episodes, intervened, upper95 }: ExpertEvaluation) =>
  `intervened in ${intervened} of ${episodes} episodes that needed none; below ${percent(upper95)} at 95 %`;
