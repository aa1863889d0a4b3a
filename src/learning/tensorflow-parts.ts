import type { Persistent } from './checkpoint.ts';
import { tf } from './tensorflow.ts';

/** Tensors that a checkpoint holds: copied when it is written, given new numbers when it is read. */
class Copies implements Persistent {
  numbers = {};
  readonly #read: () => Record<string, Float32Array>;
  readonly #write: (arrays: Record<string, Float32Array>) => void;
  #copies: Record<string, Float32Array> = {};

  constructor(read: () => Record<string, Float32Array>, write: (arrays: Record<string, Float32Array>) => void) {
    this.#read = read;
    this.#write = write;
  }

  get arrays(): Record<string, Float32Array> {
    this.#copies = this.#read();
    return this.#copies;
  }

  restored(): void {
    this.#write(this.#copies);
    this.#copies = {};
  }
}

const numbersOf = (tensor: tf.Tensor) => Float32Array.from(tensor.dataSync());

/** Variables as a part of a checkpoint. */
export function persistentVariables(variables: readonly tf.Variable[]): Persistent {
  return new Copies(
    () => Object.fromEntries(variables.map((v, i) => [String(i), numbersOf(v)])),
    (arrays) =>
      tf.tidy(() => {
        for (const [i, v] of variables.entries()) v.assign(tf.tensor(arrays[i]!, v.shape));
      }),
  );
}

/**
 * Adam as a part of a checkpoint: both moments of `variables`, in the order in which they were made, and the powers of both decays. (Its own
 * `setWeights` takes those anew, to other bits than those that it had multiplied up to.)
 */
export function persistentAdam(adam: tf.AdamOptimizer, variables: readonly tf.Variable[]): Persistent {
  const moments = ['accumulatedFirstMoment', 'accumulatedSecondMoment'] as const;
  const powers = ['accBeta1', 'accBeta2'] as const;
  return new Copies(
    () => ({
      powers: Float32Array.from(powers, (name) => adam[name].dataSync()[0]!),
      ...Object.fromEntries(
        moments.flatMap((name) =>
          // They are made at the first step.
          variables.map((v, i) => [
            `${name}.${i}`,
            adam[name][i] ? numbersOf(adam[name][i].variable) : new Float32Array(v.size),
          ]),
        ),
      ),
    }),
    (arrays) =>
      tf.tidy(() => {
        for (const [k, name] of powers.entries()) adam[name].assign(tf.scalar(arrays.powers![k]!));
        for (const name of moments)
          for (const [i, v] of variables.entries()) {
            const value = tf.tensor(arrays[`${name}.${i}`]!, v.shape);
            const held = adam[name][i];
            if (held) held.variable.assign(value);
            else adam[name][i] = { originalName: `${v.name}/${name}`, variable: tf.variable(value, false) };
          }
      }),
  );
}
