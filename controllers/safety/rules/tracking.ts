import { z } from 'zod';
import { defineRule } from '../../../src/core/plugin.ts';
import { fail, PASS, type Rule, type RuleContext, type RuleSetup } from '../rule.ts';

const options = z.strictObject({
  factor: z.number().min(0.5).default(1).describe('largest tracking error, as a multiple of the limit of the envelope'),
});

/**
 * Cause `tracking`, action stop, latched. The robot is not where, or not moving as, it was asked: it moved by itself, was
 * pushed, is switched off, or jumped (scenarios 54, 55). What the error is, and its limit, is the envelope's affair: for
 * a Cartesian setpoint the distance of the tip per axis, 2 Δ. Judged while this process writes setpoints. Clears by a
 * reset; the next arming starts from the measured pose.
 */
export const tracking = defineRule({
  name: 'tracking',
  summary: 'stops when the robot does not do as its setpoint says',
  options,
  create({ factor }: z.output<typeof options>, { envelope }: RuleSetup): Rule {
    const limit = factor * envelope.tracking.limit;
    const { unit } = envelope.tracking;
    return {
      name: 'tracking',
      cause: 'tracking',
      action: 'stop',
      clears: 'latched',
      says: `robot {value} ${unit} from its setpoint, allowed {limit} ${unit}`,
      evaluate(context: RuleContext) {
        if (!context.writing || !context.hasSent || !context.inputs.hasState) return PASS;
        const error = envelope.trackingError(context.situation);
        return error <= limit ? PASS : fail(context, 'stop', error, limit);
      },
    };
  },
});
