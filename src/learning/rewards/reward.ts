import type { ObservedImage } from '../../core/signals.ts';

/** What a reward source sees after one decision. Reused by the next: copy what you keep. */
export interface Moment {
  /** What the policy is asked about next. */
  readonly observation: Float64Array;
  readonly images?: readonly ObservedImage[];
  /** What the task itself says, where it can: it has been done. */
  readonly success: boolean;
}

export interface Reward {
  readonly reward: number;
  /** The task is over, well or badly: the episode terminates here. */
  readonly done: boolean;
}

/** Where the reward comes from: a predicate, a person, a learned critic of progress. One file each. */
export interface RewardSource {
  readonly name: string;
  /** A new episode begins at this moment. */
  begin(moment: Moment): void;
  /** After each decision. */
  step(moment: Moment): Reward;
}
