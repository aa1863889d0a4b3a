import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { digestOfWeights } from '../../../../policies/weights.ts';
import { type RunRecord, readRun } from '../../../learning/run-folder.ts';
import { trainInThread } from '../../../learning/train-in-thread.ts';
import type { EvaluationPoint } from '../../../learning/trainer.ts';
import { settingsOf, type TrainingSpec } from '../../../learning/training.ts';
import { type Keeping, pooled } from './runs.ts';
import { EndedEarly } from './watch.ts';

export interface TrainedRun {
  seed: number;
  evaluations: EvaluationPoint[];
  final: EvaluationPoint;
  /** Where the run is judged: the policy that it ended with, selected or not. */
  last: EvaluationPoint | null;
  wall_s: number;
  /** Of the policy that is kept, where the spec asks for them and there is a folder. */
  weights?: { path: string; sha256: string };
}

/**
 * Trains each spec in a thread of its own, as many at once as there are cores. With a folder a run that is there, complete and with
 * the same settings, is not made again, and one that was cut off goes on. A line on stderr tells of each run that was made.
 */
export const trainAll = (specs: readonly TrainingSpec[], keeping: Keeping = {}): Promise<TrainedRun[]> =>
  pooled(specs, (spec) => trained(spec, keeping));

async function trained(spec: TrainingSpec, { out, watch }: Keeping): Promise<TrainedRun> {
  const { seed, name } = spec;
  const folder = out === undefined ? undefined : join(out, `${name}-${seed}`);
  const before = folder === undefined ? null : readRun(folder);
  const same =
    before !== null &&
    before.record.steps === spec.steps &&
    JSON.stringify(before.record.settings) === JSON.stringify(settingsOf(spec));
  const weights = folder === undefined || spec.weights === undefined ? null : join(folder, spec.weights.file);
  const done = (): TrainedRun => {
    const { record, curve } = readRun(folder!)!;
    const evaluations = curve.flatMap((row) => (row.kind === 'evaluation' ? [row] : []));
    return {
      ...{ seed, evaluations, final: record.final!, last: record.last ?? null, wall_s: record.wall_s },
      ...(weights !== null && { weights: { path: weights, sha256: digestOfWeights(weights) } }),
    };
  };
  // One that was judged before a figure of it was there, or its weights were kept, is judged again.
  const judged = ({ final, last }: RunRecord) =>
    final?.steps_to_success !== undefined &&
    (spec.judged === undefined || last !== undefined) &&
    (weights === null || existsSync(weights));
  if (same && before.record.complete && judged(before.record)) return done();
  const who = `${name} ${seed}`;
  watch?.begin(who);
  const { evaluations, final, last, wall_s, state, complete } = await trainInThread(
    { ...spec, ...(folder && { out: folder }), resume: same },
    {
      onState({ steps: done, figures, return: sum, cost }) {
        const of = spec.steps;
        watch?.progress(who, {
          phase: 'steps',
          done: Math.min(done, of),
          of,
          figures: { return: sum, cost, ...figures },
        });
      },
      ...(watch && { signal: watch.signal }),
    },
  );
  if (!complete) {
    watch?.finished(who);
    throw new EndedEarly(who);
  }
  const text = `${who}  ${Math.round(wall_s)} s, ${Math.round(state.steps / wall_s)} steps/s`;
  if (watch) watch.finished(who, text);
  else process.stderr.write(`${text}\n`);
  return folder === undefined ? { seed, evaluations, final: final!, last, wall_s } : done();
}
