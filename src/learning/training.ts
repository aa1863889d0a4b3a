import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { portable } from '../core/paths.ts';
import { type AlgorithmSpec, makeLearner } from './algorithms.ts';
import { type Parts, readCheckpoint, writeCheckpoint } from './checkpoint.ts';
import { PegEnvironment } from './environments/peg.ts';
import { type EnvironmentSpec, makeEnvironment } from './environments/registry.ts';
import { type ExpertOptions, expertTransitions } from './expert-transitions.ts';
import type { Learner } from './learner.ts';
import type { RecordedTransitions } from './recorded.ts';
import { CHECKPOINT_S, commitOf, RunFolder, readRun } from './run-folder.ts';
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
  /** What others recorded, to begin with: demonstrations, and steps in the place of the learner's own. `of` is for the record. */
  recorded?: RecordedTransitions & { of: RecordedSource };
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
  /**
   * Which policy a run comes to: that of its end, or the best of its evaluations (more success, then fewer violations, then more
   * return, then fewer steps; the earlier of equals). Values go on moving after they are good enough, and the last policy is one of many.
   */
  keep?: 'last' | 'best';
  /** Episodes that the kept policy is judged by at the end, of seeds that neither training nor evaluations had. */
  judged?: { episodes: number; seed: number };
}

/** Where recorded transitions came from. */
export interface RecordedSource {
  readonly logs: readonly { readonly file: string; readonly sha256: string }[];
  readonly successes: number;
  readonly failures: number;
}

export interface TrainingOutcome {
  complete: boolean;
  state: TrainingState;
  /** Evaluations of the whole run, those before a stop too, the last one at the end; empty where it was stopped before the first. */
  evaluations: EvaluationPoint[];
  /** Of the policy that is kept: as `judged` says, else its evaluation. Null where there was none. */
  final: EvaluationPoint | null;
  /** Of the policy that training ended with, where `judged` asks; it is `final` unless another one is kept. */
  last: EvaluationPoint | null;
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

/** Rows of the training curve for each evaluation. */
const ROWS = 5;

/** Trains by a spec, in this thread: from nothing or from its checkpoint, to its end or until it is told to stop. */
export async function runTraining(spec: TrainingSpec, hooks: TrainingHooks = {}): Promise<TrainingOutcome> {
  const environment = await makeEnvironment(spec.environment);
  const evaluation = await makeEnvironment(spec.environment);
  const { learner, demonstrate, remember } = makeLearner(spec.algorithm, environment);
  const resumed = spec.out !== undefined && spec.resume === true ? RunFolder.resume(spec.out) : null;
  const folder = resumed?.folder ?? (spec.out === undefined ? null : new RunFolder(spec.out, recordOf(spec)));
  const began = performance.now() - 1000 * (folder?.record.wall_s ?? 0);
  const wall = () => Math.round((performance.now() - began) / 100) / 10;
  // What the kept part of the curve says of a run that goes on has happened: it is not evaluated twice.
  const evaluations = resumed ? evaluationsIn(resumed.folder.path) : [];
  const best = spec.keep === 'best' ? new Best(learner, resumed?.folder.best() ?? null) : null;
  let rowDue = 0;
  let noted: string | undefined;
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
      if (state.steps >= rowDue || state.note !== noted) {
        noted = state.note;
        folder?.row({ kind: 'training', wall_s: wall(), ...state });
        rowDue = state.steps + (evaluateEvery || steps) / ROWS;
      }
      if (performance.now() - savedAt > 1000 * (spec.checkpointEveryS ?? CHECKPOINT_S)) save();
    },
    onEvaluation: (point) => {
      evaluations.push(point);
      if (best?.see(point)) folder?.keep(best.point!, best.bytes!);
      folder?.row({ kind: 'evaluation', wall_s: wall(), ...point });
      hooks.onEvaluation?.(point);
    },
  });
  let shown = { played: 0, decisions: 0 };
  if (resumed) trainer.restore(resumed.checkpoint, join(resumed.folder.path, 'checkpoint.safetensors'));
  else {
    if (spec.demonstrations && demonstrate && environment instanceof PegEnvironment)
      shown = expertTransitions(environment, spec.demonstrations, demonstrate);
    if (demonstrate) spec.recorded?.demonstrations.forEach(demonstrate);
    if (remember) spec.recorded?.online.forEach(remember);
  }

  const from = learner.steps;
  const complete = trainer.run();
  // A run that was at its end is only judged: neither its curve nor its time is that of judging.
  const rejudged = resumed?.folder.record.complete === true && learner.steps === from;
  if (complete && !rejudged && evaluations.at(-1)?.steps !== learner.steps && evaluationEpisodes > 0)
    trainer.evaluate();
  if (folder && !rejudged) save();
  const { judged } = spec;
  const judge = () => (complete && judged ? trainer.play(judged.episodes, judged.seed) : null);
  const selected = best?.point != null && best.point.steps !== learner.steps;
  const atEnd = selected ? judge() : null;
  best?.restore();
  const newest = evaluations.at(-1) ?? folder?.record.final ?? null;
  const final = judge() ?? best?.point ?? newest;
  const last = complete && judged ? (atEnd ?? final) : null;
  let sha256 = '';
  if (folder) {
    if (spec.weights) {
      const bytes = learner.export(spec.weights.metadata);
      sha256 = createHash('sha256').update(bytes).digest('hex');
      writeFileSync(join(folder.path, spec.weights.file), bytes);
    }
    folder.update({ complete, final, ...(last && { last }) });
  }
  environment.dispose?.();
  evaluation.dispose?.();
  return { complete, state: trainer.state(), evaluations, final, last, wall_s: wall(), sha256, demonstrations: shown };
}

/** Evaluations that a run's curve holds. */
function evaluationsIn(path: string): EvaluationPoint[] {
  const curve = readRun(path)?.curve ?? [];
  return curve.flatMap((row) => {
    if (row.kind !== 'evaluation') return [];
    const { kind: _, wall_s: __, ...point } = row;
    return [point];
  });
}

/** The actor as it was at the best evaluation. */
class Best {
  point: EvaluationPoint | null = null;
  bytes: Uint8Array | null = null;
  readonly #actor: Parts;

  /** `held`: of a run that goes on. */
  constructor(learner: Learner, held: { point: EvaluationPoint; bytes: Uint8Array } | null) {
    this.#actor = Object.fromEntries(Object.entries(learner.parts()).filter(([name]) => /^actor\b/.test(name)));
    if (held) ({ point: this.point, bytes: this.bytes } = held);
  }

  /** Answers whether it is the best so far. */
  see(point: EvaluationPoint): boolean {
    if (this.point !== null && !better(point, this.point)) return false;
    this.point = point;
    this.bytes = writeCheckpoint(this.#actor, {});
    return true;
  }

  restore(): void {
    if (this.bytes) readCheckpoint(this.bytes, this.#actor, 'the best policy');
  }
}

function better(a: EvaluationPoint, b: EvaluationPoint): boolean {
  if (a.success_rate !== b.success_rate) return a.success_rate > b.success_rate;
  if (a.violation_rate !== b.violation_rate) return a.violation_rate < b.violation_rate;
  if (a.return_mean !== b.return_mean) return a.return_mean > b.return_mean;
  return a.steps_mean < b.steps_mean;
}

/** What two runs of the same steps and seed must share to be the same: all but code and place. */
export function settingsOf(spec: TrainingSpec): unknown {
  const { algorithm, environment, demonstrations, evaluateEvery, evaluationEpisodes, evaluationSeed, keep, judged } =
    spec;
  const recorded = spec.recorded?.of;
  // Through JSON, as the record is read: what is undefined is not there.
  return portable(
    JSON.parse(
      JSON.stringify({
        ...{ algorithm, environment, demonstrations, evaluateEvery, evaluationEpisodes, evaluationSeed, keep, judged },
        recorded,
      }),
    ),
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
