import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Mlp } from '../../../policies/kernels/mlp.ts';
import type { DenseLayer } from '../../../policies/kernels/network.ts';

/** float32, and what a broken policy or sensor brings. */
const number = fc.oneof(
  { weight: 20, arbitrary: fc.float({ min: -4, max: 4, noNaN: true }) },
  fc.constantFrom(0, -0, Number.NaN, Number.POSITIVE_INFINITY, Math.fround(3e38)),
);
const numbers = (n: number) => fc.array(number, { minLength: n, maxLength: n }).map((v) => Float32Array.from(v));
const layers = fc
  .record({ inputs: fc.integer({ min: 1, max: 11 }), units: fc.integer({ min: 1, max: 9 }) })
  .chain(({ inputs, units }) =>
    fc.record({
      ...{ inputs: fc.constant(inputs), units: fc.constant(units) },
      ...{ weight: numbers(inputs * units), bias: numbers(units), x: numbers(inputs) },
    }),
  );

describe('the forward pass by hand', () => {
  it('adds input after input to each sum and rounds it to float32 after each: a log is the same bits whatever the pass', () => {
    fc.assert(
      fc.property(layers, ({ inputs, units, weight, bias, x }) => {
        const layer: DenseLayer = { inputs, units, activation: 'linear', weight, bias, norm: null };
        const plain = { mean: Array.from(x, () => 0), std: Array.from(x, () => 1) };
        const description = {
          ...{ inputs, outputs: units, heads: 1, normalisation: plain },
          layers: [{ units, activation: 'linear' as const, layer_norm: false }],
        };
        const out = new Float64Array(units);
        new Mlp({ description, heads: [[layer]] }).forward(Float64Array.from(x), 0, out, 0);
        const expected = Array.from(bias, (start, u) => {
          let sum = start;
          for (let i = 0; i < inputs; i++) sum = Math.fround(sum + x[i]! * weight[i * units + u]!);
          return sum;
        });
        expect(Array.from(out)).toEqual(expected);
      }),
    );
  });
});
