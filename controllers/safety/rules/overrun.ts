import { z } from 'zod';
import { defineRule } from '../../../src/core/plugin.ts';
import { fail, PASS, type Rule, type RuleContext, type RuleSetup } from '../rule.ts';

const options = z.strictObject({
  late_ms: z.number().positive().default(100).describe('longest time between two ticks'),
});

/**
 * Cause `overrun`, action stop, latched. Two ticks were further apart than late_ms: the reflex stood still, and nobody
 * judged the robot meanwhile. It wakes up stopped: the first command is the brake's, not the one that was due (scenarios
 * 43, 46). Shorter overruns are counted. Value and limit in ms. Judged while this process writes setpoints; clears by a
 * reset.
 */
export const overrun = defineRule({
  name: 'overrun',
  summary: 'stops when the reflex itself stood still',
  options,
  create({ late_ms }: z.output<typeof options>, _setup: RuleSetup): Rule {
    return {
      name: 'overrun',
      cause: 'overrun',
      action: 'stop',
      clears: 'latched',
      says: '{value} ms between two ticks, allowed {limit} ms',
      evaluate(context: RuleContext) {
        const ms = context.sinceTickNs / 1e6;
        return !context.writing || ms <= late_ms ? PASS : fail(context, 'stop', ms, late_ms);
      },
    };
  },
});
