import { SeededRandom } from '../../src/core/random.ts';
import type { Environment } from '../../src/learning/environment.ts';
import { episodeOf } from '../../src/learning/environments/stepped.ts';

/**
 * A point on a line goes to 0.5; the base pulls it to 0.4 only, and a residual of 0.2 is missing. Reward 1 when it is there,
 * which ends the episode; 20 steps.
 */
export function reach(): Environment {
  let x = 0;
  return episodeOf(
    {
      ...{ name: 'reach', observationSize: 1, actionSize: 1, horizon: 20 },
      reset(seed, observation) {
        x = new SeededRandom(seed).range(-1, 1);
        observation[0] = x;
      },
      step(action, observation) {
        x += 0.2 * action[0]!;
        observation[0] = x;
        const there = Math.abs(x - 0.5) < 0.05;
        return { reward: there ? 1 : 0, cost: Math.abs(x) > 1.2 ? 1 : 0, terminated: there, success: there };
      },
    },
    {
      base: (observation, out) => {
        out[0] = Math.max(-1, Math.min(1, -2 * (observation[0]! - 0.4)));
      },
    },
  );
}
