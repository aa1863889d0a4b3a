import { z } from 'zod';
import { definePolicy } from '../../src/core/plugin.ts';
import type { RiskCritic } from '../policy.ts';

const options = z.object({ type: z.string(), input_size: z.int().positive() });

/** For a robot that has no critic yet: it sees no risk. The hard rules hold without it (house rule 6). */
export const zeroCritic = definePolicy<z.infer<typeof options>, void, RiskCritic>({
  name: 'zero',
  summary: 'No critic: risk 0 always, the hard rules alone; needs input_size.',
  options,
  create: ({ input_size }): RiskCritic => ({
    inputSize: input_size,
    sha256: '',
    evaluate: (_inputs, count, risks) => {
      risks.fill(0, 0, count);
    },
  }),
});
