import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/core/paths.ts';
import type { DenseLayer, Network } from './network.ts';

/** As assembly/dense.ts has them: units of a tile, units up to which there are no tiles, words of a layer in the table. */
const TILE = 32;
const NARROW = 4;
const LAYER_WORDS = 9;
/** Words of an entry of a row's list. */
const ENTRY_WORDS = 2;
/** Inputs that the kernel reads at once. */
const LANES = 4;
const ACTIVATION = { linear: 0, relu: 1, tanh: 2, sigmoid: 3 } as const;
const PAGE = 65536;
const ALIGNED = 64;

interface Kernel {
  readonly heap: { readonly value: number };
  forward(
    table: number,
    layers: number,
    x: number,
    stride: number,
    rows: number,
    a: number,
    b: number,
    list: number,
    out: number,
  ): void;
}

/** What we need of the global, which the types of neither ES2023 nor Node have. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Memory: new (size: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

let compiled: object | null = null;

/**
 * A network in WebAssembly SIMD: all heads on a small batch of rows, for the tick. Same numbers as `Mlp` and tfjs within
 * 1e-5; the same bits on every machine. NaN in gives NaN out; who calls judges it.
 */
export class SimdMlp {
  readonly inputs: number;
  readonly outputs: number;
  readonly heads: number;
  /** Rows that a batch may have. */
  readonly maxRows: number;
  readonly #kernel: Kernel;
  readonly #mean: Float64Array;
  readonly #std: Float64Array;
  readonly #x: Float32Array;
  /** Floats from one row of `x` to the next. */
  readonly #xStride: number;
  readonly #results: readonly Float32Array[];
  readonly #tables: readonly number[];
  readonly #layers: number;
  readonly #scratch: readonly [number, number, number];
  /** Floats from one row of a result to the next. */
  readonly #stride: number;

  /** @throws Error when the kernel is not built (`npm run build`) */
  constructor(network: Network, maxRows = 16) {
    const { inputs, outputs, heads, normalisation, layers } = network.description;
    this.inputs = inputs;
    this.outputs = outputs;
    this.heads = heads;
    this.maxRows = maxRows;
    this.#layers = layers.length;
    this.#mean = Float64Array.from(normalisation.mean);
    this.#std = Float64Array.from(normalisation.std);

    // The memory never grows, so that no view is ever detached.
    const widest = Math.max(...layers.map((l) => padded(l.units)));
    this.#stride = padded(outputs);
    this.#xStride = LANES * Math.ceil(inputs / LANES);
    const parameters = network.heads.flat().reduce((n, l) => n + (l.inputs + 3) * padded(l.units) + LAYER_WORDS, 0);
    const list = ENTRY_WORDS * (Math.max(inputs, widest) + LANES);
    const floats = parameters + maxRows * (this.#xStride + 2 * widest + list + heads * this.#stride);
    const blocks = 4 * network.heads.flat().length + 2 * heads + 8;
    const pages = 1 + Math.ceil((4 * floats + ALIGNED * blocks) / PAGE);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    compiled ??= new WebAssembly.Module(readFileSync(join(packageRoot, 'dist/policies/kernels/dense.wasm')));
    const abort = (): never => {
      throw new Error('the kernel aborted');
    };
    this.#kernel = new WebAssembly.Instance(compiled, { env: { memory, abort } }).exports as Kernel;

    let free = this.#kernel.heap.value;
    const place = (count: number): Float32Array => {
      free = Math.ceil(free / ALIGNED) * ALIGNED;
      const view = new Float32Array(memory.buffer, free, count);
      free += 4 * count;
      return view;
    };
    this.#x = place(maxRows * this.#xStride);
    const scratch = (floats: number): number => place(maxRows * floats).byteOffset;
    this.#scratch = [scratch(widest), scratch(widest), scratch(list)];
    this.#results = network.heads.map(() => place(maxRows * this.#stride));
    this.#tables = network.heads.map((head) => {
      const words = place(LAYER_WORDS * head.length);
      const table = new Int32Array(memory.buffer, words.byteOffset, words.length);
      head.forEach((_, l) => void table.set(placed(head, l, place), l * LAYER_WORDS));
      return words.byteOffset;
    });
  }

  /** Runs `rows` rows of `inputs` numbers at the start of `x` through every head. @throws RangeError above maxRows */
  forward(x: Float64Array, rows: number): void {
    // REAL-TIME: runs in the tick; works in the kernel's memory only.
    if (!(rows <= this.maxRows)) throw new RangeError(`${rows} rows; allowed: at most ${this.maxRows}`);
    const { inputs } = this;
    const [to, mean, std, stride] = [this.#x, this.#mean, this.#std, this.#xStride];
    for (let r = 0, at = 0; r < rows; r++) {
      for (let i = 0, t = r * stride; i < inputs; i++, at++, t++) to[t] = (x[at]! - mean[i]!) / std[i]!;
    }
    const [a, b, list] = this.#scratch;
    for (let h = 0; h < this.heads; h++) {
      const out = this.#results[h]!.byteOffset;
      this.#kernel.forward(this.#tables[h]!, this.#layers, this.#x.byteOffset, 4 * stride, rows, a, b, list, out);
    }
  }

  /** Output `i` of a row of the last batch. */
  output(head: number, row: number, i: number): number {
    return this.#results[head]![row * this.#stride + i]!;
  }
}

const padded = (units: number): number => Math.ceil(units / TILE) * TILE;

/** Lays a layer out, in tiles unless it is narrow, and returns its line of the table. */
function placed(head: readonly DenseLayer[], l: number, place: (count: number) => Float32Array): number[] {
  const layer = head[l]!;
  const { inputs, units, norm } = layer;
  const width = padded(units);
  const weight = place(inputs * width);
  for (let i = 0; i < inputs; i++) {
    for (let u = 0; u < units; u++) {
      const tile = Math.floor(u / TILE);
      const at = units <= NARROW ? u * inputs + i : (tile * inputs + i) * TILE + (u % TILE);
      weight[at] = layer.weight[i * units + u]!;
    }
  }
  const vector = (values: Float32Array): number => {
    const view = place(width);
    view.set(values);
    return view.byteOffset;
  };
  // −0 + 0 is 0: no sum begins at −0.
  const bias = vector(layer.bias.map((b) => b + 0));
  const scale = norm ? vector(norm.scale) : 0;
  const offset = norm ? vector(norm.offset) : 0;
  const activation = rectifies(head, l + 1) ? 'linear' : layer.activation;
  return [
    weight.byteOffset,
    bias,
    scale,
    offset,
    inputs,
    units,
    width / TILE,
    ACTIVATION[activation],
    Number(rectifies(head, l)),
  ];
}

/** Whether layer `l` does the ReLU of the one before. 0 · ∞ and 0 · NaN are not 0, and a narrow layer reads all. */
function rectifies(head: readonly DenseLayer[], l: number): boolean {
  const layer = head[l];
  return (
    head[l - 1]?.activation === 'relu' &&
    layer !== undefined &&
    layer.units > NARROW &&
    layer.weight.every(Number.isFinite)
  );
}
