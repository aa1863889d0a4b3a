import { z } from 'zod';
import { defineRule } from '../../../src/core/plugin.ts';
import { fail, PASS, type Rule, type RuleContext, type RuleSetup } from '../rule.ts';

const options = z.strictObject({
  messages: z.int().positive().default(4).describe('states in a row that may be older than one already taken'),
});

/**
 * Cause `stamp_order`, action stop, latched. States keep arriving that are older than one already taken: two sources on
 * one topic, or a time base that went back (scenarios 25, 27). Each is dropped and counted; a row of them is a fault.
 * Clears by a reset, once states are in order.
 */
export const stampOrder = defineRule({
  name: 'stamp_order',
  summary: 'stops when states keep arriving out of order',
  options,
  create({ messages }: z.output<typeof options>, _setup: RuleSetup): Rule {
    return {
      name: 'stamp_order',
      cause: 'stamp_order',
      action: 'stop',
      clears: 'latched',
      says: '{value} states in a row out of order, allowed {limit}',
      evaluate(context: RuleContext) {
        const { disorderedStates } = context.inputs;
        return disorderedStates <= messages ? PASS : fail(context, 'stop', disorderedStates, messages);
      },
    };
  },
});
