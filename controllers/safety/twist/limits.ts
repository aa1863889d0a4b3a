import type { RobotConfig, SafetyConfig } from '../../../src/core/config-schema.ts';
import { ReflexArcError } from '../../../src/core/errors.ts';
import { interfaceOf } from '../../../src/core/robot-interface.ts';
import { JERK_RAMPS } from '../ramps.ts';

/** The limits of a twist setpoint `[vx vy wz]`, SI, as flat numbers for the tick. */
export interface TwistLimits {
  /** The base can move sideways; else vy is 0. */
  readonly sideways: boolean;
  /** Nominal control period, s; also the cap of the elapsed time that a rate is multiplied with. */
  readonly period: number;
  /** Of the translation (norm) and of the rotation: m/s, rad/s, and their first and second derivatives. */
  speed: number;
  turn: number;
  readonly acceleration: number;
  readonly turnAcceleration: number;
  readonly jerk: number;
  readonly turnJerk: number;
  /** Derated accelerations, that stopping distances reckon with. */
  readonly deceleration: number;
  readonly turnDeceleration: number;
  /** s for which a twist goes on before it is braked. */
  readonly reaction: number;
  /** s that the ramps of a stop within the jerk limits take beyond one without. */
  readonly ramp: number;
  /** A command shows in the odometry after at most this, ns. */
  readonly delayNs: number;
  /** The footprint: a circle around `(x, y)` of the base frame, m. */
  readonly x: number;
  readonly y: number;
  /** Radius of the footprint and minimum distance together, m: no obstacle gets nearer to its centre. */
  clearance: number;
  /** Beams that each ranging sensor may have, and the age in ns beyond which its reading tells nothing. */
  readonly beams: readonly number[];
  readonly ageNs: readonly number[];
  /** A reading may be stamped so much later than the newest odometry, s. */
  readonly ahead: number;
}

/** @throws ReflexArcError RA_CONFIG_INVALID for limits that no command could satisfy together */
export function twistLimits(safety: SafetyConfig, robot: RobotConfig): TwistLimits {
  const how = interfaceOf(robot, 'twist');
  const s = safety.twist;
  const period = 1 / safety.control_hz;
  if (!robot.sources.includes('odom')) invalid(`robot.sources: ${robot.sources.join(', ')}`, 'odom, for a mobile base');
  if (robot.ranging.length === 0 && !safety.off.includes('obstacles'))
    invalid('no robot.ranging', 'a sensor that sees obstacles, or `obstacles` in safety.off');
  if (!(s.reaction_ms / 1e3 >= period))
    invalid(`safety.twist.reaction_ms = ${s.reaction_ms}`, `at least the control period, ${period * 1e3} ms`);
  return {
    sideways: how.scale[1]! > 0,
    period,
    speed: s.speed,
    turn: s.speed_rotation,
    acceleration: s.acceleration,
    turnAcceleration: s.acceleration_rotation,
    jerk: s.jerk,
    turnJerk: s.jerk_rotation,
    deceleration: s.derate * s.acceleration,
    turnDeceleration: s.derate * s.acceleration_rotation,
    reaction: s.reaction_ms / 1e3,
    ramp: JERK_RAMPS * Math.max(s.acceleration / s.jerk, s.acceleration_rotation / s.jerk_rotation),
    delayNs: s.delay_ms * 1e6,
    x: how.footprint.center[0]!,
    y: how.footprint.center[1]!,
    clearance: how.footprint.radius + s.min_distance,
    beams: robot.ranging.map((sensor) => sensor.beams),
    ageNs: robot.ranging.map((sensor) => sensor.age_ms * 1e6),
    ahead: safety.stamp_skew_ms / 1e3,
  };
}

function invalid(seen: string, allowed: string): never {
  throw new ReflexArcError('RA_CONFIG_INVALID', { seen, allowed });
}
