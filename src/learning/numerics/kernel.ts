import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../core/paths.ts';

type Operation = (...numbers: number[]) => void;

/** Exports of assembly/train.ts, where their arguments are named; addresses and strides are in bytes. */
export interface TrainingOperations {
  readonly heap: { readonly value: number };
  /** from, stride, k, n, to */
  readonly pack: Operation;
  /** from, stride, k, n, to */
  readonly packTransposed: Operation;
  /** a, rs, ks, b, c, cs, m, k, n, bias, accumulate */
  readonly gemm: Operation;
  /** y, stride, m, n, sum */
  readonly columnSums: Operation;
  /** d, stride, h, hStride, m, n, sum */
  readonly columnProducts: Operation;
  /** z, stride, m, units, scale, offset, inverse, y, yStride */
  readonly normalise: Operation;
  /** d, stride, m, units, hat, hatStride, inverse, scale */
  readonly normaliseGradient: Operation;
  /** kind, y, stride, m, n */
  readonly activate: Operation;
  /** kind, d, stride, y, yStride, m, n */
  readonly activateGradient: Operation;
  sumSquares(g: number, count: number): number;
  /** p, g, m, v, count, rate, beta1, beta2, epsilon, c1, c2, decay, clip */
  readonly adam: Operation;
  /** t, p, count, tau */
  readonly polyak: Operation;
}

/** What we need of the global, which the types of neither ES2023 nor Node have. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Memory: new (size: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

const PAGE = 65536;
const ALIGNED = 64;
let compiled: object | null = null;

/** Columns are padded to whole panels of the matrix product. */
export const padded = (columns: number): number => Math.ceil(columns / 8) * 8;

/**
 * The training kernel and its memory, from which all matrices and networks of one learner are cut, once. The memory
 * never grows, so that no view is ever detached; what is not touched of it costs nothing.
 */
export class TrainingKernel {
  readonly run: TrainingOperations;
  readonly #memory: { readonly buffer: ArrayBuffer };
  #free: number;
  #panels: Float32Array | null = null;

  /** `megabytes`: of address space. @throws Error when the kernel is not built (`npm run build`) */
  constructor(megabytes = 128) {
    const pages = Math.ceil((megabytes * 2 ** 20) / PAGE);
    this.#memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    compiled ??= new WebAssembly.Module(readFileSync(join(packageRoot, 'dist/src/learning/numerics/train.wasm')));
    const abort = (): never => {
      throw new Error('the training kernel aborted');
    };
    const instance = new WebAssembly.Instance(compiled, { env: { memory: this.#memory, abort } });
    this.run = instance.exports as TrainingOperations;
    this.#free = this.run.heap.value;
  }

  /** Zeros, aligned for SIMD. @throws RangeError when the memory is used up */
  floats(count: number): Float32Array {
    this.#free = Math.ceil(this.#free / ALIGNED) * ALIGNED;
    const view = new Float32Array(this.#memory.buffer, this.#free, count);
    this.#free += 4 * count;
    return view;
  }

  matrix(rows: number, columns: number): Matrix {
    return new Matrix(this, rows, columns);
  }

  /** Address of a scratch for packed operands, of at least `count` floats; each product overwrites it. */
  panels(count: number): number {
    if (this.#panels === null || this.#panels.length < count) this.#panels = this.floats(count);
    return this.#panels.byteOffset;
  }
}

/** Rows of float32 in the kernel's memory. What is beyond the last column is zero, and nobody else's. */
export class Matrix {
  readonly rows: number;
  readonly columns: number;
  /** Floats from one row to the next: an odd number of panels, so that columns do not share the sets of a cache. */
  readonly stride: number;
  readonly data: Float32Array;

  constructor(kernel: TrainingKernel, rows: number, columns: number) {
    this.rows = rows;
    this.columns = columns;
    const panels = padded(columns) / 8;
    this.stride = 8 * (panels % 2 === 0 ? panels + 1 : panels);
    this.data = kernel.floats(rows * this.stride);
  }

  get at(): number {
    return this.data.byteOffset;
  }

  get bytes(): number {
    return 4 * this.stride;
  }

  get(row: number, column: number): number {
    return this.data[row * this.stride + column]!;
  }

  set(row: number, column: number, value: number): void {
    this.data[row * this.stride + column] = value;
  }

  /** Copies `count` numbers of `from`, beginning at `begin`, to a row, beginning at `column`. */
  put(row: number, column: number, from: ArrayLike<number>, begin: number, count: number): void {
    const to = row * this.stride + column;
    for (let i = 0; i < count; i++) this.data[to + i] = from[begin + i]!;
  }
}
