import { loadProgressCritic } from '../learning/rewards/load.ts';
import { ProgressReward } from '../learning/rewards/progress.ts';
import type { RewardSource } from '../learning/rewards/reward.ts';

/** The reward that `practice.progress` names. @throws ReflexArcError RA_CONFIG_INVALID */
export const progressReward = async (file: string): Promise<RewardSource> =>
  new ProgressReward(await loadProgressCritic(file));
