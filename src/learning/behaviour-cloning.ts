/**
 * Behaviour cloning with action chunks, in one file from data to weights (in the manner of CleanRL).
 *
 *   o_t → (a_t, …, a_{t+H-1}) ;  L = mean huber(π(o_t) − a_{t:t+H})
 *
 * The base sees the tip relative to the *estimated* hole and no force: what it cannot know is left to the residual.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NetworkDescription } from '../../policies/kernels/network.ts';
import type { RunConfig } from '../core/config-schema.ts';
import { SeededRandom } from '../core/random.ts';
import { ACTION_SIZE, type Demonstration, demonstrate } from './demonstrations.ts';
import { startTensorflow, tf } from './tensorflow.ts';
import { normalisationOf, normalised, TrainableNetwork } from './trainable.ts';

export interface BcOptions {
  /** Weights and manifest go into this folder. */
  out: string;
  /** Demonstrations. */
  episodes: number;
  /** Passes over the data. */
  epochs: number;
  seed: number;
  /** Steps of one chunk. */
  horizon: number;
  hidden: number;
  batch: number;
  learningRate: number;
  /** Standard deviation of the action noise of the demonstrations, in action units. */
  noise: number;
  /** Demonstrations that were recorded, in place of those of the scripted expert, and the file that they are of. */
  recorded?: { demonstrations: readonly Demonstration[]; source: string };
  onProgress(progress: BcProgress): void;
  /** Abort ends training early and saves what there is. */
  signal?: AbortSignal;
}

export const BC_DEFAULTS = {
  episodes: 200,
  epochs: 40,
  seed: 1,
  horizon: 8,
  hidden: 64,
  batch: 128,
  learningRate: 1e-3,
  noise: 0.15,
} as const;

export interface BcProgress {
  phase: 'demonstrations' | 'training';
  done: number;
  of: number;
  loss: number;
  validationLoss: number;
}

export interface BcResult {
  file: string;
  sha256: string;
  epochs: number;
  loss: number;
  validationLoss: number;
  demonstrations: number;
  transitions: number;
  backend: string;
}

export async function trainBc(config: RunConfig, options: BcOptions): Promise<BcResult> {
  const { horizon, signal } = options;
  const backend = await startTensorflow();
  const random = new SeededRandom(options.seed).fork('behaviour-cloning');

  // ---- data -------------------------------------------------------------------------------------------------------------
  const { episodes, seed, noise, recorded } = options;
  const onEpisode = (done: number) =>
    options.onProgress({ phase: 'demonstrations', done, of: episodes, loss: Number.NaN, validationLoss: Number.NaN });
  const demonstrations =
    recorded?.demonstrations ??
    (await demonstrate(config, { episodes, seed, noise, ...(signal ? { signal } : {}), onEpisode }));
  // One demonstration in ten is held out, whole: steps of one episode are too alike to judge each other.
  const heldOut = demonstrations.filter((_, i) => i % 10 === 9);
  const training = chunks(
    demonstrations.filter((_, i) => i % 10 !== 9),
    horizon,
  );
  const validation = chunks(heldOut.length > 0 ? heldOut : demonstrations, horizon);
  const normalisation = normalisationOf(training.observations);

  // ---- network ------------------------------------------------------------------------------------------------------------
  const description: NetworkDescription = {
    inputs: normalisation.mean.length,
    outputs: horizon * ACTION_SIZE,
    heads: 1,
    layers: [
      { units: options.hidden, activation: 'relu', layer_norm: false },
      { units: options.hidden, activation: 'relu', layer_norm: false },
      { units: horizon * ACTION_SIZE, activation: 'linear', layer_norm: false },
    ],
    normalisation,
  };
  const network = new TrainableNetwork(description, random.fork('init'));
  const optimiser = tf.train.adam(options.learningRate);
  const x = normalised(training.observations, normalisation);
  const y = tf.tensor2d(training.targets.map((t) => Array.from(t)));
  const vx = normalised(validation.observations, normalisation);
  const vy = tf.tensor2d(validation.targets.map((t) => Array.from(t)));
  const lossOf = (inputs: tf.Tensor, targets: tf.Tensor) =>
    tf.losses.huberLoss(targets, network.forward(inputs)) as tf.Scalar;

  // ---- training -------------------------------------------------------------------------------------------------------------
  const order = Int32Array.from({ length: training.observations.length }, (_, i) => i);
  const batches = Math.ceil(order.length / options.batch);
  const steps = options.epochs * batches;
  let loss = Number.NaN;
  let validationLoss = Number.NaN;
  let epoch = 0;
  for (; epoch < options.epochs && !signal?.aborted; epoch++) {
    shuffle(order, random);
    for (let b = 0; b < batches; b++) {
      const rows = order.slice(b * options.batch, (b + 1) * options.batch);
      loss = tf.tidy(() => {
        const index = tf.tensor1d(rows, 'int32');
        const cost = optimiser.minimize(
          () => lossOf(tf.gather(x, index), tf.gather(y, index)),
          true,
          network.variables,
        );
        return cost?.dataSync()[0] ?? Number.NaN;
      });
    }
    validationLoss = tf.tidy(() => lossOf(vx, vy).dataSync()[0]!);
    options.onProgress({ phase: 'training', done: (epoch + 1) * batches, of: steps, loss, validationLoss });
    await new Promise((resolve) => setImmediate(resolve));
  }

  // ---- weights ----------------------------------------------------------------------------------------------------------------
  const bytes = network.export({ kind: 'base', horizon: String(horizon), action_size: String(ACTION_SIZE) });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const file = join(options.out, 'base.safetensors');
  mkdirSync(options.out, { recursive: true });
  writeFileSync(file, bytes);
  const result: BcResult = {
    file,
    sha256,
    epochs: epoch,
    loss,
    validationLoss,
    demonstrations: demonstrations.length,
    transitions: training.observations.length,
    backend,
  };
  const manifest = {
    kind: 'base',
    made_by: `reflexarc train bc --seed ${seed} ${recorded ? `--from ${recorded.source}` : `--episodes ${episodes}`} --epochs ${options.epochs}`,
    data: `${demonstrations.length} demonstrations of ${recorded?.source ?? `the scripted expert that sees the true hole, action noise ${noise}`}`,
    ...result,
    file: 'base.safetensors',
    seed,
    horizon,
    normalisation,
  };
  writeFileSync(join(options.out, 'base.manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  network.dispose();
  optimiser.dispose();
  for (const t of [x, y, vx, vy]) t.dispose();
  return result;
}

/** Each step with the chunk of actions that followed it; the last action is repeated beyond the end. */
function chunks(demonstrations: readonly Demonstration[], horizon: number) {
  const observations: Float64Array[] = [];
  const targets: Float64Array[] = [];
  for (const d of demonstrations) {
    d.observations.forEach((o, t) => {
      const chunk = new Float64Array(horizon * ACTION_SIZE);
      for (let h = 0; h < horizon; h++) chunk.set(d.actions[Math.min(t + h, d.actions.length - 1)]!, h * ACTION_SIZE);
      observations.push(o);
      targets.push(chunk);
    });
  }
  return { observations, targets };
}

/** Fisher–Yates, in place. */
function shuffle(order: Int32Array, random: SeededRandom | ReturnType<SeededRandom['fork']>): void {
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    const swap = order[i]!;
    order[i] = order[j]!;
    order[j] = swap;
  }
}
