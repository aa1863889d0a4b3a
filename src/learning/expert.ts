import type { PegWorld } from '../../bridges/mujoco/world.ts';
import { scriptedAction } from '../../policies/base/scripted.ts';
import type { BasePolicy } from '../../policies/policy.ts';
import type { RunConfig } from '../core/config-schema.ts';
import { ACTION_SIZE } from './demonstrations.ts';

/** The scripted expert, who sees the true hole, as a base that answers one step at a time. */
export function expertOf(world: PegWorld, observationSize: number): BasePolicy {
  const relative = new Float64Array(3);
  return {
    ...{ observationSize, actionSize: ACTION_SIZE, horizon: 1, sha256: '' },
    infer(_observation, chunk) {
      for (let i = 0; i < 3; i++) relative[i] = world.pose[i]! - world.holePose[i]!;
      scriptedAction(relative, chunk);
    },
  };
}

/** A decision at each step, for a base whose chunks are that short. */
export const stepwise = (config: RunConfig): RunConfig => ({
  ...config,
  policies: { ...config.policies, base: { ...config.policies.base, execute_steps: 1 } },
});
