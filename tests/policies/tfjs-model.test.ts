import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SimdMlp } from '../../policies/kernels/simd.ts';
import { loadWeights } from '../../policies/weights.ts';
import { startTensorflow, tf } from '../../src/learning/tensorflow.ts';

let folder: string;
beforeAll(async () => {
  await startTensorflow('wasm');
  folder = mkdtempSync(join(tmpdir(), 'tfjs-model-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface ModelJson {
  format: string;
  // biome-ignore lint/suspicious/noExplicitAny: a file that the tests spoil anywhere
  modelTopology: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  weightsManifest: any[];
  userDefinedMetadata?: object;
}

/** Saves as `model.save('file://…')` does, its weights in two files that part a number. */
async function save(
  model: tfl.LayersModel,
  spoil: (json: ModelJson, weights: Buffer) => void = () => {},
): Promise<string> {
  const name = `${folder}/${Math.floor(performance.now() * 1e3)}`;
  mkdirSync(name);
  await model.save(
    tf.io.withSaveHandler(async ({ modelTopology, weightSpecs, weightData, userDefinedMetadata }) => {
      const bytes = Buffer.from(weightData as ArrayBuffer);
      const paths = ['group1-shard1of2.bin', 'group1-shard2of2.bin'];
      const json = {
        format: 'layers-model',
        modelTopology,
        weightsManifest: [{ paths, weights: weightSpecs }],
        userDefinedMetadata,
      };
      const copy = JSON.parse(JSON.stringify(json));
      spoil(copy, bytes);
      writeFileSync(join(name, paths[0]!), bytes.subarray(0, 7));
      writeFileSync(join(name, paths[1]!), bytes.subarray(7));
      writeFileSync(join(name, 'model.json'), JSON.stringify(copy));
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    }),
  );
  return join(name, 'model.json');
}

/** As `cat model.json group1-shard*of2.bin | sha256sum`. */
function digest(path: string): string {
  const files = ['model.json', 'group1-shard1of2.bin', 'group1-shard2of2.bin'];
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(path.replace('model.json', file)));
  return hash.digest('hex');
}

const { dense, layerNormalization, activation, dropout } = tfl.layers;
const gaussian = (seed: number) => tfl.initializers.randomNormal({ stddev: 0.5, seed });

const sequential = () =>
  tfl.sequential({
    layers: [
      dense({ units: 33, inputShape: [5], kernelInitializer: gaussian(1), biasInitializer: gaussian(2) }),
      layerNormalization({ gammaInitializer: gaussian(3), betaInitializer: gaussian(4) }),
      activation({ activation: 'relu' }),
      dropout({ rate: 0.5 }),
      dense({ units: 8, activation: 'tanh', useBias: false, kernelInitializer: gaussian(5) }),
      dense({ units: 2, activation: 'sigmoid', kernelInitializer: gaussian(6) }),
    ],
  });

/** Twin critics of one input. */
function twins(): tfl.LayersModel {
  const input = tfl.input({ shape: [5] });
  const head = (seed: number) => {
    const hidden = dense({ units: 16, activation: 'relu', kernelInitializer: gaussian(seed) }).apply(input);
    return dense({ units: 1, activation: 'sigmoid', kernelInitializer: gaussian(seed + 1) }).apply(hidden);
  };
  return tfl.model({ inputs: input, outputs: [head(10), head(20)] as tfl.SymbolicTensor[] });
}

function expectSame(path: string, model: tfl.LayersModel, rows: number[][], plain = rows): void {
  const { network } = loadWeights({ type: 'mlp', path, sha256: digest(path) });
  const simd = new SimdMlp(network);
  simd.forward(Float64Array.from(rows.flat()), rows.length);
  const outputs = [model.predict(tf.tensor2d(plain))].flat() as tf.Tensor[];
  expect(network.heads).toHaveLength(outputs.length);
  for (const [h, output] of outputs.entries())
    for (const [r, row] of (output.arraySync() as number[][]).entries())
      for (const [i, v] of row.entries()) expect(Math.abs(simd.output(h, r, i) - v)).toBeLessThan(1e-5);
}

const ROWS = [
  [1, -2, 0.5, 3, 0],
  [-0.3, 0.2, 2, -1, 4],
  [0, 0, 0, 0, 0],
];

describe('a layers model of TensorFlow.js as weights', () => {
  it('computes in our kernel what it computes there, within 1e-5: norm, activations, no bias, dropout at rest', async () => {
    const model = sequential();
    expectSame(await save(model), model, ROWS);
  });

  it('has a head for each output, as twin critics have', async () => {
    const model = twins();
    expectSame(await save(model), model, ROWS);
  });

  it('is normalised as its metadata says, which names horizon and size of the actions too', async () => {
    const model = sequential();
    const mean = [1, 2, 3, 4, 5];
    const std = [2, 2, 2, 4, 4];
    model.setUserDefinedMetadata({ normalisation: { mean, std }, horizon: 2, action_size: 1 });
    const path = await save(model);
    expectSame(
      path,
      model,
      ROWS,
      ROWS.map((row) => row.map((v, i) => (v - mean[i]!) / std[i]!)),
    );
    const { metadata } = loadWeights({ type: 'mlp', path, sha256: digest(path) });
    expect([metadata.horizon, metadata.action_size]).toEqual(['2', '1']);
  });

  it('is read as the converter of Keras writes it: the topology one level down, weights under the name of the model', async () => {
    const model = sequential();
    const path = await save(model, (json) => {
      json.modelTopology = { keras_version: '2.15.0', backend: 'tensorflow', model_config: json.modelTopology };
      for (const weight of json.weightsManifest[0].weights) weight.name = `sequential/${weight.name}`;
    });
    expectSame(path, model, ROWS);
  });

  it('is pinned by all its bytes: another byte of the weights is refused, with both digests', async () => {
    const path = await save(sequential());
    const sha256 = digest(path);
    const file = path.replace('model.json', 'group1-shard2of2.bin');
    const bytes = readFileSync(file);
    bytes[40]! ^= 1;
    writeFileSync(file, bytes);
    expect(() => loadWeights({ type: 'mlp', path, sha256 })).toThrow(
      expect.objectContaining({ code: 'RA_DIGEST_MISMATCH' }),
    );
  });

  const layer = (json: ModelJson, at: number) => json.modelTopology.config.layers[at];
  it.each<[string, (json: ModelJson, weights: Buffer) => void, RegExp]>([
    ['another kind of model', (j) => (j.format = 'graph-model'), /layers-model/],
    ['a layer that is no part of a dense network', (j) => (layer(j, 3).class_name = 'LSTM'), /class LSTM/],
    ['an activation that the kernels have not', (j) => (layer(j, 4).config.activation = 'elu'), /activation elu/],
    ['a second activation', (j) => (layer(j, 0).config.activation = 'tanh'), /after tanh/],
    ['another epsilon', (j) => (layer(j, 1).config.epsilon = 1e-5), /epsilon 0.00001/],
    [
      'a leaky ReLU',
      (j) => Object.assign(layer(j, 2), { class_name: 'ReLU', config: { name: 'r', negative_slope: 0.1 } }),
      /negative_slope/,
    ],
    [
      'quantised weights',
      (j) => (j.weightsManifest[0].weights[0].quantization = { dtype: 'uint8', min: 0, scale: 1 }),
      /quantised/,
    ],
    ['weights that are missing', (j) => j.weightsManifest[0].weights.pop(), /bytes after the last weight/],
    ['weights that are cut off', (j) => (j.weightsManifest[0].weights[0].shape = [5, 3300]), /ends at/],
    ['a file that is missing', (j) => (j.weightsManifest[0].paths[1] = 'gone.bin'), /gone\.bin: ENOENT/],
    ['a file elsewhere', (j) => (j.weightsManifest[0].paths[1] = '../x.bin'), /beside model\.json/],
    [
      'a weight under another name',
      (j) => (j.weightsManifest[0].weights[0].name = 'other/kernel'),
      /no weight .*kernel/,
    ],
    ['NaN', (_, w) => w.writeFloatLE(Number.NaN, 8), /is NaN/],
    ['a shape that does not fit', (j) => (j.weightsManifest[0].weights[0].shape = [33, 5]), /of shape|layer/],
  ])('refuses %s, and says which', async (_, spoil, says) => {
    const path = await save(sequential(), (json, weights) => void spoil(json, weights));
    expect(() => loadWeights({ type: 'mlp', path, sha256: '' })).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/RA_WEIGHTS_UNREADABLE|RA_DIGEST_MISMATCH/) }),
    );
    let said = '';
    try {
      loadWeights({ type: 'mlp', path, sha256: digest(path) });
    } catch (error) {
      said = (error as Error).message;
    }
    expect(said).toMatch(says);
  });

  it('refuses heads that differ, and JSON that is none', async () => {
    const input = tfl.input({ shape: [2] });
    const outputs = [1, 2].map((units) => dense({ units }).apply(input) as tfl.SymbolicTensor);
    const path = await save(tfl.model({ inputs: input, outputs }));
    expect(() => loadWeights({ type: 'mlp', path, sha256: digest(path) })).toThrow(/output 1 has layers/);
    writeFileSync(path, '{"modelTopology": ');
    expect(() => loadWeights({ type: 'mlp', path, sha256: '' })).toThrow(/RA_WEIGHTS_UNREADABLE|JSON/);
  });
});
