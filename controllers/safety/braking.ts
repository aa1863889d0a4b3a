import type { RobotConfig, SafetyConfig } from '../../src/core/config-schema.ts';
import { ReflexArcError } from '../../src/core/errors.ts';
import { Brake } from './cartesian/brake.ts';
import { cartesianLimits } from './cartesian/limits.ts';
import { brakeVelocity } from './joint/brake.ts';
import { jointLimits } from './joint/limits.ts';

/** The braking law of a kind of setpoint by itself, for looking ahead: without the gate's memory, one tick after another. */
export interface Braking {
  /** `setpoint` is in force, and `before` was one tick earlier. */
  begin(setpoint: Float64Array, before: Float64Array): void;
  /** The setpoint of the next tick. `pose`: the tip by then. */
  next(pose: Float64Array, out: Float64Array): void;
}

/** @throws ReflexArcError RA_CONFIG_INVALID for limits that no command could satisfy together, and for a tip twist */
export function makeBraking(safety: SafetyConfig, robot: RobotConfig): Braking {
  const { type } = robot.interface;
  if (type === 'tip_twist')
    throw new ReflexArcError('RA_CONFIG_INVALID', {
      seen: `safety.guard for robot.interface.type: ${type}`,
      allowed: 'cartesian_impedance, joint_velocity or joint_position',
    });
  return type === 'cartesian_impedance' ? cartesianBraking(safety) : jointBraking(safety, robot);
}

function cartesianBraking(safety: SafetyConfig): Braking {
  const limits = cartesianLimits(safety);
  const brake = new Brake(limits);
  const last = new Float64Array(9);
  return {
    begin: (setpoint) => last.set(setpoint),
    next(pose, out) {
      // REAL-TIME: some ten times a check.
      brake.step(last, pose, limits.period, out);
      last.set(out);
    },
  };
}

function jointBraking(safety: SafetyConfig, robot: RobotConfig): Braking {
  const { joints: n, position, period, acceleration, jerk } = jointLimits(safety, robot);
  const velocity = new Float64Array(n);
  const slope = new Float64Array(n);
  const at = new Float64Array(n);
  return {
    begin(setpoint, before) {
      for (let i = 0; i < n; i++) {
        const step = (setpoint[i]! - before[i]!) / period;
        velocity[i] = position ? step : setpoint[i]!;
        // What a position setpoint did before its last step is not known here: taken as steady.
        slope[i] = position ? 0 : step;
        at[i] = setpoint[i]!;
      }
    },
    next(_pose, out) {
      // REAL-TIME: some ten times a check.
      for (let i = 0; i < n; i++) {
        const v = brakeVelocity(velocity[i]!, slope[i]!, acceleration[i]!, jerk[i]!, period);
        slope[i] = (v - velocity[i]!) / period;
        velocity[i] = v;
        at[i] = at[i]! + v * period;
        out[i] = position ? at[i]! : v;
      }
    },
  };
}
