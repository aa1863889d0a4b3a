import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DenseLayer, Network } from '../../../policies/kernels/network.ts';
import { SimdMlp } from '../../../policies/kernels/simd.ts';

const { fround } = Math;

/** float32, half of it not above 0, and what a broken sensor or policy brings. */
const number = fc.oneof(
  { weight: 30, arbitrary: fc.float({ min: -4, max: 4, noNaN: true }) },
  fc.constantFrom(0, -0, Number.POSITIVE_INFINITY, fround(3e38), Number.NaN),
);
const finite = fc.oneof(
  { weight: 30, arbitrary: fc.float({ min: -4, max: 4, noNaN: true }) },
  fc.constantFrom(0, -0, fround(3e38)),
);

/** A seeded stream of draws: a network of a thousand weights as one arbitrary each would take seconds. */
const scene = fc
  .record({
    inputs: fc.integer({ min: 1, max: 9 }),
    hidden: fc.integer({ min: 5, max: 70 }),
    outputs: fc.integer({ min: 5, max: 40 }),
    rows: fc.integer({ min: 1, max: 5 }),
    weights: fc.array(finite, { minLength: 97, maxLength: 97 }),
    broken: fc.option(fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY), { freq: 6 }),
  })
  .chain((s) => fc.record({ s: fc.constant(s), x: fc.array(number, { minLength: 45, maxLength: 45 }) }))
  .map(({ s, x }) => {
    const { inputs, hidden, outputs, weights, broken } = s;
    let at = 0;
    const draw = (n: number) => Float32Array.from({ length: n }, () => weights[at++ % 97]!);
    const dense = (n: number, units: number, activation: DenseLayer['activation']): DenseLayer => ({
      ...{ inputs: n, units, activation, norm: null },
      ...{ weight: draw(n * units), bias: draw(units) },
    });
    const layers = [dense(inputs, hidden, 'relu'), dense(hidden, outputs, 'linear')];
    if (broken !== null) layers[1]!.weight[7 % layers[1]!.weight.length] = broken;
    return { ...s, layers, x: Float64Array.from(x.slice(0, s.rows * inputs)) };
  });

const network = (layers: DenseLayer[]): Network => {
  const { inputs } = layers[0]!;
  const plain = { mean: Array(inputs).fill(0), std: Array(inputs).fill(1) };
  const spec = layers.map(({ units, activation }) => ({ units, activation, layer_norm: false }));
  return {
    description: { inputs, outputs: layers.at(-1)!.units, heads: 1, layers: spec, normalisation: plain },
    heads: [layers],
  };
};

/** Input after input from the bias on, zeros and all, each product and each sum rounded to float32. */
function byHand(layers: readonly DenseLayer[], row: readonly number[]): number[] {
  let x = row.map(fround);
  for (const { units, weight, bias, activation } of layers)
    x = Array.from({ length: units }, (_, u) => {
      let sum = bias[u]! + 0;
      for (const [i, v] of x.entries()) sum = fround(sum + fround(v * weight[i * units + u]!));
      return activation === 'relu' && sum <= 0 ? 0 : sum;
    });
  return x;
}

describe('the kernel in WebAssembly', () => {
  it('adds input after input to the bias: the same bits in every row of every batch, whatever zeros it leaves out', () => {
    fc.assert(
      fc.property(scene, ({ layers, inputs, outputs, rows, x }) => {
        const simd = new SimdMlp(network(layers), 6);
        simd.forward(x, rows);
        for (let r = 0; r < rows; r++) {
          const expected = byHand(layers, Array.from(x.subarray(r * inputs, (r + 1) * inputs)));
          expect(Array.from({ length: outputs }, (_, i) => simd.output(0, r, i))).toEqual(expected);
        }
      }),
    );
  });

  it('leaves zeros out behind a ReLU only while every weight is a number: 0 · ∞ is NaN', () => {
    const dense = (activation: DenseLayer['activation'], weight: number[]): DenseLayer => ({
      ...{ inputs: 1, units: 5, activation, norm: null },
      ...{ weight: Float32Array.from(weight), bias: new Float32Array(5) },
    });
    const second = { ...dense('linear', Array(25).fill(1)), inputs: 5 };
    second.weight[6] = Number.POSITIVE_INFINITY;
    const simd = new SimdMlp(network([dense('relu', [1, -1, 1, 1, 1]), second]), 1);
    simd.forward(Float64Array.of(2), 1);
    // Hidden: 2, 0, 2, 2, 2. The weight from the zero to the second output is ∞.
    expect([0, 1, 2, 3, 4].map((i) => simd.output(0, 0, i))).toEqual([8, Number.NaN, 8, 8, 8]);
  });
});
