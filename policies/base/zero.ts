import { z } from 'zod';
import { definePolicy } from '../../src/core/plugin.ts';
import type { BasePolicy } from '../policy.ts';

const options = z.object({
  type: z.string(),
  observation_size: z.int().positive(),
  action_size: z.int().positive(),
});

/** For a robot that has no policy yet: every action is zero, which on every interface means to stay. */
export const zeroBase = definePolicy<z.infer<typeof options>, void, BasePolicy>({
  name: 'zero',
  summary: 'Actions of zero: nothing moves; needs observation_size and action_size.',
  options,
  create: ({ observation_size, action_size }): BasePolicy => ({
    observationSize: observation_size,
    actionSize: action_size,
    horizon: 1,
    sha256: '',
    infer: (_observation, chunk) => {
      chunk.fill(0);
    },
  }),
});
