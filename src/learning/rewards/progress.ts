import { spearman } from '../judging/rank-correlation.ts';
import type { Moment, Reward, RewardSource } from './reward.ts';

/** What a critic of progress says of two moments (VLAC, Zhai et al. 2025): how much nearer, in [−1, 1], and whether it is done. */
export interface Progress {
  readonly progress: number;
  readonly done: boolean;
}

/** A learned or written critic of progress: the plug-in. It compares the moment before a decision with the one after it. */
export interface ProgressCritic {
  readonly name: string;
  compare(before: Moment, now: Moment): Progress;
}

/**
 * Reward: the progress of each decision; done: the critic's word. A progress that is no number in [−1, 1] is no reward and no end: it is
 * counted, for a critic that fails must not train anybody.
 */
export class ProgressReward implements RewardSource {
  readonly name: string;
  /** Answers that were no progress. */
  refused = 0;
  readonly #critic: ProgressCritic;
  #before: Moment | null = null;

  constructor(critic: ProgressCritic) {
    this.#critic = critic;
    this.name = `progress by ${critic.name}`;
  }

  begin(moment: Moment): void {
    this.#before = kept(moment);
  }

  step(moment: Moment): Reward {
    const before = this.#before ?? kept(moment);
    this.#before = kept(moment);
    const { progress, done } = this.#critic.compare(before, moment);
    if (progress >= -1 && progress <= 1) return { reward: progress, done };
    this.refused++;
    return { reward: 0, done: false };
  }
}

const kept = ({ observation, images, success }: Moment): Moment => ({
  ...{ observation: observation.slice(), success },
  ...(images && { images: images.map((image) => ({ ...image, data: image.data.slice() })) }),
});

/**
 * Value-order correlation (GVL, Ma et al. 2024; VLAC): rank correlation of the value that a critic gives a trajectory with time. Near 1 for an expert's; a
 * trajectory far below teaches little. NaN where the value never changes.
 */
export function valueOrder(progress: readonly number[]): number {
  let value = 0;
  const values = [0, ...progress.map((p) => (value += p))];
  return spearman(
    values,
    values.map((_, t) => t),
  );
}
