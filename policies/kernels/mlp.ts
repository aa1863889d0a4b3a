import type { DenseLayer, Network } from './network.ts';

/** As tf.layers.layerNormalization has it. */
const NORM_EPSILON = 1e-3;

/**
 * The forward pass by hand: dense layers with optional LayerNorm, on Float32Array, without garbage. tfjs has the same
 * median and a tail twenty times longer. Normalisation: (x − mean) / std. NaN in gives NaN out; who calls judges it.
 */
export class Mlp {
  readonly inputs: number;
  readonly outputs: number;
  readonly heads: number;
  readonly #network: Network;
  readonly #mean: Float64Array;
  readonly #std: Float64Array;
  readonly #input: Float32Array;
  #a: Float32Array;
  #b: Float32Array;

  constructor(network: Network) {
    const { inputs, outputs, heads, normalisation, layers } = network.description;
    this.inputs = inputs;
    this.outputs = outputs;
    this.heads = heads;
    this.#network = network;
    this.#mean = Float64Array.from(normalisation.mean);
    this.#std = Float64Array.from(normalisation.std);
    const width = Math.max(inputs, ...layers.map((l) => l.units));
    this.#input = new Float32Array(inputs);
    this.#a = new Float32Array(width);
    this.#b = new Float32Array(width);
  }

  /**
   * One row of `inputs` numbers at `x[at]` through head `head`; writes `outputs` numbers to `out[to]`.
   */
  forward(x: Float64Array, at: number, out: Float64Array, to: number, head = 0): void {
    // REAL-TIME: runs in the tick; works in its own buffers only.
    for (let i = 0; i < this.inputs; i++) this.#input[i] = (x[at + i]! - this.#mean[i]!) / this.#std[i]!;
    let from = this.#input;
    const layers = this.#network.heads[head]!;
    for (let l = 0; l < layers.length; l++) {
      const into = l % 2 === 0 ? this.#a : this.#b;
      dense(layers[l]!, from, into);
      from = into;
    }
    for (let i = 0; i < this.outputs; i++) out[to + i] = from[i]!;
  }
}

function dense(layer: DenseLayer, x: Float32Array, y: Float32Array): void {
  const { inputs, units, weight, bias } = layer;
  for (let u = 0; u < units; u++) y[u] = bias[u]!;
  // Inputs in their order, so that weights are read as they lie in memory; four to a pass over `y`, which is read and written the less
  // often. Each sum is rounded after every input, as if there was one to a pass. Zeros are not skipped: 0 · NaN is NaN.
  let i = 0;
  for (; i + 4 <= inputs; i += 4) {
    const v0 = x[i]!;
    const v1 = x[i + 1]!;
    const v2 = x[i + 2]!;
    const v3 = x[i + 3]!;
    const row = i * units;
    for (let u = 0, w = row; u < units; u++, w++) {
      const sum0 = Math.fround(y[u]! + v0 * weight[w]!);
      const sum1 = Math.fround(sum0 + v1 * weight[w + units]!);
      const sum2 = Math.fround(sum1 + v2 * weight[w + 2 * units]!);
      y[u] = sum2 + v3 * weight[w + 3 * units]!;
    }
  }
  for (; i < inputs; i++) {
    const v = x[i]!;
    const row = i * units;
    for (let u = 0; u < units; u++) y[u] = y[u]! + v * weight[row + u]!;
  }
  if (layer.norm !== null) normalise(layer.norm.scale, layer.norm.offset, y, units);
  if (layer.activation === 'relu') for (let u = 0; u < units; u++) y[u] = y[u]! < 0 ? 0 : y[u]!;
  else if (layer.activation === 'tanh') for (let u = 0; u < units; u++) y[u] = Math.tanh(y[u]!);
  else if (layer.activation === 'sigmoid') for (let u = 0; u < units; u++) y[u] = 1 / (1 + Math.exp(-y[u]!));
}

function normalise(scale: Float32Array, offset: Float32Array, y: Float32Array, n: number): void {
  let mean = 0;
  for (let u = 0; u < n; u++) mean += y[u]!;
  mean /= n;
  let variance = 0;
  for (let u = 0; u < n; u++) variance += (y[u]! - mean) * (y[u]! - mean);
  const inverse = 1 / Math.sqrt(variance / n + NORM_EPSILON);
  for (let u = 0; u < n; u++) y[u] = (y[u]! - mean) * inverse * scale[u]! + offset[u]!;
}
