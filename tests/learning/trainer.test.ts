import { describe, expect, it } from 'vitest';
import { fineTuningDefaults } from '../../src/learning/fine-tuning.ts';
import type { Learner } from '../../src/learning/learner.ts';
import { RESIDUAL_DEFAULTS, ResidualLearner, type ResidualOptions } from '../../src/learning/residual.ts';
import { rlpd, rlpdDefaults } from '../../src/learning/rlpd.ts';
import { SAC_DEFAULTS, Sac } from '../../src/learning/sac.ts';
import { TD3_DEFAULTS, Td3 } from '../../src/learning/td3.ts';
import { type EvaluationPoint, summary, Trainer, type TrainerOptions } from '../../src/learning/trainer.ts';
import { reach } from './reach.ts';

const OPTIONS: TrainerOptions = {
  ...{ steps: 400, seed: 3, evaluateEvery: 100, evaluationEpisodes: 2, evaluationSeed: 9_000_000 },
};
const SMALL = {
  ...{ hidden: [24], batch: 32, learningStarts: 50, capacity: 300, seed: 7, rate: 1e-3, actorRate: 1e-3, nStep: 3 },
};

const LEARNERS: [string, () => Learner][] = [
  ['TD3', () => new Td3(reach(), { ...TD3_DEFAULTS, ...SMALL })],
  ['SAC', () => new Sac(reach(), { ...SAC_DEFAULTS, ...SMALL })],
  ['RLPD', () => rlpd(reach(), { ...rlpdDefaults(1), ...SMALL })],
  ['fine-tuning', () => new Sac(reach(), { ...fineTuningDefaults(1), ...SMALL, imitation: 30 })],
  ...(['td3', 'sac'] as const).map((policy): [string, () => Learner] => [
    `residual, ${policy}`,
    () => {
      const learner = new ResidualLearner(reach(), { ...RESIDUAL_DEFAULTS, ...SMALL, policy, criticWarmUp: 20 });
      // Demonstrations are what a learner is made with, so the one that goes on has them too.
      reach().episode(1, {
        act: ({ base }, out) => void out.set(base),
        observe: (t) => learner.demonstrations.add(t),
      });
      return learner;
    },
  ]),
];

const bytes = (data: Uint8Array) => Buffer.from(data).toString('base64');

describe.each(LEARNERS)('%s', (_, make) => {
  it('stopped half-way, saved and gone on with in another, ends with the bits of one that was not', () => {
    const newborn = new Trainer(reach(), reach(), make(), OPTIONS);
    const points: EvaluationPoint[] = [];
    const straight = new Trainer(reach(), reach(), make(), { ...OPTIONS, onEvaluation: (p) => points.push(p) });
    expect(straight.run()).toBe(true);

    let episodes = 0;
    const halves: EvaluationPoint[] = [];
    const told = { onEvaluation: (p: EvaluationPoint) => void halves.push(p) };
    const half = new Trainer(reach(), reach(), make(), { ...OPTIONS, ...told, stopped: () => ++episodes > 11 });
    expect(half.run()).toBe(false);
    const saved = half.save({ about: 'half' });
    const rest = new Trainer(reach(), reach(), make(), { ...OPTIONS, ...told });
    expect(rest.restore(saved, 'f')).toMatchObject({ about: 'half' });
    expect(rest.state()).toMatchObject({ steps: half.state().steps, episodes: half.state().episodes });
    expect(rest.run()).toBe(true);

    expect(bytes(rest.save())).toBe(bytes(straight.save()));
    expect(halves).toEqual(points);
    expect(bytes(newborn.save())).not.toBe(bytes(straight.save()));
  });

  it('learns something: it goes to the goal more often than at the start', () => {
    const learner = make();
    const options = { ...OPTIONS, steps: 4000, evaluateEvery: 0, evaluationEpisodes: 20 };
    const trainer = new Trainer(reach(), reach(), learner, options);
    const before = trainer.evaluate().success_rate;
    trainer.run();
    expect(trainer.evaluate().success_rate).toBeGreaterThan(before + 0.2);
  });
});

describe('a residual that explores', () => {
  /** How far from a base of 0.1 its actions come in `decisions` after `steps` of them, and how far from its own word. */
  const explored = (steps: number, over: Partial<ResidualOptions>, decisions = 300) => {
    const options = { ...RESIDUAL_DEFAULTS, ...SMALL, learningStarts: 50, scale: 0.2, exploration: 5, ...over };
    const learner = new ResidualLearner(reach(), options);
    learner.steps = steps;
    const step = { observation: Float64Array.of(0), base: Float64Array.of(0.1) };
    const action = new Float64Array(1);
    const off = Array.from({ length: decisions }, () => {
      learner.act(step, action);
      return Math.abs(action[0]! - 0.1);
    });
    return { most: Math.max(...off), mean: off.reduce((s, v) => s + v / decisions, 0) };
  };

  it.each([
    [50, 0],
    [150, 0.1],
    [250, 0.2],
    [1000, 0.2],
  ])('after %i steps is within the bound that it has grown to, %f, noise and all', (steps, bound) => {
    expect(explored(steps, { progressive: 200 }).most).toBeCloseTo(bound, 12);
  });

  it('without growth has all of its bound at once', () => {
    expect(explored(50, { progressive: 0 }).most).toBeCloseTo(0.2, 12);
  });

  it('by SAC adds no noise to what the policy draws', () => {
    const sac = { policy: 'sac', scale: 1 } as const;
    expect(explored(50, { ...sac, exploration: 5 })).toEqual(explored(50, { ...sac, exploration: 0 }));
    expect(explored(50, { ...sac, exploration: 0 }).mean).toBeGreaterThan(0.01);
    // TD3's policy has no chance of its own: without noise it is the base's at first.
    expect(explored(50, { policy: 'td3', exploration: 0 }).mean).toBe(0);
  });
});

describe('fine-tuning', () => {
  it('begins as a copy of the base on the states that the base comes to', () => {
    const far = (imitation: number) => {
      const learner = new Sac(reach(), { ...fineTuningDefaults(1), ...SMALL, imitation, learningStarts: 300 });
      new Trainer(reach(), reach(), learner, { ...OPTIONS, steps: 300, evaluateEvery: 0 }).run();
      const off = [-0.5, 0, 0.3].map((x) => {
        const action = new Float64Array(1);
        const base = Math.max(-1, -2 * (x - 0.4));
        learner.exploit({ observation: Float64Array.of(x), base: Float64Array.of(base) }, action);
        return Math.abs(action[0]! - Math.min(1, base));
      });
      return Math.max(...off);
    };
    expect(far(600)).toBeLessThan(0.15);
    expect(far(1)).toBeGreaterThan(0.5);
  });
});

describe('a summary', () => {
  it('by hand: returns 1 and 3, a success and a violation', () => {
    const episode = { seed: 0, steps: 10, cost: 0, interventions: 2, ended: '' };
    const results = [
      { ...episode, return: 1, success: true, violation: false },
      { ...episode, steps: 20, return: 3, success: false, violation: true, cost: 1 },
    ];
    expect(summary(results)).toEqual({
      ...{ episodes: 2, return_mean: 2, return_std: Math.SQRT2, success_rate: 0.5, violation_rate: 0.5 },
      ...{ cost_mean: 0.5, steps_mean: 15, steps_to_success: 10, interventions: 4 },
    });
  });
});
