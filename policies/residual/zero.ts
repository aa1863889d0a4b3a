import { z } from 'zod';
import { definePolicy } from '../../src/core/plugin.ts';
import type { ResidualPolicy } from '../policy.ts';

const options = z.object({
  type: z.string(),
  observation_size: z.int().positive().default(9),
  action_size: z.int().positive().default(4),
});

/** No correction: the base alone, bit for bit. */
export const zeroResidual = definePolicy<z.infer<typeof options>, void, ResidualPolicy>({
  name: 'zero',
  summary: 'No correction; the base alone, bit for bit.',
  options,
  create: ({ observation_size, action_size }): ResidualPolicy => ({
    observationSize: observation_size,
    actionSize: action_size,
    sha256: '',
    infer: (_observation, _base, out) => {
      out.fill(0);
    },
  }),
});
