import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DenseLayer } from '../../../policies/kernels/network.ts';
import { onnxModel, varint } from '../../../src/cli/bench/peers/onnx-model.ts';

type Field = [number: number, value: number | Uint8Array];

/** Protobuf back into fields: varints and lengths, all that the writer uses. */
function fields(bytes: Uint8Array): Field[] {
  let at = 0;
  const whole = (): number => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[at++]!;
      value += (byte % 128) * shift;
      if (byte < 128) return value;
    }
  };
  const out: Field[] = [];
  while (at < bytes.length) {
    const key = whole();
    if (key % 8 === 0) out.push([key >> 3, whole()]);
    else {
      expect(key % 8).toBe(2);
      const length = whole();
      out.push([key >> 3, bytes.subarray(at, at + length)]);
      at += length;
    }
  }
  expect(at).toBe(bytes.length);
  return out;
}
const all = (list: Field[], number: number) => list.filter(([n]) => n === number).map(([, v]) => v);
const inner = (list: Field[], number: number) => all(list, number).map((v) => fields(v as Uint8Array));
const text = (v: number | Uint8Array) => new TextDecoder().decode(v as Uint8Array);

const layer = (inputs: number, units: number, activation: DenseLayer['activation']): DenseLayer => ({
  ...{ inputs, units, activation, norm: null },
  weight: Float32Array.from({ length: inputs * units }, (_, i) => i + 0.5),
  bias: Float32Array.from({ length: units }, (_, i) => -i),
});

describe('varint', () => {
  it('writes seven bits a byte, the lowest first', () => {
    expect([0, 1, 127, 128, 300].map(varint)).toEqual([[0], [1], [127], [128, 1], [172, 2]]);
  });

  it('is read back', () => {
    fc.assert(
      fc.property(fc.nat(), (n) => {
        expect(fields(Uint8Array.from([8, ...varint(n)]))).toEqual([[1, n]]);
      }),
    );
  });
});

describe('the ONNX model', () => {
  it('of one linear layer is these bytes', () => {
    const one: DenseLayer = {
      ...{ inputs: 1, units: 1, activation: 'linear', norm: null },
      ...{ weight: Float32Array.of(1), bias: Float32Array.of(-2) },
    };
    const type = '0a0c 0801 1208 0a020801 0a020801';
    const golden = [
      '0808 3a69', // ir_version 8, then a graph of 105 bytes
      '0a14 0a0178 0a027730 0a026230 120179 220447656d6d', // node: x, w0, b0 to y by Gemm
      '1205 64656e7365', // its name, dense
      '2a10 0801 0801 1001 42027730 4a040000803f', // w0: float [1, 1], 1
      '2a0e 0801 1001 42026230 4a04000000c0', // b0: float [1], -2
      `5a13 0a0178 120e ${type}`, // input x: float [1, 1]
      `6213 0a0179 120e ${type}`, // output y: float [1, 1]
      '4204 0a00 100d', // opset 13 of the default domain
    ];
    expect(Buffer.from(onnxModel([one], 1)).toString('hex')).toBe(golden.join('').replaceAll(' ', ''));
  });

  it('of a chain joins layers by name, with ReLU where there is one, and carries weights and shapes', () => {
    const layers = [layer(3, 2, 'relu'), layer(2, 2, 'relu'), layer(2, 1, 'linear')];
    const model = fields(onnxModel(layers, 5));
    const graph = inner(model, 7)[0]!;
    const nodes = inner(graph, 1).map((n) => [...all(n, 1), ...all(n, 2), ...all(n, 4)].map(text).join(' '));
    expect(nodes).toEqual(['x w0 b0 s0 Gemm', 's0 a0 Relu', 'a0 w1 b1 s1 Gemm', 's1 a1 Relu', 'a1 w2 b2 y Gemm']);
    const tensors = inner(graph, 5).map((t) => ({ name: text(all(t, 8)[0]!), shape: all(t, 1), raw: all(t, 9)[0] }));
    expect(tensors.map(({ name, shape }) => [name, shape])).toEqual([
      ['w0', [3, 2]],
      ['b0', [2]],
      ['w1', [2, 2]],
      ['b1', [2]],
      ['w2', [2, 1]],
      ['b2', [1]],
    ]);
    expect(Array.from(new Float32Array(Uint8Array.from(tensors[0]!.raw as Uint8Array).buffer))).toEqual(
      Array.from(layers[0]!.weight),
    );
    const shape = (number: number) => {
      const type = inner(inner(inner(graph, number)[0]!, 2)[0]!, 1)[0]!;
      return inner(inner(type, 2)[0]!, 1).map((d) => d[0]![1]);
    };
    expect([shape(11), shape(12)]).toEqual([
      [5, 3],
      [5, 1],
    ]);
  });

  it('ends in y also when the last layer is a ReLU', () => {
    const graph = inner(fields(onnxModel([layer(1, 1, 'relu')], 1)), 7)[0]!;
    expect(inner(graph, 1).map((n) => text(all(n, 2)[0]!))).toEqual(['s0', 'y']);
  });

  it('is refused for what it cannot say', () => {
    expect(() => onnxModel([layer(1, 1, 'tanh')], 1)).toThrow(/layer 0: tanh/);
    const norm = { scale: Float32Array.of(1), offset: Float32Array.of(0) };
    expect(() => onnxModel([{ ...layer(1, 1, 'relu'), norm }], 1)).toThrow(/layer 0: LayerNorm/);
  });
});
