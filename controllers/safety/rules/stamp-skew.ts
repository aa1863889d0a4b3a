import { z } from 'zod';
import { defineRule } from '../../../src/core/plugin.ts';
import { fail, PASS, type Rule, type RuleContext, type RuleSetup } from '../rule.ts';

/**
 * Cause `stamp_skew`, action stop, latched. The last state was refused because its stamp is far older than the delivery
 * of its predecessors allows (a flushed backlog) or far ahead of them (a stamp from the future): scenarios 21 and 22.
 * The bounds stand in limits.ts; inputs.ts, which refuses the state, keeps by how much it was off. Value and limit in ms,
 * both above 0 for a stamp that is late, below for one that is early. Clears by a reset, once a state is in time.
 */
export const stampSkew = defineRule({
  name: 'stamp_skew',
  summary: 'stops on states from the past or the future',
  options: z.strictObject({}),
  create(_options: object, _setup: RuleSetup): Rule {
    return {
      name: 'stamp_skew',
      cause: 'stamp_skew',
      action: 'stop',
      clears: 'latched',
      says: 'a state stamp is {value} ms late against earlier deliveries (below 0: early), allowed {limit} ms',
      evaluate(context: RuleContext) {
        const { skewNs, skewLimitNs } = context.inputs;
        return skewNs === 0 ? PASS : fail(context, 'stop', skewNs / 1e6, skewLimitNs / 1e6);
      },
    };
  },
});
