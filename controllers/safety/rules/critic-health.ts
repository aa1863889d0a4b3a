import { z } from 'zod';
import { defineRule } from '../../../src/core/plugin.ts';
import { fail, PASS, type Rule, type RuleContext, type RuleSetup } from '../rule.ts';

const options = z.strictObject({
  answers: z.int().min(0).default(1).describe('invalid answers of the critic allowed in one engagement'),
});

/**
 * Cause `critic_invalid`, action stop, latched. The critic threw, or answered something that is no risk in [0, 1]. Such an
 * answer counts as risk 1: in its tick the setpoint stands still, and the second one of an engagement stops (facts/
 * safety.md 4.2, scenario 6). Counted apart from true risk. Clears by a reset.
 */
export const criticHealth = defineRule({
  name: 'critic_health',
  summary: 'stops when the critic does not answer with a risk',
  options,
  create({ answers }: z.output<typeof options>, _setup: RuleSetup): Rule {
    return {
      name: 'critic_health',
      cause: 'critic_invalid',
      action: 'stop',
      clears: 'latched',
      says: '{value} invalid answers of the critic, allowed {limit}',
      evaluate(context: RuleContext) {
        return !context.engaged || context.criticInvalid <= answers
          ? PASS
          : fail(context, 'stop', context.criticInvalid, answers);
      },
    };
  },
});
