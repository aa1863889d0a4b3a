import { z } from 'zod';
import { defineRule } from '../../../src/core/plugin.ts';
import { fail, PASS, type Rule, type RuleContext, type RuleSetup } from '../rule.ts';

/**
 * Cause `target_missing`, action stop, latched. A policy has authority, but no estimate of the task's target has ever
 * arrived: the critic and the target box would judge against nothing. An estimate is published once an episode, so it
 * has no age. Clears by a reset.
 */
export const target = defineRule({
  name: 'target',
  summary: 'stops when the task target is not known',
  options: z.strictObject({}),
  create(_options: object, _setup: RuleSetup): Rule {
    return {
      name: 'target',
      cause: 'target_missing',
      action: 'stop',
      clears: 'latched',
      says: 'no estimate of the target has arrived',
      evaluate: (context: RuleContext) =>
        !context.engaged || context.inputs.hasTarget ? PASS : fail(context, 'stop', 0, 1),
    };
  },
});
