/**
 * The risk critic fitted to the Monte-Carlo return of danger, in TensorFlow.js: γ_fast^(ticks to the violation), 0 when none follows, of the
 * behaviour that made the data. Cross-entropy, two sigmoid heads from different starts; the larger counts.
 */
import type { NetworkDescription } from '../../policies/kernels/network.ts';
import type { Random } from '../core/random.ts';
import { perceptron } from './critics.ts';
import type { RiskData } from './risk-data.ts';
import { startTensorflow, tf } from './tensorflow.ts';
import { normalisationOf, normalised, TrainableNetwork } from './trainable.ts';

export interface MonteCarloOptions {
  epochs: number;
  hidden: readonly number[];
  batch: number;
  random: Random;
  onStep(done: number, of: number, loss: number): void;
  signal?: AbortSignal | undefined;
}

/** Fits the rows `training` of `data`. Returns the bytes of a .safetensors file, the steps that were made, and who computed. */
export async function fitMonteCarlo(data: RiskData, training: readonly number[], options: MonteCarloOptions) {
  const backend = await startTensorflow();
  const { hidden, batch, random } = options;
  // Danger is rare: a quarter of each batch is dangerous rows (label above 0.1), so that it is learned at all.
  const dangerous = training.filter((i) => data.labels[i]! > 0.1);
  const safe = training.filter((i) => data.labels[i]! <= 0.1);
  const normalisation = normalisationOf(training.map((i) => data.rows[i]!));
  const description: NetworkDescription = {
    ...perceptron(data.rows[0]!.length, 1, { hidden, heads: 2, last: 'sigmoid' }),
    normalisation,
  };
  const network = new TrainableNetwork(description, random.fork('init'));
  const optimiser = tf.train.adam(1e-3);
  const steps = options.epochs * Math.ceil(training.length / batch / 4);
  // The weights give back the true proportion, so that risk stays a probability.
  const share = dangerous.length / training.length;
  const drawn = (k: number) =>
    k % 4 === 0 && dangerous.length > 0
      ? dangerous[random.integer(dangerous.length)]!
      : safe[random.integer(safe.length)]!;
  let step = 0;
  for (; step < steps && !options.signal?.aborted; step++) {
    const rows = Array.from({ length: batch }, (_, k) => drawn(k));
    const loss = tf.tidy(() => {
      const x = normalised(
        rows.map((i) => data.rows[i]!),
        normalisation,
      );
      const y = tf.tensor2d(rows.map((i) => [data.labels[i]!]));
      const w = tf.tensor2d(rows.map((_, k) => [k % 4 === 0 ? share * 4 : ((1 - share) * 4) / 3]));
      const cost = optimiser.minimize(
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
    if (step % 50 === 49) {
      options.onStep(step + 1, steps, loss);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  const bytes = network.export({ kind: 'critic' });
  network.dispose();
  optimiser.dispose();
  return { bytes, steps: step, backend, normalisation };
}
