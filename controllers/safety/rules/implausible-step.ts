import { z } from 'zod';
import { defineRule } from '../../../src/core/plugin.ts';
import { fail, PASS, type Rule, type RuleContext, type RuleSetup } from '../rule.ts';

const options = z.strictObject({
  speed: z.number().positive().default(3).describe('m/s that no tip of this kind of robot reaches'),
  joint_factor: z.number().min(1).default(2).describe('multiple of a joint’s velocity limit that it never reaches'),
});

/**
 * Cause `implausible_step`, action stop, latched. Between two states the robot moved further than it can: a sensor
 * jumped, or another robot answers. Value: how many times too far; limit 1. Judged while this process writes setpoints;
 * clears by a reset.
 */
export const implausibleStep = defineRule({
  name: 'implausible_step',
  summary: 'stops when the measured robot jumps',
  options,
  create({ speed, joint_factor }: z.output<typeof options>, { robot }: RuleSetup): Rule {
    const fastest = Math.min(...robot.joints.map((j) => j.velocity), Number.POSITIVE_INFINITY);
    const joints = robot.joints.map((j) => joint_factor * j.velocity);
    return {
      name: 'implausible_step',
      cause: 'implausible_step',
      action: 'stop',
      clears: 'latched',
      says: 'the robot moved {value} times as far between two states as it can',
      evaluate(context: RuleContext) {
        const { inputs } = context;
        if (!context.writing || !inputs.hasState) return PASS;
        let times = inputs.speed / speed;
        if (inputs.jointSpeed > fastest) {
          const { steps, stepSeconds } = inputs;
          for (let i = 0; i < joints.length; i++) times = Math.max(times, steps[i]! / (stepSeconds * joints[i]!));
        }
        return times <= 1 ? PASS : fail(context, 'stop', times, 1);
      },
    };
  },
});
