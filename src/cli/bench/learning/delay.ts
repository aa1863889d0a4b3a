import type { RunConfig } from '../../../core/config-schema.ts';
import { courseInThread } from '../../../learning/course-in-thread.ts';
import { judgePipe } from '../../../learning/delayed-pipe.ts';
import type { Agent } from '../../../learning/environment.ts';
import { AdaStop } from '../../../learning/judging/adastop.ts';
import type { BenchOptions, Outcome } from '../rows.ts';
import { kept, pooled, seedRow, spread } from './runs.ts';

const SEEDS = 5;
/** Decisions of training; one for each ten steps of the pipe, or chance would hardly move the flow. */
const STEPS = 8000;
const RATIO = 10;
const JUDGED = { episodes: 20, seed: 100_000 };
const SETTINGS = { hidden: [128, 128], batch: 128, gamma: 0.95, learningStarts: 1000, exploration: 0.2 };
/** NeoRL-2's ends of its normalised score. */
const WORST = -296;
const BEST = 751;

/** Mean return of the evaluation episodes. */
function judge(history: boolean, agent: Agent): number {
  const results = judgePipe(history, agent, JUDGED);
  return results.reduce((sum, { return: one }) => sum + one / results.length, 0);
}

/**
 * What a history is worth where what is done shows twenty steps later: TD3 on NeoRL-2's Pipeline, online, with and without the 25 outputs and
 * actions before, beside the best that we know by hand of each kind. Published for offline data: TD3+BC 81.95 (normalised); ours
 * is another protocol.
 */
export async function benchDelay(_config: RunConfig, options: BenchOptions): Promise<Outcome> {
  const { seeds = SEEDS, steps = STEPS } = options;
  const jobs = Array.from({ length: seeds }, (_, i) =>
    [true, false].map((history) => ({ history, seed: i + 1 })),
  ).flat();
  const made = await pooled(jobs, async ({ history, seed }) => {
    const settings = { ...SETTINGS, history, seed, steps };
    const name = `delay-${history ? 'history' : 'none'}-${seed}`;
    const { result } = await kept(options, name, settings, (run, hooks) =>
      courseInThread('delay', { ...run, history, seed, steps, ratio: RATIO, td3: SETTINGS, judged: JUDGED }, hooks),
    );
    return result;
  });
  const of = (history: boolean) => made.filter((_, i) => jobs[i]!.history === history);
  // The proportional gain that did best of 0.01 … 0.1, and the controller that counts what is under way.
  const blind = judge(false, { act: ({ observation: o }, a) => void a.fill(0.03 * 40 * (o[1]! - o[0]!)) });
  const knowing = judge(true, {
    act({ observation: o }, a) {
      let gate = o[0]! * 40;
      for (let i = 0; i < 19; i++) gate += o[27 + i]!;
      a.fill(o[1]! * 40 - gate);
    },
  });
  const [withIt, without] = [of(true), of(false)];
  const says = (values: readonly number[]) => {
    const { mean, sd } = spread(values);
    return `${mean.toFixed(0)} ± ${sd.toFixed(0)} (normalised ${((100 * (mean - WORST)) / (BEST - WORST)).toFixed(1)})`;
  };
  return {
    results: [
      seedRow('delay: with history', 'ours', 'return', withIt),
      seedRow('delay: without', 'ours', 'return', without),
      seedRow('delay: with history', 'by hand', 'return', [knowing]),
      seedRow('delay: without', 'by hand', 'return', [blind]),
    ],
    notes: [
      `delay: with history ${says(withIt)}, without ${says(without)}, ${seeds} seeds of ${steps} decisions${verdict(withIt, without)}`,
    ],
  };
}

/** AdaStop at one look over all seeds; nothing where they are too few to tell. */
function verdict(a: readonly number[], b: readonly number[]): string {
  if (a.length < 5) return '';
  const test = new AdaStop(['a', 'b'], { blockSize: a.length, interims: 1 });
  test.next({ a, b });
  const { verdict } = test.pairs[0]!;
  return `; AdaStop: ${verdict === 'equal' ? 'not told apart' : `with history is ${verdict}`}`;
}
