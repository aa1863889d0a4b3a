import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AlgorithmSpec, makeLearner } from './algorithms.ts';
import { PegEnvironment } from './environments/peg.ts';
import { type EnvironmentSpec, makeEnvironment } from './environments/registry.ts';
import { type ExpertOptions, expertTransitions } from './expert-transitions.ts';
import { commitOf, RunFolder } from './run-folder.ts';
import { type EvaluationPoint, Trainer, type TrainerOptions, type TrainingState } from './trainer.ts';

/** A training as plain data: what a thread is told, and what a run's folder keeps. */
export interface TrainingSpec
  extends Pick<TrainerOptions, 'steps' | 'seed' | 'evaluateEvery' | 'evaluationEpisodes' | 'evaluationSeed'> {
  /** Runs of one name are seeds of one experiment. */
  name: string;
  algorithm: AlgorithmSpec;
  environment: EnvironmentSpec;
  /** Demonstrations to begin with, from the scripted expert of the peg task. */
  demonstrations?: ExpertOptions;
  /** Folder of the run; none: nothing is kept. */
  out?: string;
  /** Goes on with the checkpoint in `out`, where there is one. */
  resume?: boolean;
  /** Seconds of wall time between checkpoints. */
  checkpointEveryS?: number;
  /** For the record: the command line. */
  command?: string;
  /** Metadata of the weights file, and its name in `out`. */
  weights?: { file: string; metadata: Record<string, string> };
}

export interface TrainingOutcome {
  complete: boolean;
  state: TrainingState;
  /** Evaluations, the last one at the end; empty where it was stopped before the first. */
  evaluations: EvaluationPoint[];
  wall_s: number;
  /** Of the weights; empty without them. */
  sha256: string;
  demonstrations: { played: number; decisions: number };
}

export interface TrainingHooks {
  stopped?(): boolean;
  /** After each episode. */
  onState?(state: TrainingState, wallS: number): void;
  onEvaluation?(point: EvaluationPoint): void;
}

const CHECKPOINT_S = 120;
/** Rows of the training curve for each evaluation. */
const ROWS = 5;

/** Trains by a spec, in this thread: from nothing or from its checkpoint, to its end or until it is told to stop. */
export async function runTraining(spec: TrainingSpec, hooks: TrainingHooks = {}): Promise<TrainingOutcome> {
  const environment = await makeEnvironment(spec.environment);
  const evaluation = await makeEnvironment(spec.environment);
  const { learner, demonstrate } = makeLearner(spec.algorithm, environment);
  const resumed = spec.out !== undefined && spec.resume === true ? RunFolder.resume(spec.out) : null;
  const folder = resumed?.folder ?? (spec.out === undefined ? null : new RunFolder(spec.out, recordOf(spec)));
  const began = performance.now() - 1000 * (folder?.record.wall_s ?? 0);
  const wall = () => Math.round((performance.now() - began) / 100) / 10;
  const evaluations: EvaluationPoint[] = [];
  let rowDue = 0;
  let savedAt = performance.now();

  const save = () => {
    folder?.checkpoint(trainer.save());
    folder?.update({ steps_done: learner.steps, wall_s: wall() });
    savedAt = performance.now();
  };
  const { steps, seed, evaluateEvery, evaluationEpisodes, evaluationSeed } = spec;
  const trainer = new Trainer(environment, evaluation, learner, {
    ...{ steps, seed, evaluateEvery, evaluationEpisodes, evaluationSeed },
    stopped: () => hooks.stopped?.() ?? false,
    onEpisode: (state) => {
      hooks.onState?.(state, wall());
      if (state.steps >= rowDue) {
        folder?.row({ kind: 'training', wall_s: wall(), ...state });
        rowDue = state.steps + (evaluateEvery || steps) / ROWS;
      }
      if (performance.now() - savedAt > 1000 * (spec.checkpointEveryS ?? CHECKPOINT_S)) save();
    },
    onEvaluation: (point) => {
      evaluations.push(point);
      folder?.row({ kind: 'evaluation', wall_s: wall(), ...point });
      hooks.onEvaluation?.(point);
    },
  });
  let shown = { played: 0, decisions: 0 };
  if (resumed) trainer.restore(resumed.checkpoint, join(resumed.folder.path, 'checkpoint.safetensors'));
  else if (spec.demonstrations && demonstrate && environment instanceof PegEnvironment)
    shown = expertTransitions(environment, spec.demonstrations, demonstrate);

  const complete = trainer.run();
  if (complete && evaluations.at(-1)?.steps !== learner.steps && evaluationEpisodes > 0) trainer.evaluate();
  let sha256 = '';
  if (folder) {
    save();
    if (spec.weights) {
      const bytes = learner.export(spec.weights.metadata);
      sha256 = createHash('sha256').update(bytes).digest('hex');
      writeFileSync(join(folder.path, spec.weights.file), bytes);
    }
    folder.update({ complete, final: evaluations.at(-1) ?? folder.record.final });
  }
  environment.dispose?.();
  evaluation.dispose?.();
  return { complete, state: trainer.state(), evaluations, wall_s: wall(), sha256, demonstrations: shown };
}

/** What two runs of the same steps and seed must share to be the same: all but code and place. */
export function settingsOf(spec: TrainingSpec): unknown {
  const { algorithm, environment, demonstrations, evaluateEvery, evaluationEpisodes, evaluationSeed } = spec;
  // Through JSON, as the record is read: what is undefined is not there.
  return JSON.parse(
    JSON.stringify({
      ...{ algorithm, environment, demonstrations, evaluateEvery, evaluationEpisodes, evaluationSeed },
    }),
  );
}

function recordOf(spec: TrainingSpec): RunFolder['record'] {
  const { name, algorithm, environment, seed, steps, command = '' } = spec;
  return {
    ...{ name, algorithm: algorithm.name, task: environment.name, seed, steps, command, settings: settingsOf(spec) },
    ...{ commit: commitOf(), node: process.version, started: new Date().toISOString() },
    ...{ wall_s: 0, steps_done: 0, complete: false, final: null },
  };
}
