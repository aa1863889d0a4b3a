/**
 * RLPD (Ball et al. 2023): reinforcement learning from scratch with prior data. SAC with half of each batch from
 * demonstrations, LayerNorm in the critics, ten of them of which two make the target and all the actor's climb, and many
 * updates a step. What a residual on a base has to be better than.
 */
import type { Environment } from './environment.ts';
import { SAC_DEFAULTS, Sac, type SacOptions } from './sac.ts';

/** As published, but for the width, the number of critics and the updates a step, which are for two cores. */
export const rlpdDefaults = (actionSize: number): SacOptions => ({
  ...SAC_DEFAULTS,
  ...{ demonstrationShare: 0.5, learningStarts: 1000, updates: 2, subset: 2, actorHeads: 'mean' },
  ...{ hidden: [128, 128], heads: 5, layerNorm: true, rate: 3e-4, actorRate: 3e-4 },
  // A sparse reward and an entropy in its target do not go together.
  ...{ temperature: 0.1, targetEntropy: -actionSize / 2, backupEntropy: false },
});

export const rlpd = (
  environment: Pick<Environment, 'observationSize' | 'actionSize' | 'baseSize'>,
  options: SacOptions,
): Sac => new Sac(environment, options);
