import { z } from 'zod';
import { defineRule } from '../../../src/core/plugin.ts';
import { fail, PASS, type Rule, type RuleContext, type RuleSetup } from '../rule.ts';

const options = z.strictObject({
  commands: z.int().positive().default(2).describe('commands in a row that may find the socket still full'),
});

/**
 * Cause `backpressure`, action stop, latched. The socket had not taken the last command when the next one came, several
 * times in a row (scenario 59). A skipped command is not sent later. Judged while this process writes setpoints; clears
 * by a reset.
 */
export const backpressure = defineRule({
  name: 'backpressure',
  summary: 'stops when the socket no longer takes commands',
  options,
  create({ commands }: z.output<typeof options>, _setup: RuleSetup): Rule {
    return {
      name: 'backpressure',
      cause: 'backpressure',
      action: 'stop',
      clears: 'latched',
      says: '{value} commands in a row found the socket full, allowed {limit}',
      evaluate(context: RuleContext) {
        const { fullSends } = context.inputs;
        return !context.writing || fullSends <= commands ? PASS : fail(context, 'stop', fullSends, commands);
      },
    };
  },
});
