/**
 * A risk critic by temporal differences, in one file: Recovery RL's and Bresa's Q_risk.
 *
 *   Q(s, a) = P(a limit is broken, discounted by γ_risk for each step until then)
 *   y = c + (1 − c)(1 − terminated)·γ_risk·max_i Q̄_i(s', a'),  a' ~ π(s')      two heads, the larger counts
 *   L = Σ_i mean H(y, Q_i(s, a)) + α·(mean Q_i(s, a) − mean Q_i(s, u)),  u uniform
 *
 * Heads end in a sigmoid. H is the cross-entropy: the same minimum as the published squared error, and a gradient that does not
 * vanish where the sigmoid is flat. The α-part is the pessimism of Conservative Safety Critics with its sign for *risk*: up where
 * there is no data. (The sign of reward learning would teach that what was never tried is safe.) At control rate, train on
 * the fast transitions with `fastDiscount`.
 */
import { SeededRandom } from '../core/random.ts';
import type { Parts } from './checkpoint.ts';
import { perceptron } from './critics.ts';
import type { Environment, Step, Transition } from './environment.ts';
import { Adam } from './numerics/adam.ts';
import { Ensemble } from './numerics/ensemble.ts';
import { type Matrix, TrainingKernel } from './numerics/kernel.ts';
import { persistentNetwork, persistentRandom } from './numerics/persistent.ts';
import { Batch, ReplayBuffer, type Sampling } from './replay.ts';

export interface RiskCriticOptions {
  seed: number;
  capacity: number;
  batch: number;
  hidden: readonly number[];
  layerNorm: boolean;
  /** γ_risk: danger counts for about 1/(1 − γ) steps. */
  gamma: number;
  rate: number;
  tau: number;
  /** Share of each batch from transitions that broke a limit, where there are any; 0: as they come. */
  costlyShare: number;
  /** α, the weight of pessimism. */
  pessimism: number;
}

/**
 * Recovery RL's γ_risk and rate for Navigation 2, at a quarter of its width. Not as published: τ, 2·10⁻⁴ there; cross-entropy in place of the
 * squared error. Pessimism off the data is not Recovery RL's, and off here. `bench learning` trains it at a rate of 10⁻³, with 64 to a batch and
 * 5000 updates ahead of the first episode; published are 3·10⁻⁴, 256 and 10 000.
 */
export const RISK_CRITIC_DEFAULTS: RiskCriticOptions = {
  ...{ seed: 1, capacity: 200_000, batch: 256, hidden: [64, 64], layerNorm: false },
  ...{ gamma: 0.65, rate: 3e-4, tau: 0.005, costlyShare: 0, pessimism: 0 },
};

/** γ of transitions of which `ratio` make one decision: as much is left of a danger one decision away. */
export const fastDiscount = (gamma: number, ratio: number): number => gamma ** (1 / ratio);

const HEADS = 2;
/** Keeps the cross-entropy's gradient finite. */
const EDGE = 1e-6;

export class RiskCriticLearner {
  updates = 0;
  /** Cross-entropy of the newest update, mean over heads; NaN before the first. */
  loss = Number.NaN;
  readonly buffer: ReplayBuffer;
  readonly kernel = new TrainingKernel();
  readonly #options: RiskCriticOptions;
  readonly #o: number;
  readonly #a: number;
  readonly #random: SeededRandom;
  readonly #online: Ensemble;
  readonly #target: Ensemble;
  readonly #adam: Adam;
  readonly #batch: Batch;
  /** The batch at (s, a) and, for pessimism, at (s, u), below one another; and at (s', a'). */
  readonly #x: Matrix;
  readonly #next: Matrix;
  readonly #asked: Matrix;
  readonly #y: Float64Array;
  readonly #observation: Float64Array;
  readonly #base: Float64Array;
  readonly #action: Float64Array;

  constructor(
    environment: Pick<Environment, 'observationSize' | 'actionSize' | 'baseSize'>,
    options: RiskCriticOptions,
  ) {
    const { observationSize: o, actionSize: a, baseSize } = environment;
    const { batch, hidden, layerNorm, capacity, pessimism } = options;
    this.#options = options;
    this.#o = o;
    this.#a = a;
    const random = new SeededRandom(options.seed).fork('risk-critic');
    this.#random = random.fork('chance');
    const rows = pessimism > 0 ? 2 * batch : batch;
    const description = perceptron(o + a, 1, { hidden, layerNorm, heads: HEADS, last: 'sigmoid' });
    this.#online = new Ensemble(this.kernel, description, rows);
    this.#target = new Ensemble(this.kernel, description, rows, false);
    this.#online.initialise(random.fork('init'));
    this.#target.copyFrom(this.#online);
    this.#adam = new Adam(this.#online, options);
    this.buffer = new ReplayBuffer({ capacity, observationSize: o, actionSize: a, baseSize });
    this.#batch = new Batch(batch, { observationSize: o, actionSize: a, baseSize });
    this.#x = this.kernel.matrix(rows, o + a);
    this.#next = this.kernel.matrix(batch, o + a);
    this.#asked = this.kernel.matrix(batch, o + a);
    this.#y = new Float64Array(batch);
    this.#observation = new Float64Array(o);
    this.#base = new Float64Array(baseSize);
    this.#action = new Float64Array(a);
  }

  /** What was executed and what it cost; who had proposed it does not matter here. */
  observe(transition: Transition): void {
    this.buffer.add(transition);
  }

  /**
   * One update. `policy`: what would be done at the next state; Recovery RL asks the task policy, not the shielded one, so
   * that Q is the risk of leaving it alone.
   */
  learn(policy: (step: Step, out: Float64Array) => void): void {
    const { batch: rows, gamma, costlyShare, pessimism, tau } = this.#options;
    const [o, a] = [this.#o, this.#a];
    const batch = this.#batch;
    const sampling: Sampling = { nStep: 1, gamma, bootstrapTimeouts: true, relabelling: 'executed' };
    this.buffer.sample(this.#random, sampling, batch, 0, rows, costlyShare);
    for (let r = 0; r < rows; r++) {
      this.#x.put(r, 0, batch.observation, r * o, o);
      this.#x.put(r, o, batch.action, r * a, a);
      this.#observation.set(batch.nextObservation.subarray(r * o, (r + 1) * o));
      this.#base.set(batch.nextBase.subarray(r * this.#base.length, (r + 1) * this.#base.length));
      policy({ observation: this.#observation, base: this.#base }, this.#action);
      this.#next.put(r, 0, this.#observation, 0, o);
      this.#next.put(r, o, this.#action, 0, a);
      if (pessimism === 0) continue;
      this.#x.put(rows + r, 0, batch.observation, r * o, o);
      for (let i = 0; i < a; i++) this.#x.set(rows + r, o + i, this.#random.range(-1, 1));
    }
    this.#y.fill(0);
    for (let head = 0; head < HEADS; head++) {
      const q = this.#target.forward(head, this.#next, rows);
      for (let r = 0; r < rows; r++) this.#y[r] = Math.max(this.#y[r]!, q.get(r, 0));
    }
    for (let r = 0; r < rows; r++) {
      const cost = batch.cost[r]!;
      this.#y[r] = cost + (1 - cost) * batch.discount[r]! * this.#y[r]!;
    }
    this.loss = this.#descend();
    this.#adam.step();
    this.#target.approach(this.#online, tau);
    this.updates++;
  }

  /** Gradients of both heads. Returns the mean cross-entropy. */
  #descend(): number {
    const { batch: rows, pessimism } = this.#options;
    const all = pessimism > 0 ? 2 * rows : rows;
    const d = this.#online.outputGradient;
    let loss = 0;
    for (let head = 0; head < HEADS; head++) {
      const q = this.#online.forward(head, this.#x, all);
      for (let r = 0; r < rows; r++) {
        const p = Math.max(EDGE, Math.min(1 - EDGE, q.get(r, 0)));
        const y = this.#y[r]!;
        loss -= (y * Math.log(p) + (1 - y) * Math.log(1 - p)) / (rows * HEADS);
        d.set(r, 0, ((p - y) / (p * (1 - p)) + pessimism) / rows);
        if (pessimism > 0) d.set(rows + r, 0, -pessimism / rows);
      }
      this.#online.backward(head, this.#x, all, { weights: true });
    }
    return loss;
  }

  /** Risks of `count` actions, one after another, at one observation: the larger of both heads, in [0, 1]. */
  risks(observation: Float64Array, actions: Float64Array, count: number, out: Float64Array): void {
    const [o, a] = [this.#o, this.#a];
    const most = this.#asked.rows;
    for (let from = 0; from < count; from += most) {
      const rows = Math.min(most, count - from);
      for (let r = 0; r < rows; r++) {
        this.#asked.put(r, 0, observation, 0, o);
        this.#asked.put(r, o, actions, (from + r) * a, a);
      }
      out.fill(0, from, from + rows);
      for (let head = 0; head < HEADS; head++) {
        const q = this.#online.forward(head, this.#asked, rows);
        for (let r = 0; r < rows; r++) out[from + r] = worse(out[from + r]!, q.get(r, 0));
      }
    }
  }

  /** ∂/∂x of the mean over rows of max_i Q_i(x), into `slope`; x holds (s, a). Returns that mean. For a recovery policy. */
  slope(x: Matrix, rows: number, slope: Matrix): number {
    const d = this.#online.outputGradient;
    const first = this.#online.forward(0, x, rows);
    const q0 = Float64Array.from({ length: rows }, (_, r) => first.get(r, 0));
    const second = this.#online.forward(1, x, rows);
    const takes = Uint8Array.from({ length: rows }, (_, r) => (second.get(r, 0) > q0[r]! ? 1 : 0));
    let mean = 0;
    for (let r = 0; r < rows; r++) {
      mean += Math.max(q0[r]!, second.get(r, 0)) / rows;
      d.set(r, 0, takes[r] === 1 ? 1 / rows : 0);
    }
    this.#online.backward(1, x, rows, { input: slope });
    this.#online.forward(0, x, rows);
    for (let r = 0; r < rows; r++) d.set(r, 0, takes[r] === 0 ? 1 / rows : 0);
    this.#online.backward(0, x, rows, { input: slope, add: true });
    return mean;
  }

  parts(name: string): Parts {
    return {
      ...persistentNetwork(name, this.#online, { target: this.#target, adam: this.#adam }),
      [`${name}.buffer`]: this.buffer,
      [`${name}.random`]: persistentRandom(this.#random),
    };
  }

  /** A .safetensors file whose input is (observation, action). */
  export(metadata: Record<string, string>): Uint8Array {
    return this.#online.export({ kind: 'critic', ...metadata });
  }
}

/** The larger; NaN when one of them is: who asks counts it as the largest risk. */
const worse = (a: number, b: number): number => (Number.isNaN(b) || b > a ? b : a);
