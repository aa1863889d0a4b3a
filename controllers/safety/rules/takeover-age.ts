import { z } from 'zod';
import { defineRule } from '../../../src/core/plugin.ts';
import { fail, PASS, type Rule, type RuleContext, type RuleSetup } from '../rule.ts';

/**
 * Cause `takeover_stale`, action hold. A person has taken over, and what he wants answers a command that went out more than
 * takeover_age_ms ago: he, his client or the way to us is gone. The robot holds where it is, and the policy does not get
 * the decision by anybody's silence: that takes an engage. In RECOVERY nobody's wish counts, so none is missed. With the rule
 * off the robot stands still all the same, for a stale takeover moves nothing (sources.ts). Value and limit in ms.
 */
export const takeoverAge = defineRule({
  name: 'takeover_age',
  summary: 'holds when the person who has taken over is silent',
  options: z.strictObject({}),
  create(_options: object, { safety }: RuleSetup): Rule {
    const limit = safety.takeover_age_ms;
    return {
      name: 'takeover_age',
      cause: 'takeover_stale',
      action: 'hold',
      clears: 'auto',
      says: 'the person who has taken over answers a command {value} ms old, allowed {limit} ms',
      evaluate(context: RuleContext) {
        const { mode, nowNs, inputs } = context;
        const { takeover } = inputs;
        if (!takeover.held || (mode !== 'ENGAGING' && mode !== 'ACTIVE')) return PASS;
        return takeover.isFresh(nowNs) ? PASS : fail(context, 'hold', takeover.age(nowNs) / 1e6, limit);
      },
    };
  },
});
