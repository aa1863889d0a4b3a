import { beforeAll, describe, expect, it } from 'vitest';
import { Mlp } from '../../policies/kernels/mlp.ts';
import { type NetworkDescription, readNetwork } from '../../policies/kernels/network.ts';
import { readSafetensors } from '../../policies/kernels/safetensors.ts';
import { SimdMlp } from '../../policies/kernels/simd.ts';
import { SeededRandom } from '../../src/core/random.ts';
import { matMul, startTensorflow, tf } from '../../src/learning/tensorflow.ts';
import { normalised, TrainableNetwork } from '../../src/learning/trainable.ts';

beforeAll(async () => {
  expect(await startTensorflow('wasm')).toBe('wasm');
});

function description(over: Partial<NetworkDescription> = {}): NetworkDescription {
  const inputs = 13;
  const random = new SeededRandom(9);
  return {
    inputs,
    outputs: 3,
    heads: 2,
    layers: [
      { units: 64, activation: 'relu', layer_norm: true },
      { units: 32, activation: 'tanh', layer_norm: false },
      { units: 3, activation: 'sigmoid', layer_norm: false },
    ],
    normalisation: {
      mean: Array.from({ length: inputs }, () => random.normal()),
      std: Array.from({ length: inputs }, () => random.range(0.5, 2)),
    },
    ...over,
  };
}

describe('the kernel', () => {
  it.each(['relu', 'tanh', 'sigmoid', 'linear'] as const)(
    'equals tfjs within 1e-5 with %s at the end',
    (activation) => {
      const d = description({
        layers: [
          { units: 64, activation: 'relu', layer_norm: true },
          { units: 64, activation: 'tanh', layer_norm: true },
          { units: 3, activation, layer_norm: false },
        ],
      });
      const random = new SeededRandom(3);
      const network = new TrainableNetwork(d, random);
      const mlp = new Mlp(readNetwork(readSafetensors(network.export({}), 'f'), 'f'));
      const rows = Array.from({ length: 20 }, () => Float64Array.from({ length: d.inputs }, () => 3 * random.normal()));
      const out = new Float64Array(3);
      for (const head of [0, 1]) {
        const expected = tf.tidy(
          () => network.forward(normalised(rows, d.normalisation), head).arraySync() as number[][],
        );
        rows.forEach((row, r) => {
          mlp.forward(row, 0, out, 0, head);
          for (let i = 0; i < 3; i++) expect(Math.abs(out[i]! - expected[r]![i]!)).toBeLessThan(1e-5);
        });
      }
      network.dispose();
    },
  );

  it.each([
    [1, 5, 3],
    [2, 16, 1],
    [3, 17, 16],
    [7, 33, 17],
    [16, 64, 2],
    [5, 256, 4],
  ])('in WebAssembly equals the one by hand and tfjs: %d rows, %d units wide, %d outputs', (rows, units, outputs) => {
    for (const activation of ['relu', 'tanh', 'sigmoid', 'linear'] as const) {
      const d = description({
        outputs,
        layers: [
          { units, activation: 'relu', layer_norm: true },
          { units, activation: 'tanh', layer_norm: false },
          { units: outputs, activation, layer_norm: activation === 'linear' },
        ],
      });
      const random = new SeededRandom(rows);
      const network = new TrainableNetwork(d, random);
      const read = readNetwork(readSafetensors(network.export({}), 'f'), 'f');
      const simd = new SimdMlp(read);
      const mlp = new Mlp(read);
      const x = Float64Array.from({ length: rows * d.inputs }, () => 3 * random.normal());
      const batch = Array.from({ length: rows }, (_, r) => x.slice(r * d.inputs, (r + 1) * d.inputs));
      const byHand = new Float64Array(outputs);
      // A larger batch before it leaves nothing behind.
      simd.forward(new Float64Array(16 * d.inputs).fill(9), 16);
      simd.forward(x, rows);
      for (const head of [0, 1]) {
        const expected = tf.tidy(
          () => network.forward(normalised(batch, d.normalisation), head).arraySync() as number[][],
        );
        for (let r = 0; r < rows; r++) {
          mlp.forward(x, r * d.inputs, byHand, 0, head);
          for (let i = 0; i < outputs; i++) {
            expect(Math.abs(simd.output(head, r, i) - expected[r]![i]!)).toBeLessThan(1e-5);
            expect(Math.abs(simd.output(head, r, i) - byHand[i]!)).toBeLessThan(1e-5);
          }
        }
      }
      network.dispose();
    }
  });

  it('in WebAssembly gives NaN for NaN in its own row, and refuses a batch that does not fit', () => {
    const network = new TrainableNetwork(description(), new SeededRandom(1));
    const simd = new SimdMlp(readNetwork(readSafetensors(network.export({}), 'f'), 'f'), 3);
    const x = new Float64Array(3 * 13);
    x[13 + 5] = Number.NaN;
    simd.forward(x, 3);
    for (const head of [0, 1]) {
      expect([0, 1, 2].map((row) => Number.isNaN(simd.output(head, row, 0)))).toEqual([false, true, false]);
    }
    expect(() => simd.forward(new Float64Array(4 * 13), 4)).toThrow(RangeError);
    network.dispose();
  });

  it('gives NaN for NaN, never a number', () => {
    const network = new TrainableNetwork(description(), new SeededRandom(1));
    const mlp = new Mlp(readNetwork(readSafetensors(network.export({}), 'f'), 'f'));
    const x = new Float64Array(13);
    x[5] = Number.NaN;
    const out = new Float64Array(3);
    mlp.forward(x, 0, out, 0);
    expect(Array.from(out)).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    network.dispose();
  });

  it('the same seed makes the same file', () => {
    const bytes = () => {
      const network = new TrainableNetwork(description(), new SeededRandom(4));
      const file = Buffer.from(network.export({})).toString('base64');
      network.dispose();
      return file;
    };
    expect(bytes()).toBe(bytes());
  });
});

describe('gradients', () => {
  it('through the custom matMul equal finite differences', () => {
    const random = new SeededRandom(5);
    const draw = (n: number) => Float32Array.from({ length: n }, () => random.normal());
    const x = tf.tensor2d(draw(12), [3, 4]);
    const w = tf.tensor2d(draw(8), [4, 2]);
    const f = (a: tf.Tensor, b: tf.Tensor) => tf.sum(tf.square(matMul(a, b))) as tf.Scalar;
    const [dx, dw] = tf.grads((a, b) => f(a!, b!))([x, w]);
    const h = 1e-2;
    const check = (grad: tf.Tensor, of: tf.Tensor, at: (t: tf.Tensor) => tf.Scalar) => {
      const g = grad.dataSync();
      const base = of.dataSync();
      for (let i = 0; i < base.length; i++) {
        const moved = (by: number) => {
          const v = Float32Array.from(base);
          v[i] = v[i]! + by;
          return at(tf.tensor(v, of.shape)).dataSync()[0]!;
        };
        const numeric = (moved(h) - moved(-h)) / (2 * h);
        expect(Math.abs(numeric - g[i]!)).toBeLessThan(0.02 * Math.max(1, Math.abs(numeric)));
      }
    };
    check(dx!, x, (t) => f(t, w));
    check(dw!, w, (t) => f(x, t));
  });

  it('of the layer norm are there (tfjs-layers registered them)', () => {
    const network = new TrainableNetwork(description(), new SeededRandom(2));
    const x = tf.ones([2, 13]);
    const { grads } = tf.variableGrads(() => tf.mean(network.forward(x)) as tf.Scalar, network.variables.slice(0, 4));
    expect(Object.keys(grads)).toHaveLength(4);
    network.dispose();
  });
});
