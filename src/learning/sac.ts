/**
 * SAC (Haarnoja et al. 2018), in one file: an actor that is as random as its task allows, critics that value that.
 *
 *   a' ~ π(s') ;  y = R + γᵏ (min over a subset of Q̄_i(s', a') − α log π(a'|s'))
 *   L_π = mean(α log π(a|s) − Q(s, a)), a = tanh(μ + σε) ;  L_α = −log α · (log π + target entropy)
 *
 * With demonstrations in the batch, LayerNorm, an ensemble and several updates a step it is RLPD (rlpd.ts); that, begun as a copy of
 * the base, is the base fine-tuned (fine-tuning.ts).
 */
import { SeededRandom } from '../core/random.ts';
import { GaussianActor, Temperature } from './actors.ts';
import type { Parts } from './checkpoint.ts';
import { type CriticOptions, Critics } from './critics.ts';
import type { Environment, Step, Transition } from './environment.ts';
import { type Learner, persistentCounters } from './learner.ts';
import { type Matrix, TrainingKernel } from './numerics/kernel.ts';
import { persistentRandom } from './numerics/persistent.ts';
import { Batch, ReplayBuffer, type Sampling } from './replay.ts';

export interface SacOptions extends CriticOptions, Sampling {
  seed: number;
  capacity: number;
  batch: number;
  /** Share of each batch from the demonstrations, where there are any. */
  demonstrationShare: number;
  /** Steps of uniformly random actions before anything is learned. */
  learningStarts: number;
  /**
   * Updates that make the actor a copy of the base before it learns: L = mean |a − b|² on the states seen so far. The steps until then are
   * the base's, with uniform noise of ±`warmUpNoise`. 0: it begins as chance.
   */
  imitation: number;
  warmUpNoise: number;
  /** Critic updates per step; actor and α move on the last of them. */
  updates: number;
  /** Target heads whose minimum is taken. */
  subset: number;
  /** What the actor climbs: the least head of all (SAC), or their mean (RLPD). */
  actorHeads: 'least' | 'mean';
  actorRate: number;
  actorLayerNorm: boolean;
  /** α at the start, and whether it is learned. */
  temperature: number;
  learnTemperature: boolean;
  /** Entropy that α is learned for; −|A| is SAC's, −|A|/2 RLPD's. */
  targetEntropy: number;
  /** Entropy in the critics' target. */
  backupEntropy: boolean;
}

/** CleanRL's and Stable Baselines' numbers; `targetEntropy` for one action. */
export const SAC_DEFAULTS: SacOptions = {
  ...{ seed: 1, capacity: 200_000, batch: 256, demonstrationShare: 0, learningStarts: 1000, updates: 1, subset: 2 },
  ...{ imitation: 0, warmUpNoise: 0.2 },
  ...{
    hidden: [256, 256],
    heads: 2,
    layerNorm: false,
    rate: 1e-3,
    decay: 0,
    clip: 0,
    tau: 0.005,
  },
  ...{ actorHeads: 'least', actorRate: 1e-3, actorLayerNorm: false },
  ...{ temperature: 1, learnTemperature: true, targetEntropy: -1, backupEntropy: true },
  ...{ nStep: 1, gamma: 0.99, bootstrapTimeouts: true, relabelling: 'executed' },
};

export class Sac implements Learner {
  steps = 0;
  readonly figures = { critic: Number.NaN, q: Number.NaN, alpha: Number.NaN };
  readonly replay: ReplayBuffer;
  readonly demonstrations: ReplayBuffer;
  readonly #options: SacOptions;
  readonly #o: number;
  readonly #a: number;
  readonly #random: SeededRandom;
  readonly #actor: GaussianActor;
  readonly #temperature: Temperature;
  readonly #critics: Critics;
  readonly #batch: Batch;
  readonly #y: Float64Array;
  readonly #s: Matrix;
  readonly #next: Matrix;
  readonly #one: Matrix;
  readonly #slope: Matrix;

  constructor(environment: Pick<Environment, 'observationSize' | 'actionSize' | 'baseSize'>, options: SacOptions) {
    const { observationSize: o, actionSize: a, baseSize } = environment;
    const { batch, hidden, capacity, actorRate: rate, decay, clip, actorLayerNorm: layerNorm } = options;
    this.#options = options;
    this.#o = o;
    this.#a = a;
    const random = new SeededRandom(options.seed).fork('sac');
    this.#random = random.fork('chance');
    const kernel = new TrainingKernel();
    this.#critics = new Critics(kernel, o + a, batch, options, random.fork('critics'));
    const actor = { hidden, layerNorm, rate, decay, clip, lastGain: 0.01 };
    this.#actor = new GaussianActor(kernel, { inputs: o, actions: a, rows: batch }, actor, random.fork('actor'));
    this.#temperature = new Temperature(options.temperature, options.targetEntropy, rate);
    const sizes = { observationSize: o, actionSize: a, baseSize };
    this.replay = new ReplayBuffer({ capacity, ...sizes });
    this.demonstrations = new ReplayBuffer({ capacity, ...sizes });
    this.#batch = new Batch(batch, sizes);
    this.#y = new Float64Array(batch);
    this.#s = kernel.matrix(batch, o);
    this.#next = kernel.matrix(batch, o);
    this.#one = kernel.matrix(1, o);
    this.#slope = kernel.matrix(batch, o + a);
  }

  act({ observation, base }: Step, out: Float64Array): void {
    const { learningStarts, imitation, warmUpNoise: noise } = this.#options;
    if (this.steps < learningStarts) {
      for (let i = 0; i < this.#a; i++)
        out[i] = imitation > 0 ? clip(base[i]! + this.#random.range(-noise, noise)) : this.#random.range(-1, 1);
      return;
    }
    this.#one.put(0, 0, observation, 0, this.#o);
    this.#actor.draw(this.#one, this.#random, out);
  }

  exploit({ observation }: Step, out: Float64Array): void {
    this.#one.put(0, 0, observation, 0, this.#o);
    this.#actor.mean(this.#one, out);
  }

  value({ observation }: Step, action: Float64Array): number {
    const { one } = this.#critics;
    one.put(0, 0, observation, 0, this.#o);
    one.put(0, this.#o, action, 0, this.#a);
    return this.#critics.mean();
  }

  observe(transition: Transition): void {
    this.replay.add(transition);
    if (transition.intervened === 'human') this.demonstrations.add(transition);
    else this.demonstrations.cut();
    this.steps++;
    const { learningStarts, imitation, updates } = this.#options;
    if (this.steps < learningStarts) return;
    if (this.steps === learningStarts) for (let u = 0; u < imitation; u++) this.#imitate();
    for (let u = 0; u < updates; u++) this.#learnCritics();
    this.#learnActor();
  }

  /** A step towards the base, and one of the critics for what it does. */
  #imitate(): void {
    const { batch: rows } = this.#options;
    const a = this.#a;
    this.#learnCritics();
    const { actions } = this.#actor;
    this.#actor.sample(this.#s, rows, this.#random);
    for (let r = 0; r < rows; r++)
      for (let i = 0; i < a; i++) {
        const off = actions.get(r, i) - this.#batch.base[r * a + i]!;
        this.#slope.set(r, this.#o + i, (2 * off) / (rows * a));
      }
    this.#actor.learn(this.#s, rows, this.#slope, this.#o, 0);
  }

  #learnCritics(): void {
    const { batch: rows, subset, backupEntropy, demonstrationShare } = this.#options;
    const [o, a] = [this.#o, this.#a];
    const critics = this.#critics;
    const batch = this.#batch;
    const shown = this.demonstrations.size === 0 ? 0 : Math.round(demonstrationShare * rows);
    if (shown > 0) this.demonstrations.sample(this.#random, this.#options, batch, 0, shown);
    this.replay.sample(this.#random, this.#options, batch, shown, rows - shown);
    for (let r = 0; r < rows; r++) {
      this.#s.put(r, 0, batch.observation, r * o, o);
      this.#next.put(r, 0, batch.nextObservation, r * o, o);
      critics.next.put(r, 0, batch.nextObservation, r * o, o);
      critics.x.put(r, 0, batch.observation, r * o, o);
      critics.x.put(r, o, batch.action, r * a, a);
    }
    this.#actor.sample(this.#next, rows, this.#random);
    for (let r = 0; r < rows; r++)
      for (let i = 0; i < a; i++) critics.next.set(r, o + i, this.#actor.actions.get(r, i));
    critics.minimum(subset, this.#random, this.#y);
    const alpha = backupEntropy ? this.#temperature.alpha : 0;
    for (let r = 0; r < rows; r++) {
      const future = this.#y[r]! - alpha * this.#actor.logProbability[r]!;
      this.#y[r] = batch.reward[r]! + batch.discount[r]! * future;
    }
    const { loss, q } = critics.learn(this.#y);
    this.figures.critic = loss;
    this.figures.q = q;
    critics.follow();
  }

  /** On the states of the batch that the critics learned from last. */
  #learnActor(): void {
    const { batch: rows, heads, actorHeads, learnTemperature } = this.#options;
    const [o, a] = [this.#o, this.#a];
    const critics = this.#critics;
    const actor = this.#actor;
    actor.sample(this.#s, rows, this.#random);
    for (let r = 0; r < rows; r++) for (let i = 0; i < a; i++) critics.x.set(r, o + i, actor.actions.get(r, i));
    if (actorHeads === 'least') critics.descendLeast(this.#slope);
    else critics.descend(heads, this.#slope);
    actor.learn(this.#s, rows, this.#slope, o, this.#temperature.alpha);
    if (learnTemperature) this.#temperature.learn(actor.logProbability, rows);
    this.figures.alpha = this.#temperature.alpha;
  }

  parts(): Parts {
    return {
      ...this.#critics.parts('critics'),
      ...this.#actor.parts('actor'),
      ...this.#temperature.parts('temperature'),
      replay: this.replay,
      demonstrations: this.demonstrations,
      random: persistentRandom(this.#random),
      counters: persistentCounters(
        () => ({ steps: this.steps }),
        (n) => {
          this.steps = n.steps as number;
        },
      ),
    };
  }

  export(metadata: Record<string, string>): Uint8Array {
    const mean = new Array<number>(this.#o).fill(0);
    return this.#actor.export(metadata, { mean, std: mean.map(() => 1) });
  }
}

const clip = (v: number): number => Math.max(-1, Math.min(1, v));
