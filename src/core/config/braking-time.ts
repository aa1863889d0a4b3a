import type { RunConfig } from '../config-schema.ts';

/**
 * The longest that the braking law takes to bring the setpoint to rest, ms. Cartesian: from a corner of Δ to the measured
 * pose at the speed limits. Joints: from the speed limit at the deceleration that stopping reckons with, after the
 * reaction.
 */
export function brakingTimeMs({ robot, safety }: Pick<RunConfig, 'robot' | 'safety'>): number {
  if (robot.interface.type === 'cartesian_impedance') {
    const corner = Math.sqrt(3);
    const move = (corner * safety.reference_limit) / safety.speed;
    const turn = (corner * safety.reference_limit_rotation) / safety.speed_rotation;
    return 1000 * Math.max(move, turn);
  }
  const { derate, reaction_ms } = safety.joints;
  return reaction_ms + 1000 * Math.max(0, ...robot.joints.map((j) => j.velocity / (derate * j.acceleration)));
}
