import { z } from 'zod';
import { defineRule } from '../../../src/core/plugin.ts';
import { fail, PASS, type Rule, type RuleContext, type RuleSetup } from '../rule.ts';

const options = z.strictObject({
  margin: z.number().min(0).default(0.0087).describe('rad that a joint may be measured outside its limits'),
});

/**
 * Cause `joint_limit`, action stop, latched. A joint is measured outside its position limits by more than the margin
 * (half a degree, as in ros2_control). Value: the position, rad; limit: the wall. Clears by a reset, once it is back
 * inside; the way back is not this process's (scenario 61).
 */
export const jointLimit = defineRule({
  name: 'joint_limit',
  summary: 'stops when a joint is measured outside its limits',
  options,
  create({ margin }: z.output<typeof options>, { robot }: RuleSetup): Rule {
    const min = Float64Array.from(robot.joints, (j) => j.position[0]);
    const max = Float64Array.from(robot.joints, (j) => j.position[1]);
    const measured = robot.sources.includes('joint_states');
    return {
      name: 'joint_limit',
      cause: 'joint_limit',
      action: 'stop',
      clears: 'latched',
      says: 'a joint is at {value} rad, its limit at {limit} rad',
      evaluate(context: RuleContext) {
        const { inputs } = context;
        if (!measured || !inputs.hasState) return PASS;
        for (let i = 0; i < min.length; i++) {
          const at = inputs.state.position[i]!;
          if (!(at >= min[i]! - margin)) return fail(context, 'stop', at, min[i]!);
          if (!(at <= max[i]! + margin)) return fail(context, 'stop', at, max[i]!);
        }
        return PASS;
      },
    };
  },
});
