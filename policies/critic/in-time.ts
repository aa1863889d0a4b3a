import type { Clock } from '../../src/core/clock.ts';
import type { RiskCritic } from '../policy.ts';

/**
 * A critic with a deadline: what it answers after more than `budgetMs` is no answer but NaN, which the gate counts as the
 * largest risk and as `critic_invalid` (facts/safety.md, scenario 36). The kernel needs microseconds, so the budget only
 * ever meets a critic that is broken, or a machine that stood still in the middle of it.
 *
 * `onLate` is told, for the log.
 *
 * NOTE for the live reflex only: under a virtual clock, in training and replay, no time passes inside a tick.
 */
export function inTime(critic: RiskCritic, clock: Clock, budgetMs: number, onLate: () => void = () => {}): RiskCritic {
  const budgetNs = budgetMs * 1e6;
  return {
    inputSize: critic.inputSize,
    sha256: critic.sha256,
    evaluate(inputs, count, risks) {
      // REAL-TIME: every tick.
      const fromNs = clock.nowNs();
      critic.evaluate(inputs, count, risks);
      if (clock.nowNs() - fromNs <= budgetNs) return;
      risks.fill(Number.NaN);
      onLate();
    },
  };
}
