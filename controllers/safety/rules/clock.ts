import { z } from 'zod';
import { defineRule } from '../../../src/core/plugin.ts';
import { fail, PASS, type Rule, type RuleContext, type RuleSetup } from '../rule.ts';

/**
 * Cause `clock_back`, action stop, latched. The clock of the tick went backwards: a simulator was reset, and every age
 * and deadline is void (scenario 25). Clears by a reset.
 */
export const clock = defineRule({
  name: 'clock',
  summary: 'stops when time goes backwards',
  options: z.strictObject({}),
  create(_options: object, _setup: RuleSetup): Rule {
    return {
      name: 'clock',
      cause: 'clock_back',
      action: 'stop',
      clears: 'latched',
      says: 'the clock went back by {value} ms, allowed {limit}',
      evaluate(context: RuleContext) {
        return context.clockBackNs === 0 ? PASS : fail(context, 'stop', context.clockBackNs / 1e6, 0);
      },
    };
  },
});
