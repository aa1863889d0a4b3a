import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../src/core/random.ts';
import type { Step, SteppedEnvironment } from '../../../src/learning/environment.ts';
import { episodeOf } from '../../../src/learning/environments/stepped.ts';
import { ranks, spearman } from '../../../src/learning/judging/rank-correlation.ts';
import { clustered, rankActions } from '../../../src/learning/judging/ranking.ts';

/** x ← x + a + noise; r = −(x − 1)² before the step. Three steps, so returns can be written down. */
function line(matters = true): SteppedEnvironment {
  let x = 0;
  let random = new SeededRandom(0);
  return {
    ...{ name: 'line', observationSize: 1, actionSize: 1, horizon: 3 },
    reset(seed, observation) {
      random = new SeededRandom(seed);
      x = random.range(-0.5, 0.5);
      observation[0] = x;
    },
    step(action, observation) {
      const reward = matters ? -((x - 1) ** 2) : 1;
      x += action[0]! + 0.4 * random.normal();
      observation[0] = x;
      return { reward, cost: 0, terminated: false, success: false };
    },
  };
}
const still = (_step: Step, out: Float64Array) => void out.fill(0);
const options = () => ({
  ...{ episodes: 20, seed: 1, statesPerEpisode: 2, actions: 6, gamma: 0.9, random: new SeededRandom(5) },
});

describe('does Q rank actions?', () => {
  // Two steps are left after the action: both at x + a, but for noise, which a true Q cannot know.
  const knows = ({ observation }: Step, action: Float64Array) => -((observation[0]! + action[0]! - 1) ** 2);

  it('a Q that knows does, one of the wrong sign does the opposite, and one of the state alone does nothing', () => {
    const environment = episodeOf(line());
    const right = rankActions(environment, still, knows, options());
    expect(right.correlation).toBeGreaterThan(0.8);
    expect(right.choice).toBeGreaterThan(0.8);
    expect(right.ci95[0]).toBeLessThan(right.correlation);
    const wrong = rankActions(environment, still, (step, action) => -knows(step, action), options());
    expect(wrong.correlation).toBeCloseTo(-right.correlation, 12);
    expect(wrong.choice).toBeLessThan(0.2);
    const blind = rankActions(environment, still, ({ observation }) => observation[0]!, options());
    expect(blind.correlation).toBe(0);
    // What is done in the last step has no reward any more: such states tell nothing.
    expect(right.states + right.indifferent).toBe(40);
    expect(right.indifferent).toBeGreaterThan(5);
  });

  it('where nothing matters there is nothing to rank', () => {
    const none = rankActions(episodeOf(line(false)), still, knows, options());
    expect([none.states, none.indifferent]).toEqual([0, 40]);
    expect(none.correlation).toBeNaN();
  });
});

describe('the interval of a mean over states of the same episodes', () => {
  it('by hand: every state told twice is as sure as once, not surer', () => {
    // Mean 0.5, off it −0.3, 0.1 and 0.2: 1.96·√(0.14·3/2)/3
    const half = (1.96 * Math.sqrt(0.21)) / 3;
    for (const times of [1, 2]) {
      const values = [0.2, 0.6, 0.7].flatMap((v) => Array<number>(times).fill(v));
      const { correlation, ci95 } = clustered(
        values,
        values.map((_, i) => Math.floor(i / times)),
      );
      expect(correlation).toBeCloseTo(0.5, 12);
      expect(ci95[0]).toBeCloseTo(0.5 - half, 12);
      expect(ci95[1]).toBeCloseTo(0.5 + half, 12);
    }
    expect(clustered([0.2, 0.8], ['a', 'a']).ci95).toEqual([-1, 1]);
  });
});

describe('rank correlation', () => {
  it('by hand, with ties', () => {
    expect(Array.from(ranks([10, 5, 10, 1]))).toEqual([3.5, 2, 3.5, 1]);
    expect(spearman([1, 2, 3, 4], [10, 20, 30, 40])).toBeCloseTo(1, 12);
    // d = (0, 1, −1, 0): 1 − 6·2/(4·15)
    expect(spearman([1, 2, 3, 4], [1, 3, 2, 4])).toBeCloseTo(0.8, 12);
    expect(spearman([1, 2], [3, 3])).toBeNaN();
  });
});
