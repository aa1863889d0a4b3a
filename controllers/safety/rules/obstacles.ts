import { z } from 'zod';
import { defineRule } from '../../../src/core/plugin.ts';
import { fail, PASS, type Rule, type RuleContext, type RuleSetup } from '../rule.ts';

/**
 * Cause `obstacles_stale`, action stop, latched. A ranging sensor (`robot.ranging`) is silent, blind, or its stamps do not
 * fit the odometry: its newest good reading, by our receive clock, is older than its `age_ms`, or there is none. Each
 * sensor ages by itself; the sentence names the oldest of them. A base that does not see may not move. Clears by a reset,
 * once readings arrive again.
 */
export const obstacles = defineRule({
  name: 'obstacles',
  summary: 'stops when a sensor that sees obstacles is stale or missing',
  options: z.strictObject({}),
  create(_options: object, { robot }: RuleSetup): Rule {
    const limits = robot.ranging.map((sensor) => sensor.age_ms);
    const sentences = robot.ranging.map(
      ({ topic }) => `newest good reading of ${topic} is {value} ms old, allowed {limit} ms`,
    );
    const rule = {
      name: 'obstacles',
      cause: 'obstacles_stale',
      action: 'stop',
      clears: 'latched',
      says: 'newest good reading of a ranging sensor is {value} ms old, allowed {limit} ms',
      evaluate(context: RuleContext) {
        const { receivedNs } = context.inputs.ranging;
        let worst = -1;
        let over = 0;
        for (let i = 0; i < limits.length; i++) {
          const age = (context.nowNs - receivedNs[i]!) / 1e6;
          if (age <= limits[i]! || age - limits[i]! < over) continue;
          worst = i;
          over = age - limits[i]!;
        }
        if (worst < 0) return PASS;
        rule.says = sentences[worst]!;
        return fail(context, 'stop', (context.nowNs - receivedNs[worst]!) / 1e6, limits[worst]!);
      },
    } satisfies Rule;
    return rule;
  },
});
