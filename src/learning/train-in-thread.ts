import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { packageRoot } from '../core/paths.ts';
import type { EvaluationPoint, TrainingState } from './trainer.ts';
import type { TrainingOutcome, TrainingSpec } from './training.ts';

export interface TrainingThreadData {
  spec: TrainingSpec;
  /** Its first word is set to end the training after the episode that it is in. */
  stop: Int32Array;
}

export type ThreadMessage =
  | { state: TrainingState; wallS: number }
  | { evaluation: EvaluationPoint }
  | { outcome: TrainingOutcome };

export interface ThreadHooks {
  onState?(state: TrainingState, wallS: number): void;
  onEvaluation?(point: EvaluationPoint): void;
  /** Ends after the episode that it is in, and saves. */
  signal?: AbortSignal;
}

/** `runTraining` in a thread. Rejects with what it threw. */
export function trainInThread(spec: TrainingSpec, hooks: ThreadHooks = {}): Promise<TrainingOutcome> {
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const abort = () => void Atomics.store(stop, 0, 1);
  if (hooks.signal?.aborted) abort();
  hooks.signal?.addEventListener('abort', abort);
  const workerData: TrainingThreadData = { spec, stop };
  const done = new Promise<TrainingOutcome>((resolve, reject) => {
    const worker = new Worker(join(packageRoot, 'dist/src/learning/training-thread.js'), { workerData });
    worker.on('message', (message: ThreadMessage) => {
      if ('outcome' in message) resolve(message.outcome);
      else if ('evaluation' in message) hooks.onEvaluation?.(message.evaluation);
      else hooks.onState?.(message.state, message.wallS);
    });
    worker.on('error', reject);
    worker.on('exit', (code) => reject(new Error(`the training thread ended with code ${code}`)));
  });
  return done.finally(() => hooks.signal?.removeEventListener('abort', abort));
}
