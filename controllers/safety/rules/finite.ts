import { z } from 'zod';
import { defineRule } from '../../../src/core/plugin.ts';
import { BAD } from '../inputs.ts';
import { fail, PASS, type Rule, type RuleContext, type RuleSetup } from '../rule.ts';

/**
 * Cause `non_finite`, action stop, latched. A NaN or infinity in a robot state (any mode) or in a decision (while
 * engaged). The message was already refused whole: nothing of it is in any memory, and one bad element refuses all.
 * Value: 1 for a state, 2 for a decision. Clears by a reset, once states are good.
 */
export const finite = defineRule({
  name: 'finite',
  summary: 'refuses a state or a decision that holds NaN or infinity',
  options: z.strictObject({}),
  create(_options: object, _setup: RuleSetup): Rule {
    return {
      name: 'finite',
      cause: 'non_finite',
      action: 'stop',
      clears: 'latched',
      says: 'a number that is none in input {value} (1 state, 2 decision); allowed: finite numbers only',
      evaluate(context: RuleContext) {
        if (context.inputs.badState === BAD.nonFinite) return fail(context, 'stop', 1, 0);
        if (context.engaged && context.inputs.badDecision === BAD.nonFinite) return fail(context, 'stop', 2, 0);
        return PASS;
      },
    };
  },
});
