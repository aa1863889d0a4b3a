import { z } from 'zod';
import { defineRule } from '../../../src/core/plugin.ts';
import { fail, PASS, type Rule, type RuleContext, type RuleSetup } from '../rule.ts';

const options = z.strictObject({
  margin: z.number().min(0).default(0.005).describe('m that the measured tip may lie outside box and planes'),
});

/**
 * Cause `workspace`, action stop, latched. The measured tip is outside safety.pose_box or safety.planes by more than the
 * margin. The filter keeps setpoints inside, so the robot was pushed, or the box does not fit the cell. Value: the
 * coordinate (of a plane: along its normal), m; limit: the wall. Without a box, planes or a measured pose there is
 * nothing to judge. Clears by a reset, once the tip is back inside.
 */
export const workspace = defineRule({
  name: 'workspace',
  summary: 'stops when the measured tip leaves the workspace',
  options,
  create({ margin }: z.output<typeof options>, { safety, robot }: RuleSetup): Rule {
    const measured = robot.sources.includes('pose');
    const min = safety.pose_box?.min ?? [];
    const max = safety.pose_box?.max ?? [];
    const planes = safety.planes.map((p) => ({ normal: p.normal, offset: p.offset, length: Math.hypot(...p.normal) }));
    return {
      name: 'workspace',
      cause: 'workspace',
      action: 'stop',
      clears: 'latched',
      says: 'measured tip at {value} m, wall of the workspace at {limit} m',
      evaluate(context: RuleContext) {
        const { inputs } = context;
        if (!measured || !inputs.hasState) return PASS;
        const { pose } = inputs.state;
        for (let i = 0; i < min.length; i++) {
          const at = pose[i]!;
          if (!(at >= min[i]! - margin)) return fail(context, 'stop', at, min[i]!);
          if (!(at <= max[i]! + margin)) return fail(context, 'stop', at, max[i]!);
        }
        for (let k = 0; k < planes.length; k++) {
          const { normal, offset, length } = planes[k]!;
          const at = (normal[0]! * pose[0]! + normal[1]! * pose[1]! + normal[2]! * pose[2]!) / length;
          if (!(at <= offset / length + margin)) return fail(context, 'stop', at, offset / length);
        }
        return PASS;
      },
    };
  },
});
