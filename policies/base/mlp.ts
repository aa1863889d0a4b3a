import { ReflexArcError } from '../../src/core/errors.ts';
import { definePolicy } from '../../src/core/plugin.ts';
import { Mlp } from '../kernels/mlp.ts';
import type { BasePolicy } from '../policy.ts';
import { loadWeights, type WeightsOptions, weightsOptions } from '../weights.ts';

/** A behaviour-cloned network that answers one observation with a chunk of actions, clipped to [-1, 1]. */
export const mlpBase = definePolicy<WeightsOptions, void, BasePolicy>({
  name: 'mlp',
  summary:
    'A network from a .safetensors file or a TensorFlow.js model.json; one observation in, a chunk of actions out.',
  options: weightsOptions,
  create(options): BasePolicy {
    const { network, metadata, sha256 } = loadWeights(options);
    const mlp = new Mlp(network);
    const horizon = Number(metadata.horizon);
    const actionSize = Number(metadata.action_size);
    if (!(horizon >= 1 && horizon * actionSize === mlp.outputs))
      throw new ReflexArcError('RA_WEIGHTS_UNREADABLE', {
        seen: `${options.path}: horizon ${metadata.horizon}, action_size ${metadata.action_size}, ${mlp.outputs} outputs`,
        allowed: 'outputs = horizon × action_size',
      });
    return {
      observationSize: mlp.inputs,
      actionSize,
      horizon,
      sha256,
      infer(observation, chunk) {
        mlp.forward(observation, 0, chunk, 0);
        for (let i = 0; i < chunk.length; i++) {
          const v = chunk[i]!;
          if (v > 1) chunk[i] = 1;
          else if (v < -1) chunk[i] = -1;
        }
      },
    };
  },
});
