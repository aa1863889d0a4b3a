import { z } from 'zod';
import { defineRule } from '../../../src/core/plugin.ts';
import { BAD } from '../inputs.ts';
import { fail, PASS, type Rule, type RuleContext, type RuleSetup } from '../rule.ts';

/**
 * Cause `bad_shape`, action stop, latched. A vector of the wrong length or type, or an orientation that is no unit
 * quaternion, in a robot state (any mode) or in a decision (while engaged). Refused whole, never cut or padded.
 * Value: 1 for a state, 2 for a decision. Clears by a reset, once states are good.
 */
export const shape = defineRule({
  name: 'shape',
  summary: 'refuses a state or a decision of the wrong shape',
  options: z.strictObject({}),
  create(_options: object, _setup: RuleSetup): Rule {
    return {
      name: 'shape',
      cause: 'bad_shape',
      action: 'stop',
      clears: 'latched',
      says: 'a vector of the wrong shape in input {value} (1 state, 2 decision); allowed: the lengths of the config',
      evaluate(context: RuleContext) {
        if (context.inputs.badState === BAD.shape) return fail(context, 'stop', 1, 0);
        if (context.engaged && context.inputs.badDecision === BAD.shape) return fail(context, 'stop', 2, 0);
        return PASS;
      },
    };
  },
});
