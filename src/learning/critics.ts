import type { NetworkDescription } from '../../policies/kernels/network.ts';
import type { Random } from '../core/random.ts';
import type { Parts } from './checkpoint.ts';
import { Adam } from './numerics/adam.ts';
import { Ensemble } from './numerics/ensemble.ts';
import type { Matrix, TrainingKernel } from './numerics/kernel.ts';
import { persistentNetwork } from './numerics/persistent.ts';

export interface CriticOptions {
  hidden: readonly number[];
  /** Heads of the ensemble. */
  heads: number;
  /** Keeps Q from running away where there is no data (RLPD). */
  layerNorm: boolean;
  rate: number;
  /** AdamW's decay. */
  decay: number;
  /** Largest norm of the gradient; 0: any. */
  clip: number;
  /** Polyak: θ' ← θ' + τ(θ − θ'). */
  tau: number;
}

/** Layers of a perceptron: hidden ones with ReLU, then one of `outputs` units. */
export function perceptron(
  inputs: number,
  outputs: number,
  {
    hidden,
    layerNorm = false,
    last = 'linear',
    heads = 1,
  }: {
    hidden: readonly number[];
    layerNorm?: boolean;
    last?: 'linear' | 'tanh' | 'sigmoid';
    heads?: number;
  },
): NetworkDescription {
  const layers = hidden.map((units) => ({ units, activation: 'relu' as const, layer_norm: layerNorm }));
  return {
    inputs,
    outputs,
    heads,
    layers: [...layers, { units: outputs, activation: last, layer_norm: false }],
    normalisation: { mean: new Array<number>(inputs).fill(0), std: new Array<number>(inputs).fill(1) },
  };
}

/**
 * An ensemble of action values Q_i(x), x = (observation, action), and its slowly following targets Q̄_i.
 *
 *   y = R + γᵏ · min over a random subset of Q̄_i(x')        (REDQ, Chen 2021; the whole of two heads is TD3's)
 *   L = Σ_i mean (Q_i(x) − y)²
 */
export class Critics {
  /** Rows that are learned from, and those after them: the caller writes both. */
  readonly x: Matrix;
  readonly next: Matrix;
  /** One row, for `mean`. */
  readonly one: Matrix;
  readonly online: Ensemble;
  readonly target: Ensemble;
  readonly adam: Adam;
  readonly #rows: number;
  readonly #heads: Int32Array;
  readonly #tau: number;

  constructor(kernel: TrainingKernel, inputs: number, rows: number, options: CriticOptions, random: Random) {
    const { hidden, heads, layerNorm, tau } = options;
    const description = perceptron(inputs, 1, { hidden, layerNorm, heads });
    this.online = new Ensemble(kernel, description, rows);
    this.target = new Ensemble(kernel, description, rows, false);
    this.online.initialise(random);
    this.target.copyFrom(this.online);
    this.adam = new Adam(this.online, options);
    this.x = kernel.matrix(rows, inputs);
    this.next = kernel.matrix(rows, inputs);
    this.one = kernel.matrix(1, inputs);
    this.#rows = rows;
    this.#heads = Int32Array.from({ length: heads }, (_, i) => i);
    this.#tau = tau;
  }

  /** min over `subset` target heads, drawn anew, at `next`. */
  minimum(subset: number, random: Random, out: Float64Array): void {
    const heads = this.#heads;
    out.fill(Number.POSITIVE_INFINITY, 0, this.#rows);
    for (let k = 0; k < subset; k++) {
      // The first k places hold those already drawn (Fisher–Yates); a whole ensemble needs no chance.
      if (subset < heads.length) {
        const other = k + random.integer(heads.length - k);
        const drawn = heads[other]!;
        heads[other] = heads[k]!;
        heads[k] = drawn;
      }
      const q = this.target.forward(heads[k]!, this.next, this.#rows);
      for (let r = 0; r < this.#rows; r++) out[r] = Math.min(out[r]!, q.data[r * q.stride]!);
    }
  }

  /** Mean of all heads at `one`. */
  mean(): number {
    const count = this.#heads.length;
    let sum = 0;
    for (let head = 0; head < count; head++) sum += this.online.forward(head, this.one, 1).data[0]!;
    return sum / count;
  }

  /** One step of all heads towards `y`. Returns the mean over heads of the squared error, and of Q. */
  learn(y: Float64Array): { loss: number; q: number } {
    const rows = this.#rows;
    const d = this.online.outputGradient;
    let loss = 0;
    let mean = 0;
    for (let head = 0; head < this.#heads.length; head++) {
      const q = this.online.forward(head, this.x, rows);
      for (let r = 0; r < rows; r++) {
        const value = q.data[r * q.stride]!;
        const error = value - y[r]!;
        d.data[r * d.stride] = (2 * error) / rows;
        loss += error * error;
        mean += value;
      }
      this.online.backward(head, this.x, rows, { weights: true });
    }
    this.adam.step();
    const count = rows * this.#heads.length;
    return { loss: loss / count, q: mean / count };
  }

  /**
   * −∂/∂x of the mean over rows and over the first `heads` heads of Q, into `slope`: what an actor descends. Returns that
   * mean.
   */
  descend(heads: number, slope: Matrix): number {
    const rows = this.#rows;
    const d = this.online.outputGradient;
    let mean = 0;
    for (let head = 0; head < heads; head++) {
      const q = this.online.forward(head, this.x, rows);
      for (let r = 0; r < rows; r++) {
        mean += q.data[r * q.stride]!;
        d.data[r * d.stride] = -1 / (rows * heads);
      }
      this.online.backward(head, this.x, rows, { input: slope, add: head > 0 });
    }
    return mean / (rows * heads);
  }

  /** The same for the mean over rows of the least head: an actor that trusts no head more than the others (SAC). */
  descendLeast(slope: Matrix): number {
    const rows = this.#rows;
    const count = this.#heads.length;
    const least = new Float64Array(rows).fill(Number.POSITIVE_INFINITY);
    const by = new Int32Array(rows);
    for (let head = 0; head < count; head++) {
      const q = this.online.forward(head, this.x, rows);
      for (let r = 0; r < rows; r++) {
        if (q.data[r * q.stride]! >= least[r]!) continue;
        least[r] = q.data[r * q.stride]!;
        by[r] = head;
      }
    }
    const d = this.online.outputGradient;
    for (let head = 0; head < count; head++) {
      this.online.forward(head, this.x, rows);
      for (let r = 0; r < rows; r++) d.data[r * d.stride] = by[r] === head ? -1 / rows : 0;
      this.online.backward(head, this.x, rows, { input: slope, add: head > 0 });
    }
    return least.reduce((sum, q) => sum + q / rows, 0);
  }

  /** The targets follow. */
  follow(): void {
    this.target.approach(this.online, this.#tau);
  }

  /** For a checkpoint; names begin with `name`. The order of heads is state: the next subset is drawn from it. */
  parts(name: string): Parts {
    const heads = this.#heads;
    return {
      ...persistentNetwork(name, this.online, { target: this.target, adam: this.adam }),
      [`${name}.heads`]: {
        arrays: {},
        get numbers() {
          return { order: Array.from(heads) };
        },
        set numbers(n) {
          heads.set(n.order as number[]);
        },
      },
    };
  }
}
