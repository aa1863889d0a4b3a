/**
 * The risk critic fitted to the Monte-Carlo return of danger, in TensorFlow.js: γ_fast^(ticks to the violation), 0 when none follows, of the
 * behaviour that made the data. Cross-entropy, two sigmoid heads from different starts; the larger counts.
 */
import type { NetworkDescription } from '../../policies/kernels/network.ts';
import type { SeededRandom } from '../core/random.ts';
import type { Parts } from './checkpoint.ts';
import type { Course } from './course.ts';
import { perceptron } from './critics.ts';
import { persistentCounters } from './learner.ts';
import { persistentRandom } from './numerics/persistent.ts';
import type { RiskData } from './risk-data.ts';
import { tf } from './tensorflow.ts';
import { persistentAdam, persistentVariables } from './tensorflow-parts.ts';
import { normalisationOf, normalised, TrainableNetwork } from './trainable.ts';

export interface MonteCarloOptions {
  epochs: number;
  hidden: readonly number[];
  batch: number;
  random: SeededRandom;
}

/** Fits the rows `training` of `data`; a step is an update. TensorFlow.js must have been started. */
export class MonteCarloFit implements Course {
  done = 0;
  readonly of: number;
  readonly figures = { loss: Number.NaN };
  readonly normalisation: { mean: number[]; std: number[] };
  readonly #data: RiskData;
  readonly #batch: number;
  readonly #random: SeededRandom;
  readonly #dangerous: readonly number[];
  readonly #safe: readonly number[];
  /** Of dangerous rows among all: the weights give it back, so that risk stays a probability. */
  readonly #share: number;
  readonly #network: TrainableNetwork;
  readonly #optimiser = tf.train.adam(1e-3);

  constructor(data: RiskData, training: readonly number[], { epochs, hidden, batch, random }: MonteCarloOptions) {
    this.#data = data;
    this.#batch = batch;
    this.#random = random;
    // Danger is rare: a quarter of each batch is dangerous rows (label above 0.1), so that it is learned at all.
    this.#dangerous = training.filter((i) => data.labels[i]! > 0.1);
    this.#safe = training.filter((i) => data.labels[i]! <= 0.1);
    this.#share = this.#dangerous.length / training.length;
    this.normalisation = normalisationOf(training.map((i) => data.rows[i]!));
    const description: NetworkDescription = {
      ...perceptron(data.rows[0]!.length, 1, { hidden, heads: 2, last: 'sigmoid' }),
      normalisation: this.normalisation,
    };
    this.#network = new TrainableNetwork(description, random.fork('init'));
    this.of = epochs * Math.ceil(training.length / batch / 4);
  }

  step(): void {
    const [data, random, share] = [this.#data, this.#random, this.#share];
    const [dangerous, safe, network] = [this.#dangerous, this.#safe, this.#network];
    const drawn = (k: number) =>
      k % 4 === 0 && dangerous.length > 0
        ? dangerous[random.integer(dangerous.length)]!
        : safe[random.integer(safe.length)]!;
    const rows = Array.from({ length: this.#batch }, (_, k) => drawn(k));
    this.figures.loss = tf.tidy(() => {
      const x = normalised(
        rows.map((i) => data.rows[i]!),
        this.normalisation,
      );
      const y = tf.tensor2d(rows.map((i) => [data.labels[i]!]));
      const w = tf.tensor2d(rows.map((_, k) => [k % 4 === 0 ? share * 4 : ((1 - share) * 4) / 3]));
      const cost = this.#optimiser.minimize(
        () => {
          const losses = [0, 1].map((head) => {
            const p = tf.clipByValue(network.forward(x, head), 1e-6, 1 - 1e-6);
            const entropy = tf.neg(tf.add(tf.mul(y, tf.log(p)), tf.mul(tf.sub(1, y), tf.log(tf.sub(1, p)))));
            return tf.mean(tf.mul(entropy, w));
          });
          return tf.add(losses[0]!, losses[1]!) as tf.Scalar;
        },
        true,
        network.variables,
      );
      return cost?.dataSync()[0] ?? Number.NaN;
    });
    this.done++;
  }

  parts(): Parts {
    const { variables } = this.#network;
    const counters = persistentCounters(
      () => ({ done: this.done, loss: this.figures.loss }),
      (n) => {
        this.done = n.done as number;
        // JSON has no NaN.
        this.figures.loss = (n.loss as number | null) ?? Number.NaN;
      },
    );
    return {
      ...{ network: persistentVariables(variables), adam: persistentAdam(this.#optimiser, variables) },
      ...{ random: persistentRandom(this.#random), counters },
    };
  }

  /** Bytes of a .safetensors file. */
  export(): Uint8Array {
    return this.#network.export({ kind: 'critic' });
  }

  dispose(): void {
    this.#network.dispose();
    this.#optimiser.dispose();
  }
}
