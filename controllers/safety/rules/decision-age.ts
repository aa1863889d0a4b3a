import { z } from 'zod';
import { defineRule } from '../../../src/core/plugin.ts';
import { fail, PASS, type Rule, type RuleContext, type RuleSetup } from '../rule.ts';

const options = z.strictObject({
  ahead_ms: z.number().min(0).default(1).describe('how far in the future an observation may lie'),
});

/**
 * Cause `decision_stale`, action stop, latched. While a decision is required, the newest one of this epoch must answer
 * an observation no older than decision_age_ms and not have expired. Within that age a late policy only means that the
 * last aim is kept (facts/safety.md, scenarios 31, 32, 34). A decision of another epoch was never taken, so it counts as
 * missing; a missing one has infinite age. In HOLD none is required. Clears by a reset.
 */
export const decisionAge = defineRule({
  name: 'decision_age',
  summary: 'stops when the policy is missing, late, expired or ahead of time',
  options,
  create({ ahead_ms }: z.output<typeof options>, { safety }: RuleSetup): Rule {
    const limit = safety.decision_age_ms;
    return {
      name: 'decision_age',
      cause: 'decision_stale',
      action: 'stop',
      clears: 'latched',
      says: 'newest decision answers an observation {value} ms old, allowed {limit} ms',
      evaluate(context: RuleContext) {
        if (!context.deciding) return PASS;
        const { inputs, nowNs } = context;
        const age = inputs.hasDecision ? (nowNs - inputs.observedNs) / 1e6 : Number.POSITIVE_INFINITY;
        const inTime = age <= limit && age >= -ahead_ms && nowNs <= inputs.decisionExpiresNs;
        return inTime ? PASS : fail(context, 'stop', age, limit);
      },
    };
  },
});
