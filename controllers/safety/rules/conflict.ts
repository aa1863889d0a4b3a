import { z } from 'zod';
import { defineRule } from '../../../src/core/plugin.ts';
import { fail, PASS, type Rule, type RuleContext, type RuleSetup } from '../rule.ts';

const options = z.strictObject({
  ticks: z.int().min(0).optional().describe('ticks in a row in which the limits may be in conflict; by kind of robot'),
});

/**
 * Cause `conflict`, action stop, latched. No setpoint satisfied all limits at once: the robot was moved faster than its
 * setpoint may follow, or an obstacle came near a base. Each such tick already does what lowers the danger fastest; a row
 * of them that is longer than the envelope's patience stops (scenario 64): two, for a base as many as a full stop takes.
 * Judged while a policy has authority; clears by a reset.
 */
export const conflict = defineRule({
  name: 'conflict',
  summary: 'stops when the limits leave no setpoint',
  options,
  create(given: z.output<typeof options>, { envelope }: RuleSetup): Rule {
    const ticks = given.ticks ?? envelope.patience;
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
