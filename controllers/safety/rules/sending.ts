import { z } from 'zod';
import { defineRule } from '../../../src/core/plugin.ts';
import { fail, PASS, type Rule, type RuleContext, type RuleSetup } from '../rule.ts';

const options = z.strictObject({
  commands: z.int().positive().default(2).describe('commands in a row that the bridge may refuse'),
});

/**
 * Cause `not_sent`, action stop, latched. The bridge refused command after command (backpressure, no acknowledgement,
 * expiry): the third in a row stops (scenario 59). Nothing refused is ever sent later. Judged while this process writes
 * setpoints; clears by a reset.
 */
export const sending = defineRule({
  name: 'sending',
  summary: 'stops when commands do not go out',
  options,
  create({ commands }: z.output<typeof options>, _setup: RuleSetup): Rule {
    return {
      name: 'sending',
      cause: 'not_sent',
      action: 'stop',
      clears: 'latched',
      says: '{value} commands in a row refused by the bridge, allowed {limit}',
      evaluate(context: RuleContext) {
        const { refusedSends } = context.inputs;
        return !context.writing || refusedSends <= commands ? PASS : fail(context, 'stop', refusedSends, commands);
      },
    };
  },
});
