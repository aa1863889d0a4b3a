import { type NetworkDescription, tensorName } from '../../../policies/kernels/network.ts';
import { type Tensor, writeSafetensors } from '../../../policies/kernels/safetensors.ts';
import type { Random } from '../../core/random.ts';
import { type Matrix, padded, type TrainingKernel } from './kernel.ts';
import { orthogonal } from './orthogonal.ts';

const ACTIVATION = { linear: 0, relu: 1, tanh: 2, sigmoid: 3 } as const;

/** Offsets of one layer in the parameters, in floats; scale is -1 without LayerNorm. */
interface Slots {
  readonly inputs: number;
  readonly units: number;
  readonly width: number;
  readonly weight: number;
  readonly bias: number;
  readonly scale: number;
  readonly offset: number;
  readonly activation: number;
}

/** What one layer remembers of a forward pass: z before the activation (normalised where there is LayerNorm), and y. */
interface Trace {
  readonly z: Matrix;
  readonly y: Matrix;
  readonly inverse: Float32Array;
}

/**
 * Independent multi-layer perceptrons of one shape (heads), with gradients by hand, in the training kernel's memory. All
 * parameters lie in one vector, all gradients in another of the same layout: an optimiser and a target network see
 * nothing else. Weights `[inputs][units padded to eight]`; what is beyond the last unit is zero and stays zero.
 */
export class Ensemble {
  readonly description: NetworkDescription;
  readonly kernel: TrainingKernel;
  readonly parameters: Float32Array;
  /** Written by `backward`; empty in a network that is never trained. */
  readonly gradients: Float32Array;
  /** Where the caller writes the gradient of the output before `backward`, which destroys it. */
  readonly outputGradient: Matrix;
  readonly #layers: readonly Slots[];
  readonly #size: number;
  readonly #trace: readonly Trace[];
  readonly #flow: readonly [Matrix, Matrix];

  /** All parameters zero. `rows`: the largest batch. */
  constructor(kernel: TrainingKernel, description: NetworkDescription, rows: number, trained = true) {
    this.kernel = kernel;
    this.description = description;
    let at = 0;
    let inputs = description.inputs;
    this.#layers = description.layers.map(({ units, activation, layer_norm }) => {
      const width = padded(units);
      const weight = at;
      const bias = weight + inputs * width;
      const scale = layer_norm ? bias + width : -1;
      const offset = layer_norm ? scale + width : -1;
      at = bias + width * (layer_norm ? 3 : 1);
      const slots = { inputs, units, width, weight, bias, scale, offset, activation: ACTIVATION[activation] };
      inputs = units;
      return slots;
    });
    this.#size = at;
    this.parameters = kernel.floats(at * description.heads);
    this.gradients = trained ? kernel.floats(at * description.heads) : new Float32Array(0);
    this.#trace = this.#layers.map(({ units, scale }) => {
      const y = kernel.matrix(rows, units);
      return { y, z: scale < 0 ? y : kernel.matrix(rows, units), inverse: kernel.floats(scale < 0 ? 0 : rows) };
    });
    const widest = Math.max(...this.#layers.map((l) => l.units));
    this.#flow = [kernel.matrix(rows, widest), kernel.matrix(rows, widest)];
    this.outputGradient = kernel.matrix(rows, description.outputs);
  }

  /**
   * Orthogonal weights (gain √2 before ReLU, 1 else; the last layer's is `last`), zero biases, LayerNorm as identity.
   * `last` 0 makes a network that says 0 (before its last activation) to everything.
   */
  initialise(random: Random, last = 1): void {
    this.parameters.fill(0);
    for (let head = 0; head < this.description.heads; head++) {
      this.#layers.forEach((layer, l) => {
        const base = head * this.#size;
        const { inputs, units, width } = layer;
        const isLast = l === this.#layers.length - 1;
        const gain = isLast ? last : layer.activation === ACTIVATION.relu ? Math.SQRT2 : 1;
        const values = orthogonal(random, inputs, units, gain);
        for (let i = 0; i < inputs; i++)
          for (let u = 0; u < units; u++) this.parameters[base + layer.weight + i * width + u] = values[i * units + u]!;
        if (layer.scale >= 0) this.parameters.fill(1, base + layer.scale, base + layer.scale + units);
      });
    }
  }

  /** Output of one head for the first `rows` rows of `x`; valid until the next call. */
  forward(head: number, x: Matrix, rows: number): Matrix {
    const { run } = this.kernel;
    const base = this.parameters.byteOffset + 4 * head * this.#size;
    let from = x;
    this.#layers.forEach((l, i) => {
      const { z, y, inverse } = this.#trace[i]!;
      const panels = this.kernel.panels(l.inputs * l.width);
      run.pack(base + 4 * l.weight, 4 * l.width, l.inputs, l.width, panels);
      run.gemm(from.at, from.bytes, 4, panels, z.at, z.bytes, rows, l.inputs, l.width, base + 4 * l.bias, 0);
      if (l.scale >= 0) {
        const [scale, offset] = [base + 4 * l.scale, base + 4 * l.offset];
        run.normalise(z.at, z.bytes, rows, l.units, scale, offset, inverse.byteOffset, y.at, y.bytes);
      }
      const columns = l.activation === ACTIVATION.relu ? l.width : l.units;
      if (l.activation !== ACTIVATION.linear) run.activate(l.activation, y.at, y.bytes, rows, columns);
      from = y;
    });
    return from;
  }

  /**
   * Gradients of head `head` after its `forward` of the same `x` and `rows`, from `outputGradient`. `into.weights`: writes
   * this head's part of `gradients`. `into.input`: writes the gradient of `x`, or adds to it with `into.add`.
   */
  backward(head: number, x: Matrix, rows: number, into: { weights?: boolean; input?: Matrix; add?: boolean }): void {
    const { run } = this.kernel;
    const first = 4 * head * this.#size;
    const weights = this.parameters.byteOffset + first;
    const grads = this.gradients.byteOffset + first;
    let d = this.outputGradient;
    for (let i = this.#layers.length - 1; i >= 0; i--) {
      const l = this.#layers[i]!;
      const { z, y, inverse } = this.#trace[i]!;
      const from = i === 0 ? x : this.#trace[i - 1]!.y;
      if (l.activation !== ACTIVATION.linear)
        run.activateGradient(l.activation, d.at, d.bytes, y.at, y.bytes, rows, l.width);
      if (l.scale >= 0) {
        if (into.weights) {
          run.columnProducts(d.at, d.bytes, z.at, z.bytes, rows, l.width, grads + 4 * l.scale);
          run.columnSums(d.at, d.bytes, rows, l.width, grads + 4 * l.offset);
        }
        const scale = weights + 4 * l.scale;
        run.normaliseGradient(d.at, d.bytes, rows, l.units, z.at, z.bytes, inverse.byteOffset, scale);
      }
      if (into.weights) {
        run.columnSums(d.at, d.bytes, rows, l.width, grads + 4 * l.bias);
        const panels = this.kernel.panels(rows * l.width);
        run.pack(d.at, d.bytes, rows, l.width, panels);
        // dW = xᵀ·d: the rows of the result are the columns of x.
        run.gemm(from.at, 4, from.bytes, panels, grads + 4 * l.weight, 4 * l.width, l.inputs, rows, l.width, 0, 0);
      }
      const to = i === 0 ? into.input : this.#flow[i % 2]!;
      if (to === undefined) return;
      const width = padded(l.inputs);
      const panels = this.kernel.panels(l.units * width);
      run.packTransposed(weights + 4 * l.weight, 4 * l.width, l.units, l.inputs, panels);
      const add = i === 0 && into.add === true ? 1 : 0;
      run.gemm(d.at, d.bytes, 4, panels, to.at, to.bytes, rows, l.units, width, 0, add);
      d = to;
    }
  }

  /** Becomes what `other`, of the same shape, is. */
  copyFrom(other: Ensemble): void {
    this.parameters.set(other.parameters);
  }

  /** Polyak averaging towards `other`: θ ← θ + τ(θ_other − θ). */
  approach(other: Ensemble, tau: number): void {
    this.kernel.run.polyak(this.parameters.byteOffset, other.parameters.byteOffset, this.parameters.length, tau);
  }

  /** Tensors by the names that `policies/kernels` reads. */
  tensors(): Map<string, Tensor> {
    const { heads } = this.description;
    const tensors = new Map<string, Tensor>();
    for (let head = 0; head < heads; head++) {
      this.#layers.forEach((l, i) => {
        const part = (offset: number, rows: number, shape: number[], name: string) => {
          const data = new Float32Array(rows * l.units);
          const base = head * this.#size + offset;
          for (let r = 0; r < rows; r++)
            for (let u = 0; u < l.units; u++) data[r * l.units + u] = this.parameters[base + r * l.width + u]!;
          tensors.set(tensorName(heads, head, i, name), { shape, data });
        };
        part(l.weight, l.inputs, [l.inputs, l.units], 'weight');
        part(l.bias, 1, [l.units], 'bias');
        if (l.scale < 0) return;
        part(l.scale, 1, [l.units], 'norm.scale');
        part(l.offset, 1, [l.units], 'norm.offset');
      });
    }
    return tensors;
  }

  /** Takes the numbers of tensors named as `tensors` names them. @throws Error where one is missing or of another size */
  load(tensors: ReadonlyMap<string, Tensor>): void {
    const { heads } = this.description;
    for (let head = 0; head < heads; head++) {
      this.#layers.forEach((l, i) => {
        const part = (offset: number, rows: number, name: string) => {
          const full = tensorName(heads, head, i, name);
          const data = tensors.get(full)?.data;
          if (data?.length !== rows * l.units)
            throw new Error(`${full}: ${data?.length ?? 'no'} numbers; allowed: ${rows * l.units}`);
          const base = head * this.#size + offset;
          for (let r = 0; r < rows; r++)
            for (let u = 0; u < l.units; u++) this.parameters[base + r * l.width + u] = data[r * l.units + u]!;
        };
        part(l.weight, l.inputs, 'weight');
        part(l.bias, 1, 'bias');
        if (l.scale < 0) return;
        part(l.scale, 1, 'norm.scale');
        part(l.offset, 1, 'norm.offset');
      });
    }
  }

  /** Bytes of a .safetensors file that the kernels of `policies` read. */
  export(metadata: Record<string, string>): Uint8Array {
    const network = JSON.stringify(this.description);
    return writeSafetensors({ metadata: { ...metadata, network }, tensors: this.tensors() });
  }
}
