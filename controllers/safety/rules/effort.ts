import { z } from 'zod';
import { defineRule } from '../../../src/core/plugin.ts';
import { fail, PASS, type Rule, type RuleContext, type RuleSetup } from '../rule.ts';

const options = z.strictObject({
  factor: z.number().min(1).default(1.05).describe('multiple of a joint’s effort limit; at 1 the servo saturates'),
});

/**
 * Cause `effort_limit`, action stop, latched. A joint is measured at more effort than its limit allows: it pushes
 * against something, or the limit is not this robot's. Value: the effort, Nm; limit: what is allowed. Clears by a reset,
 * once it is below.
 */
export const effort = defineRule({
  name: 'effort',
  summary: 'stops when a joint is measured above its effort limit',
  options,
  create({ factor }: z.output<typeof options>, { robot }: RuleSetup): Rule {
    const most = Float64Array.from(robot.joints, (j) => factor * j.effort);
    return {
      name: 'effort',
      cause: 'effort_limit',
      action: 'stop',
      clears: 'latched',
      says: 'a joint is measured at {value} Nm, allowed {limit} Nm',
      evaluate(context: RuleContext) {
        const { inputs } = context;
        if (!inputs.hasState) return PASS;
        for (let i = 0; i < most.length; i++) {
          const size = Math.abs(inputs.state.effort[i]!);
          if (!(size <= most[i]!)) return fail(context, 'stop', size, most[i]!);
        }
        return PASS;
      },
    };
  },
});
