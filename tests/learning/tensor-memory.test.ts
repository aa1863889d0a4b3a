import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NetworkDescription } from '../../policies/kernels/network.ts';
import { loadRun } from '../../src/core/config/load.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { SeededRandom } from '../../src/core/random.ts';
import { BC_DEFAULTS, trainBc } from '../../src/learning/behaviour-cloning.ts';
import { noResidual } from '../../src/learning/demonstrations.ts';
import { tensorflowForward } from '../../src/learning/kernel-peer.ts';
import { RISK_DEFAULTS, trainRisk } from '../../src/learning/risk.ts';
import { tensorflowUpdate } from '../../src/learning/td3-peer.ts';
import { matMul, startTensorflow, tf } from '../../src/learning/tensorflow.ts';
import { TrainableNetwork } from '../../src/learning/trainable.ts';

/** Tensors of TensorFlow.js live until they are disposed of: nothing collects them. */
const held = () => {
  const { numTensors, numDataBuffers, numBytes } = tf.memory();
  return { numTensors, numDataBuffers, numBytes };
};

/** What is held after each of `times` runs. */
function heldAfter(times: number, run: () => void) {
  return Array.from({ length: times }, () => {
    run();
    return held();
  });
}

const { config } = loadRun(join(packageRoot, 'configs/runs/peg.yaml'), ['task.horizon_steps=25']);
// Short episodes in which the base, which goes down, breaks it.
config.safety.force_limit = 2;
const out = mkdtempSync(join(tmpdir(), 'reflexarc-tensors-'));
afterAll(() => rmSync(out, { recursive: true, force: true }));
beforeAll(async () => {
  expect(await startTensorflow('wasm')).toBe('wasm');
});

describe('tensors of TensorFlow.js', () => {
  it('are given back by the gradient of our matMul', () => {
    const [x, w] = [tf.ones([3, 2]), tf.ones([2, 4])];
    const before = held();
    const slopes = tf.grads((a, b) => tf.sum(matMul(a!, b!)));
    const each = heldAfter(5, () => {
      tf.dispose(slopes([x, w]));
    });
    tf.dispose(matMul(x, w));
    expect([...each, held()]).toEqual(new Array(6).fill(before));
    tf.dispose([x, w]);
  });

  it('are as many after each update of a network, and none is left of one that is disposed of', () => {
    const begun = held();
    const layers: NetworkDescription['layers'] = [
      { units: 8, activation: 'relu', layer_norm: true },
      { units: 2, activation: 'tanh', layer_norm: false },
    ];
    const normalisation = { mean: [0, 0, 0], std: [1, 1, 1] };
    const network = new TrainableNetwork(
      { inputs: 3, outputs: 2, heads: 2, layers, normalisation },
      new SeededRandom(1),
    );
    // Two heads of two weights, two biases, and one LayerNorm of two: nothing besides its variables.
    expect(held().numTensors - begun.numTensors).toBe(12);
    const optimiser = tf.train.adam(1e-3);
    const x = tf.ones([4, 3]);
    const update = () =>
      tf.tidy(() => {
        const loss = () => tf.mean(tf.add(network.forward(x, 0), network.forward(x, 1))) as tf.Scalar;
        optimiser.minimize(loss, true, network.variables)!.dataSync();
      });
    // The first update makes Adam's moments.
    update();
    const settled = held();
    expect(heldAfter(10, update)).toEqual(new Array(10).fill(settled));
    const predicted = heldAfter(10, () => {
      tf.tidy(() => network.forward(x).dataSync());
      network.export({});
    });
    expect(predicted).toEqual(new Array(10).fill(settled));
    network.dispose();
    optimiser.dispose();
    x.dispose();
    expect(held()).toEqual(begun);
  });

  it.each(['plain', 'custom'] as const)(
    'are as many after each update of the peer with %s gradients',
    async (gradient) => {
      const begun = held();
      const shape = { observationSize: 3, actionSize: 2, hidden: [8, 8], batch: 4 };
      const peer = await tensorflowUpdate(shape, gradient);
      // Two: every second one moves the actor.
      peer.update();
      peer.update();
      const settled = held();
      expect(heldAfter(10, peer.update)).toEqual(new Array(10).fill(settled));
      peer.dispose();
      expect(held()).toEqual(begun);
    },
  );

  it('are as many after each forward pass of the peer of the tick', async () => {
    const begun = held();
    const layer = { inputs: 2, units: 2, activation: 'relu', norm: null } as const;
    const weights = { weight: Float32Array.of(1, -1, 2, 1), bias: Float32Array.of(0.5, 0) };
    const peer = await tensorflowForward([{ ...layer, ...weights }], Float32Array.of(1, 2, -1, 0));
    const settled = held();
    expect(heldAfter(10, peer.forward)).toEqual(new Array(10).fill(settled));
    peer.dispose();
    expect(held()).toEqual(begun);
  });

  it('are none after behaviour cloning, and none after the training of a risk critic', async () => {
    const begun = held();
    const random = new SeededRandom(1);
    const rows = (size: number) =>
      Array.from({ length: 12 }, () => Float64Array.from({ length: size }, () => random.range(-1, 1)));
    const demonstrations = [1, 2].map((seed) => ({ seed, success: true, observations: rows(3), actions: rows(4) }));
    const recorded = { demonstrations, source: 'rows' };
    await trainBc(config, { ...BC_DEFAULTS, out, epochs: 2, recorded, onProgress: () => {} });
    expect(held()).toEqual(begun);
    const down = {
      ...{ observationSize: 3, actionSize: 4, horizon: 4, sha256: '' },
      infer: (_: Float64Array, chunk: Float64Array) => void chunk.fill(-1),
    };
    const options = {
      ...RISK_DEFAULTS,
      method: 'monte-carlo',
      out,
      episodes: 5,
      epochs: 1,
      onProgress: () => {},
    } as const;
    await trainRisk(config, down, noResidual, options);
    expect(held()).toEqual(begun);
  });
});
