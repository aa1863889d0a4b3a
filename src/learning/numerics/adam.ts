import type { Ensemble } from './ensemble.ts';

export interface AdamOptions {
  rate: number;
  /** Decoupled weight decay per unit of rate (Loshchilov 2019); 0 is plain Adam. */
  decay?: number;
  /** Largest norm of the gradient, over all parameters; 0: any. */
  clip?: number;
}

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/** AdamW with the gradient's norm clipped, on all heads of a network at once. */
export class Adam {
  /** What a checkpoint holds, besides `steps`. */
  readonly mean: Float32Array;
  readonly square: Float32Array;
  steps = 0;
  /** A first-class knob: may be changed between steps. */
  rate: number;
  readonly #network: Ensemble;
  readonly #decay: number;
  readonly #clip: number;

  constructor(network: Ensemble, { rate, decay = 0, clip = 0 }: AdamOptions) {
    this.#network = network;
    this.rate = rate;
    this.#decay = decay;
    this.#clip = clip;
    this.mean = network.kernel.floats(network.parameters.length);
    this.square = network.kernel.floats(network.parameters.length);
  }

  /** One step along `gradients`. Returns their norm before it was clipped. */
  step(): number {
    const { kernel, parameters, gradients } = this.#network;
    this.steps++;
    const norm = Math.sqrt(kernel.run.sumSquares(gradients.byteOffset, gradients.length));
    const clip = this.#clip > 0 && norm > this.#clip ? this.#clip / norm : 1;
    const c1 = 1 / (1 - BETA1 ** this.steps);
    const c2 = 1 / (1 - BETA2 ** this.steps);
    kernel.run.adam(
      ...([parameters.byteOffset, gradients.byteOffset, this.mean.byteOffset, this.square.byteOffset] as const),
      ...([parameters.length, this.rate, BETA1, BETA2, EPSILON, c1, c2, this.rate * this.#decay, clip] as const),
    );
    return norm;
  }
}
