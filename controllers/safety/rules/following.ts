import { z } from 'zod';
import { defineRule } from '../../../src/core/plugin.ts';
import { fail, PASS, type Rule, type RuleContext, type RuleSetup } from '../rule.ts';

const options = z.strictObject({
  distance: z.number().positive().max(1).default(0.5).describe('share of Δ by which the setpoint must be ahead'),
  force: z.number().min(0).max(1).default(0.25).describe('share of K · distance that must be felt as external force'),
  ms: z.number().positive().default(500).describe('for so long'),
});

/**
 * Cause `not_following`, action stop, latched. The tip stands still although its setpoint is well ahead, and nothing is
 * felt that holds it: a spring of K · distance at rest has a counterforce, unless the drives are off or the robot refuses
 * our commands (scenario 54). The setpoint is never further than Δ from the tip, so `tracking` cannot see this. Value: ms
 * of it. Judged while this process writes Cartesian setpoints to a robot that measures its wrench; clears by a reset.
 */
export const following = defineRule({
  name: 'following',
  summary: 'stops when the tip stands still ahead of nothing, though it is pulled',
  options,
  create({ distance, force, ms }: z.output<typeof options>, { safety, robot }: RuleSetup): Rule {
    const judged = robot.interface.type === 'cartesian_impedance' && robot.sources.includes('wrench');
    const ahead = distance * safety.reference_limit;
    let sinceNs = Number.NaN;
    return {
      name: 'following',
      cause: 'not_following',
      action: 'stop',
      clears: 'latched',
      says: 'the tip stands still, pulled by its setpoint and held by nothing, for {value} ms, allowed {limit} ms',
      evaluate(context: RuleContext) {
        const { inputs, situation, nowNs } = context;
        const { last } = situation;
        const { pose } = inputs.state;
        const away = judged ? Math.hypot(last[0]! - pose[0]!, last[1]! - pose[1]!, last[2]! - pose[2]!) : 0;
        const pulled = away > ahead && inputs.speed < safety.stop_speed && inputs.forceNorm < force * last[7]! * away;
        if (!context.writing || !context.hasSent || !inputs.hasState || !pulled) sinceNs = Number.NaN;
        else if (!(nowNs >= sinceNs)) sinceNs = nowNs;
        const lasted = (nowNs - sinceNs) / 1e6;
        return lasted > ms ? fail(context, 'stop', lasted, ms) : PASS;
      },
    };
  },
});
