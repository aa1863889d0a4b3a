import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../src/core/random.ts';
import { readCheckpoint, writeCheckpoint } from '../../src/learning/checkpoint.ts';
import type { Step } from '../../src/learning/environment.ts';
import { RECOVERY_DEFAULTS, RecoveryLearner } from '../../src/learning/recovery.ts';
import { fastDiscount, RISK_CRITIC_DEFAULTS, RiskCriticLearner } from '../../src/learning/risk-critic.ts';

const SHAPE = { observationSize: 1, actionSize: 1, baseSize: 0 };
const SMALL = { ...RISK_CRITIC_DEFAULTS, hidden: [32], batch: 64, rate: 3e-3, gamma: 0.5, capacity: 5000 };
const none = new Float64Array(0);

/** A walk on a line: x moves by a/2, and beyond 1 a limit is broken, which ends it. Actions drawn from [from, to). */
function walks(learner: RiskCriticLearner, count: number, from = -1, to = 1): void {
  const random = new SeededRandom(1);
  for (let n = 0; n < count; n++) {
    let x = random.range(-1, 1);
    for (let t = 0; t < 10; t++) {
      const action = Float64Array.of(random.range(from, to));
      const next = x + action[0]! / 2;
      const cost = next > 1 ? 1 : 0;
      learner.observe({
        ...{ observation: Float64Array.of(x), base: none, proposed: action, executed: action, reward: 0, cost },
        ...{ nextObservation: Float64Array.of(next), nextBase: none },
        ...{ terminated: cost > 0, truncated: t === 9, intervened: 'none' },
      });
      if (cost > 0) break;
      x = next;
    }
  }
}

const always = (v: number) => (_: Step, out: Float64Array) => void out.fill(v);

function riskOf(learner: RiskCriticLearner, x: number, action: number): number {
  const out = new Float64Array(1);
  learner.risks(Float64Array.of(x), Float64Array.of(action), 1, out);
  return out[0]!;
}

describe('the risk critic', () => {
  it('knows the discounted chance of a policy’s violation, here by hand', () => {
    const learner = new RiskCriticLearner(SHAPE, SMALL);
    walks(learner, 400);
    for (let k = 0; k < 3000; k++) learner.learn(always(1));
    // The policy goes right by ½: from 0.8 it breaks the limit now, from 0.3 with the next step, from −0.2 in three.
    expect(riskOf(learner, 0.8, 1)).toBeGreaterThan(0.9);
    expect(Math.abs(riskOf(learner, 0.3, 1) - 0.5)).toBeLessThan(0.12);
    expect(Math.abs(riskOf(learner, -0.2, 1) - 0.25)).toBeLessThan(0.12);
    // One step back and then the policy: from 0.8 to 0.3, to 0.8, and out.
    expect(Math.abs(riskOf(learner, 0.8, -1) - 0.25)).toBeLessThan(0.15);
  });

  it('sees no danger in a policy that turns back in time', () => {
    const learner = new RiskCriticLearner(SHAPE, SMALL);
    walks(learner, 400);
    for (let k = 0; k < 2000; k++) learner.learn(always(-1));
    expect(riskOf(learner, 0, 0.5)).toBeLessThan(0.1);
    expect(riskOf(learner, 0.9, 0.9)).toBeGreaterThan(0.7);
  });

  it('is pessimistic off the data: untried actions are not called safer than tried ones', () => {
    const mean = (learner: RiskCriticLearner, from: number, to: number) => {
      const random = new SeededRandom(9);
      let sum = 0;
      for (let k = 0; k < 400; k++) sum += riskOf(learner, random.range(-1, 0.4), random.range(from, to)) / 400;
      return sum;
    };
    const trained = (pessimism: number) => {
      const learner = new RiskCriticLearner(SHAPE, { ...SMALL, pessimism });
      // Only small steps to the left were ever taken.
      walks(learner, 300, -0.4, -0.1);
      walks(learner, 5, 0.9, 1);
      for (let k = 0; k < 1500; k++) learner.learn(always(-0.2));
      return learner;
    };
    const pessimist = trained(0.1);
    expect(mean(pessimist, -1, 1)).toBeGreaterThanOrEqual(mean(pessimist, -0.4, -0.1));
    // And it is pessimism that does it.
    expect(mean(pessimist, 0.2, 0.8)).toBeGreaterThan(mean(trained(0), 0.2, 0.8));
  });

  it('in fast transitions discounts so that a decision is what it was', () => {
    expect(fastDiscount(0.8, 5) ** 5).toBeCloseTo(0.8, 12);
  });

  it('judges many actions at once as one by one', () => {
    const learner = new RiskCriticLearner(SHAPE, { ...SMALL, batch: 16 });
    const actions = Float64Array.from({ length: 50 }, (_, i) => i / 25 - 1);
    const out = new Float64Array(50);
    learner.risks(Float64Array.of(0.3), actions, 50, out);
    expect(Array.from(out)).toEqual(Array.from(actions, (a) => riskOf(learner, 0.3, a)));
    learner.risks(Float64Array.of(Number.NaN), actions, 2, out);
    expect(out[0]).toBeNaN();
  });

  it('gives the slope of the larger head', () => {
    const learner = new RiskCriticLearner(SHAPE, { ...SMALL, seed: 3 });
    const x = learner.kernel.matrix(4, 2);
    const random = new SeededRandom(4);
    for (let r = 0; r < 4; r++) for (let i = 0; i < 2; i++) x.set(r, i, random.normal());
    const slope = learner.kernel.matrix(4, 2);
    const unused = learner.kernel.matrix(4, 2);
    learner.slope(x, 4, slope);
    for (let r = 0; r < 4; r++) {
      for (let i = 0; i < 2; i++) {
        const at = x.get(r, i);
        x.set(r, i, at + 5e-3);
        const above = learner.slope(x, 4, unused);
        x.set(r, i, at - 5e-3);
        const below = learner.slope(x, 4, unused);
        x.set(r, i, at);
        expect(Math.abs((above - below) / 1e-2 - slope.get(r, i))).toBeLessThan(2e-3);
      }
    }
  });
});

describe('the recovery policy', () => {
  const trained = () => {
    const critic = new RiskCriticLearner(SHAPE, SMALL);
    walks(critic, 400);
    const recovery = new RecoveryLearner(SHAPE, critic, { ...RECOVERY_DEFAULTS, hidden: [32], batch: 64, rate: 3e-3 });
    return { critic, recovery };
  };

  it('learns to go back where it is near the limit', () => {
    const { critic, recovery } = trained();
    for (let k = 0; k < 1500; k++) {
      critic.learn(always(1));
      recovery.learn();
    }
    const out = new Float64Array(1);
    recovery.act(Float64Array.of(0.8), out);
    expect(out[0]).toBeLessThan(-0.5);
    expect(recovery.risk).toBeLessThan(0.3);
  });

  it('goes on from a checkpoint with the same bits, and so does its critic', () => {
    const learn = ({ critic, recovery }: ReturnType<typeof trained>, count: number) => {
      for (let k = 0; k < count; k++) {
        critic.learn(always(1));
        recovery.learn();
      }
      return writeCheckpoint({ ...critic.parts('risk'), ...recovery.parts('recovery') }, {});
    };
    const straight = trained();
    const whole = learn(straight, 40);
    const half = learn(trained(), 20);
    const rest = trained();
    readCheckpoint(half, { ...rest.critic.parts('risk'), ...rest.recovery.parts('recovery') }, 'f');
    expect(Buffer.from(learn(rest, 20)).equals(Buffer.from(whole))).toBe(true);
  });
});
