import { z } from 'zod';
import { defineRule } from '../../../src/core/plugin.ts';
import { fail, PASS, type Rule, type RuleContext, type RuleSetup } from '../rule.ts';

const options = z.strictObject({
  ticks: z.int().min(0).default(2).describe('ticks in a row in which the limits may be in conflict'),
});

/**
 * Cause `conflict`, action stop, latched. No setpoint satisfied all limits at once: the robot was moved faster than its
 * setpoint may follow. Each such tick already gives way towards the measured pose; a row of them stops (scenario 64).
 * Judged while a policy has authority; clears by a reset.
 */
export const conflict = defineRule({
  name: 'conflict',
  summary: 'stops when the limits leave no setpoint',
  options,
  create({ ticks }: z.output<typeof options>, _setup: RuleSetup): Rule {
    return {
      name: 'conflict',
      cause: 'conflict',
      action: 'stop',
      clears: 'latched',
      says: 'limits in conflict for {value} ticks, allowed {limit}',
      evaluate(context: RuleContext) {
        return !context.engaged || context.conflicts <= ticks ? PASS : fail(context, 'stop', context.conflicts, ticks);
      },
    };
  },
});
