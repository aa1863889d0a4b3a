import { inThread } from './in-thread.ts';
import type { EvaluationPoint, TrainingState } from './trainer.ts';
import type { TrainingOutcome, TrainingSpec } from './training.ts';

export type TrainingMessage = { state: TrainingState; wallS: number } | { evaluation: EvaluationPoint };

export interface TrainingThreadHooks {
  onState?(state: TrainingState, wallS: number): void;
  onEvaluation?(point: EvaluationPoint): void;
  /** Ends after the episode that it is in, and saves. */
  signal?: AbortSignal;
}

/** `runTraining` in a thread. Rejects with what it threw. */
export function trainInThread(
  spec: TrainingSpec,
  { onState, onEvaluation, signal }: TrainingThreadHooks = {},
): Promise<TrainingOutcome> {
  return inThread<TrainingSpec, TrainingMessage, TrainingOutcome>('training-thread', spec, {
    onMessage(message) {
      if ('evaluation' in message) onEvaluation?.(message.evaluation);
      else onState?.(message.state, message.wallS);
    },
    signal,
  });
}
