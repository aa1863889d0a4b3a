import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../src/core/random.ts';
import { RESIDUAL_DEFAULTS, ResidualLearner, type ResidualOptions } from '../../src/learning/residual.ts';
import { critic, gradient, ONE_ROW, SIZES, set, targetOf, transition, twoTargets } from './one-row.ts';

const OPTIONS: ResidualOptions = {
  ...{ ...RESIDUAL_DEFAULTS, ...ONE_ROW, scale: 0.3, criticWarmUp: 0, burnIn: { window: 1, change: 1, most: 0 } },
  ...{ averaging: 0, penalty: 0, smoothing: 0 },
};

/** Its slow actor says tanh(o + 2b + bias), the one that learns `says` to everything. */
function residual(bias: number, says: number, over: Partial<ResidualOptions> = {}): ResidualLearner {
  const learner = new ResidualLearner(SIZES, { ...OPTIONS, ...over });
  set(learner, 'actor', 'parameters', [[[0], [0], [Math.atanh(says)]]]);
  set(learner, 'actor', 'target', [[[1], [2], [bias]]]);
  return learner;
}

describe("the residual's target", () => {
  it.each([
    ['goes on', {}, true, true],
    ['ended for good', { terminated: true }, true, false],
    ['was cut short', { truncated: true }, true, true],
    ['was cut short, which is an end', { truncated: true }, false, false],
  ] as const)('is r + γ·min Q̄(o′, b′ + s·π′(o′, b′)) where the episode %s', (_, end, bootstrapTimeouts, future) => {
    const learner = residual(-1, -0.5, { bootstrapTimeouts });
    twoTargets(learner);
    // π′ = tanh(0.5 + 2·0.5 − 1) = 0.462117, a′ = 0.5 + 0.3·0.462117 = 0.638635: 2a′ + 1 = 2.277270, 3 − a′ = 2.361365.
    expect(targetOf(learner, transition(end))).toBeCloseTo(future ? 2 + 0.9 * 2.27727 : 2, 5);
  });

  it('looks at observations as they are standardised', () => {
    const learner = residual(-1, -0.5, { normalisation: { mean: [0.1], std: [0.5] } });
    twoTargets(learner, [critic(5, 2, 1), critic(0, -1, 30)]);
    // (0.5 − 0.1)/0.5 = 0.8: π′ = tanh(0.8) = 0.664037, a′ = 0.699211, 5·0.8 + 2a′ + 1 = 6.398422.
    expect(targetOf(learner, transition())).toBeCloseTo(2 + 0.9 * 6.398422, 5);
  });

  it.each([
    [0.9, 1],
    [-0.9, -1],
  ])('clamps the action after a base of %f', (base, wanted) => {
    const learner = residual(-0.5 - base, -0.5, { scale: 0.5 });
    twoTargets(learner, [critic(0, 2, 0), critic(0, 2, 0)]);
    // π′ = tanh(±0.9), half of which is ±0.358.
    const next = { nextBase: Float64Array.of(base) };
    expect(targetOf(learner, transition(next))).toBeCloseTo(2 + 0.9 * 2 * wanted, 5);
  });

  it('has noise of at most its bound, in units of the action', () => {
    const learner = residual(-1.5, -0.5, { smoothing: 1e9, smoothingClip: 0.2 });
    twoTargets(learner, [critic(0, 2, 0), critic(0, 2, 0)]);
    // π′ = 0, so 0.5 ± 0.2.
    const seen = new Set(Array.from({ length: 40 }, () => targetOf(learner, transition()).toFixed(4)));
    expect([...seen].sort()).toEqual([(2 + 1.8 * 0.3).toFixed(4), (2 + 1.8 * 0.7).toFixed(4)]);
  });

  it('is of the bound that the residual has now', () => {
    const learner = residual(-1, -0.5, { progressive: 4 });
    twoTargets(learner, [critic(0, 2, 0), critic(0, 2, 0)]);
    const actions = Array.from({ length: 6 }, () => (targetOf(learner, transition()) - 2) / 1.8);
    [0, 0.25, 0.5, 0.75, 1, 1].forEach((share, k) => {
      expect(actions[k]).toBeCloseTo(0.5 + share * 0.3 * 0.462117, 5);
    });
  });

  it('takes two of the heads: each pair of three is seen', () => {
    const learner = residual(-1, -0.5, { heads: 3, subset: 2 });
    set(learner, 'critics', 'parameters', [critic(0, 0, 0), critic(0, 0, 0), critic(0, 0, 0)]);
    set(learner, 'critics', 'target', [critic(0, 0, 1), critic(0, 0, 2), critic(0, 0, 3)]);
    const seen = new Set(Array.from({ length: 40 }, () => targetOf(learner, transition()).toFixed(4)));
    expect([...seen].sort()).toEqual([(2 + 0.9).toFixed(4), (2 + 1.8).toFixed(4)]);
  });

  it.each([
    ['', true, 0.2],
    [', unless it is left out', false, 0],
  ])('with SAC has −α·log π%s, and no noise but that of the policy', (_, backupEntropy, alpha) => {
    const learner = new ResidualLearner(SIZES, {
      ...{ ...OPTIONS, policy: 'sac', temperature: 0.2, backupEntropy, smoothing: 1e9, smoothingClip: 0.2 },
    });
    const raw = Math.atanh((5 + Math.log(0.5)) / 3.5 - 1);
    set(learner, 'actor', 'parameters', [
      [
        [1, 0],
        [2, 0],
        [-1.2, raw],
      ],
    ]);
    twoTargets(learner);
    const chance = new SeededRandom(0);
    for (let k = 0; k < 5; k++) {
      chance.state = learner.parts().random!.numbers.state as typeof chance.state;
      chance.integer(1);
      const epsilon = chance.normal();
      const policy = Math.tanh(0.5 + 2 * 0.5 - 1.2 + 0.5 * epsilon);
      const log = -0.5 * epsilon ** 2 - Math.log(0.5) - 0.5 * Math.log(2 * Math.PI) - Math.log(1 - policy ** 2);
      const next = 0.5 + 0.3 * policy;
      const value = Math.min(2 * next + 1, 3 - next) - alpha * log;
      expect(targetOf(learner, transition())).toBeCloseTo(2 + 0.9 * value, 4);
    }
  });
});

describe("the residual actor's slope", () => {
  /** ∂L/∂(bias before the tanh) with critics of slope 1 and 5, or their opposites. */
  const slopeOf = (base: number, says: number, up: 1 | -1, over: Partial<ResidualOptions> = {}) => {
    const learner = residual(0, says, { scale: 0.5, ...over });
    set(learner, 'critics', 'parameters', [critic(0, up, 0), critic(0, 5 * up, 0)]);
    const of = transition({ base: Float64Array.of(base) });
    const [slope] = gradient(learner, 'actor', 2, () => learner.observe(of));
    return { slope, figures: learner.figures };
  };

  it.each([
    // base, π, where Q rises, ∂L/∂π: −s·(mean slope 3), or 0
    ['inside goes up', 0.2, 0.6, 1, -1.5],
    ['inside goes down', 0.2, 0.6, -1, 1.5],
    ['near its end still goes up', 0.6, 0.6, 1, -1.5],
    ['clamped above gets no pull further up', 0.9, 0.6, 1, 0],
    ['clamped above is pulled back', 0.9, 0.6, -1, 1.5],
    ['clamped below is pulled back', -0.9, -0.6, 1, -1.5],
    ['clamped below gets no pull further down', -0.9, -0.6, -1, 0],
  ] as const)('%s', (_, base, says, up, wanted) => {
    // Through 1 − 0.6² of the tanh.
    expect(slopeOf(base, says, up).slope).toBeCloseTo(0.64 * wanted, 5);
  });

  it('pays λ‖π‖² wherever it is', () => {
    const penalty = 0.1;
    // 2·0.1·0.6 beside the critics' −1.5, and alone where that does not pass.
    expect(slopeOf(0.2, 0.6, 1, { penalty }).slope).toBeCloseTo(0.64 * (-1.5 + 0.12), 5);
    expect(slopeOf(0.9, 0.6, 1, { penalty }).slope).toBeCloseTo(0.64 * 0.12, 5);
    expect(slopeOf(0.9, -0.6, 1, { penalty }).slope).toBeCloseTo(0.64 * (-1.5 - 0.12), 5);
  });

  it('is a mean over the rows of a batch, the penalty too', () => {
    const { slope } = slopeOf(0.2, 0.6, 1, { penalty: 0.1, batch: 4 });
    expect(slope).toBeCloseTo(0.64 * (-1.5 + 0.12), 5);
  });

  it('is taken where the clamped action is: L = −mean Q(o, min(1, b + s·π))', () => {
    // 3 times 0.2 + 0.5·0.6, and 3 times 1.
    expect(slopeOf(0.2, 0.6, 1).figures.actor).toBeCloseTo(-1.5, 5);
    expect(slopeOf(0.9, 0.6, 1).figures.actor).toBeCloseTo(-3, 5);
    expect(slopeOf(0.9, 0.6, 1).figures.residual).toBeCloseTo(0.6, 5);
  });
});
