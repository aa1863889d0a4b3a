import type { RobotConfig, SafetyConfig } from '../../../src/core/config-schema.ts';
import { ReflexArcError } from '../../../src/core/errors.ts';
import { JERK_RAMPS } from '../ramps.ts';

/** The limits of one half of a twist, the translation (m/s) or the rotation (rad/s): norms of a vector and its derivatives. */
export interface VectorLimits {
  speed: number;
  readonly acceleration: number;
  readonly jerk: number;
  /** Derated acceleration, that stopping distances reckon with. */
  readonly deceleration: number;
  /** s for which a velocity goes on before it is braked. */
  readonly reaction: number;
  /** s that the ramps of a stop within the jerk limit take beyond one without. */
  readonly ramp: number;
}

/** What a wall belongs to. */
export type WallKind = 'pose_box' | 'workspace_plane' | 'target_box';

/** A half-space of the workspace, base frame: normal · position ≤ offset, |normal| = 1, m. */
export interface Wall {
  readonly kind: WallKind;
  readonly normal: readonly [number, number, number];
  /** Of a target_box: from the target. */
  readonly offset: number;
}

/** The limits of a tip's twist `[vx vy vz wx wy wz]`, SI, as flat numbers for the tick. */
export interface TipLimits {
  /** Nominal control period, s; also the cap of the elapsed time that a rate is multiplied with. */
  readonly period: number;
  readonly linear: VectorLimits;
  readonly angular: VectorLimits;
  readonly walls: readonly Wall[];
  /** Largest angle away from the reference orientation, rad. */
  tilt: number;
  /** A command shows in the measured pose after at most this, ns. */
  readonly delayNs: number;
  /** Speed of a recovery, m/s and rad/s. */
  readonly inward: number;
  readonly inwardTurn: number;
}

/** @throws ReflexArcError RA_CONFIG_INVALID for limits that no command could satisfy together */
export function tipLimits(safety: SafetyConfig, robot: RobotConfig): TipLimits {
  const { pose_box: box, target_box: near, planes } = safety;
  const s = safety.tip_twist;
  const period = 1 / safety.control_hz;
  if (!robot.sources.includes('pose')) invalid(`robot.sources: ${robot.sources.join(', ')}`, 'pose, for a tip twist');
  if (!box) invalid('no safety.pose_box', 'the workspace of the tip, which a tip twist needs');
  if (!(s.reaction_ms / 1e3 >= period))
    invalid(`safety.tip_twist.reaction_ms = ${s.reaction_ms}`, `at least the control period, ${period * 1e3} ms`);
  // Beyond it a cone of orientations is not convex: two orientations inside do not have all between them inside.
  if (!(safety.tilt < Math.PI / 2)) invalid(`safety.tilt = ${safety.tilt}`, 'below π/2 rad');
  const vector = (speed: number, acceleration: number, jerk: number): VectorLimits => ({
    ...{ speed, acceleration, jerk, deceleration: s.derate * acceleration },
    reaction: s.reaction_ms / 1e3,
    ramp: (JERK_RAMPS * acceleration) / jerk,
  });
  return {
    period,
    linear: vector(s.speed, s.acceleration, s.jerk),
    angular: vector(s.speed_rotation, s.acceleration_rotation, s.jerk_rotation),
    walls: [
      ...facesOf('pose_box', box),
      ...planes.map(({ normal, offset }): Wall => {
        const length = Math.hypot(...normal);
        if (!(length > 0)) invalid(`a plane of safety.planes with the normal [${normal}]`, 'a direction');
        const [x, y, z] = normal.map((v) => v / length) as [number, number, number];
        return { kind: 'workspace_plane', normal: [x, y, z], offset: offset / length };
      }),
      ...(near ? facesOf('target_box', near) : []),
    ],
    tilt: safety.tilt,
    delayNs: s.delay_ms * 1e6,
    inward: s.inward_speed,
    inwardTurn: s.inward_speed_rotation,
  };
}

/** The six walls of a box. */
function facesOf(kind: WallKind, { min, max }: { min: number[]; max: number[] }): Wall[] {
  return [0, 1, 2].flatMap((i): Wall[] => {
    if (!(min[i]! < max[i]!)) invalid(`safety.${kind} axis ${i}: [${min[i]}, ${max[i]}]`, 'min below max');
    const towards = (sign: number): [number, number, number] => {
      const normal: [number, number, number] = [0, 0, 0];
      normal[i] = sign;
      return normal;
    };
    return [
      { kind, normal: towards(1), offset: max[i]! },
      { kind, normal: towards(-1), offset: -min[i]! },
    ];
  });
}

function invalid(seen: string, allowed: string): never {
  throw new ReflexArcError('RA_CONFIG_INVALID', { seen, allowed });
}
