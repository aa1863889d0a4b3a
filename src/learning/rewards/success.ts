import type { Moment, RewardSource } from './reward.ts';

/** Reward 1 and the end once the predicate holds; the task's own where none is given. */
export function successReward(predicate: (moment: Moment) => boolean = ({ success }) => success): RewardSource {
  return {
    name: 'success',
    begin: () => {},
    step(moment) {
      const there = predicate(moment);
      return { reward: there ? 1 : 0, done: there };
    },
  };
}
