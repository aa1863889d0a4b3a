import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { weightsOptions } from '../../../policies/weights.ts';
import { formatRun } from '../../core/config/load.ts';
import type { RunConfig } from '../../core/config-schema.ts';
import { packageRoot } from '../../core/paths.ts';
import { practiceSchema } from '../../core/practice-schema.ts';
import { type Evaluation, summarise } from '../../learning/evaluate.ts';
import { playSideBySide } from '../../learning/side-by-side.ts';
import { ActorMemory } from '../../practice/actor-memory.ts';
import type { Exploration } from '../../practice/protocol.ts';
import { freePort } from '../ports.ts';
import { type Aim, judge } from './aims.ts';
import { pause } from './child.ts';
import { inFolder } from './learning/runs.ts';
import { flownUnanswered, judgedUnanswered, Versions } from './practice-unanswered.ts';
import { type BenchOptions, type Outcome, type Row, rounded } from './rows.ts';

/** Episodes that a residual is judged by, before and after; and of practice. */
const JUDGED = { episodes: 200, seed: 20_000 };
const EPISODES = 500;
/** The learner is killed after this share of them. */
const KILLED_AT = 0.3;
/** In %: what practice shall come to. */
const SUCCESS = 90;
/**
 * In %: the limit that the gate keeps violations under while the policy learns, of all episodes of practice; and of the worst 50 in a
 * row, where twice as many are no more than chance.
 */
const VIOLATIONS = { all: 5, worst: 10, of: 50 };
/** In %, of the violations without any answer to force, on the way and afterwards: as of any residual of the peg task. */
const ANSWERED = 10;
/** Points of the curve. */
const BLOCK = 25;

interface Told {
  success: boolean;
  violation: boolean;
  version: number;
  exploration: Exploration;
  decisions: number;
}

/**
 * The whole loop on the simulated robot, through the real processes and the real websocket, as fast as it goes: the base alone practises with
 * `reflexarc learn` beside it, which is killed with -9 and started again on the way. Before and after, the run is judged as `eval` does, on the same
 * seeds, afterwards with the residual that is in use at the end, with the gate's answer to force and without any. Practice itself is flown again without, episode by episode, by what flew
 * it. Every episode must be at the learner once.
 */
export async function benchPractice(
  config: RunConfig,
  { samples = JUDGED.episodes, steps = EPISODES, out }: BenchOptions,
): Promise<Outcome> {
  return inFolder(out, async (folder) => practised(await settled(config, folder), folder, samples, steps));
}

/** The run from the base alone, with a learner beside it. */
async function settled(config: RunConfig, folder: string): Promise<RunConfig> {
  const run = structuredClone(config);
  run.policies.residual = { type: 'zero', scale: config.policies.residual.scale };
  run.practice = {
    ...(config.practice ?? practiceSchema.parse({})),
    ...{ dir: join(folder, 'practice'), learner: `ws://127.0.0.1:${await freePort()}` },
  };
  Object.assign(run.log, { dir: join(folder, 'logs'), enabled: false, black_box_s: 0 });
  return run;
}

async function practised(run: RunConfig, folder: string, judged: number, episodes: number): Promise<Outcome> {
  mkdirSync(run.log.dir, { recursive: true });
  const learned = join(run.practice!.dir, 'learner/episodes');
  const evaluated = async (config: RunConfig) =>
    summarise(await playSideBySide(config, { ...JUDGED, episodes: judged }));
  const before = await evaluated(run);

  const versions = new Versions(run.practice!.dir, join(folder, 'versions'));
  let learner = await startLearner(run, folder);
  const killAt = KILLED_AT * episodes;
  let kills = 0;
  let watching = true;
  let failure: Error | null = null;
  const kill = async () => {
    while (watching) {
      await pause(200);
      versions.keep();
      if (kills > 0 || practisedIn(run).length < killAt) continue;
      kills++;
      learner.kill('SIGKILL');
      learner = await startLearner(run, folder);
    }
  };
  const killer = kill().catch((error: Error) => {
    failure = error;
  });
  const began = performance.now();
  let practice: Scored;
  try {
    practice = await demo(run, folder, episodes);
  } finally {
    watching = false;
    await killer;
    await ended(learner);
  }
  if (failure !== null) throw failure;
  versions.keep();
  const wallS = (performance.now() - began) / 1000;

  const memory = new ActorMemory(join(run.practice!.dir, 'actor'));
  const { current } = memory;
  const practisedRun = structuredClone(run);
  if (current.version > 0)
    Object.assign(
      practisedRun.policies.residual,
      weightsOptions.parse({ type: 'mlp', path: memory.fileOf(current), sha256: current.sha256 }),
    );
  const after = await evaluated(practisedRun);
  const unanswered = summarise(await judgedUnanswered(practisedRun, { ...JUDGED, episodes: judged }));

  const told = practisedIn(run);
  const again = await flownUnanswered(run, told, versions);
  const brokenAgain = again.filter(({ violation }) => violation).length;
  const toLearn = told.filter((t) => !t.heldOut).length;
  const waiting = readdirSync(join(run.practice!.dir, 'actor/spool')).length;
  const kept = existsSync(learned) ? readdirSync(learned).length + waiting : 0;
  const share = (name: string, subject: string, n: number, of: number): Row => {
    const value = rounded((100 * n) / of);
    return { case: name, subject, unit: '%', p50: value, p99: value, max: value, samples: of };
  };
  const [low, high] = after.success_ci95;
  const lost = Math.max(0, toLearn - kept);
  const aims = practiceAims({ after, unanswered, told, again, lost, kills });
  const verdict = judge(aims, true);
  return {
    results: [
      share('success', 'base alone', before.successes, before.episodes),
      { ...share('success', 'ours', after.successes, after.episodes), series: curve(told, (t) => t.success) },
      share('violations', 'base alone', before.violations, before.episodes),
      { ...share('violations', 'ours', after.violations, after.episodes), series: curve(told, (t) => t.violation) },
      share('violations', 'ours, no answer to force', unanswered.violations, unanswered.episodes),
      share('violations on the way', 'ours', told.filter((t) => t.violation).length, told.length),
      share('violations on the way', 'ours, no answer to force', brokenAgain, again.length),
    ],
    notes: [
      `success after practice: 95 % interval ${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)} %`,
      `practice: ${practice.episodes} episodes, ${told.reduce((s, t) => s + t.decisions, 0)} decisions, ${wallS.toFixed(0)} s; series by episodes, noise included`,
      `the learner was killed ${kills} time(s); of ${toLearn} episodes for it ${lost} are missing; version ${current.version} at the end`,
      ...verdict.notes,
    ],
    failed: verdict.failed,
  };
}

/** What came of practice: judged afterwards, and each of its episodes in their order. */
export interface PracticeOutcome {
  after: Pick<Evaluation, 'episodes' | 'successes' | 'violations'>;
  /** The same policy in the same episodes, with no answer to force. */
  unanswered: Pick<Evaluation, 'violations'>;
  told: readonly Pick<Told, 'violation'>[];
  /** The same episodes, flown by the same versions with the same noise, with no answer to force. */
  again: readonly Pick<Told, 'violation'>[];
  /** Episodes that never came to the learner; and how often that was killed. */
  lost: number;
  kills: number;
}

export function practiceAims({ after, unanswered, told, again, lost, kills }: PracticeOutcome): Aim[] {
  const { all, worst, of } = VIOLATIONS;
  const broken = told.map(({ violation }) => Number(violation));
  const count = (from: number, to: number) => broken.slice(from, to).reduce((sum, one) => sum + one, 0);
  const unhindered = again.filter(({ violation }) => violation).length / again.length;
  const width = Math.min(of, told.length);
  const most = Math.max(...Array.from({ length: told.length - width + 1 }, (_, at) => count(at, at + width)));
  return [
    {
      ...{ what: 'practice, success afterwards', unit: '%', atLeast: SUCCESS },
      value: (100 * after.successes) / after.episodes,
    },
    {
      ...{ what: "practice, violations afterwards, of the same policy's without an answer to force", unit: '%' },
      ...{ value: (100 * after.violations) / unanswered.violations, atMost: ANSWERED },
    },
    {
      ...{ what: "practice, violations on the way, of the same versions' without an answer to force", unit: '%' },
      ...{ value: (100 * count(0, told.length)) / told.length / unhindered, atMost: ANSWERED },
    },
    {
      ...{ what: 'practice, episodes on the way that broke a limit', unit: '%', atMost: all },
      value: (100 * count(0, told.length)) / told.length,
    },
    {
      ...{ what: `practice, the worst ${of} of them in a row`, unit: '%', atMost: worst },
      value: (100 * most) / width,
    },
    { what: 'practice, episodes that the learner has not got', value: lost, unit: 'episodes', atMost: 0 },
    { what: 'practice, times that the learner was killed', value: kills, unit: 'times', atLeast: 1, atMost: 1 },
  ];
}

/** Share in % of each block of episodes. */
function curve(told: readonly Told[], is: (t: Told) => boolean): [number, number][] {
  const points: [number, number][] = [];
  for (let from = 0; from + BLOCK <= told.length; from += BLOCK)
    points.push([from + BLOCK, (100 * told.slice(from, from + BLOCK).filter(is).length) / BLOCK]);
  return points;
}

/** What the practice process has said of each episode. */
function practisedIn(run: RunConfig): (Told & { heldOut: boolean })[] {
  const file = join(run.log.dir, 'processes.ndjson');
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.includes('"name":"practice"') && line.includes('"heldOut"') && line.includes('"decisions"'))
    .map((line) => JSON.parse(line) as Told & { heldOut: boolean });
}

interface Scored {
  episodes: number;
  successes: number;
  violations: number;
}

const MAIN = join(packageRoot, 'dist/src/cli/main.js');

/** `reflexarc demo` to its end. @throws Error when it fails */
async function demo(run: RunConfig, folder: string, episodes: number): Promise<Scored> {
  const args = ['demo', written(run, folder), '--headless', '--json', '--speed', 'max', '--no-log'];
  args.push('--episodes', String(episodes));
  for (const port of ['sim', 'console', 'ros', 'foxglove']) args.push(`--${port}-port`, '0');
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let last = '';
  createInterface({ input: child.stdout! }).on('line', (line) => {
    last = line;
  });
  const code = await new Promise((done) => child.once('close', done));
  if (code !== 0) throw new Error(`the demo ended with ${code}; see ${run.log.dir}`);
  return JSON.parse(last) as Scored;
}

/** The run as a file, which is all that a command takes. */
function written(run: RunConfig, folder: string): string {
  const file = join(folder, 'practice.yaml');
  writeFileSync(file, formatRun(run));
  return file;
}

async function startLearner(run: RunConfig, folder: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [MAIN, 'learn', written(run, folder), '--json', '--seed', '1'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((begun, reject) => {
    createInterface({ input: child.stdout! }).once('line', () => begun());
    child.once('exit', (code) => reject(new Error(`the learner ended with ${code}`)));
  });
  return child;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((done) => child.once('exit', () => done()));
  child.kill('SIGTERM');
  await gone;
}
