import { z } from 'zod';
import { defineRule } from '../../../src/core/plugin.ts';
import { fail, PASS, type Rule, type RuleContext, type RuleSetup } from '../rule.ts';

const options = z.strictObject({
  factor: z
    .number()
    .min(0.1)
    .default(1)
    .describe('largest way from where HOLD began, as a multiple of the tracking limit'),
});

/**
 * Cause `drift`, action stop, latched. In HOLD, where nobody commands motion, the robot is away from where HOLD began: it
 * drifts, or a person moves it (scenario 55). A Cartesian setpoint yields to a robot that is pushed, so the distance
 * from the setpoint says nothing. Value and limit in m of the tip, or rad of a joint. Clears by a reset; the next arming
 * starts from the measured pose.
 */
export const drift = defineRule({
  name: 'drift',
  summary: 'stops when the robot moves in HOLD',
  options,
  create({ factor }: z.output<typeof options>, { envelope, robot }: RuleSetup): Rule {
    const { unit } = envelope.tracking;
    const limit = factor * envelope.tracking.limit;
    const byTip = unit === 'm' && robot.sources.includes('pose');
    const judged = byTip || unit === 'rad';
    const size = byTip ? 3 : robot.joints.length;
    const began = new Float64Array(size);
    let holding = false;
    return {
      name: 'drift',
      cause: 'drift',
      action: 'stop',
      clears: 'latched',
      says: `in HOLD the robot went {value} ${unit}, allowed {limit} ${unit}`,
      evaluate(context: RuleContext) {
        const { inputs, mode } = context;
        if (!judged || mode !== 'HOLD' || !inputs.hasState) {
          holding = false;
          return PASS;
        }
        const at = byTip ? inputs.state.pose : inputs.state.position;
        let worst = 0;
        for (let i = 0; i < size; i++) {
          if (!holding) began[i] = at[i]!;
          worst = Math.max(worst, Math.abs(at[i]! - began[i]!));
        }
        holding = true;
        return worst <= limit ? PASS : fail(context, 'stop', worst, limit);
      },
    };
  },
});
