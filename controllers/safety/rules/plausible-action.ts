import { z } from 'zod';
import { defineRule } from '../../../src/core/plugin.ts';
import { fail, PASS, type Rule, type RuleContext, type RuleSetup } from '../rule.ts';

const options = z.strictObject({
  largest: z.number().min(1).default(3).describe('largest |base action|, normalised units'),
});

/**
 * Cause `implausible_action`, action stop, latched. A base action far outside [-1, 1] is finite but wrong (another
 * scale, degrees, a broken network): clamping it would make a full-travel command of it. Judged while a decision is
 * required; the residual has its own bound. Clears by a reset.
 */
export const plausibleAction = defineRule({
  name: 'plausible_action',
  summary: 'stops on a base action far outside its normalised range',
  options,
  create({ largest }: z.output<typeof options>, _setup: RuleSetup): Rule {
    return {
      name: 'plausible_action',
      cause: 'implausible_action',
      action: 'stop',
      clears: 'latched',
      says: 'base action of size {value}, allowed {limit}',
      evaluate(context: RuleContext) {
        const { inputs } = context;
        if (!context.engaged || !inputs.hasDecision) return PASS;
        for (let i = 0; i < inputs.base.length; i++) {
          const size = Math.abs(inputs.base[i]!);
          if (!(size <= largest)) return fail(context, 'stop', size, largest);
        }
        return PASS;
      },
    };
  },
});
