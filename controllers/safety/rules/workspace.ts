import { z } from 'zod';
import { defineRule } from '../../../src/core/plugin.ts';
import { fail, PASS, type Rule, type RuleContext, type RuleSetup } from '../rule.ts';

const options = z.strictObject({
  margin: z.number().min(0).default(0.005).describe('m that the measured tip may lie outside safety.pose_box'),
});

/**
 * Cause `workspace`, action stop, latched. The measured tip is outside the pose box by more than the margin. The filter
 * keeps setpoints inside, so the robot was pushed, or the box does not fit the cell. Value: the coordinate, m; limit:
 * the wall. Clears by a reset, once the tip is back inside.
 */
export const workspace = defineRule({
  name: 'workspace',
  summary: 'stops when the measured tip leaves the workspace',
  options,
  create({ margin }: z.output<typeof options>, { safety }: RuleSetup): Rule {
    const { min, max } = safety.pose_box;
    return {
      name: 'workspace',
      cause: 'workspace',
      action: 'stop',
      clears: 'latched',
      says: 'measured tip at {value} m, wall of the workspace at {limit} m',
      evaluate(context: RuleContext) {
        const { inputs } = context;
        if (!inputs.hasState) return PASS;
        for (let i = 0; i < 3; i++) {
          const at = inputs.state.pose[i]!;
          if (!(at >= min[i]! - margin)) return fail(context, 'stop', at, min[i]!);
          if (!(at <= max[i]! + margin)) return fail(context, 'stop', at, max[i]!);
        }
        return PASS;
      },
    };
  },
});
