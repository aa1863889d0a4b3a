import { describe, expect, it } from 'vitest';
import type { DenseLayer } from '../../policies/kernels/network.ts';
import { tensorflowForward } from '../../src/learning/kernel-peer.ts';
import { startTensorflow, tf } from '../../src/learning/tensorflow.ts';

const layer = (over: Partial<DenseLayer>): DenseLayer => ({
  ...{ inputs: 2, units: 2, activation: 'relu', norm: null },
  ...{ weight: Float32Array.of(1, -1, 2, 1), bias: Float32Array.of(0.5, 0) },
  ...over,
});

describe('the peer in TensorFlow.js', () => {
  it('computes dense layers: two rows by hand, the second a second time', async () => {
    const last = layer({ units: 1, activation: 'linear', weight: Float32Array.of(1, 10), bias: Float32Array.of(1) });
    // Row [1, 2]: relu([1 + 4 + 0.5, -1 + 2]) = [5.5, 1], so 5.5 + 10 + 1. Row [-1, 0]: relu([-0.5, 1]) = [0, 1].
    const { forward, dispose } = await tensorflowForward([layer({}), last], Float32Array.of(1, 2, -1, 0));
    expect(Array.from(forward())).toEqual([16.5, 11]);
    expect(Array.from(forward())).toEqual([16.5, 11]);
    dispose();
  });

  it('computes on WebAssembly, also where another backend was in use', async () => {
    await startTensorflow('wasm');
    class Elsewhere extends tf.KernelBackend {
      override dispose(): void {}
    }
    tf.registerBackend('of others', () => new Elsewhere());
    await tf.setBackend('of others');
    const { forward, dispose } = await tensorflowForward([layer({})], Float32Array.of(1, 2));
    expect([tf.getBackend(), ...forward()]).toEqual(['wasm', 5.5, 1]);
    dispose();
    tf.removeBackend('of others');
  });

  it('refuses layers that it cannot fuse', async () => {
    await expect(tensorflowForward([layer({ activation: 'tanh' })], new Float32Array(2))).rejects.toThrow(/tanh/);
    const norm = { scale: new Float32Array(2), offset: new Float32Array(2) };
    await expect(tensorflowForward([layer({ norm })], new Float32Array(2))).rejects.toThrow(/LayerNorm/);
  });
});
