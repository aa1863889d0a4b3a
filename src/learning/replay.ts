import type { Random } from '../core/random.ts';
import type { Numbers, Persistent } from './checkpoint.ts';
import type { Transition } from './environment.ts';

/**
 * Which action a transition is learned with, where the safety layer acted: the one that was *executed* (ResFiT: Q is honest
 * about what was done), or the one that was *proposed* (Recovery RL: the policy does not learn that the rescue is its own
 * doing). A person's action is always learned as executed.
 */
export type Relabelling = 'executed' | 'proposed';

export interface ReplayOptions {
  capacity: number;
  observationSize: number;
  actionSize: number;
  /** 0 where there is no base. */
  baseSize: number;
}

/** How transitions are made from what is stored. */
export interface Sampling {
  /** Rewards that are summed before the critic is asked; fewer at the end of an episode or of a piece of one, and at the newest transition. */
  nStep: number;
  gamma: number;
  /** A truncated episode had a future: its last value is asked for. Without, the horizon counts as an end (ResFiT). */
  bootstrapTimeouts: boolean;
  relabelling: Relabelling;
}

/** Rows of a batch, flat: row r of `observation` begins at r·observationSize, and so on. */
export class Batch {
  readonly rows: number;
  readonly observation: Float32Array;
  readonly base: Float32Array;
  readonly action: Float32Array;
  readonly nextObservation: Float32Array;
  readonly nextBase: Float32Array;
  /** Σ_{i<k} γⁱ r_{t+i}, k ≤ n. */
  readonly reward: Float64Array;
  /** γᵏ, or 0 where there is no future. */
  readonly discount: Float64Array;
  readonly cost: Float64Array;
  /** 1 where the step after which the batch looks on ended for good. */
  readonly terminated: Float64Array;

  constructor(rows: number, { observationSize, actionSize, baseSize }: Omit<ReplayOptions, 'capacity'>) {
    this.rows = rows;
    this.observation = new Float32Array(rows * observationSize);
    this.base = new Float32Array(rows * baseSize);
    this.action = new Float32Array(rows * actionSize);
    this.nextObservation = new Float32Array(rows * observationSize);
    this.nextBase = new Float32Array(rows * baseSize);
    this.reward = new Float64Array(rows);
    this.discount = new Float64Array(rows);
    this.cost = new Float64Array(rows);
    this.terminated = new Float64Array(rows);
  }
}

const TERMINATED = 1;
const TRUNCATED = 2;
const SAFETY = 4;
const HUMAN = 8;
const CUT = 16;

/**
 * A ring of transitions in flat arrays, in the order of time. Both actions are kept, the base's action too (that of the next
 * step as well: the learner need not know how the base works), so that the choice of relabelling and of n is made when a
 * batch is drawn.
 */
export class ReplayBuffer implements Persistent {
  readonly capacity: number;
  readonly #o: number;
  readonly #a: number;
  readonly #b: number;
  readonly #observation: Float32Array;
  readonly #base: Float32Array;
  readonly #proposed: Float32Array;
  readonly #executed: Float32Array;
  readonly #nextObservation: Float32Array;
  readonly #nextBase: Float32Array;
  readonly #reward: Float32Array;
  readonly #cost: Float32Array;
  readonly #flags: Float32Array;
  /** Slots with a cost, oldest first: a batch may ask for its share of them. */
  #costly: number[] = [];
  #head = 0;
  #size = 0;
  /** Transitions in which a person acted, and in which the safety layer did; of all that were ever added. */
  human = 0;
  safety = 0;

  constructor({ capacity, observationSize, actionSize, baseSize }: ReplayOptions) {
    this.capacity = capacity;
    this.#o = observationSize;
    this.#a = actionSize;
    this.#b = baseSize;
    this.#observation = new Float32Array(capacity * observationSize);
    this.#base = new Float32Array(capacity * baseSize);
    this.#proposed = new Float32Array(capacity * actionSize);
    this.#executed = new Float32Array(capacity * actionSize);
    this.#nextObservation = new Float32Array(capacity * observationSize);
    this.#nextBase = new Float32Array(capacity * baseSize);
    this.#reward = new Float32Array(capacity);
    this.#cost = new Float32Array(capacity);
    this.#flags = new Float32Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  /** Transitions with a cost that are held. */
  get costly(): number {
    return this.#costly.length;
  }

  /** Copies a transition; the oldest is lost when the ring is full. */
  add(t: Transition): void {
    const i = this.#head;
    if (this.#costly[0] === i && this.#size === this.capacity) this.#costly.shift();
    this.#observation.set(t.observation, i * this.#o);
    this.#base.set(t.base, i * this.#b);
    this.#proposed.set(t.proposed, i * this.#a);
    this.#executed.set(t.executed, i * this.#a);
    this.#nextObservation.set(t.nextObservation, i * this.#o);
    this.#nextBase.set(t.nextBase, i * this.#b);
    this.#reward[i] = t.reward;
    this.#cost[i] = t.cost;
    const by = t.intervened === 'human' ? HUMAN : t.intervened === 'safety' ? SAFETY : 0;
    this.#flags[i] = (t.terminated ? TERMINATED : 0) + (t.truncated ? TRUNCATED : 0) + by;
    if (by === HUMAN) this.human++;
    if (by === SAFETY) this.safety++;
    if (t.cost > 0) this.#costly.push(i);
    this.#head = (i + 1) % this.capacity;
    if (this.#size < this.capacity) this.#size++;
  }

  /**
   * What is added next does not follow on the newest transition, though that ended no episode: an n-step transition ends there, and
   * asks for its last value.
   */
  cut(): void {
    if (this.#size === 0) return;
    const newest = this.#newest;
    this.#flags[newest] = this.#flags[newest]! | CUT;
  }

  get #newest(): number {
    return (this.#head - 1 + this.capacity) % this.capacity;
  }

  /**
   * Fills `count` rows of `batch` from row `at` on, drawn uniformly with replacement; `costlyShare` of them (when there are
   * any) from the transitions with a cost. @throws RangeError when nothing is held
   */
  sample(random: Random, sampling: Sampling, batch: Batch, at: number, count: number, costlyShare = 0): void {
    if (this.#size === 0) throw new RangeError('an empty replay buffer');
    const costly = this.#costly.length > 0 ? Math.round(costlyShare * count) : 0;
    for (let k = 0; k < count; k++) {
      const slot = k < costly ? this.#costly[random.integer(this.#costly.length)]! : this.#slot(random);
      this.#write(slot, sampling, batch, at + k);
    }
  }

  /** Observation `[rows][observationSize]` of all that is held, oldest first. */
  *observations(): Generator<Float32Array> {
    for (let k = 0; k < this.#size; k++) {
      const i = (this.#head - this.#size + k + this.capacity) % this.capacity;
      yield this.#observation.subarray(i * this.#o, (i + 1) * this.#o);
    }
  }

  #slot(random: Random): number {
    return (this.#head - this.#size + random.integer(this.#size) + this.capacity) % this.capacity;
  }

  /** The n-step transition that begins in slot `i`; it ends with its episode, where a piece was cut off, or at the newest transition. */
  #write(i: number, { nStep, gamma, bootstrapTimeouts, relabelling }: Sampling, batch: Batch, row: number): void {
    const newest = this.#newest;
    let last = i;
    let reward = 0;
    let discount = 1;
    for (let k = 0; ; ) {
      reward += discount * this.#reward[last]!;
      discount *= gamma;
      if (++k === nStep || last === newest || (this.#flags[last]! & (TERMINATED | TRUNCATED | CUT)) !== 0) break;
      last = (last + 1) % this.capacity;
    }
    const flags = this.#flags[last]!;
    const terminated = (flags & TERMINATED) !== 0;
    const ended = terminated || ((flags & TRUNCATED) !== 0 && !bootstrapTimeouts);
    const action = relabelling === 'proposed' && (this.#flags[i]! & SAFETY) !== 0 ? this.#proposed : this.#executed;
    copy(this.#observation, i * this.#o, batch.observation, row * this.#o, this.#o);
    copy(this.#base, i * this.#b, batch.base, row * this.#b, this.#b);
    copy(action, i * this.#a, batch.action, row * this.#a, this.#a);
    copy(this.#nextObservation, last * this.#o, batch.nextObservation, row * this.#o, this.#o);
    copy(this.#nextBase, last * this.#b, batch.nextBase, row * this.#b, this.#b);
    batch.reward[row] = reward;
    batch.discount[row] = ended ? 0 : discount;
    batch.cost[row] = this.#cost[i]!;
    batch.terminated[row] = terminated ? 1 : 0;
  }

  get numbers(): Numbers {
    const { human, safety } = this;
    return { head: this.#head, size: this.#size, human, safety };
  }

  set numbers(n: Numbers) {
    this.#head = n.head as number;
    this.#size = n.size as number;
    this.human = n.human as number;
    this.safety = n.safety as number;
  }

  /** What is filled of each array: when the ring is not full yet, its slots begin at 0. */
  get arrays(): Record<string, Float32Array> {
    const n = this.#size;
    return {
      observation: this.#observation.subarray(0, n * this.#o),
      base: this.#base.subarray(0, n * this.#b),
      proposed: this.#proposed.subarray(0, n * this.#a),
      executed: this.#executed.subarray(0, n * this.#a),
      nextObservation: this.#nextObservation.subarray(0, n * this.#o),
      nextBase: this.#nextBase.subarray(0, n * this.#b),
      reward: this.#reward.subarray(0, n),
      cost: this.#cost.subarray(0, n),
      flags: this.#flags.subarray(0, n),
    };
  }

  /** The list of slots with a cost is made anew from what was restored. */
  restored(): void {
    this.#costly = [];
    for (let k = 0; k < this.#size; k++) {
      const i = (this.#head - this.#size + k + this.capacity) % this.capacity;
      if (this.#cost[i]! > 0) this.#costly.push(i);
    }
  }
}

function copy(from: Float32Array, begin: number, to: Float32Array, at: number, count: number): void {
  for (let i = 0; i < count; i++) to[at + i] = from[begin + i]!;
}
