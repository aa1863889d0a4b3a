import { z } from 'zod';
import { defineRule } from '../../../src/core/plugin.ts';
import { fail, PASS, type Rule, type RuleContext, type RuleSetup } from '../rule.ts';

const options = z.strictObject({
  messages: z.int().min(2).default(5).describe('states in a row that may be the same to the last bit, under motion'),
  motion: z.number().positive().default(0.1).describe('motion asked meanwhile, as a share of the tracking limit'),
});

/**
 * Cause `frozen_sensor`, action stop, latched. Stamps advance but positions and pose are the same to the last bit, while
 * the setpoint was moved: the driver repeats its last reading (scenario 19). Value: states in a row. Judged while this
 * process writes setpoints; clears by a reset.
 */
export const frozenSensor = defineRule({
  name: 'frozen_sensor',
  summary: 'stops when the measurement stands still although motion was asked',
  options,
  create({ messages, motion }: z.output<typeof options>, { envelope }: RuleSetup): Rule {
    const asked = motion * envelope.tracking.limit;
    return {
      name: 'frozen_sensor',
      cause: 'frozen_sensor',
      action: 'stop',
      clears: 'latched',
      says: '{value} states in a row are the same to the last bit under motion, allowed {limit}',
      evaluate(context: RuleContext) {
        const { unchangedStates, askedMotion } = context.inputs;
        if (!context.writing || unchangedStates <= messages || askedMotion <= asked) return PASS;
        return fail(context, 'stop', unchangedStates, messages);
      },
    };
  },
});
