import { z } from 'zod';
import { defineRule } from '../../../src/core/plugin.ts';
import { fail, PASS, type Rule, type RuleContext, type RuleSetup } from '../rule.ts';

const options = z.strictObject({
  factor: z.number().min(1).default(2).describe('largest distance between measured tip and setpoint, in Δ per axis'),
});

/**
 * Cause `tracking`, action stop, latched. Every setpoint was sent within Δ of the measured tip; if the tip is now further
 * than factor·Δ from the last one, the robot moved by itself, was pushed, or jumped (scenarios 54, 55). Judged while
 * this process writes setpoints. Clears by a reset; the next arming starts from the measured pose.
 */
export const tracking = defineRule({
  name: 'tracking',
  summary: 'stops when the robot is not where its setpoint says',
  options,
  create({ factor }: z.output<typeof options>, { safety }: RuleSetup): Rule {
    const limit = factor * safety.reference_limit;
    return {
      name: 'tracking',
      cause: 'tracking',
      action: 'stop',
      clears: 'latched',
      says: 'measured tip {value} m from its setpoint, allowed {limit} m',
      evaluate(context: RuleContext) {
        if (!context.writing || !context.hasSent || !context.inputs.hasState) return PASS;
        const { pose } = context.inputs.state;
        for (let i = 0; i < 3; i++) {
          const error = Math.abs(pose[i]! - context.last[i]!);
          if (!(error <= limit)) return fail(context, 'stop', error, limit);
        }
        return PASS;
      },
    };
  },
});
