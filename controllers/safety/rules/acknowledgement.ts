import { z } from 'zod';
import { defineRule } from '../../../src/core/plugin.ts';
import { fail, PASS, type Rule, type RuleContext, type RuleSetup } from '../rule.ts';

const options = z.strictObject({
  age_ms: z.number().positive().default(100).describe('longest wait for the echo of a command'),
});

/**
 * Cause `not_acknowledged`, action stop, latched. The echo of a command is overdue although this connection has echoed
 * before: commands go out and arrive nowhere (scenario 49). Value and limit in ms. Judged while this process writes
 * setpoints. A bridge that never echoes is not judged; its link is, by ping and pong. Clears by a reset.
 */
export const acknowledgement = defineRule({
  name: 'acknowledgement',
  summary: 'stops when commands are no longer echoed',
  options,
  create({ age_ms }: z.output<typeof options>, _setup: RuleSetup): Rule {
    return {
      name: 'acknowledgement',
      cause: 'not_acknowledged',
      action: 'stop',
      clears: 'latched',
      says: 'a command waits {value} ms for its echo, allowed {limit} ms',
      evaluate(context: RuleContext) {
        const age = context.echo.age(context.nowNs) / 1e6;
        return !context.writing || age <= age_ms ? PASS : fail(context, 'stop', age, age_ms);
      },
    };
  },
});
