import type { ObservedImage } from '../src/core/signals.ts';

/** The three kinds of learned part. Each backend is one file and exports a `definePolicy` description. */

/** A frozen base policy: observation → a chunk of actions, normalised to [-1, 1]. */
export interface BasePolicy {
  readonly observationSize: number;
  readonly actionSize: number;
  /** Actions in one chunk. */
  readonly horizon: number;
  /** SHA-256 (hex) of what was loaded; empty for a policy that lives elsewhere. */
  readonly sha256: string;
  /**
   * Writes `horizon × actionSize` numbers, step by step. A promise when the answer comes from another process. `images`: in
   * the order of the task's list; the next observation changes them, so who answers later copies what it keeps.
   */
  infer(observation: Float64Array, chunk: Float64Array, images?: readonly ObservedImage[]): void | Promise<void>;
}

/** A residual: (observation, base action) → correction in [-1, 1], before its scale. Deterministic. */
export interface ResidualPolicy {
  readonly observationSize: number;
  readonly actionSize: number;
  readonly sha256: string;
  infer(observation: Float64Array, base: Float64Array, out: Float64Array): void;
}

/**
 * A risk critic: P(violation soon | state, action) in [0, 1].
 * NOTE callers treat NaN and exceptions as risk 1 (house rule 2).
 */
export interface RiskCritic {
  /** Features of state and candidate action together, see `controllers/interfaces`. */
  readonly inputSize: number;
  readonly sha256: string;
  /** `inputs` holds `count` rows of inputSize; writes `count` risks. Allocates nothing. */
  evaluate(inputs: Float64Array, count: number, risks: Float64Array): void;
}
