import type { DenseLayer } from '../../policies/kernels/network.ts';
import { startTensorflow, tf } from './tensorflow.ts';

/** What `tensorflowForward` runs on. */
export const TENSORFLOW_VERSION = `@tensorflow/tfjs-core ${tf.version_core}, WebAssembly, one thread`;

/** A forward pass of one batch in TensorFlow.js: the peer that our kernel in the tick is measured against. */
export interface TensorflowForward {
  /** `[rows][outputs]` of the rows given at the start; waits for the numbers. */
  forward(): Float32Array;
  dispose(): void;
}

/**
 * Dense layers on the WebAssembly backend, each as one fused operation, which is the fastest that it offers.
 * @throws Error for a layer with LayerNorm or tanh
 */
export async function tensorflowForward(layers: readonly DenseLayer[], x: Float32Array): Promise<TensorflowForward> {
  await startTensorflow('wasm');
  if (layers.some((l) => l.norm !== null)) throw new Error('a layer with LayerNorm; allowed: none');
  const inputs = layers[0]!.inputs;
  const tensors = layers.map((l) => ({
    weight: tf.tensor2d(l.weight, [l.inputs, l.units]),
    bias: tf.tensor1d(l.bias),
    activation: fusable(l.activation),
  }));
  return {
    forward: () => {
      const y = tf.tidy(() => {
        let a: tf.Tensor2D = tf.tensor2d(x, [x.length / inputs, inputs]);
        for (const { weight, bias, activation } of tensors)
          a = tf.fused.matMul({ a, b: weight, bias, activation }) as tf.Tensor2D;
        return a;
      });
      const values = y.dataSync() as Float32Array;
      y.dispose();
      return values;
    },
    dispose: () => tf.dispose(tensors.map((t) => [t.weight, t.bias])),
  };
}

function fusable(activation: DenseLayer['activation']): 'relu' | 'sigmoid' | 'linear' {
  if (activation === 'tanh') throw new Error('a layer with tanh; allowed: relu, sigmoid, linear');
  return activation;
}
