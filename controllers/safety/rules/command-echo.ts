import { z } from 'zod';
import { defineRule } from '../../../src/core/plugin.ts';
import { fail, PASS, type Rule, type RuleContext, type RuleSetup } from '../rule.ts';

const options = z.strictObject({
  estop_speed: z.number().positive().default(0.25).describe('m/s of the tip above which a mismatch is an e-stop'),
});

/**
 * Cause `echo_mismatch`, action stop, above estop_speed e-stop, latched. A command of ours came back from the command
 * topic with other values, or a second time (scenarios 52, 53): somebody between us and the robot changes or repeats
 * what we say. Value: its sequence; limit: the last one sent. Clears by a reset.
 */
export const commandEcho = defineRule({
  name: 'command_echo',
  summary: 'stops when a command comes back changed or repeated',
  options,
  create({ estop_speed }: z.output<typeof options>, _setup: RuleSetup): Rule {
    return {
      name: 'command_echo',
      cause: 'echo_mismatch',
      action: 'stop',
      clears: 'latched',
      says: 'command {value} came back changed or repeated; last sent {limit}',
      evaluate(context: RuleContext) {
        const { echo, inputs } = context;
        const seq = Math.max(echo.changedSeq, echo.repeatedSeq);
        if (!context.writing || seq < 0) return PASS;
        return fail(context, inputs.speed > estop_speed ? 'estop' : 'stop', seq, echo.lastSentSeq);
      },
    };
  },
});
