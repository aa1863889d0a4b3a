/**
 * TD3 (Fujimoto, van Hoof, Meger 2018), in one file: twin critics, a deterministic actor that moves every second step,
 * smoothed targets.
 *
 *   a' = clip(π'(s') + clip(N(0, σ), ±c), ±1) ;  y = R + γᵏ min_i Q̄_i(s', a') ;  L_π = −mean Q₁(s, π(s))
 */
import { SeededRandom } from '../core/random.ts';
import type { Parts } from './checkpoint.ts';
import { type CriticOptions, Critics, perceptron } from './critics.ts';
import type { Environment, Step, Transition } from './environment.ts';
import { type Learner, persistentCounters } from './learner.ts';
import { Adam } from './numerics/adam.ts';
import { Ensemble } from './numerics/ensemble.ts';
import { type Matrix, TrainingKernel } from './numerics/kernel.ts';
import { persistentNetwork, persistentRandom } from './numerics/persistent.ts';
import { Batch, ReplayBuffer, type Sampling } from './replay.ts';

export interface Td3Options extends CriticOptions, Sampling {
  seed: number;
  /** Transitions that are kept. */
  capacity: number;
  batch: number;
  /** Steps of uniformly random actions before anything is learned. */
  learningStarts: number;
  /** Critic updates per step. */
  updates: number;
  /** Critic updates per update of the actor and the targets. */
  delay: number;
  /** Standard deviation of the noise on actions in training. */
  exploration: number;
  /** σ and c of the targets' smoothing. */
  smoothing: number;
  smoothingClip: number;
}

/** RL Baselines3 Zoo's for Pendulum-v1, as far as they are the task's; the network is narrower. */
export const TD3_DEFAULTS: Td3Options = {
  ...{ seed: 1, capacity: 200_000, batch: 256, learningStarts: 1000, updates: 1, delay: 2 },
  ...{ exploration: 0.1, smoothing: 0.2, smoothingClip: 0.5 },
  ...{
    hidden: [256, 256],
    heads: 2,
    layerNorm: false,
    rate: 1e-3,
    decay: 0,
    clip: 0,
    tau: 0.005,
  },
  ...{ nStep: 1, gamma: 0.99, bootstrapTimeouts: true, relabelling: 'executed' },
};

export class Td3 implements Learner {
  steps = 0;
  readonly figures = { critic: Number.NaN, q: Number.NaN };
  readonly replay: ReplayBuffer;
  readonly #options: Td3Options;
  readonly #o: number;
  readonly #a: number;
  readonly #random: SeededRandom;
  readonly #actor: Ensemble;
  readonly #actorTarget: Ensemble;
  readonly #adam: Adam;
  readonly #critics: Critics;
  readonly #batch: Batch;
  readonly #y: Float64Array;
  /** Observations of the batch, those after them, one observation that is acted on, and ∂L/∂(s, a). */
  readonly #s: Matrix;
  readonly #next: Matrix;
  readonly #one: Matrix;
  readonly #slope: Matrix;
  #updates = 0;

  constructor(environment: Pick<Environment, 'observationSize' | 'actionSize' | 'baseSize'>, options: Td3Options) {
    const { observationSize: o, actionSize: a, baseSize } = environment;
    const { batch, hidden, capacity } = options;
    this.#options = options;
    this.#o = o;
    this.#a = a;
    const random = new SeededRandom(options.seed).fork('td3');
    this.#random = random.fork('chance');
    const kernel = new TrainingKernel();
    this.#critics = new Critics(kernel, o + a, batch, options, random.fork('critics'));
    const description = perceptron(o, a, { hidden, last: 'tanh' });
    this.#actor = new Ensemble(kernel, description, batch);
    this.#actorTarget = new Ensemble(kernel, description, batch, false);
    this.#actor.initialise(random.fork('actor'), 0.01);
    this.#actorTarget.copyFrom(this.#actor);
    this.#adam = new Adam(this.#actor, options);
    const sizes = { observationSize: o, actionSize: a, baseSize };
    this.replay = new ReplayBuffer({ capacity, ...sizes });
    this.#batch = new Batch(batch, sizes);
    this.#y = new Float64Array(batch);
    this.#s = kernel.matrix(batch, o);
    this.#next = kernel.matrix(batch, o);
    this.#one = kernel.matrix(1, o);
    this.#slope = kernel.matrix(batch, o + a);
  }

  act(step: Step, out: Float64Array): void {
    if (this.steps < this.#options.learningStarts) {
      for (let i = 0; i < this.#a; i++) out[i] = this.#random.range(-1, 1);
      return;
    }
    this.exploit(step, out);
    for (let i = 0; i < this.#a; i++) out[i] = clip(out[i]! + this.#options.exploration * this.#random.normal(), 1);
  }

  exploit({ observation }: Step, out: Float64Array): void {
    this.#one.put(0, 0, observation, 0, this.#o);
    const action = this.#actor.forward(0, this.#one, 1);
    for (let i = 0; i < this.#a; i++) out[i] = action.data[i]!;
  }

  value({ observation }: Step, action: Float64Array): number {
    const { one } = this.#critics;
    one.put(0, 0, observation, 0, this.#o);
    one.put(0, this.#o, action, 0, this.#a);
    return this.#critics.mean();
  }

  observe(transition: Transition): void {
    this.replay.add(transition);
    this.steps++;
    if (this.steps < this.#options.learningStarts) return;
    for (let u = 0; u < this.#options.updates; u++) this.update();
  }

  /** One update of the critics, and every `delay`-th time of the actor and the targets. */
  update(): void {
    const { batch: rows, delay, smoothing, smoothingClip, heads } = this.#options;
    const [o, a] = [this.#o, this.#a];
    const critics = this.#critics;
    const batch = this.#batch;
    this.replay.sample(this.#random, this.#options, batch, 0, rows);

    // ---- targets ------------------------------------------------------------------------------------------------------
    for (let r = 0; r < rows; r++) {
      this.#s.put(r, 0, batch.observation, r * o, o);
      this.#next.put(r, 0, batch.nextObservation, r * o, o);
      critics.next.put(r, 0, batch.nextObservation, r * o, o);
      critics.x.put(r, 0, batch.observation, r * o, o);
      critics.x.put(r, o, batch.action, r * a, a);
    }
    const nextAction = this.#actorTarget.forward(0, this.#next, rows);
    for (let r = 0; r < rows; r++)
      for (let i = 0; i < a; i++) {
        const noise = clip(smoothing * this.#random.normal(), smoothingClip);
        critics.next.set(r, o + i, clip(nextAction.get(r, i) + noise, 1));
      }
    critics.minimum(heads, this.#random, this.#y);
    for (let r = 0; r < rows; r++) this.#y[r] = batch.reward[r]! + batch.discount[r]! * this.#y[r]!;

    // ---- critics ------------------------------------------------------------------------------------------------------
    const { loss, q } = critics.learn(this.#y);
    this.figures.critic = loss;
    this.figures.q = q;
    if (++this.#updates % delay !== 0) return;

    // ---- actor --------------------------------------------------------------------------------------------------------
    const action = this.#actor.forward(0, this.#s, rows);
    for (let r = 0; r < rows; r++) for (let i = 0; i < a; i++) critics.x.set(r, o + i, action.get(r, i));
    critics.descend(1, this.#slope);
    const d = this.#actor.outputGradient;
    for (let r = 0; r < rows; r++) for (let i = 0; i < a; i++) d.set(r, i, this.#slope.get(r, o + i));
    this.#actor.backward(0, this.#s, rows, { weights: true });
    this.#adam.step();

    critics.follow();
    this.#actorTarget.approach(this.#actor, this.#options.tau);
  }

  parts(): Parts {
    return {
      ...this.#critics.parts('critics'),
      ...persistentNetwork('actor', this.#actor, { target: this.#actorTarget, adam: this.#adam }),
      replay: this.replay,
      random: persistentRandom(this.#random),
      counters: persistentCounters(
        () => ({ steps: this.steps, updates: this.#updates }),
        (n) => {
          this.steps = n.steps as number;
          this.#updates = n.updates as number;
        },
      ),
    };
  }

  export(metadata: Record<string, string>): Uint8Array {
    return this.#actor.export(metadata);
  }
}

const clip = (v: number, bound: number): number => Math.max(-bound, Math.min(bound, v));
