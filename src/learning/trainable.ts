import type { NetworkDescription } from '../../policies/kernels/network.ts';
import { tensorName } from '../../policies/kernels/network.ts';
import { type Tensor, writeSafetensors } from '../../policies/kernels/safetensors.ts';
import type { Random } from '../core/random.ts';
import { matMul, tf, variableOf } from './tensorflow.ts';

const NORM_EPSILON = 1e-3;

interface Layer {
  weight: tf.Variable;
  bias: tf.Variable;
  norm: { scale: tf.Variable; offset: tf.Variable } | null;
  activation: NetworkDescription['layers'][number]['activation'];
}

/** A network as training sees it: variables, a forward pass with gradients, and the way to a weights file. */
export class TrainableNetwork {
  readonly description: NetworkDescription;
  readonly #heads: Layer[][];

  /** Weights from `random` (Glorot uniform), so that a seed gives the same network. */
  constructor(description: NetworkDescription, random: Random) {
    this.description = description;
    this.#heads = Array.from({ length: description.heads }, () => {
      let inputs = description.inputs;
      return description.layers.map(({ units, activation, layer_norm }) => {
        const bound = Math.sqrt(6 / (inputs + units));
        const values = Float32Array.from({ length: inputs * units }, () => random.range(-bound, bound));
        const layer: Layer = {
          weight: variableOf(tf.tensor2d(values, [inputs, units])),
          bias: variableOf(tf.zeros([units])),
          norm: layer_norm ? { scale: variableOf(tf.ones([units])), offset: variableOf(tf.zeros([units])) } : null,
          activation,
        };
        inputs = units;
        return layer;
      });
    });
  }

  /** Output of head `head` for normalised rows `x`. */
  forward(x: tf.Tensor, head = 0): tf.Tensor {
    let y = x;
    for (const { weight, bias, norm, activation } of this.#heads[head]!) {
      y = tf.add(matMul(y, weight), bias);
      if (norm !== null) {
        const mean = tf.mean(y, 1, true);
        const centred = tf.sub(y, mean);
        const variance = tf.mean(tf.square(centred), 1, true);
        y = tf.add(tf.mul(tf.div(centred, tf.sqrt(tf.add(variance, NORM_EPSILON))), norm.scale), norm.offset);
      }
      if (activation === 'relu') y = tf.relu(y);
      else if (activation === 'tanh') y = tf.tanh(y);
      else if (activation === 'sigmoid') y = tf.sigmoid(y);
    }
    return y;
  }

  get variables(): tf.Variable[] {
    return this.#heads.flat().flatMap((l) => [l.weight, l.bias, ...(l.norm ? [l.norm.scale, l.norm.offset] : [])]);
  }

  /** Bytes of a .safetensors file that the kernels of `policies` read. */
  export(metadata: Record<string, string>): Uint8Array {
    const tensors = new Map<string, Tensor>();
    const put = (name: string, v: tf.Variable) => {
      tensors.set(name, { shape: v.shape, data: v.dataSync() as Float32Array });
    };
    this.#heads.forEach((layers, head) => {
      layers.forEach((layer, i) => {
        const name = (part: string) => tensorName(this.description.heads, head, i, part);
        put(name('weight'), layer.weight);
        put(name('bias'), layer.bias);
        if (layer.norm === null) return;
        put(name('norm.scale'), layer.norm.scale);
        put(name('norm.offset'), layer.norm.offset);
      });
    });
    return writeSafetensors({ metadata: { ...metadata, network: JSON.stringify(this.description) }, tensors });
  }

  dispose(): void {
    for (const v of this.variables) v.dispose();
  }
}

/** Mean and standard deviation of each column, the latter with a floor so that a constant column is not blown up. */
export function normalisationOf(rows: readonly ArrayLike<number>[], floor = 0.1): { mean: number[]; std: number[] } {
  const width = rows[0]?.length ?? 0;
  const mean = new Array<number>(width).fill(0);
  const std = new Array<number>(width).fill(0);
  for (const row of rows) for (let i = 0; i < width; i++) mean[i] = mean[i]! + row[i]! / rows.length;
  for (const row of rows) for (let i = 0; i < width; i++) std[i] = std[i]! + (row[i]! - mean[i]!) ** 2 / rows.length;
  return { mean, std: std.map((v) => Math.max(Math.sqrt(v), floor)) };
}

/** Rows as one normalised tensor. */
export function normalised(rows: readonly ArrayLike<number>[], n: { mean: number[]; std: number[] }): tf.Tensor2D {
  const width = n.mean.length;
  const values = new Float32Array(rows.length * width);
  rows.forEach((row, r) => {
    for (let i = 0; i < width; i++) values[r * width + i] = (row[i]! - n.mean[i]!) / n.std[i]!;
  });
  return tf.tensor2d(values, [rows.length, width]);
}
