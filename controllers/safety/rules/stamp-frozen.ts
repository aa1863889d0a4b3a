import { z } from 'zod';
import { defineRule } from '../../../src/core/plugin.ts';
import { fail, PASS, type Rule, type RuleContext, type RuleSetup } from '../rule.ts';

const options = z.strictObject({
  messages: z.int().positive().default(4).describe('states in a row whose stamp may stand still'),
});

/**
 * Cause `stamp_frozen`, action stop, latched. States keep arriving but their stamp stands still: a duplicate is counted
 * once and does not refresh freshness, a row of them is a source that has stopped (scenarios 20, 26). Clears by a reset,
 * once stamps advance.
 */
export const stampFrozen = defineRule({
  name: 'stamp_frozen',
  summary: 'stops when state stamps do not advance',
  options,
  create({ messages }: z.output<typeof options>, _setup: RuleSetup): Rule {
    return {
      name: 'stamp_frozen',
      cause: 'stamp_frozen',
      action: 'stop',
      clears: 'latched',
      says: '{value} states in a row with the same stamp, allowed {limit}',
      evaluate(context: RuleContext) {
        const { frozenStates } = context.inputs;
        return frozenStates <= messages ? PASS : fail(context, 'stop', frozenStates, messages);
      },
    };
  },
});
