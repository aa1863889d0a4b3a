import { z } from 'zod';
import { defineRule } from '../../../src/core/plugin.ts';
import { fail, PASS, type Rule, type RuleContext, type RuleSetup } from '../rule.ts';

/**
 * Cause `second_commander`, action stop, latched. A command that this process did not send was seen on the command
 * topic (scenario 56). A robot follows whoever spoke last: two commanders are a fault, whichever of them is right. Value:
 * the sequence of the stranger; limit: our last one. Judged in every mode but before boot, so that nobody arms beside
 * another commander. Clears by a reset, once the other one is silent.
 */
export const secondCommander = defineRule({
  name: 'second_commander',
  summary: 'stops when somebody else commands the robot',
  options: z.strictObject({}),
  create(_options: object, _setup: RuleSetup): Rule {
    return {
      name: 'second_commander',
      cause: 'second_commander',
      action: 'stop',
      clears: 'latched',
      says: 'somebody else commands the robot: sequence {value}, ours {limit}',
      evaluate(context: RuleContext) {
        const { foreignSeq, lastSentSeq } = context.echo;
        return foreignSeq < 0 ? PASS : fail(context, 'stop', foreignSeq, lastSentSeq);
      },
    };
  },
});
