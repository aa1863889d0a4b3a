import { z } from 'zod';
import { defineRule } from '../../../src/core/plugin.ts';
import { fail, PASS, type Rule, type RuleContext, type RuleSetup } from '../rule.ts';

/**
 * Cause `state_stale`, action stop, latched. The newest trusted state, by our receive clock, is older than
 * state_age_ms, or there is none. A state is one coherent set of joint state, pose and wrench, so one silent source ages
 * the whole. Stamps play no part: they can be zero, frozen or in the future. The braking law goes on from the last
 * trusted state. Clears by a reset, once states arrive again.
 */
export const stateAge = defineRule({
  name: 'state_age',
  summary: 'stops when the robot state is stale or missing',
  options: z.strictObject({}),
  create(_options: object, { safety }: RuleSetup): Rule {
    const limit = safety.state_age_ms;
    return {
      name: 'state_age',
      cause: 'state_stale',
      action: 'stop',
      clears: 'latched',
      says: 'newest robot state is {value} ms old, allowed {limit} ms',
      evaluate(context: RuleContext) {
        const { inputs, nowNs } = context;
        const age = inputs.hasState ? (nowNs - inputs.state.receivedNs) / 1e6 : Number.POSITIVE_INFINITY;
        return age <= limit ? PASS : fail(context, 'stop', age, limit);
      },
    };
  },
});
