/** One training in a thread of its own (train-in-thread.ts). */
import { parentPort, workerData } from 'node:worker_threads';
import type { ThreadData } from './in-thread.ts';
import type { TrainingMessage } from './train-in-thread.ts';
import { runTraining, type TrainingOutcome, type TrainingSpec } from './training.ts';

/** Progress is told so often at most, ms. */
const TOLD_EVERY = 250;

const { given: spec, stop } = workerData as ThreadData<TrainingSpec>;
const say = (message: TrainingMessage | { outcome: TrainingOutcome }) => parentPort!.postMessage(message);
let told = 0;
let noted: string | undefined;
const outcome = await runTraining(spec, {
  stopped: () => Atomics.load(stop, 0) !== 0,
  onState: (state, wallS) => {
    if (performance.now() - told < TOLD_EVERY && state.steps < spec.steps && state.note === noted) return;
    noted = state.note;
    told = performance.now();
    say({ state: { ...state, figures: { ...state.figures } }, wallS });
  },
  onEvaluation: (evaluation) => say({ evaluation }),
});
say({ outcome: { ...outcome, state: { ...outcome.state, figures: { ...outcome.state.figures } } } });
