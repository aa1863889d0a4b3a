import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../src/core/random.ts';
import { SAC_DEFAULTS, Sac, type SacOptions } from '../../src/learning/sac.ts';
import { TD3_DEFAULTS, Td3, type Td3Options } from '../../src/learning/td3.ts';
import { critic, gradient, ONE_ROW, SIZES, set, targetOf, transition, twoTargets } from './one-row.ts';

/** What is true of every learner without a base: when there is a future, and when there is none. */
const ENDS = [
  ['goes on', {}, true, true],
  ['ended for good', { terminated: true }, true, false],
  ['was cut short', { truncated: true }, true, true],
  ['was cut short, which is an end', { truncated: true }, false, false],
] as const;

describe('TD3', () => {
  /** Its slow actor says tanh(o + bias), the one that learns −0.5 to everything. */
  const td3 = (bias: number, over: Partial<Td3Options> = {}) => {
    const learner = new Td3(SIZES, { ...TD3_DEFAULTS, ...ONE_ROW, smoothing: 0, ...over });
    set(learner, 'actor', 'parameters', [[[0], [Math.atanh(-0.5)]]]);
    set(learner, 'actor', 'target', [[[1], [bias]]]);
    return learner;
  };

  it.each(ENDS)('y = r + γ·min Q̄(o′, π′(o′)) where the episode %s', (_, end, bootstrapTimeouts, future) => {
    const learner = td3(0.5, { bootstrapTimeouts });
    twoTargets(learner);
    // a′ = tanh(0.5 + 0.5) = 0.7616: 2a′ + 1 = 2.5232, 3 − a′ = 2.2384.
    expect(targetOf(learner, transition(end))).toBeCloseTo(future ? 2 + 0.9 * 2.238406 : 2, 5);
  });

  it('takes the lesser of both critics where the other one is, and the critics’ observation is the next', () => {
    const learner = td3(-0.4);
    // a′ = tanh(0.1) = 0.099668: 10·0.5 + 2a′ = 5.199336, 3 − a′ would be less but for 4 more.
    twoTargets(learner, [critic(10, 2, 0), critic(0, -1, 7)]);
    expect(targetOf(learner, transition())).toBeCloseTo(2 + 0.9 * 5.199336, 5);
  });

  it.each([
    [0.9, [2 + 0.9 * 2 * 0.65, 2 + 0.9 * 2]],
    [-0.9, [2 - 0.9 * 2, 2 - 0.9 * 2 * 0.65]],
  ])('around %f has noise of at most its bound, and an action of at most 1', (action, wanted) => {
    // Noise so wide that it is always at a bound of ±0.25: 0.65, and 1.15, which is 1.
    const learner = td3(Math.atanh(action) - 0.5, { smoothing: 1e9, smoothingClip: 0.25 });
    twoTargets(learner, [critic(0, 2, 0), critic(0, 2, 0)]);
    const seen = new Set(Array.from({ length: 40 }, () => targetOf(learner, transition()).toFixed(4)));
    expect([...seen].sort()).toEqual(wanted.map((y) => y.toFixed(4)).sort());
  });

  it('has noise of the standard deviation that is asked for', () => {
    const learner = td3(-0.5, { smoothing: 0.1, smoothingClip: 1 });
    twoTargets(learner, [critic(0, 2, 0), critic(0, 2, 0)]);
    const noise = Array.from({ length: 1000 }, () => (targetOf(learner, transition()) - 2) / 1.8);
    // Standard errors 0.0032 and 0.0022.
    expect(Math.abs(noise.reduce((s, v) => s + v / 1000, 0))).toBeLessThan(0.012);
    expect(Math.abs(Math.sqrt(noise.reduce((s, v) => s + (v * v) / 1000, 0)) - 0.1)).toBeLessThan(0.009);
  });

  it('moves its actor on every second update, up the slope of the first critic alone', () => {
    const learner = td3(0);
    set(learner, 'critics', 'parameters', [critic(0, 3, 0), critic(0, -100, 0)]);
    const slope = (row: number) => gradient(learner, 'actor', row, () => learner.observe(transition()))[0]!;
    expect(slope(1)).toBe(0);
    // −3 through 1 − 0.5² of the tanh.
    expect(slope(1)).toBeCloseTo(-3 * 0.75, 5);
    expect(slope(1)).toBe(0);
    // The weight's is the bias's times the observation, 0.1.
    expect(slope(0)).toBeCloseTo(-3 * 0.75 * 0.1, 6);
  });
});

/** log σ = −5 + 3.5·(tanh(raw) + 1) is ln 0.5 there. */
const RAW = Math.atanh((5 + Math.log(0.5)) / 3.5 - 1);

/** log π of a = tanh(u), u = μ + 0.5ε: the normal's density over the tanh's slope. */
const logProbability = (epsilon: number, action: number) =>
  -0.5 * epsilon ** 2 - Math.log(0.5) - 0.5 * Math.log(2 * Math.PI) - Math.log(1 - action ** 2);

describe('SAC', () => {
  /** Its actor is tanh(o + bias + 0.5ε); α 0.2. */
  const sac = (bias: number, over: Partial<SacOptions> = {}) => {
    const options = { ...SAC_DEFAULTS, ...ONE_ROW, temperature: 0.2, learnTemperature: false, ...over };
    const learner = new Sac(SIZES, options);
    set(learner, 'actor', 'parameters', [
      [
        [1, 0],
        [bias, RAW],
      ],
    ]);
    return learner;
  };
  /** The two ε of an update: that of the target, and that of the actor's step; before them a row is drawn. */
  const chanceOf = (learner: Sac): [number, number] => {
    const chance = new SeededRandom(0);
    chance.state = learner.parts().random!.numbers.state as typeof chance.state;
    chance.integer(1);
    return [chance.normal(), chance.normal()];
  };

  it.each(ENDS)('y = r + γ·(min Q̄(o′, a′) − α·log π) where the episode %s', (_, end, bootstrapTimeouts, future) => {
    const learner = sac(0.1, { bootstrapTimeouts });
    twoTargets(learner);
    for (let k = 0; k < 5; k++) {
      const [epsilon] = chanceOf(learner);
      const next = Math.tanh(0.5 + 0.1 + 0.5 * epsilon);
      const value = Math.min(2 * next + 1, 3 - next) - 0.2 * logProbability(epsilon, next);
      expect(targetOf(learner, transition(end))).toBeCloseTo(future ? 2 + 0.9 * value : 2, 4);
    }
  });

  it('without entropy in the target is y = r + γ·min Q̄(o′, a′)', () => {
    const learner = sac(0.1, { backupEntropy: false });
    twoTargets(learner);
    const next = Math.tanh(0.6 + 0.5 * chanceOf(learner)[0]);
    expect(targetOf(learner, transition())).toBeCloseTo(2 + 0.9 * Math.min(2 * next + 1, 3 - next), 5);
  });

  it.each([
    ['the least critic', 'least', -2],
    ['the mean of both', 'mean', -(2 - 1) / 2],
  ] as const)('moves its actor up the slope of %s, and down that of α·log π', (_, actorHeads, wanted) => {
    const learner = sac(-0.1, { actorHeads });
    // At most 1, where the second is at least 2.
    set(learner, 'critics', 'parameters', [critic(0, 2, -1), critic(0, -1, 3)]);
    const epsilon = chanceOf(learner)[1];
    const action = Math.tanh(0.1 - 0.1 + 0.5 * epsilon);
    const inside = 1 - action ** 2;
    const [mean, raw] = gradient(learner, 'actor', 1, () => learner.observe(transition()));
    // log π has −log(1 − tanh²u), whose slope is 2a, and −log σ; the raw number goes to log σ by 3.5·(1 − tanh²).
    const du = wanted * inside + 0.2 * 2 * action;
    expect(mean).toBeCloseTo(du, 4);
    expect(raw).toBeCloseTo((du * 0.5 * epsilon - 0.2) * 3.5 * (1 - Math.tanh(RAW) ** 2), 4);
  });
});
