import { z } from 'zod';
import { defineRule } from '../../../src/core/plugin.ts';
import { fail, PASS, type Rule, type RuleContext, type RuleSetup } from '../rule.ts';

/**
 * Cause `state_stale`, action stop, latched. The newest trusted state, by our receive clock, is older than
 * state_age_ms, or there is none. A state is one coherent set of all of `robot.sources`, so one silent source ages the
 * whole; the sentence names it. Stamps play no part: they can be zero, frozen or in the future. The braking law goes on
 * from the last trusted state. Clears by a reset, once states arrive again.
 */
export const stateAge = defineRule({
  name: 'state_age',
  summary: 'stops when the robot state is stale or missing',
  options: z.strictObject({}),
  create(_options: object, { safety, robot }: RuleSetup): Rule {
    const limit = safety.state_age_ms;
    const stale = 'newest robot state is {value} ms old, allowed {limit} ms';
    const topics = robot.sources.map((source) => robot.topics[source]);
    const silent = topics.map((topic) => `${stale}: nothing usable on ${topic}`);
    const apart = topics.length > 1 ? `${stale}: ${topics.join(', ')} arrive, but with no stamp in common` : stale;
    const rule = {
      name: 'state_age',
      cause: 'state_stale',
      action: 'stop',
      clears: 'latched',
      says: stale,
      evaluate(context: RuleContext) {
        const { inputs, nowNs } = context;
        const age = inputs.hasState ? (nowNs - inputs.state.receivedNs) / 1e6 : Number.POSITIVE_INFINITY;
        if (age <= limit) return PASS;
        rule.says = apart;
        for (let i = silent.length - 1; i >= 0; i--)
          if (!((nowNs - inputs.heardNs[i]!) / 1e6 <= limit)) rule.says = silent[i]!;
        return fail(context, 'stop', age, limit);
      },
    } satisfies Rule;
    return rule;
  },
});
