import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { commandInterface } from '../../controllers/interfaces/index.ts';
import { loadRun } from '../core/config/load.ts';
import { shown } from '../core/config/source.ts';
import type { RunConfig } from '../core/config-schema.ts';
import { practiceSchema } from '../core/practice-schema.ts';
import { BC_DEFAULTS } from '../learning/behaviour-cloning.ts';
import type { Transition } from '../learning/environment.ts';
import { PegEnvironment } from '../learning/environments/peg.ts';
import { makeEnvironment } from '../learning/environments/registry.ts';
import { expertTransitions } from '../learning/expert-transitions.ts';
import { RESIDUAL_DEMONSTRATIONS } from '../learning/make-residual.ts';
import type { ResidualOptions } from '../learning/residual.ts';
import { CHECKPOINT, commitOf } from '../learning/run-folder.ts';
import { compileObservation } from '../pipeline/observation/compile.ts';
import { configDigest } from '../practice/episode.ts';
import { LearnerServer } from '../practice/learner-server.ts';
import { PRACTICE_DEFAULTS, PracticeLearner } from '../practice/practice-learner.ts';
import { sharedToken } from '../practice/token.ts';
import { LiveLine, table } from './output.ts';
import { type SamplingOptions, samplingOf } from './sampling.ts';
import { weightRows } from './training.ts';

export interface LearnOptions extends SamplingOptions {
  set: string[];
  seed?: number;
  json?: boolean;
  host: string;
  port?: number;
  demonstrations?: number;
  warmUp?: number;
}

/**
 * `reflexarc learn`: the residual is learned from the episodes that a daemon with a `practice` section sends, until it is told to end. It
 * goes on where it was, also after `kill -9`. Returns the exit code.
 */
export async function learn(file: string, options: LearnOptions): Promise<number> {
  const { config } = loadRun(file, options.set);
  const practice = config.practice ?? practiceSchema.parse({});
  const { seed = config.seed } = options;
  const folder = resolve(practice.dir, 'learner');
  const residual: ResidualOptions = {
    ...{ ...PRACTICE_DEFAULTS, ...samplingOf(options), seed, scale: config.policies.residual.scale },
    ...(options.warmUp !== undefined && { learningStarts: options.warmUp }),
  };
  const { residualSize: observationSize } = compileObservation(config.robot, config.task);
  const sizes = { observationSize, actionSize: commandInterface(config.robot).actionSize };
  const demonstrations = options.demonstrations ?? (config.task.world ? RESIDUAL_DEMONSTRATIONS : 0);
  const begun = existsSync(join(folder, CHECKPOINT));
  const shownToIt = begun || demonstrations === 0 ? [] : await demonstrated(config, demonstrations, seed);

  const stream = options.json ? process.stderr : process.stdout;
  // Decisions that it had when it began, and when that was: for its pace.
  let [before, since] = [0, performance.now()];
  const live = new LiveLine(stream);
  let noted = '';
  const learner = new PracticeLearner({
    ...{ folder, sizes, residual, publishEvery: practice.publish_every, keepBytes: practice.keep_bytes },
    checkpointEveryS: practice.checkpoint_s,
    record: {
      ...{
        name: 'practice',
        algorithm: 'residual',
        task: config.task.name,
        seed,
        steps: 0,
        command: 'reflexarc learn',
      },
      ...{ settings: { residual, demonstrations }, commit: commitOf(), node: process.version },
      ...{ started: new Date().toISOString(), wall_s: 0, steps_done: 0, complete: false, final: null },
    },
    demonstrate: (take) => shownToIt.forEach(take),
    onWeights: (weights) => server?.publish(weights),
    say: (text) => live.line(text),
    onLearned: ({ steps, episodes, success, cost, figures, note = '' }, { ended }) => {
      if (note !== noted) live.line(note);
      noted = note;
      const critic = Number.isFinite(figures.critic) ? `  critic ${figures.critic!.toPrecision(3)}` : '';
      const pace = ((steps - before) / ((performance.now() - since) / 1000)).toFixed(0);
      const text = `episode ${episodes}: ${ended}  ${steps} decisions, ${pace}/s  success ${(100 * success).toFixed(0)} %  cost ${cost.toFixed(2)}${critic}`;
      live.show(text);
      if (!stream.isTTY && episodes % 10 === 0) live.line(text);
    },
  });
  const server = new LearnerServer({
    ...{ host: options.host, port: options.port ?? Number(new URL(practice.learner).port || 8790) },
    token: sharedToken(practice.token_file ?? resolve(practice.dir, 'token')),
    config: configDigest(config),
    ...{ sizes, learner },
    say: (line) => live.line(line),
  });
  [before, since] = [learner.steps, performance.now()];
  const { host, port } = await server.listen();
  const began = learner.resumed ? `goes on after ${learner.learned} episodes, ${learner.steps} decisions` : 'begins';
  live.line(`learner  ws://${host}:${port}  ${began}; ${learner.demonstrations} decisions of demonstrations`);
  if (options.json) process.stdout.write(`${JSON.stringify({ listening: `ws://${host}:${port}` })}\n`);
  void learner.work();

  await new Promise<void>((done) => {
    process.on('SIGINT', done).on('SIGTERM', done);
  });
  live.line('saving …');
  await server.close();
  await learner.end();
  live.done();
  const { steps, learned: episodes, published } = learner;
  const rows: [string, string][] = [
    ['data', `${steps} decisions in ${episodes} episodes, seed ${seed}`],
    ['run', shown(folder)],
    ...(published ? weightRows('residual', join(folder, 'residual.safetensors'), published.sha256) : []),
  ];
  stream.write(`${table(rows)}\n`);
  const result = { steps, episodes, version: published?.version ?? 0, sha256: published?.sha256 ?? '', folder };
  if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  return 0;
}

/** Successes of the scripted expert, in the simulated world of the task, as `train residual` has them. */
async function demonstrated(config: RunConfig, episodes: number, seed: number): Promise<Transition[]> {
  const environment = await makeEnvironment({ name: 'peg', config });
  const transitions: Transition[] = [];
  if (environment instanceof PegEnvironment)
    expertTransitions(environment, { episodes, seed, noise: BC_DEFAULTS.noise }, (t) => void transitions.push(t));
  environment.dispose?.();
  return transitions;
}
