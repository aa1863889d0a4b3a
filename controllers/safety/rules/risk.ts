import { z } from 'zod';
import { defineRule } from '../../../src/core/plugin.ts';
import { fail, PASS, type Rule, type RuleContext, type RuleSetup } from '../rule.ts';

/**
 * Cause `risk`, action recover, clears after a dwell. Even the base alone is above risk.high (critic.ts tries the
 * residual's smaller fractions first). The ladder goes to RECOVERY while its budget lasts, else it stops with
 * `recovery_exhausted`; RECOVERY ends when risk stays at or below risk.low for risk.dwell_ms.
 */
export const risk = defineRule({
  name: 'risk',
  summary: 'recovers when the critic admits no candidate of the policy',
  options: z.strictObject({}),
  create(_options: object, { safety }: RuleSetup): Rule {
    const limit = safety.risk.high;
    return {
      name: 'risk',
      cause: 'risk',
      action: 'recover',
      clears: 'dwell',
      says: 'risk {value} even without residual, allowed {limit}',
      evaluate: (context: RuleContext) =>
        !context.deciding || context.riskAdmissible ? PASS : fail(context, 'recover', context.risk, limit),
    };
  },
});
