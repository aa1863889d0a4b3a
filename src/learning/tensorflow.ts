/**
 * TensorFlow.js for training. Inference in the tick never comes here: it has its own kernel (policies/kernels).
 *
 * tfjs-node is used where its native library loads (its install step downloads it and may have failed), WebAssembly
 * otherwise. `tfjs-layers` is imported for one side effect: it registers the gradients that tfjs-core lacks.
 */
import '@tensorflow/tfjs-layers';
import * as wasm from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';

export { tf };

const chosen = new Map<string, Promise<string>>();

/** Chooses the backend and uses it from now on, whatever was in use; resolves with its name. */
export async function startTensorflow(prefer: 'auto' | 'wasm' = 'auto'): Promise<string> {
  const choice = chosen.get(prefer) ?? choose(prefer);
  chosen.set(prefer, choice);
  const name = await choice;
  if (tf.getBackend() !== name) await tf.setBackend(name);
  return name;
}

async function choose(prefer: 'auto' | 'wasm'): Promise<string> {
  if (prefer === 'auto') {
    try {
      const name = '@tensorflow/tfjs-node';
      await import(name);
      if (await tf.setBackend('tensorflow')) return 'tensorflow';
    } catch {
      // Its native library is not there: the WebAssembly backend serves.
    }
  }
  // Threads bring nothing at our sizes, and one thread adds in one order: the same seed gives the same bits.
  wasm.setThreadsCount(1);
  await tf.setBackend('wasm');
  await tf.ready();
  return 'wasm';
}

/**
 * x·W with its own gradient. The wasm kernel is fast only when neither operand is transposed, and autodiff asks for
 * transposed operands; explicit transposes make an update three to seven times faster.
 */
export const matMul = tf.customGrad((x, w, save) => {
  const a = x as tf.Tensor2D;
  const b = w as tf.Tensor2D;
  (save as (tensors: tf.Tensor[]) => void)([a, b]);
  return {
    value: tf.matMul(a, b),
    gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [sx, sw] = saved as [tf.Tensor2D, tf.Tensor2D];
      return [tf.matMul(dy as tf.Tensor2D, tf.transpose(sw)), tf.matMul(tf.transpose(sx), dy as tf.Tensor2D)];
    },
  };
}) as (x: tf.Tensor, w: tf.Tensor) => tf.Tensor2D;

/**
 * A variable that begins as `initial`, which is given back: `tf.variable` alone keeps the tensor beside the variable, and with it the numbers
 * of a variable that is long disposed of.
 */
export function variableOf(initial: tf.Tensor): tf.Variable {
  const variable = tf.variable(initial);
  initial.dispose();
  return variable;
}
