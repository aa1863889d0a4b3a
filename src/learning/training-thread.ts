/** One training in a thread of its own (train-in-thread.ts): the caller's thread stays free for its progress line and Ctrl-C. */
import { parentPort, workerData } from 'node:worker_threads';
import type { ThreadMessage, TrainingThreadData } from './train-in-thread.ts';
import { runTraining } from './training.ts';

/** Progress is told so often at most, ms. */
const TOLD_EVERY = 250;

const { spec, stop } = workerData as TrainingThreadData;
const say = (message: ThreadMessage) => parentPort!.postMessage(message);
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
