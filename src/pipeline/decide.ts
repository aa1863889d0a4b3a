import type { ChunkExecutor } from '../../controllers/chunks/chunk-executor.ts';
import type { BasePolicy, ResidualPolicy } from '../../policies/policy.ts';
import type { Decision, Observation } from '../core/signals.ts';

export interface DeciderParts {
  base: BasePolicy;
  residual: ResidualPolicy;
  executor: ChunkExecutor;
  /** Scale of the residual; 0 gives the base alone, bit for bit. */
  residualScale: number;
  /** How long a decision may move the robot, after the arrival of its observation. */
  lifetimeNs: number;
  onError?(error: unknown): void;
}

/**
 * Observation → Decision: the next action of the base's chunk plus the residual from the *fresh* observation.
 *
 * A base that answers later (another process) is asked while the rest of its old chunk is executed; the executor skips
 * what was consumed meanwhile, and drops an answer of an older epoch. One question is in flight.
 */
export class Decider {
  /** Decisions that could not be made because the base had no action ready. */
  starved = 0;
  readonly #parts: DeciderParts;
  readonly #chunk: Float64Array;
  readonly #raw: Float64Array;
  readonly #decision: { -readonly [K in keyof Decision]: Decision[K] };
  #epoch = -1;
  #asking = false;

  constructor(parts: DeciderParts) {
    this.#parts = parts;
    const n = parts.base.actionSize;
    this.#chunk = new Float64Array(parts.base.horizon * n);
    this.#raw = new Float64Array(n);
    this.#decision = {
      epoch: 0,
      seq: 0,
      observationSeq: 0,
      observationStampNs: 0,
      observedNs: 0,
      expiresNs: 0,
      base: new Float64Array(n),
      residual: new Float64Array(n),
    };
  }

  get residualScale(): number {
    return this.#parts.residualScale;
  }

  set residualScale(scale: number) {
    this.#parts.residualScale = scale;
  }

  /** The decision for this observation under this command epoch, or null when starved. Reused: copy what you keep. */
  decide(observation: Observation, epoch: number): Decision | null {
    if (epoch !== this.#epoch) this.#reset(epoch);
    const { base, residual, executor, residualScale, lifetimeNs } = this.#parts;
    if (executor.needsChunk && !this.#asking) this.#ask(observation);
    const d = this.#decision;
    if (!executor.next(d.base)) {
      this.starved++;
      return null;
    }
    if (residualScale === 0) {
      d.residual.fill(0);
    } else {
      residual.infer(observation.residual, d.base, this.#raw);
      for (let i = 0; i < base.actionSize; i++) d.residual[i] = this.#raw[i]! * residualScale;
    }
    d.epoch = epoch;
    d.seq++;
    d.observationSeq = observation.seq;
    d.observationStampNs = observation.stampNs;
    d.observedNs = observation.receivedNs;
    d.expiresNs = observation.receivedNs + lifetimeNs;
    return d;
  }

  #ask(observation: Observation): void {
    const { base, executor } = this.#parts;
    const seq = observation.seq;
    const epoch = this.#epoch;
    executor.mark(seq);
    const answer = base.infer(observation.base, this.#chunk, observation.images);
    if (!(answer instanceof Promise)) {
      executor.plan(this.#chunk, base.horizon, seq, epoch);
      return;
    }
    this.#asking = true;
    answer.then(
      () => {
        this.#asking = false;
        executor.plan(this.#chunk, base.horizon, seq, epoch);
      },
      (error) => {
        this.#asking = false;
        this.#parts.onError?.(error);
      },
    );
  }

  #reset(epoch: number): void {
    this.#epoch = epoch;
    this.#parts.executor.reset(epoch);
  }
}
