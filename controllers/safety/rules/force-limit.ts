import { z } from 'zod';
import { defineRule } from '../../../src/core/plugin.ts';
import { fail, PASS, type Rule, type RuleContext, type RuleSetup } from '../rule.ts';

/**
 * Cause `force_limit`, action stop, latched. The low-passed norm of the external force is above force_limit. (Above
 * force_soft the filter already softens and stops pushing: see filter.ts.) Clears by a reset, once the force is below.
 */
export const forceLimit = defineRule({
  name: 'force_limit',
  summary: 'stops when the measured force is above its limit',
  options: z.strictObject({}),
  create(_options: object, { safety }: RuleSetup): Rule {
    const limit = safety.force_limit;
    return {
      name: 'force_limit',
      cause: 'force_limit',
      action: 'stop',
      clears: 'latched',
      says: 'external force {value} N, allowed {limit} N',
      evaluate(context: RuleContext) {
        const { hasState, forceNorm } = context.inputs;
        return !hasState || forceNorm <= limit ? PASS : fail(context, 'stop', forceNorm, limit);
      },
    };
  },
});
