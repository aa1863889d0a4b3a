import { loadRun } from '../core/config/load.ts';
import { ReflexArcError } from '../core/errors.ts';
import { AdaStop, type AdaStopOptions, type Pair } from '../learning/judging/adastop.ts';
import { metricOf, readScores, type Scores } from '../learning/judging/evaluation-file.ts';
import type { Metric } from '../learning/judging/metrics.ts';
import { playSideBySide } from '../learning/side-by-side.ts';
import { LiveLine, table } from './output.ts';

export interface CompareOptions {
  config: string;
  set: string[];
  metric: Metric;
  /** Scores of each arm at an interim. */
  episodes?: number;
  interims: number;
  level: number;
  seed?: number;
  paired?: boolean;
  asPublished?: boolean;
  json?: boolean;
}

/** Episodes of an arm at each look, where they are run. */
const EPISODES = 40;

/** Where the scores come from: `next` gives the block of interim `k`, from 0. */
interface Arms {
  readonly names: readonly string[];
  /** What a score is. */
  readonly unit: string;
  readonly blockSize: number;
  readonly paired: boolean;
  next(name: string, k: number, told: (done: number) => void): Promise<number[]>;
}

/**
 * `reflexarc compare`: AdaStop over arms that are evaluation files, columns of a CSV, or runs that are evaluated now on paired
 * seeds, look by look, only as long as it is needed. Returns the exit code.
 */
export async function compare(given: readonly string[], options: CompareOptions): Promise<number> {
  const files = given.filter((arm) => /\.(json|csv)$/.test(arm));
  if (files.length > 0 && files.length < given.length)
    throw usage(given.join(' '), 'files only, or runs only: what was run elsewhere is not paired with what is run now');
  const arms = files.length > 0 ? filed(files, options) : running(given, options);
  if (new Set(arms.names).size !== arms.names.length || arms.names.length < 2)
    throw usage(`arms ${arms.names.join(', ')}`, 'two or more, each with a name of its own');
  const settings: Partial<AdaStopOptions> = {
    ...{ blockSize: arms.blockSize, interims: options.interims, level: options.level, paired: arms.paired },
    statistic: options.asPublished ? 'as_published' : 'absolute',
  };
  const test = new AdaStop(arms.names, settings);
  const stream = options.json ? process.stderr : process.stdout;
  const live = new LiveLine(stream);
  const scores = new Map<string, number[]>(arms.names.map((name) => [name, []]));
  const looks = [];
  while (test.wanted.length > 0) {
    const blocks: Record<string, number[]> = {};
    for (const name of test.wanted) {
      const told = (done: number) =>
        live.show(`look ${looks.length + 1}/${options.interims}  ${name} ${done}/${arms.blockSize}`);
      blocks[name] = await arms.next(name, looks.length, told);
      scores.get(name)!.push(...blocks[name]);
    }
    const { interim, boundary, levelSpent, decided } = test.next(blocks);
    looks.push({ interim, boundary, level_spent: levelSpent });
    for (const pair of decided) live.line(sentence(pair));
  }
  live.done();
  const summary = arms.names.map((name) => ({ name, ...spread(scores.get(name)!) }));
  const rows = summary.map(({ name, n, mean, sd }): [string, string] => [
    name,
    `${arms.unit} ${digits(mean)} ± ${digits(sd)}, ${n} scores`,
  ]);
  stream.write(`${table(rows)}\n`);
  if (options.json)
    process.stdout.write(
      `${JSON.stringify({
        ...{ metric: arms.unit, level: options.level, paired: arms.paired, statistic: test.options.statistic },
        ...{ block_size: arms.blockSize, interims: options.interims, arms: summary, looks },
        pairs: test.pairs.map(({ a, b, verdict, decidedAt }) => ({ a, b, verdict, decided_at: decidedAt })),
      })}\n`,
    );
  return 0;
}

/** Scores that are there. One arm may have fewer than another: an arm whose pairs are all decided is asked for no more. */
function filed(files: readonly string[], { metric, interims, episodes, paired }: CompareOptions): Arms {
  const all = files.flatMap((file) => readScores(file, metric));
  const [first] = all;
  const same = all.every(({ seeds }) => seeds !== null && seeds.join() === first?.seeds?.join());
  const blockSize = episodes ?? Math.floor(Math.min(...all.map(({ scores }) => scores.length)) / interims);
  if (blockSize < 2)
    throw usage(`${blockSize} scores for each of ${interims} looks`, '2 or more; fewer looks by --interims');
  const of = new Map<string, Scores>(all.map((s) => [s.name, s]));
  return {
    names: all.map(({ name }) => name),
    unit: files.some((file) => file.endsWith('.csv')) ? 'score' : metric,
    blockSize,
    paired: paired ?? same,
    async next(name, k) {
      const { scores } = of.get(name)!;
      const needed = (k + 1) * blockSize;
      if (scores.length < needed)
        throw usage(`${name}: ${scores.length} scores`, `${needed} by look ${k + 1}; fewer looks by --interims`);
      return scores.slice(k * blockSize, needed);
    },
  };
}

/** Runs that are evaluated as they are asked for; the same seeds for every arm. */
function running(given: readonly string[], options: CompareOptions): Arms {
  const { episodes: blockSize = EPISODES, metric, paired = true } = options;
  const arms = new Map(
    given.map((arm) => {
      const [name, ...keys] = arm.split(/[:,]/) as [string, ...string[]];
      const { config } = loadRun(options.config, [...options.set, ...keys]);
      return [name, { config, seed: options.seed ?? config.seed }];
    }),
  );
  return {
    names: given.map((arm) => arm.split(':')[0]!),
    unit: metric,
    blockSize,
    paired,
    async next(name, k, onEpisode) {
      const { config, seed } = arms.get(name)!;
      const at = { episodes: blockSize, seed: seed + k * blockSize, onEpisode };
      return metricOf(await playSideBySide(config, at), metric);
    },
  };
}

const sentence = ({ a, b, verdict, decidedAt }: Pair) =>
  `look ${decidedAt}: ${a} ${verdict === 'equal' ? 'and' : 'is'} ${verdict === 'equal' ? `${b} are not told apart` : `${verdict} than ${b}`}`;

const digits = (v: number) => String(Number(v.toPrecision(4)));

function spread(scores: readonly number[]): { n: number; mean: number; sd: number } {
  const n = scores.length;
  const mean = scores.reduce((a, b) => a + b, 0) / n;
  return { n, mean, sd: Math.sqrt(scores.reduce((a, b) => a + (b - mean) ** 2, 0) / Math.max(1, n - 1)) };
}

const usage = (seen: string, allowed: string) => new ReflexArcError('RA_USAGE', { seen, allowed });
