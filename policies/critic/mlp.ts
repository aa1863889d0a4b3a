import { definePolicy } from '../../src/core/plugin.ts';
import { SimdMlp } from '../kernels/simd.ts';
import type { RiskCritic } from '../policy.ts';
import { loadWeights, type WeightsOptions, weightsOptions } from '../weights.ts';

/** Twin sigmoid networks; the risk is the larger of the two, so that doubt counts as danger. */
export const mlpCritic = definePolicy<WeightsOptions, void, RiskCritic>({
  name: 'mlp',
  summary:
    'An ensemble from a .safetensors file or a TensorFlow.js model.json; state and aim in, the largest risk of its heads out.',
  options: weightsOptions,
  create(options): RiskCritic {
    const { network, sha256 } = loadWeights(options);
    const kernel = new SimdMlp(network);
    return {
      inputSize: kernel.inputs,
      sha256,
      evaluate(inputs, count, risks) {
        // REAL-TIME: one batch a tick; no allocation.
        kernel.forward(inputs, count);
        for (let row = 0; row < count; row++) {
          let worst = 0;
          for (let head = 0; head < kernel.heads; head++) {
            const risk = kernel.output(head, row, 0);
            // Written so that NaN is kept: the gate counts it as the largest risk.
            if (!(risk <= worst)) worst = risk;
            if (Number.isNaN(worst)) break;
          }
          risks[row] = worst;
        }
      },
    };
  },
});
