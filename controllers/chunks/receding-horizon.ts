import type { ChunkExecutor } from './chunk-executor.ts';

const MARKS = 64;

/**
 * Receding horizon (Diffusion Policy, openpi; facts/policies.md 8.1): execute `executeSteps` of each chunk, then ask for
 * another; the rest of the old chunk bridges the wait. A new chunk is entered at the number of actions really consumed
 * since its observation, never at an estimate of latency: a slow first inference while the robot stood still must not
 * skip a single action (finding 3).
 */
export class RecedingHorizon implements ChunkExecutor {
  readonly #actionSize: number;
  readonly #horizon: number;
  readonly #executeSteps: number;
  readonly #chunk: Float64Array;
  readonly #markSeq = new Float64Array(MARKS).fill(-1);
  readonly #markConsumed = new Float64Array(MARKS);
  #marks = 0;
  #epoch: number;
  #length = 0;
  #at = 0;
  #executed = 0;
  #consumed = 0;

  /** @throws RangeError when executeSteps is not within 1 … maxHorizon. */
  constructor(actionSize: number, maxHorizon: number, executeSteps: number, epoch = 0) {
    if (!(executeSteps >= 1 && executeSteps <= maxHorizon))
      throw new RangeError(`execute_steps ${executeSteps}; allowed: 1 to the horizon, ${maxHorizon}`);
    this.#actionSize = actionSize;
    this.#horizon = maxHorizon;
    this.#executeSteps = executeSteps;
    this.#chunk = new Float64Array(actionSize * maxHorizon);
    this.#epoch = epoch;
  }

  get needsChunk(): boolean {
    return this.#at >= this.#length || this.#executed >= this.#executeSteps;
  }

  /** Step of the chunk that `next` would give. */
  get step(): number {
    return this.#at;
  }

  mark(observationSeq: number): void {
    const slot = this.#marks++ % MARKS;
    this.#markSeq[slot] = observationSeq;
    this.#markConsumed[slot] = this.#consumed;
  }

  plan(chunk: Float64Array, horizon: number, observationSeq: number, epoch: number): boolean {
    if (epoch !== this.#epoch || !(horizon >= 1 && horizon <= this.#horizon)) return false;
    if (chunk.length < horizon * this.#actionSize) return false;
    const slot = this.#slotOf(observationSeq);
    if (slot < 0) return false;
    const skip = this.#consumed - this.#markConsumed[slot]!;
    if (skip >= horizon) return false;
    for (let i = 0; i < horizon * this.#actionSize; i++) this.#chunk[i] = chunk[i]!;
    this.#length = horizon;
    this.#at = skip;
    this.#executed = 0;
    return true;
  }

  next(out: Float64Array): boolean {
    if (this.#at >= this.#length) return false;
    const from = this.#at * this.#actionSize;
    for (let i = 0; i < this.#actionSize; i++) out[i] = this.#chunk[from + i]!;
    this.#at++;
    this.#executed++;
    this.#consumed++;
    return true;
  }

  reset(epoch: number): void {
    this.#epoch = epoch;
    this.#markSeq.fill(-1);
    this.#marks = 0;
    this.#length = 0;
    this.#at = 0;
    this.#executed = 0;
    this.#consumed = 0;
  }

  /** Newest mark of this observation, or -1. */
  #slotOf(observationSeq: number): number {
    for (let back = 1; back <= Math.min(this.#marks, MARKS); back++) {
      const slot = (this.#marks - back) % MARKS;
      if (this.#markSeq[slot] === observationSeq) return slot;
    }
    return -1;
  }
}
