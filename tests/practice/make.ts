import { RESIDUAL_DEFAULTS, type ResidualOptions } from '../../src/learning/residual.ts';
import type { PracticeLearnerOptions } from '../../src/practice/practice-learner.ts';
import type { Episode } from '../../src/practice/protocol.ts';

/** Two numbers seen, one acted with. */
export const SIZES = { observationSize: 2, actionSize: 1 };

/** An episode of `n` decisions: what is seen counts up, from `from` on. */
export function episode(id: string, n = 3, over: Partial<Episode> = {}, from = 0): Episode {
  const row = (size: number, of: (k: number) => number) => Float64Array.from({ length: size }, (_, k) => of(k));
  return {
    ...{ id, version: 0, ended: 'success', terminated: true, truncated: false, success: true, violation: false },
    observation: row(2 * (n + 1), (k) => (from + k) / 100),
    base: row(n + 1, (k) => 0.1 * Math.cos(from + k)),
    proposed: row(n, (k) => 0.1 * Math.cos(from + k) + 0.05),
    executed: row(n, (k) => 0.1 * Math.cos(from + k) + 0.05),
    reward: row(n, (k) => (k === n - 1 ? 1 : 0)),
    cost: new Float64Array(n),
    intervened: new Uint8Array(n),
    ...over,
  };
}

export const RESIDUAL: ResidualOptions = {
  ...{ ...RESIDUAL_DEFAULTS, hidden: [8], heads: 2, batch: 8, capacity: 1000 },
  ...{ learningStarts: 6, criticWarmUp: 2, burnIn: { window: 2, change: 1, most: 2 } },
};

/** Options of a learner in `folder` that makes weights after every second episode. */
export const learnerIn = (folder: string, over: Partial<PracticeLearnerOptions> = {}): PracticeLearnerOptions => ({
  ...{ folder, sizes: SIZES, residual: RESIDUAL, publishEvery: 2, keepBytes: 1e9, checkpointEveryS: 1e9 },
  record: {
    ...{ name: 'practice', algorithm: 'residual', task: 'a test', seed: 1, steps: 0, settings: {}, command: '' },
    ...{ commit: '', node: '', started: new Date(0).toISOString(), wall_s: 0, steps_done: 0, complete: false },
    final: null,
  },
  demonstrate: () => {},
  onWeights: () => {},
  onLearned: () => {},
  ...over,
});
