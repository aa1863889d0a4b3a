import { z } from 'zod';
import { defineRule } from '../../../src/core/plugin.ts';
import { fail, PASS, type Rule, type RuleContext, type RuleSetup } from '../rule.ts';

const options = z.strictObject({
  warn_after: z.int().min(2).default(20).describe('decisions in a row with the same action, to the last bit'),
  stop_after: z.int().min(2).default(60).describe('the same, and the robot is stopped'),
});

/**
 * Cause `constant_output`, action stop after a warning, latched. The policy answers every observation with the same
 * action to the last bit: a dead network, or a brain that repeats itself (scenario 35). An action of zeros asks for
 * nothing and is let be. Value: decisions in a row. Clears by a reset.
 */
export const constantOutput = defineRule({
  name: 'constant_output',
  summary: 'warns, then stops, when the policy repeats one action',
  options,
  create({ warn_after, stop_after }: z.output<typeof options>, _setup: RuleSetup): Rule {
    return {
      name: 'constant_output',
      cause: 'constant_output',
      action: 'stop',
      clears: 'latched',
      says: '{value} decisions in a row with the same action, allowed {limit}',
      evaluate(context: RuleContext) {
        const { sameDecisions } = context.inputs;
        if (!context.engaged || sameDecisions <= warn_after) return PASS;
        return fail(context, sameDecisions > stop_after ? 'stop' : 'warn', sameDecisions, stop_after);
      },
    };
  },
});
