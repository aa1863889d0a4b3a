import { definePolicy } from '../../src/core/plugin.ts';
import { Mlp } from '../kernels/mlp.ts';
import type { Network } from '../kernels/network.ts';
import type { ResidualPolicy } from '../policy.ts';
import { loadWeights, type WeightsOptions, weightsOptions } from '../weights.ts';

/** A network of observation and base action; its last activation bounds it to [-1, 1]. */
export const mlpResidual = definePolicy<WeightsOptions, void, ResidualPolicy>({
  name: 'mlp',
  summary:
    'A network from a .safetensors file or a TensorFlow.js model.json; observation and base action in, a correction in [-1, 1] out.',
  options: weightsOptions,
  create(options): ResidualPolicy {
    const { network, sha256 } = loadWeights(options);
    return residualFrom(network, sha256);
  },
});

/** The residual that a network is. */
export function residualFrom(network: Network, sha256: string): ResidualPolicy {
  const mlp = new Mlp(network);
  const actionSize = mlp.outputs;
  const observationSize = mlp.inputs - actionSize;
  const input = new Float64Array(mlp.inputs);
  return {
    observationSize,
    actionSize,
    sha256,
    infer(observation, base, out) {
      input.set(observation, 0);
      input.set(base, observationSize);
      mlp.forward(input, 0, out, 0);
    },
  };
}
