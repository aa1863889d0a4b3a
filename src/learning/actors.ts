import { writeSafetensors } from '../../policies/kernels/safetensors.ts';
import type { Random } from '../core/random.ts';
import type { Parts } from './checkpoint.ts';
import { perceptron } from './critics.ts';
import { Adam, type AdamOptions } from './numerics/adam.ts';
import { Ensemble } from './numerics/ensemble.ts';
import type { Matrix, TrainingKernel } from './numerics/kernel.ts';
import { persistentNetwork } from './numerics/persistent.ts';

export interface ActorOptions extends AdamOptions {
  hidden: readonly number[];
  layerNorm: boolean;
  /** Gain of the last layer; 0: the actor begins by saying 0, exactly. */
  lastGain: number;
  /**
   * Share by which an average of the weights goes to the actor's in each update; what has been learned is read off it. None: off the slow copy
   * for the targets.
   */
  averaging?: number;
}

/** Where a batch of actions came from, and what can be learned of it. */
export interface Actor {
  /** What `sample` wrote: actions in [-1, 1], and their log-probabilities; zeros where there is no chance. */
  readonly actions: Matrix;
  readonly logProbability: Float64Array;
  /** The action for one row without chance. */
  mean(x: Matrix, out: Float64Array): void;
  /** An action for one row as training takes it. */
  draw(x: Matrix, random: Random, out: Float64Array): void;
  /** Actions for a batch; those of the slow copy for `target` where there is one. */
  sample(x: Matrix, rows: number, random: Random, target: boolean): void;
  /**
   * One step on L = mean(Q-part + α·log π), after `sample` of the same x: `slope` holds ∂L/∂action of the Q-part from
   * column `column` on.
   */
  learn(x: Matrix, rows: number, slope: Matrix, column: number, alpha: number): void;
  /** The slow copy follows, where there is one. */
  follow(tau: number): void;
  parts(name: string): Parts;
  /** A network that gives the mean action, with the input's normalisation, for `policies/`. */
  export(metadata: Record<string, string>, normalisation: { mean: number[]; std: number[] }): Uint8Array;
  readonly adam: Adam;
}

/**
 * a = tanh(f(x)), with a slow copy for the targets (TD3). What it has learned is read off an average over the last 1/τ updates, which
 * goes where the actor goes, without its swings: the slow copy, or one that is slower still (Izmailov et al. 2018).
 */
export class DeterministicActor implements Actor {
  readonly actions: Matrix;
  readonly logProbability: Float64Array;
  readonly adam: Adam;
  readonly #network: Ensemble;
  readonly #target: Ensemble;
  readonly #average: Ensemble | null;
  readonly #averaging: number;
  readonly #size: number;

  constructor(
    kernel: TrainingKernel,
    { inputs, actions, rows }: { inputs: number; actions: number; rows: number },
    options: ActorOptions,
    random: Random,
  ) {
    const description = perceptron(inputs, actions, { ...options, last: 'tanh' });
    this.#network = new Ensemble(kernel, description, rows);
    this.#target = new Ensemble(kernel, description, rows, false);
    this.#network.initialise(random, options.lastGain);
    this.#target.copyFrom(this.#network);
    this.#averaging = options.averaging ?? 0;
    this.#average = this.#averaging > 0 ? new Ensemble(kernel, description, rows, false) : null;
    this.#average?.copyFrom(this.#network);
    this.adam = new Adam(this.#network, options);
    this.#size = actions;
    this.actions = kernel.matrix(rows, actions);
    this.logProbability = new Float64Array(rows);
  }

  mean(x: Matrix, out: Float64Array): void {
    const y = this.#learned.forward(0, x, 1);
    for (let i = 0; i < this.#size; i++) out[i] = y.data[i]!;
  }

  draw(x: Matrix, _random: Random, out: Float64Array): void {
    const y = this.#network.forward(0, x, 1);
    for (let i = 0; i < this.#size; i++) out[i] = y.data[i]!;
  }

  sample(x: Matrix, rows: number, _random: Random, target: boolean): void {
    this.actions.data.set((target ? this.#target : this.#network).forward(0, x, rows).data);
  }

  learn(x: Matrix, rows: number, slope: Matrix, column: number, _alpha: number): void {
    const d = this.#network.outputGradient;
    for (let r = 0; r < rows; r++) for (let i = 0; i < this.#size; i++) d.set(r, i, slope.get(r, column + i));
    this.#network.backward(0, x, rows, { weights: true });
    this.adam.step();
  }

  follow(tau: number): void {
    this.#target.approach(this.#network, tau);
    this.#average?.approach(this.#network, this.#averaging);
  }

  get #learned(): Ensemble {
    return this.#average ?? this.#target;
  }

  parts(name: string): Parts {
    const average = this.#average;
    return persistentNetwork(name, this.#network, {
      target: this.#target,
      adam: this.adam,
      ...(average && { average }),
    });
  }

  export(metadata: Record<string, string>, normalisation: { mean: number[]; std: number[] }): Uint8Array {
    const network = JSON.stringify({ ...this.#learned.description, normalisation });
    return writeSafetensors({ metadata: { ...metadata, network }, tensors: this.#learned.tensors() });
  }
}

const LOG_STD = [-5, 2] as const;
const TINY = 1e-6;

/**
 * a = tanh(u), u ~ N(μ(x), σ(x)) (SAC, Haarnoja 2018); log σ is squashed into [−5, 2].
 *
 *   log π(a) = Σ −½ε² − log σ − ½ log 2π − log(1 − a²),  u = μ + σ ε
 */
export class GaussianActor implements Actor {
  readonly actions: Matrix;
  readonly logProbability: Float64Array;
  readonly adam: Adam;
  readonly #network: Ensemble;
  readonly #size: number;
  readonly #noise: Float64Array;
  readonly #std: Float64Array;
  readonly #squashed: Float64Array;

  constructor(
    kernel: TrainingKernel,
    { inputs, actions, rows }: { inputs: number; actions: number; rows: number },
    options: ActorOptions,
    random: Random,
  ) {
    this.#network = new Ensemble(kernel, perceptron(inputs, 2 * actions, options), rows);
    this.#network.initialise(random, options.lastGain);
    this.adam = new Adam(this.#network, options);
    this.#size = actions;
    this.actions = kernel.matrix(rows, actions);
    this.logProbability = new Float64Array(rows);
    this.#noise = new Float64Array(rows * actions);
    this.#std = new Float64Array(rows * actions);
    this.#squashed = new Float64Array(rows * actions);
  }

  mean(x: Matrix, out: Float64Array): void {
    const y = this.#network.forward(0, x, 1);
    for (let i = 0; i < this.#size; i++) out[i] = Math.tanh(y.data[i]!);
  }

  draw(x: Matrix, random: Random, out: Float64Array): void {
    const n = this.#size;
    const y = this.#network.forward(0, x, 1).data;
    for (let i = 0; i < n; i++) out[i] = Math.tanh(y[i]! + Math.exp(logStd(Math.tanh(y[n + i]!))) * random.normal());
  }

  sample(x: Matrix, rows: number, random: Random): void {
    const n = this.#size;
    const y = this.#network.forward(0, x, rows);
    for (let r = 0; r < rows; r++) {
      let log = 0;
      for (let i = 0; i < n; i++) {
        const at = r * n + i;
        const epsilon = random.normal();
        const squashed = Math.tanh(y.get(r, n + i));
        const std = Math.exp(logStd(squashed));
        const action = Math.tanh(y.get(r, i) + std * epsilon);
        this.#noise[at] = epsilon;
        this.#squashed[at] = squashed;
        this.#std[at] = std;
        this.actions.set(r, i, action);
        log -= 0.5 * epsilon * epsilon + logStd(squashed) + HALF_LOG_TAU + Math.log(1 - action * action + TINY);
      }
      this.logProbability[r] = log;
    }
  }

  learn(x: Matrix, rows: number, slope: Matrix, column: number, alpha: number): void {
    const n = this.#size;
    const d = this.#network.outputGradient;
    const weight = alpha / rows;
    for (let r = 0; r < rows; r++) {
      for (let i = 0; i < n; i++) {
        const at = r * n + i;
        const action = this.actions.get(r, i);
        const inside = 1 - action * action;
        // With ε fixed, log π depends on u through −log(1 − tanh²u + tiny), and on log σ directly.
        const du = slope.get(r, column + i) * inside + (weight * 2 * action * inside) / (inside + TINY);
        const dLogStd = du * this.#std[at]! * this.#noise[at]! - weight;
        const s = this.#squashed[at]!;
        d.set(r, i, du);
        d.set(r, n + i, dLogStd * 0.5 * (LOG_STD[1] - LOG_STD[0]) * (1 - s * s));
      }
    }
    this.#network.backward(0, x, rows, { weights: true });
    this.adam.step();
  }

  follow(): void {}

  parts(name: string): Parts {
    return persistentNetwork(name, this.#network, { adam: this.adam });
  }

  export(metadata: Record<string, string>, normalisation: { mean: number[]; std: number[] }): Uint8Array {
    const n = this.#size;
    const { description } = this.#network;
    const last = description.layers.length - 1;
    const tensors = this.#network.tensors();
    // The mean alone: the first half of the last layer's units, with tanh.
    const weight = tensors.get(`layer${last}.weight`)!;
    const [rows] = weight.shape as [number, number];
    const half = new Float32Array(rows * n);
    for (let r = 0; r < rows; r++) half.set(weight.data.subarray(r * 2 * n, r * 2 * n + n), r * n);
    tensors.set(`layer${last}.weight`, { shape: [rows, n], data: half });
    tensors.set(`layer${last}.bias`, { shape: [n], data: tensors.get(`layer${last}.bias`)!.data.slice(0, n) });
    const layers = [...description.layers.slice(0, -1), { units: n, activation: 'tanh', layer_norm: false }];
    const network = JSON.stringify({ ...description, outputs: n, layers, normalisation });
    return writeSafetensors({ metadata: { ...metadata, network }, tensors });
  }
}

const HALF_LOG_TAU = 0.5 * Math.log(2 * Math.PI);
const logStd = (squashed: number): number => LOG_STD[0] + 0.5 * (LOG_STD[1] - LOG_STD[0]) * (squashed + 1);

/** α of SAC, learned so that the entropy stays near its target: L = −log α · (log π + target), by Adam on log α. */
export class Temperature {
  logAlpha: number;
  readonly #rate: number;
  readonly #target: number;
  #mean = 0;
  #square = 0;
  #steps = 0;

  constructor(initial: number, target: number, rate: number) {
    this.logAlpha = Math.log(initial);
    this.#target = target;
    this.#rate = rate;
  }

  get alpha(): number {
    return Math.exp(this.logAlpha);
  }

  learn(logProbability: Float64Array, rows: number): void {
    let mean = 0;
    for (let r = 0; r < rows; r++) mean += logProbability[r]! / rows;
    const gradient = -(mean + this.#target);
    this.#steps++;
    this.#mean = 0.9 * this.#mean + 0.1 * gradient;
    this.#square = 0.999 * this.#square + 0.001 * gradient * gradient;
    const m = this.#mean / (1 - 0.9 ** this.#steps);
    const v = this.#square / (1 - 0.999 ** this.#steps);
    this.logAlpha -= (this.#rate * m) / (Math.sqrt(v) + 1e-8);
  }

  parts(name: string): Parts {
    const read = () => ({ logAlpha: this.logAlpha, mean: this.#mean, square: this.#square, steps: this.#steps });
    const write = (n: Record<string, unknown>) => {
      this.logAlpha = n.logAlpha as number;
      this.#mean = n.mean as number;
      this.#square = n.square as number;
      this.#steps = n.steps as number;
    };
    return {
      [name]: {
        arrays: {},
        get numbers() {
          return read();
        },
        set numbers(n) {
          write(n);
        },
      },
    };
  }
}
