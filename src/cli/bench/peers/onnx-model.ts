import type { DenseLayer } from '../../../../policies/kernels/network.ts';

/**
 * The few messages of onnx.proto3 (opset 13) that a chain of dense layers needs, written by hand: a protobuf field is a
 * varint of `number << 3 | wire type`, then a varint, or a length and its bytes.
 * Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3
 */
const IR_VERSION = 8;
const OPSET = 13;
const FLOAT = 1;

type Part = readonly number[] | Uint8Array;

const join = (parts: readonly Part[]): Uint8Array => Buffer.concat(parts.map((p) => Buffer.from(p)));

/** A varint of a whole number ≥ 0. */
export function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let v = value; ; v = Math.floor(v / 128)) {
    if (v < 128) return [...bytes, v];
    bytes.push((v % 128) + 128);
  }
}

const whole = (field: number, value: number): Part => [...varint(field * 8), ...varint(value)];
const bytes = (field: number, value: Uint8Array): Part => join([varint(field * 8 + 2), varint(value.length), value]);
const text = (field: number, value: string): Part => bytes(field, new TextEncoder().encode(value));
const message = (field: number, parts: readonly Part[]): Part => bytes(field, join(parts));

/** NodeProto: inputs 1, outputs 2, operator 4. */
const node = (op: string, inputs: readonly string[], output: string): Part =>
  message(1, [...inputs.map((name) => text(1, name)), text(2, output), text(4, op)]);

/** TensorProto: dimensions 1, type 2, name 8, raw little-endian data 9. */
function tensor(name: string, shape: readonly number[], values: Float32Array): Part {
  const raw = new Uint8Array(values.length * 4);
  const view = new DataView(raw.buffer);
  values.forEach((v, i) => void view.setFloat32(4 * i, v, true));
  return message(5, [...shape.map((n) => whole(1, n)), whole(2, FLOAT), text(8, name), bytes(9, raw)]);
}

/** ValueInfoProto: name 1, type 2 { tensor 1 { element 1, shape 2 { dimension 1 { value 1 } } } }. */
function value(field: number, name: string, shape: readonly number[]): Part {
  const dimensions = message(
    2,
    shape.map((n) => message(1, [whole(1, n)])),
  );
  return message(field, [text(1, name), message(2, [message(1, [whole(1, FLOAT), dimensions])])]);
}

/**
 * An ONNX model of dense layers: input `x` of `[rows, inputs]`, output `y` of `[rows, outputs]`, float32.
 * @throws Error for a layer with LayerNorm or an activation that is neither relu nor linear
 */
export function onnxModel(layers: readonly DenseLayer[], rows: number): Uint8Array {
  const nodes: Part[] = [];
  const tensors: Part[] = [];
  let from = 'x';
  layers.forEach(({ inputs, units, weight, bias, norm, activation }, l) => {
    if (norm !== null || (activation !== 'relu' && activation !== 'linear'))
      throw new Error(
        `layer ${l}: ${norm === null ? activation : 'LayerNorm'}; allowed: relu and linear, no LayerNorm`,
      );
    tensors.push(tensor(`w${l}`, [inputs, units], weight), tensor(`b${l}`, [units], bias));
    const last = l === layers.length - 1;
    const sum = last && activation === 'linear' ? 'y' : `s${l}`;
    nodes.push(node('Gemm', [from, `w${l}`, `b${l}`], sum));
    from = activation === 'relu' ? (last ? 'y' : `a${l}`) : sum;
    if (activation === 'relu') nodes.push(node('Relu', [sum], from));
  });
  const graph = [
    ...nodes,
    text(2, 'dense'),
    ...tensors,
    value(11, 'x', [rows, layers[0]!.inputs]),
    value(12, 'y', [rows, layers.at(-1)!.units]),
  ];
  return join([whole(1, IR_VERSION), message(7, graph), message(8, [text(1, ''), whole(2, OPSET)])]);
}
