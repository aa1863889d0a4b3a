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
import type { Parts } from './checkpoint.ts';
import { type Course, type CourseHooks, courseFolder, follow } from './course.ts';
import { ACTION_SIZE, type Demonstration, demonstrate } from './demonstrations.ts';
import { persistentCounters } from './learner.ts';
import { persistentRandom } from './numerics/persistent.ts';
import { startTensorflow, tf } from './tensorflow.ts';
import { persistentAdam, persistentVariables } from './tensorflow-parts.ts';
import { normalisationOf, normalised, TrainableNetwork } from './trainable.ts';

export interface BcOptions extends CourseHooks {
  /** Weights and manifest go into this folder. */
  out: string;
  /** Folder of the run; none: no record, no checkpoint. */
  run?: string;
  /** Goes on with the checkpoint in `run`, where there is one. */
  resume?: boolean;
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

/** Null where it was ended before there were all its demonstrations: nothing is learned then, and nothing is written. */
export async function trainBc(config: RunConfig, options: BcOptions): Promise<BcResult | null> {
  const { signal, onProgress } = options;
  const began = performance.now();
  const backend = await startTensorflow();

  // ---- data -------------------------------------------------------------------------------------------------------------
  const { episodes, seed, noise, recorded } = options;
  const onEpisode = (done: number) => onProgress?.({ phase: 'demonstrations', done, of: episodes, figures: {} });
  const demonstrations =
    recorded?.demonstrations ??
    (await demonstrate(config, { episodes, seed, noise, ...(signal && { signal }), onEpisode }));
  if (signal?.aborted && recorded === undefined) return null;

  // ---- training -------------------------------------------------------------------------------------------------------------
  const course = new Cloning(demonstrations, options);
  const { horizon, hidden, batch, learningRate } = options;
  const command = `reflexarc train bc --seed ${seed} ${recorded ? `--from ${recorded.source}` : `--episodes ${episodes}`} --epochs ${options.epochs}`;
  const run = courseFolder(
    options.run,
    {
      ...{
        name: 'base',
        algorithm: 'behaviour-cloning',
        task: config.task.name,
        seed,
        steps: options.epochs,
        command,
        began,
      },
      settings: {
        ...{ horizon, hidden, batch, learningRate, noise, backend, data: dataDigest(demonstrations) },
        ...(recorded ? { from: recorded.source } : { episodes }),
      },
    },
    options.resume,
  );
  await follow(course, { ...run, signal, onProgress });

  // ---- weights ----------------------------------------------------------------------------------------------------------------
  const bytes = course.network.export({ kind: 'base', horizon: String(horizon), action_size: String(ACTION_SIZE) });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const file = join(options.out, 'base.safetensors');
  mkdirSync(options.out, { recursive: true });
  writeFileSync(file, bytes);
  const result: BcResult = {
    file,
    sha256,
    epochs: course.done,
    loss: course.figures.loss,
    validationLoss: course.figures['held out'],
    demonstrations: demonstrations.length,
    transitions: course.transitions,
    backend,
  };
  const manifest = {
    kind: 'base',
    made_by: command,
    data: `${demonstrations.length} demonstrations of ${recorded?.source ?? `the scripted expert that sees the true hole, action noise ${noise}`}`,
    ...result,
    file: 'base.safetensors',
    seed,
    horizon,
    normalisation: course.normalisation,
  };
  writeFileSync(join(options.out, 'base.manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  course.dispose();
  return result;
}

/** The training: a step is a pass over the demonstrations. TensorFlow.js must have been started. */
export class Cloning implements Course {
  done = 0;
  readonly of: number;
  readonly figures = { loss: Number.NaN, 'held out': Number.NaN };
  readonly network: TrainableNetwork;
  readonly normalisation: { mean: number[]; std: number[] };
  /** Steps of the demonstrations that are learned from. */
  readonly transitions: number;
  readonly #batch: number;
  readonly #optimiser: tf.AdamOptimizer;
  readonly #random: SeededRandom;
  /** The order of the rows in this pass; each begins with that of the one before. */
  #order: Int32Array;
  readonly #x: tf.Tensor2D;
  readonly #y: tf.Tensor2D;
  readonly #heldOutX: tf.Tensor2D;
  readonly #heldOutY: tf.Tensor2D;

  constructor(
    demonstrations: readonly Demonstration[],
    { seed, epochs, horizon, hidden, batch, learningRate }: Omit<BcOptions, 'out'>,
  ) {
    this.of = epochs;
    this.#batch = batch;
    this.#random = new SeededRandom(seed).fork('behaviour-cloning');
    // One demonstration in ten is held out, whole: steps of one episode are too alike to judge each other.
    const heldOut = demonstrations.filter((_, i) => i % 10 === 9);
    const training = chunks(
      demonstrations.filter((_, i) => i % 10 !== 9),
      horizon,
    );
    const validation = chunks(heldOut.length > 0 ? heldOut : demonstrations, horizon);
    this.normalisation = normalisationOf(training.observations);
    const description: NetworkDescription = {
      inputs: this.normalisation.mean.length,
      outputs: horizon * ACTION_SIZE,
      heads: 1,
      layers: [
        { units: hidden, activation: 'relu', layer_norm: false },
        { units: hidden, activation: 'relu', layer_norm: false },
        { units: horizon * ACTION_SIZE, activation: 'linear', layer_norm: false },
      ],
      normalisation: this.normalisation,
    };
    this.network = new TrainableNetwork(description, this.#random.fork('init'));
    this.#optimiser = tf.train.adam(learningRate);
    this.transitions = training.observations.length;
    this.#order = Int32Array.from({ length: this.transitions }, (_, i) => i);
    this.#x = normalised(training.observations, this.normalisation);
    this.#y = tf.tensor2d(training.targets.map((t) => Array.from(t)));
    this.#heldOutX = normalised(validation.observations, this.normalisation);
    this.#heldOutY = tf.tensor2d(validation.targets.map((t) => Array.from(t)));
  }

  step(): void {
    const { network, figures } = this;
    const lossOf = (inputs: tf.Tensor, targets: tf.Tensor) =>
      tf.losses.huberLoss(targets, network.forward(inputs)) as tf.Scalar;
    shuffle(this.#order, this.#random);
    for (let from = 0; from < this.#order.length; from += this.#batch) {
      const rows = this.#order.slice(from, from + this.#batch);
      figures.loss = tf.tidy(() => {
        const index = tf.tensor1d(rows, 'int32');
        const cost = this.#optimiser.minimize(
          () => lossOf(tf.gather(this.#x, index), tf.gather(this.#y, index)),
          true,
          network.variables,
        );
        return cost?.dataSync()[0] ?? Number.NaN;
      });
    }
    figures['held out'] = tf.tidy(() => lossOf(this.#heldOutX, this.#heldOutY).dataSync()[0]!);
    this.done++;
  }

  parts(): Parts {
    const { figures, network } = this;
    const counters = persistentCounters(
      () => ({ done: this.done, loss: figures.loss, heldOut: figures['held out'], order: Array.from(this.#order) }),
      (n) => {
        this.done = n.done as number;
        // JSON has no NaN.
        figures.loss = (n.loss as number | null) ?? Number.NaN;
        figures['held out'] = (n.heldOut as number | null) ?? Number.NaN;
        this.#order = Int32Array.from(n.order as number[]);
      },
    );
    return {
      network: persistentVariables(network.variables),
      adam: persistentAdam(this.#optimiser, network.variables),
      random: persistentRandom(this.#random),
      counters,
    };
  }

  dispose(): void {
    this.network.dispose();
    this.#optimiser.dispose();
    for (const tensor of [this.#x, this.#y, this.#heldOutX, this.#heldOutY]) tensor.dispose();
  }
}

/** So that who goes on does so with the same demonstrations. */
function dataDigest(demonstrations: readonly Demonstration[]): string {
  const hash = createHash('sha256');
  for (const { observations, actions } of demonstrations)
    for (const row of [...observations, ...actions]) hash.update(row);
  return hash.digest('hex');
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
