import { z } from 'zod';
import { defineRule } from '../../../src/core/plugin.ts';
import { fail, PASS, type Rule, type RuleContext, type RuleSetup } from '../rule.ts';

/**
 * Cause `link_down`, action stop, latched. The bridge says that the way to the robot is closed, or was never open. (A new
 * connection is a trip of its own, `link_changed`: it also begins a new command epoch.) Clears by a reset, once the link
 * is up.
 */
export const link = defineRule({
  name: 'link',
  summary: 'stops when the link to the robot is down',
  options: z.strictObject({}),
  create(_options: object, _setup: RuleSetup): Rule {
    return {
      name: 'link',
      cause: 'link_down',
      action: 'stop',
      clears: 'latched',
      says: 'the link to the robot is down',
      evaluate: (context: RuleContext) => (context.inputs.linkUp ? PASS : fail(context, 'stop', 0, 1)),
    };
  },
});
