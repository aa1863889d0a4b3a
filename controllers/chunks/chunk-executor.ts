/**
 * Turns chunks of base actions into one action per decision. Chunks hold base actions only: the residual and the gate
 * come after (facts/policies.md 8.5).
 */
export interface ChunkExecutor {
  /** True when a new chunk should be asked for: none is held, or enough of it was executed. */
  readonly needsChunk: boolean;
  /** Notes that the observation `seq` is being handed to the policy now. */
  mark(observationSeq: number): void;
  /**
   * Takes a chunk (`horizon × actionSize` numbers, step by step) inferred from the marked observation. False, and
   * nothing changed, when it is of another epoch, its observation is unknown, or all of it is already in the past.
   */
  plan(chunk: Float64Array, horizon: number, observationSeq: number, epoch: number): boolean;
  /** Writes the next action. False, and `out` untouched, when there is none. */
  next(out: Float64Array): boolean;
  /** Drops everything; only chunks of `epoch` are taken from now on. */
  reset(epoch: number): void;
}
