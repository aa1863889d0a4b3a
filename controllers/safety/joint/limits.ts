import type { RobotConfig, SafetyConfig } from '../../../src/core/config-schema.ts';
import { ReflexArcError } from '../../../src/core/errors.ts';
import { JERK_RAMPS } from '../ramps.ts';

/** The limits of a joint setpoint, SI, one number a joint, as flat numbers for the tick. */
export interface JointLimits {
  readonly joints: number;
  /** The setpoint is a position, rad; else a velocity, rad/s. */
  readonly position: boolean;
  /** Nominal control period, s; also the cap of the elapsed time that a rate is multiplied with. */
  readonly period: number;
  /** Position limits less their margin, rad. */
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly velocity: Float64Array;
  readonly acceleration: Float64Array;
  readonly jerk: Float64Array;
  /** A_d: deceleration that stopping distances reckon with; the derated A. */
  readonly deceleration: Float64Array;
  /** τ: s for which a velocity goes on before it is braked. */
  readonly reaction: Float64Array;
  /** A command shows in a measured position after at most this, ns. */
  readonly delayNs: number;
  /** Position setpoint never further from the measured position, rad. */
  readonly reference: number;
  /**
   * A position that goes out beside a velocity is never further from the measured one, rad: the distance at which `tracking`
   * stops the arm, and the way of a stop from full speed that is seen as late as may be.
   *
   *   tracking + V·(delay + state age + τ) + V²/(2·A_d)
   */
  readonly away: Float64Array;
  /** Largest speed towards the inside of a joint that is outside, rad/s. */
  readonly inward: number;
}

/** @throws ReflexArcError RA_CONFIG_INVALID for limits that no command could satisfy together */
export function jointLimits(safety: SafetyConfig, robot: RobotConfig): JointLimits {
  const s = safety.joints;
  const each = (of: (j: RobotConfig['joints'][number]) => number): Float64Array =>
    Float64Array.from(robot.joints.map(of));
  const limits: JointLimits = {
    joints: robot.joints.length,
    position: robot.interface.type === 'joint_position',
    period: 1 / safety.control_hz,
    min: each((j) => j.position[0] + s.margin),
    max: each((j) => j.position[1] - s.margin),
    velocity: each((j) => j.velocity),
    acceleration: each((j) => j.acceleration),
    jerk: each((j) => j.jerk),
    deceleration: each((j) => s.derate * j.acceleration),
    reaction: each((j) => s.reaction_ms / 1e3 + (JERK_RAMPS * j.acceleration) / j.jerk),
    delayNs: s.delay_ms * 1e6,
    reference: s.reference_limit,
    away: new Float64Array(robot.joints.length),
    inward: s.inward_speed,
  };
  const unseen = (s.delay_ms + safety.state_age_ms) / 1e3;
  limits.velocity.forEach((v, i) => {
    limits.away[i] = s.tracking + v * (unseen + limits.reaction[i]!) + (v * v) / (2 * limits.deceleration[i]!);
  });
  if (limits.joints === 0) invalid('a joint interface without joints', 'robot.joints with at least one');
  if (!(s.reaction_ms / 1e3 >= limits.period))
    invalid(`safety.joints.reaction_ms = ${s.reaction_ms}`, `at least the control period, ${limits.period * 1e3} ms`);
  robot.joints.forEach((joint, i) => {
    if (!(limits.min[i]! < limits.max[i]!))
      invalid(
        `robot.joints ${joint.name}: position [${joint.position}]`,
        `wider than twice the margin ${s.margin} rad`,
      );
  });
  return limits;
}

function invalid(seen: string, allowed: string): never {
  throw new ReflexArcError('RA_CONFIG_INVALID', { seen, allowed });
}
