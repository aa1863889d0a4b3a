import { z } from 'zod';
import { defineRule } from '../../../src/core/plugin.ts';
import { LARGE_ACTION } from '../inputs.ts';
import { fail, PASS, type Rule, type RuleContext, type RuleSetup } from '../rule.ts';

const options = z.strictObject({
  largest: z.number().min(1).default(3).describe('largest |base action|, normalised units'),
  large_decisions: z.int().min(0).default(10).describe('decisions in a row that may be above 1.5 units'),
});

/**
 * Cause `implausible_action`, action stop, latched. A base action far outside [-1, 1] is finite but wrong (another
 * scale, degrees, a broken network): clamping it would make a full-travel command of it. A row of decisions above 1.5 is
 * the same at a smaller size: the filter would saturate at each of them (scenario 10). Judged while a decision is
 * required; the residual has its own bound. Clears by a reset.
 */
export const plausibleAction = defineRule({
  name: 'plausible_action',
  summary: 'stops on a base action far outside its normalised range',
  options,
  create({ largest, large_decisions }: z.output<typeof options>, _setup: RuleSetup): Rule {
    return {
      name: 'plausible_action',
      cause: 'implausible_action',
      action: 'stop',
      clears: 'latched',
      says: 'base action of size {value}, allowed {limit}',
      evaluate(context: RuleContext) {
        const { inputs } = context;
        if (!context.engaged || !inputs.hasDecision) return PASS;
        let largestSeen = 0;
        for (let i = 0; i < inputs.base.length; i++) {
          const size = Math.abs(inputs.base[i]!);
          if (!(size <= largest)) return fail(context, 'stop', size, largest);
          largestSeen = Math.max(largestSeen, size);
        }
        if (inputs.largeDecisions > large_decisions) return fail(context, 'stop', largestSeen, LARGE_ACTION);
        return PASS;
      },
    };
  },
});
