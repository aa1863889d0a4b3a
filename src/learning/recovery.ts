/**
 * A recovery policy, in one file: Recovery RL's model-free one. It minimises the risk of what it does,
 *
 *   L_rec = mean_s max_i Q_risk,i(s, π_rec(s)),  π_rec = tanh(f(s)),
 *
 * on the states of the risk critic's buffer, after each update of the critic.
 */
import { SeededRandom } from '../core/random.ts';
import { DeterministicActor } from './actors.ts';
import type { Parts } from './checkpoint.ts';
import type { Environment } from './environment.ts';
import type { Matrix } from './numerics/kernel.ts';
import { persistentRandom } from './numerics/persistent.ts';
import { Batch, type Sampling } from './replay.ts';
import type { RiskCriticLearner } from './risk-critic.ts';

export interface RecoveryOptions {
  seed: number;
  batch: number;
  hidden: readonly number[];
  /** Without it the tanh runs into its ends while the critic still changes its mind, and a recovery that is wrong there stays so. */
  layerNorm: boolean;
  rate: number;
  /** How fast the slow copy follows, by which it acts. */
  tau: number;
}

export const RECOVERY_DEFAULTS: RecoveryOptions = {
  ...{ seed: 1, batch: 256, hidden: [64, 64], layerNorm: true, rate: 3e-4, tau: 0.005 },
};

const SAMPLING: Sampling = { nStep: 1, gamma: 1, bootstrapTimeouts: true, relabelling: 'executed' };

export class RecoveryLearner {
  /** Mean risk of its own actions, on the newest batch; NaN before the first. */
  risk = Number.NaN;
  readonly #critic: RiskCriticLearner;
  readonly #options: RecoveryOptions;
  readonly #o: number;
  readonly #a: number;
  readonly #random: SeededRandom;
  readonly #actor: DeterministicActor;
  readonly #batch: Batch;
  readonly #s: Matrix;
  readonly #x: Matrix;
  readonly #slope: Matrix;
  readonly #one: Matrix;

  constructor(
    environment: Pick<Environment, 'observationSize' | 'actionSize' | 'baseSize'>,
    critic: RiskCriticLearner,
    options: RecoveryOptions,
  ) {
    const { observationSize: o, actionSize: a, baseSize } = environment;
    const { batch, hidden, layerNorm, rate } = options;
    const { kernel } = critic;
    this.#critic = critic;
    this.#options = options;
    this.#o = o;
    this.#a = a;
    const random = new SeededRandom(options.seed).fork('recovery');
    this.#random = random.fork('chance');
    const actor = { hidden, layerNorm, rate, lastGain: 0.01 };
    const shape = { inputs: o, actions: a, rows: batch };
    this.#actor = new DeterministicActor(kernel, shape, actor, random.fork('init'));
    this.#batch = new Batch(batch, { observationSize: o, actionSize: a, baseSize });
    this.#s = kernel.matrix(batch, o);
    this.#x = kernel.matrix(batch, o + a);
    this.#slope = kernel.matrix(batch, o + a);
    this.#one = kernel.matrix(1, o);
  }

  learn(): void {
    const { batch: rows, tau } = this.#options;
    const [o, a] = [this.#o, this.#a];
    this.#critic.buffer.sample(this.#random, SAMPLING, this.#batch, 0, rows);
    for (let r = 0; r < rows; r++) this.#s.put(r, 0, this.#batch.observation, r * o, o);
    this.#actor.sample(this.#s, rows, this.#random, false);
    for (let r = 0; r < rows; r++) {
      this.#x.put(r, 0, this.#batch.observation, r * o, o);
      for (let i = 0; i < a; i++) this.#x.set(r, o + i, this.#actor.actions.get(r, i));
    }
    this.risk = this.#critic.slope(this.#x, rows, this.#slope);
    this.#actor.learn(this.#s, rows, this.#slope, o, 0);
    this.#actor.follow(tau);
  }

  act(observation: Float64Array, out: Float64Array): void {
    this.#one.put(0, 0, observation, 0, this.#o);
    this.#actor.mean(this.#one, out);
  }

  parts(name: string): Parts {
    return { ...this.#actor.parts(name), [`${name}.random`]: persistentRandom(this.#random) };
  }

  export(metadata: Record<string, string>): Uint8Array {
    const mean = new Array<number>(this.#o).fill(0);
    return this.#actor.export({ kind: 'recovery', ...metadata }, { mean, std: mean.map(() => 1) });
  }
}
