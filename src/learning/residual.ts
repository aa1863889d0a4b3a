/**
 * Residual off-policy RL on a frozen base, in one file: the recipe of ResFiT (Ankile et al. 2026), from its paper.
 *
 *   a = clamp(b + s·π(o, b), ±1),  b the base's action, s the residual's bound;  π begins as 0, so a begins as b
 *   y = R_n + γⁿ · min over two of N target heads of Q̄_i(o', clamp(b' + s·π'(o', b') + noise))
 *   L_Q = Σ_i mean (Q_i(o, a) − y)² ;  L_π = −mean over all heads of Q_i(o, clamp(b + s·π(o, b)))
 *
 * The critic sees the combined action only, so that a step in which the safety layer or a person acted is learned from like
 * any other. Half of each batch are demonstrations, half is online. With `policy: 'sac'`, π is a tanh-Gaussian and both
 * losses have the entropy's part.
 */
import { SeededRandom } from '../core/random.ts';
import { type Actor, DeterministicActor, GaussianActor, Temperature } from './actors.ts';
import { BurnIn, type BurnInOptions } from './burn-in.ts';
import type { Parts } from './checkpoint.ts';
import { type CriticOptions, Critics } from './critics.ts';
import type { Environment, Step, Transition } from './environment.ts';
import { type Learner, persistentCounters } from './learner.ts';
import { type Matrix, TrainingKernel } from './numerics/kernel.ts';
import { persistentRandom } from './numerics/persistent.ts';
import { Batch, ReplayBuffer, type Sampling } from './replay.ts';

export interface ResidualOptions extends CriticOptions, Sampling {
  seed: number;
  policy: 'td3' | 'sac';
  /** Bound of the residual, in action units. */
  scale: number;
  capacity: number;
  batch: number;
  /** Share of each batch that is drawn from the demonstrations. */
  demonstrationShare: number;
  /** Target heads whose minimum is taken, drawn anew for each update. */
  subset: number;
  /** Steps of the base with uniform noise of ±`warmUpNoise` before anything is learned. */
  learningStarts: number;
  warmUpNoise: number;
  /** Updates of the critic alone before the actor first moves, and when they count as enough. */
  criticWarmUp: number;
  burnIn: BurnInOptions;
  /** Critic updates per step; the actor moves on the last of them. */
  updates: number;
  actorRate: number;
  actorLayerNorm: boolean;
  /** For `td3`: the policy that is exploited is an average of the actor's weights over the last 1/averaging updates. */
  averaging: number;
  /** λ of λ·mean‖π‖², which the actor pays for a residual that gains nothing. */
  penalty: number;
  /** Over so many steps after `learningStarts` the residual's bound, noise and all, grows from 0 to `scale`; 0: at once. */
  progressive: number;
  /** For `td3`: standard deviation of the exploration, action units (truncated at two of them). What SAC draws is its own. */
  exploration: number;
  /** Standard deviation and bound of the targets' noise, action units. */
  smoothing: number;
  smoothingClip: number;
  /** For `sac`: α at the start; and entropy in the critic's target. */
  temperature: number;
  backupEntropy: boolean;
  /** What observations are standardised by; none: as they are. */
  normalisation?: { mean: readonly number[]; std: readonly number[] };
}

/**
 * For the peg task. γ looks further than a whole episode, so that a fast way down is not worth the risk of one; with eight
 * rewards in each target a state in which the peg is stuck is soon known to be worth little. (ResFiT takes the horizon for an end, and so do the
 * shipped weights: it makes no difference that three training seeds show.)
 */
export const RESIDUAL_DEFAULTS: ResidualOptions = {
  ...{ seed: 1, policy: 'td3', scale: 0.3, capacity: 200_000, batch: 256, demonstrationShare: 0.5, subset: 2 },
  ...{ learningStarts: 2000, warmUpNoise: 0.2, criticWarmUp: 1000, updates: 1 },
  burnIn: { window: 250, change: 0.3, most: 2000 },
  ...{ hidden: [64, 64], heads: 4, layerNorm: true, rate: 3e-4, decay: 1e-2, clip: 1, tau: 0.005 },
  ...{ actorRate: 5e-5, actorLayerNorm: true, averaging: 1e-3, penalty: 0.01, progressive: 0 },
  ...{ exploration: 0.1, smoothing: 0.05, smoothingClip: 0.3 },
  ...{ temperature: 0.01, backupEntropy: false },
  ...{ nStep: 8, gamma: 0.995, bootstrapTimeouts: true, relabelling: 'executed' },
};

export class ResidualLearner implements Learner {
  steps = 0;
  readonly figures = { critic: Number.NaN, q: Number.NaN, actor: Number.NaN, residual: Number.NaN };
  readonly online: ReplayBuffer;
  readonly demonstrations: ReplayBuffer;
  readonly burnIn: BurnIn;
  readonly #options: ResidualOptions;
  readonly #o: number;
  readonly #a: number;
  readonly #random: SeededRandom;
  readonly #actor: Actor;
  readonly #temperature: Temperature;
  readonly #critics: Critics;
  readonly #batch: Batch;
  readonly #y: Float64Array;
  /** (o, b) of the batch, of the steps after it, and of one step that is acted on; ∂L/∂(o, a). */
  readonly #x: Matrix;
  readonly #next: Matrix;
  readonly #one: Matrix;
  readonly #slope: Matrix;
  readonly #mean: Float64Array;
  readonly #inverse: Float64Array;
  #warmedUp = false;

  constructor(environment: Pick<Environment, 'observationSize' | 'actionSize' | 'baseSize'>, options: ResidualOptions) {
    const { observationSize: o, actionSize: a, baseSize } = environment;
    if (baseSize !== a) throw new RangeError(`a base of ${baseSize} numbers; allowed: ${a}, the size of the action`);
    const { batch, capacity, hidden, actorRate: rate, decay, clip, actorLayerNorm: layerNorm, averaging } = options;
    this.#options = options;
    this.#o = o;
    this.#a = a;
    const random = new SeededRandom(options.seed).fork('residual');
    this.#random = random.fork('chance');
    const kernel = new TrainingKernel();
    this.#critics = new Critics(kernel, o + a, batch, options, random.fork('critics'));
    const shape = { inputs: o + a, actions: a, rows: batch };
    const actor = { hidden, layerNorm, rate, decay, clip, lastGain: 0, averaging };
    this.#actor =
      options.policy === 'td3'
        ? new DeterministicActor(kernel, shape, actor, random.fork('actor'))
        : new GaussianActor(kernel, shape, actor, random.fork('actor'));
    this.#temperature = new Temperature(options.temperature, -a / 2, rate);
    const sizes = { observationSize: o, actionSize: a, baseSize };
    this.online = new ReplayBuffer({ capacity, ...sizes });
    this.demonstrations = new ReplayBuffer({ capacity, ...sizes });
    this.burnIn = new BurnIn(options.burnIn);
    this.#batch = new Batch(batch, sizes);
    this.#y = new Float64Array(batch);
    this.#x = kernel.matrix(batch, o + a);
    this.#next = kernel.matrix(batch, o + a);
    this.#one = kernel.matrix(1, o + a);
    this.#slope = kernel.matrix(batch, o + a);
    const { mean, std } = options.normalisation ?? { mean: new Array(o).fill(0), std: new Array(o).fill(1) };
    this.#mean = Float64Array.from(mean);
    this.#inverse = Float64Array.from(std, (v) => 1 / v);
  }

  /** Bound of the residual now. */
  get scale(): number {
    const { scale, progressive, learningStarts } = this.#options;
    return progressive === 0 ? scale : scale * Math.min(1, Math.max(0, this.steps - learningStarts) / progressive);
  }

  /** Whether the burn-in holds the actor, or why it let go. */
  get note(): string {
    if (!this.#warmedUp || this.#options.burnIn.most === 0) return '';
    const { over, reason, updates } = this.burnIn;
    return over
      ? `burn-in: the actor moves, after ${updates} updates of the critic: ${reason}`
      : 'burn-in: the actor is held until the critic has settled';
  }

  act(step: Step, out: Float64Array): void {
    const { learningStarts, warmUpNoise, exploration, policy } = this.#options;
    const random = this.#random;
    if (this.steps < learningStarts) {
      for (let i = 0; i < this.#a; i++) out[i] = clip(step.base[i]! + random.range(-warmUpNoise, warmUpNoise), 1);
      return;
    }
    this.#look(step);
    this.#actor.draw(this.#one, random, out);
    const { scale } = this;
    for (let i = 0; i < this.#a; i++) {
      const noise = policy === 'td3' ? exploration * clip(random.normal(), 2) : 0;
      out[i] = clip(step.base[i]! + clip(scale * out[i]! + noise, scale), 1);
    }
  }

  exploit(step: Step, out: Float64Array): void {
    this.#look(step);
    this.#actor.mean(this.#one, out);
    const { scale } = this;
    // A residual of zero leaves the base bit for bit (−0 + 0 would be +0).
    for (let i = 0; i < this.#a; i++) out[i] = out[i] === 0 ? step.base[i]! : clip(step.base[i]! + scale * out[i]!, 1);
  }

  value(step: Step, action: Float64Array): number {
    const { one } = this.#critics;
    this.#look(step);
    one.put(0, 0, this.#one.data, 0, this.#o);
    one.put(0, this.#o, action, 0, this.#a);
    return this.#critics.mean();
  }

  observe(transition: Transition): void {
    for (const _ of this.observing(transition));
  }

  /** The same, an update at a time: who has others to listen to does so in between. Gone through to its end, or not begun. */
  *observing(transition: Transition): Generator<void> {
    const { learningStarts, criticWarmUp, updates } = this.#options;
    this.online.add(transition);
    // What a person did is a demonstration as well (HIL-SERL). Where the policy has acted in between, the next does not follow on it.
    if (transition.intervened === 'human') this.demonstrations.add(transition);
    else this.demonstrations.cut();
    this.steps++;
    if (this.steps < learningStarts) return;
    if (!this.#warmedUp) {
      this.#warmedUp = true;
      for (let u = 0; u < criticWarmUp; u++) {
        this.#learnCritics();
        yield;
      }
    }
    for (let u = 0; u < updates; u++) {
      this.#learnCritics();
      yield;
    }
    if (this.burnIn.over) this.#learnActor();
  }

  #look({ observation, base }: Step): void {
    for (let i = 0; i < this.#o; i++) this.#one.data[i] = (observation[i]! - this.#mean[i]!) * this.#inverse[i]!;
    for (let i = 0; i < this.#a; i++) this.#one.data[this.#o + i] = base[i]!;
  }

  #learnCritics(): void {
    const { batch: rows, subset, smoothing, smoothingClip, policy, backupEntropy } = this.#options;
    const [o, a] = [this.#o, this.#a];
    const critics = this.#critics;
    const batch = this.#batch;
    const random = this.#random;
    this.#draw();

    const { scale } = this;
    this.#actor.sample(this.#next, rows, random, true);
    for (let r = 0; r < rows; r++)
      for (let i = 0; i < a; i++) {
        const noise = policy === 'td3' ? clip(smoothing * random.normal(), smoothingClip) : 0;
        const residual = scale * this.#actor.actions.get(r, i) + noise;
        critics.next.set(r, o + i, clip(batch.nextBase[r * a + i]! + residual, 1));
      }
    critics.minimum(subset, random, this.#y);
    const alpha = policy === 'sac' && backupEntropy ? this.#temperature.alpha : 0;
    for (let r = 0; r < rows; r++) {
      const future = this.#y[r]! - alpha * this.#actor.logProbability[r]!;
      this.#y[r] = batch.reward[r]! + batch.discount[r]! * future;
    }
    const { loss, q } = critics.learn(this.#y);
    critics.follow();
    this.burnIn.see(loss);
    this.figures.critic = loss;
    this.figures.q = q;
  }

  /** On the batch that the critics learned from last. */
  #learnActor(): void {
    const { batch: rows, heads, tau, policy, penalty } = this.#options;
    const [o, a] = [this.#o, this.#a];
    const critics = this.#critics;
    const base = this.#batch.base;
    const actor = this.#actor;
    const { scale } = this;
    actor.sample(this.#x, rows, this.#random, false);
    for (let r = 0; r < rows; r++)
      for (let i = 0; i < a; i++) critics.x.set(r, o + i, clip(base[r * a + i]! + scale * actor.actions.get(r, i), 1));
    this.figures.actor = -critics.descend(heads, this.#slope);
    let size = 0;
    for (let r = 0; r < rows; r++)
      for (let i = 0; i < a; i++) {
        const wanted = base[r * a + i]! + scale * actor.actions.get(r, i);
        const slope = this.#slope.get(r, o + i);
        // Where the action is clamped, only a gradient that brings it back counts.
        const passes = Math.abs(wanted) <= 1 || slope * wanted > 0;
        const pays = (2 * penalty * actor.actions.get(r, i)) / (rows * a);
        this.#slope.set(r, o + i, (passes ? scale * slope : 0) + pays);
        size += Math.abs(actor.actions.get(r, i)) / (rows * a);
      }
    this.figures.residual = size;
    const alpha = policy === 'sac' ? this.#temperature.alpha : 0;
    actor.learn(this.#x, rows, this.#slope, o, alpha);
    actor.follow(tau);
    if (policy === 'sac') this.#temperature.learn(actor.logProbability, rows);
  }

  /** A batch, half of it demonstrations, into the matrices. */
  #draw(): void {
    const { batch: rows, demonstrationShare } = this.#options;
    const [o, a] = [this.#o, this.#a];
    const { online, demonstrations } = this;
    const batch = this.#batch;
    const critics = this.#critics;
    const shown = demonstrations.size === 0 ? 0 : Math.round(demonstrationShare * rows);
    if (shown > 0) demonstrations.sample(this.#random, this.#options, batch, 0, shown);
    online.sample(this.#random, this.#options, batch, shown, rows - shown);
    for (let r = 0; r < rows; r++) {
      for (let i = 0; i < o; i++) {
        const now = (batch.observation[r * o + i]! - this.#mean[i]!) * this.#inverse[i]!;
        const after = (batch.nextObservation[r * o + i]! - this.#mean[i]!) * this.#inverse[i]!;
        critics.x.set(r, i, now);
        this.#x.set(r, i, now);
        critics.next.set(r, i, after);
        this.#next.set(r, i, after);
      }
      critics.x.put(r, o, batch.action, r * a, a);
      this.#x.put(r, o, batch.base, r * a, a);
      this.#next.put(r, o, batch.nextBase, r * a, a);
    }
  }

  parts(): Parts {
    const burnIn = this.burnIn;
    return {
      ...this.#critics.parts('critics'),
      ...this.#actor.parts('actor'),
      ...this.#temperature.parts('temperature'),
      online: this.online,
      demonstrations: this.demonstrations,
      random: persistentRandom(this.#random),
      burnIn: persistentCounters(
        () => burnIn.numbers,
        (n) => {
          burnIn.numbers = n as typeof burnIn.numbers;
        },
      ),
      counters: persistentCounters(
        () => ({ steps: this.steps, warmedUp: this.#warmedUp ? 1 : 0 }),
        (n) => {
          this.steps = n.steps as number;
          this.#warmedUp = n.warmedUp === 1;
        },
      ),
    };
  }

  export(metadata: Record<string, string>): Uint8Array {
    const zeros = new Array<number>(this.#a).fill(0);
    const mean = [...this.#mean, ...zeros];
    const std = [...Array.from(this.#inverse, (v) => 1 / v), ...zeros.map(() => 1)];
    return this.#actor.export(metadata, { mean, std });
  }
}

const clip = (v: number, bound: number): number => Math.max(-bound, Math.min(bound, v));
