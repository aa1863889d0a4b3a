import { beforeAll, describe, expect, it } from 'vitest';
import { Mlp } from '../../../policies/kernels/mlp.ts';
import { type NetworkDescription, readNetwork, tensorName } from '../../../policies/kernels/network.ts';
import { readSafetensors, type Tensor } from '../../../policies/kernels/safetensors.ts';
import { SeededRandom } from '../../../src/core/random.ts';
import { Adam } from '../../../src/learning/numerics/adam.ts';
import { Ensemble } from '../../../src/learning/numerics/ensemble.ts';
import { type Matrix, TrainingKernel } from '../../../src/learning/numerics/kernel.ts';
import { orthogonal } from '../../../src/learning/numerics/orthogonal.ts';
import { matMul, startTensorflow, tf } from '../../../src/learning/tensorflow.ts';

beforeAll(async () => {
  expect(await startTensorflow('wasm')).toBe('wasm');
});

type Layers = NetworkDescription['layers'];
const layers = (...of: [number, 'relu' | 'tanh' | 'sigmoid' | 'linear', boolean][]): Layers =>
  of.map(([units, activation, layer_norm]) => ({ units, activation, layer_norm }));

function shaped(inputs: number, heads: number, of: Layers): NetworkDescription {
  const normalisation = { mean: new Array(inputs).fill(0), std: new Array(inputs).fill(1) };
  return { inputs, outputs: of.at(-1)!.units, heads, layers: of, normalisation };
}

function fill(m: Matrix, random: SeededRandom): Matrix {
  for (let r = 0; r < m.rows; r++) for (let c = 0; c < m.columns; c++) m.set(r, c, random.normal());
  return m;
}

const values = (m: Matrix, rows = m.rows): number[][] =>
  Array.from({ length: rows }, (_, r) => Array.from({ length: m.columns }, (_, c) => m.get(r, c)));

/** Largest difference, relative to one and the larger. */
function apart(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Math.max(...Array.from(a, (v, i) => Math.abs(v - b[i]!) / Math.max(1, Math.abs(b[i]!))));
}

/** The same network in TensorFlow.js, from the tensors that a file would hold; `x` and the tensors are differentiable. */
function reference(d: NetworkDescription, head: number, x: tf.Tensor, t: Map<string, tf.Tensor>): tf.Tensor {
  let y = x;
  d.layers.forEach((layer, i) => {
    const of = (part: string) => t.get(tensorName(d.heads, head, i, part))!;
    y = tf.add(matMul(y, of('weight')), of('bias'));
    if (layer.layer_norm) {
      const centred = tf.sub(y, tf.mean(y, 1, true));
      const variance = tf.mean(tf.square(centred), 1, true);
      y = tf.add(tf.mul(tf.div(centred, tf.sqrt(tf.add(variance, 1e-3))), of('norm.scale')), of('norm.offset'));
    }
    if (layer.activation !== 'linear') y = tf[layer.activation](y);
  });
  return y;
}

const tensorsOf = (e: { tensors(): Map<string, Tensor> }) =>
  new Map([...e.tensors()].map(([name, { shape, data }]) => [name, tf.tensor(data, [...shape])]));

/** Gradients by name, as `tensors` lays them out. */
function gradientsOf(network: Ensemble): Map<string, Tensor> {
  const held = network.parameters.slice();
  network.parameters.set(network.gradients);
  const named = network.tensors();
  network.parameters.set(held);
  return named;
}

/** A network whose LayerNorms and biases are not the identity. */
function network(d: NetworkDescription, rows: number, seed: number): Ensemble {
  const e = new Ensemble(new TrainingKernel(), d, rows);
  const random = new SeededRandom(seed);
  e.initialise(random);
  const tensors = new Map(
    [...e.tensors()].map(([name, t]) => [
      name,
      name.endsWith('weight') ? t : { ...t, data: t.data.map((v) => v + 0.3 * random.normal()) },
    ]),
  );
  e.load(tensors);
  return e;
}

const SHAPES: [string, number, number, Layers][] = [
  ['a critic', 13, 3, layers([32, 'relu', true], [32, 'relu', true], [1, 'linear', false])],
  ['an actor', 5, 1, layers([24, 'relu', false], [17, 'tanh', false], [4, 'tanh', false])],
  ['odd widths', 7, 2, layers([9, 'tanh', true], [3, 'relu', true], [2, 'sigmoid', false])],
  ['one layer with LayerNorm at its end', 3, 1, layers([6, 'sigmoid', true])],
];

describe('an ensemble', () => {
  it.each(SHAPES)('%s: its forward pass is that of the kernel in the tick', (_, inputs, heads, of) => {
    const rows = 7;
    const e = network(shaped(inputs, heads, of), rows, 3);
    const x = fill(e.kernel.matrix(rows, inputs), new SeededRandom(4));
    const mlp = new Mlp(readNetwork(readSafetensors(e.export({}), 'f'), 'f'));
    const out = new Float64Array(e.description.outputs);
    for (let head = 0; head < heads; head++) {
      const y = values(e.forward(head, x, rows));
      const theirs = values(x).map((row) => {
        mlp.forward(Float64Array.from(row), 0, out, 0, head);
        return Array.from(out);
      });
      expect(apart(y.flat(), theirs.flat())).toBeLessThan(1e-5);
    }
  });

  it.each(SHAPES)('%s: its gradients are those of TensorFlow.js', (_, inputs, heads, of) => {
    const rows = 11;
    const e = network(shaped(inputs, heads, of), rows, 5);
    const random = new SeededRandom(6);
    const x = fill(e.kernel.matrix(rows, inputs), random);
    const g = fill(e.kernel.matrix(rows, e.description.outputs), random);
    const dx = e.kernel.matrix(rows, inputs);
    for (let head = 0; head < heads; head++) {
      e.forward(head, x, rows);
      e.outputGradient.data.set(g.data);
      e.backward(head, x, rows, { weights: true, input: dx });
    }
    const ours = gradientsOf(e);
    const all = tensorsOf(e);
    const weights = tf.tensor2d(values(g));
    for (let head = 0; head < heads; head++) {
      const t = new Map([...all].filter(([name]) => heads === 1 || name.startsWith(`head${head}.`)));
      const names = [...t.keys()];
      const [tx, ...grads] = tf.grads((x_, ...ts) =>
        tf.sum(tf.mul(weights, reference(e.description, head, x_!, new Map(names.map((n, i) => [n, ts[i]!]))))),
      )([tf.tensor2d(values(x)), ...t.values()]);
      names.forEach((name, i) => {
        expect(apart(ours.get(name)!.data, grads[i]!.dataSync()), name).toBeLessThan(1e-4);
      });
      if (head < heads - 1) continue;
      expect(apart(values(dx).flat(), tx!.dataSync())).toBeLessThan(1e-4);
    }
  });

  it('has the gradients that finite differences say', () => {
    const rows = 4;
    const e = network(shaped(3, 1, layers([8, 'tanh', true], [2, 'tanh', false])), rows, 8);
    const x = fill(e.kernel.matrix(rows, 3), new SeededRandom(9));
    const loss = () => values(e.forward(0, x, rows)).reduce((s, [a, b]) => s + a! ** 2 + 3 * b!, 0);
    const y = values(e.forward(0, x, rows));
    y.forEach(([a], r) => {
      e.outputGradient.set(r, 0, 2 * a!);
      e.outputGradient.set(r, 1, 3);
    });
    const dx = e.kernel.matrix(rows, 3);
    e.backward(0, x, rows, { weights: true, input: dx });
    const check = (at: Float32Array, i: number, gradient: number) => {
      const held = at[i]!;
      const h = 1e-2;
      at[i] = held + h;
      const above = loss();
      at[i] = held - h;
      const below = loss();
      at[i] = held;
      const numeric = (above - below) / (2 * h);
      expect(Math.abs(numeric - gradient)).toBeLessThan(0.02 * Math.max(1, Math.abs(numeric)));
    };
    for (const [i, v] of e.gradients.slice().entries()) check(e.parameters, i, v);
    for (let r = 0; r < rows; r++) for (let c = 0; c < 3; c++) check(x.data, r * x.stride + c, dx.get(r, c));
  });

  it('adds the gradients of its input over heads where it is told to', () => {
    const e = network(shaped(4, 2, layers([8, 'relu', false], [1, 'linear', false])), 3, 1);
    const x = fill(e.kernel.matrix(3, 4), new SeededRandom(2));
    const each = [0, 1].map((head) => {
      const dx = e.kernel.matrix(3, 4);
      e.forward(head, x, 3);
      for (let r = 0; r < 3; r++) e.outputGradient.set(r, 0, 1);
      e.backward(head, x, 3, { input: dx });
      return values(dx);
    });
    const both = e.kernel.matrix(3, 4);
    for (const head of [0, 1]) {
      e.forward(head, x, 3);
      for (let r = 0; r < 3; r++) e.outputGradient.set(r, 0, 1);
      e.backward(head, x, 3, { input: both, add: head > 0 });
    }
    const sums = each[0]!.flat().map((v, i) => v + each[1]!.flat()[i]!);
    expect(apart(values(both).flat(), sums)).toBeLessThan(1e-5);
    // A backward pass of the input alone leaves the gradients of the weights alone.
    expect(e.gradients.every((v) => v === 0)).toBe(true);
  });

  it('with a last gain of zero says zero to everything, bit for bit', () => {
    const e = new Ensemble(new TrainingKernel(), shaped(3, 1, layers([16, 'relu', true], [4, 'tanh', false])), 5);
    e.initialise(new SeededRandom(1), 0);
    const y = e.forward(0, fill(e.kernel.matrix(5, 3), new SeededRandom(2)), 5);
    expect(
      values(y)
        .flat()
        .every((v) => Object.is(v, 0)),
    ).toBe(true);
  });

  it('keeps its padding at zero while it learns, and a NaN stays a NaN', () => {
    const e = network(shaped(3, 1, layers([5, 'relu', true], [3, 'sigmoid', false])), 2, 1);
    const adam = new Adam(e, { rate: 0.1, decay: 0.1 });
    const x = fill(e.kernel.matrix(2, 3), new SeededRandom(2));
    for (let k = 0; k < 3; k++) {
      e.forward(0, x, 2);
      for (let r = 0; r < 2; r++) for (let i = 0; i < 3; i++) e.outputGradient.set(r, i, 1);
      e.backward(0, x, 2, { weights: true });
      adam.step();
    }
    const used = [...e.tensors().values()].reduce((n, t) => n + t.data.length, 0);
    expect(e.parameters.filter((v) => v !== 0).length).toBe(used);
    x.set(1, 1, Number.NaN);
    const y = values(e.forward(0, x, 2));
    expect(y.map((row) => row.map(Number.isNaN))).toEqual([
      [false, false, false],
      [true, true, true],
    ]);
  });

  it('takes back what it gave, and refuses tensors of another shape', () => {
    const of = layers([8, 'relu', true], [2, 'linear', false]);
    const a = network(shaped(3, 2, of), 1, 1);
    const b = new Ensemble(new TrainingKernel(), shaped(3, 2, of), 1);
    b.load(a.tensors());
    expect(b.parameters).toEqual(a.parameters);
    expect(() => b.load(new Map())).toThrow('head0.layer0.weight: no numbers; allowed: 24');
  });
});

describe('AdamW', () => {
  /** One linear unit without input: its bias is the only parameter that moves. */
  const bias = () => {
    const e = new Ensemble(new TrainingKernel(), shaped(1, 1, layers([1, 'linear', false])), 1);
    const at = e.parameters.length - 8;
    return { e, at, set: (g: number) => e.gradients.fill(g, at, at + 1) };
  };

  it('by hand: two steps of gradients 2 and −1, rate 0.1, decay 0.5', () => {
    const { e, at, set } = bias();
    const adam = new Adam(e, { rate: 0.1, decay: 0.5 });
    e.parameters[at] = 1;
    set(2);
    expect(adam.step()).toBeCloseTo(2, 6);
    // First step: m/(1−β₁) = 2, √(v/(1−β₂)) = 2, so it moves by the rate; decay takes 0.05 of 1.
    expect(e.parameters[at]).toBeCloseTo(0.95 - 0.1, 5);
    set(-1);
    adam.step();
    // m = 0.9·0.2 − 0.1 = 0.08, /(1 − 0.81) = 0.42105; v = 0.999·0.004 + 0.001 = 0.004996, /(1 − 0.998001) = 2.49925.
    expect(e.parameters[at]).toBeCloseTo(0.85 * 0.95 - (0.1 * 0.421053) / Math.sqrt(2.49925), 5);
  });

  it('clips the norm over all parameters, and says what it was', () => {
    const { e, at, set } = bias();
    const adam = new Adam(e, { rate: 1, clip: 0.5 });
    set(3);
    e.gradients[0] = 4;
    expect(adam.step()).toBeCloseTo(5, 6);
    expect(adam.mean[at]).toBeCloseTo(0.1 * 0.3, 6);
    expect(adam.mean[0]).toBeCloseTo(0.1 * 0.4, 6);
  });
});

describe('orthogonal weights', () => {
  it.each([
    [6, 4],
    [4, 6],
    [5, 5],
  ])('%d × %d have orthonormal columns, or rows where there are fewer of them, times the gain', (inputs, units) => {
    const w = orthogonal(new SeededRandom(1), inputs, units, 2);
    const column = (c: number) => Array.from({ length: inputs }, (_, r) => w[r * units + c]!);
    const row = (r: number) => Array.from({ length: units }, (_, c) => w[r * units + c]!);
    const vectors = Array.from({ length: Math.min(inputs, units) }, (_, k) => (inputs >= units ? column(k) : row(k)));
    for (const [i, u] of vectors.entries())
      for (const [j, v] of vectors.entries())
        expect(u.reduce((s, a, k) => s + a * v[k]!, 0)).toBeCloseTo(i === j ? 4 : 0, 10);
  });
});
