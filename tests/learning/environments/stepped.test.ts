import { describe, expect, it } from 'vitest';
import type { SteppedEnvironment, Transition } from '../../../src/learning/environment.ts';
import { episodeOf } from '../../../src/learning/environments/stepped.ts';

/** A counter: the observation is the sum of actions; above 2 it ends, and costs where it ends above 2.5. */
function counter(horizon = 4): SteppedEnvironment {
  let sum = 0;
  return {
    ...{ name: 'counter', observationSize: 1, actionSize: 1, horizon },
    reset(seed, observation) {
      sum = seed;
      observation[0] = sum;
    },
    step(action, observation) {
      sum += action[0]!;
      observation[0] = sum;
      return { reward: action[0]!, cost: sum > 2.5 ? 1 : 0, terminated: sum > 2, success: sum > 2 && sum <= 2.5 };
    },
  };
}

function transitionsOf(environment: ReturnType<typeof episodeOf>, seed: number, wanted: number) {
  const seen: Transition[] = [];
  const result = environment.episode(seed, {
    act: ({ base }, out) => {
      out[0] = wanted + (base[0] ?? 0);
    },
    observe: (t) => seen.push(structuredClone(t)),
  });
  return { result, seen };
}

const numbers = (t: Transition) => [t.observation[0], t.executed[0], t.nextObservation[0], t.terminated, t.truncated];

describe('an episode of a stepped environment', () => {
  it('is truncated at the horizon, in its last step', () => {
    const { result, seen } = transitionsOf(episodeOf(counter()), 0, 0.25);
    expect(seen.map(numbers)).toEqual([
      [0, 0.25, 0.25, false, false],
      [0.25, 0.25, 0.5, false, false],
      [0.5, 0.25, 0.75, false, false],
      [0.75, 0.25, 1, false, true],
    ]);
    expect(result).toEqual({
      ...{ seed: 0, steps: 4, return: 1, cost: 0, interventions: 0 },
      ...{ success: false, violation: false, ended: 'timeout' },
    });
  });

  it('ends where the environment does, also in the step of the horizon: then it is not truncated', () => {
    const { result, seen } = transitionsOf(episodeOf(counter(3)), 0, 0.75);
    expect(numbers(seen.at(-1)!)).toEqual([1.5, 0.75, 2.25, true, false]);
    expect(result).toMatchObject({ success: true, violation: false, ended: 'success', steps: 3 });
    const bad = transitionsOf(episodeOf(counter(3)), 2, 1).result;
    expect(bad).toMatchObject({ success: false, violation: true, cost: 1, ended: 'violation', steps: 1 });
  });

  it('clamps what is proposed', () => {
    const { seen } = transitionsOf(episodeOf(counter(1)), 0, 7);
    expect([seen[0]!.proposed[0], seen[0]!.executed[0]]).toEqual([1, 1]);
  });

  it('shows the base of this step and of the next', () => {
    const environment = episodeOf(counter(2), {
      base: (o, out) => {
        out[0] = o[0]! / 2;
      },
    });
    const { seen } = transitionsOf(environment, 1, 0);
    expect(environment.baseSize).toBe(1);
    expect(seen.map((t) => [t.base[0], t.executed[0], t.nextBase[0]])).toEqual([
      [0.5, 0.5, 0.75],
      [0.75, 0.75, 1.125],
    ]);
  });

  it('lets a safety layer replace the action, says that it did, and counts it', () => {
    const environment = episodeOf(counter(2), {
      shield: {
        judge({ observation }, proposed, executed) {
          expect(executed).toEqual(proposed);
          if (observation[0]! < 0.5) return false;
          executed[0] = -1;
          return true;
        },
      },
    });
    const { result, seen } = transitionsOf(environment, 0, 0.5);
    expect(seen.map((t) => [t.proposed[0], t.executed[0], t.intervened])).toEqual([
      [0.5, 0.5, 'none'],
      [0.5, -1, 'safety'],
    ]);
    expect(result).toMatchObject({ interventions: 1, return: -0.5 });
  });
});
