import { ReflexArcError } from '../../core/errors.ts';
import type { JointLimits } from './joint-limits.ts';
import type { UrdfJoint } from './urdf.ts';

/** A number of the draft, and where it came from: what a reader of the run file wants to know of each. */
export interface Sourced<T> {
  readonly value: T;
  readonly from: string;
  /** Nobody said it: to be looked at before the robot moves. */
  readonly isDefault: boolean;
}

export interface JointDraft {
  readonly name: string;
  readonly type: UrdfJoint['type'];
  readonly position: Sourced<readonly [number, number]>;
  readonly velocity: Sourced<number>;
  readonly acceleration: Sourced<number>;
  readonly jerk: Sourced<number>;
  readonly effort: Sourced<number>;
}

/**
 * What is taken where nobody says a limit: slow, and small enough that a robot which can do more is only slower. A URDF has no
 * accelerations; 1 rad/s² is what MoveIt takes where none is given.
 */
const DEFAULTS = {
  revolute: { velocity: 0.5, acceleration: 1, jerk: 20, effort: 10 },
  prismatic: { velocity: 0.05, acceleration: 0.2, jerk: 4, effort: 20 },
} as const;
/** A continuous joint turns for ever; the filter wants an interval. */
const CONTINUOUS = 2 * Math.PI;

/**
 * Limits of one joint: of URDF and joint_limits.yaml the tighter one, soft limits of a safety_controller before both.
 * @throws ReflexArcError RA_URDF for a joint that must have position limits and has none, or none that leave it room
 */
export function limitsOf(joint: UrdfJoint, file: JointLimits | undefined): JointDraft {
  const fallback = DEFAULTS[joint.type === 'prismatic' ? 'prismatic' : 'revolute'];
  const least = (what: keyof typeof fallback, fromUrdf: number | undefined): Sourced<number> => {
    const fromFile = file?.[what];
    const said: Sourced<number>[] = [];
    if (fromUrdf !== undefined && fromUrdf > 0) said.push({ value: fromUrdf, from: 'urdf', isDefault: false });
    if (fromFile !== undefined && fromFile > 0) said.push({ value: fromFile, from: 'joint_limits', isDefault: false });
    const [first] = said.sort((a, b) => a.value - b.value);
    return first ?? { value: fallback[what], from: 'default', isDefault: true };
  };
  return {
    name: joint.name,
    type: joint.type,
    position: positionOf(joint, file),
    velocity: least('velocity', joint.velocity),
    acceleration: least('acceleration', undefined),
    jerk: least('jerk', undefined),
    effort: least('effort', joint.effort),
  };
}

function positionOf(joint: UrdfJoint, file: JointLimits | undefined): Sourced<readonly [number, number]> {
  const lows: [number, string][] = [];
  const highs: [number, string][] = [];
  const add = (low: number | undefined, high: number | undefined, from: string) => {
    if (low !== undefined) lows.push([low, from]);
    if (high !== undefined) highs.push([high, from]);
  };
  // URDF: a limit that is not written is 0, and of a continuous joint it means nothing.
  const isWritten = joint.type !== 'continuous' && (joint.lower !== undefined || joint.upper !== undefined);
  if (isWritten) add(joint.lower ?? 0, joint.upper ?? 0, 'urdf');
  add(file?.position?.[0], file?.position?.[1], 'joint_limits');
  // 0 and 0 is what a safety_controller has when only its gains are written.
  if (joint.softLower !== joint.softUpper) add(joint.softLower, joint.softUpper, 'safety_controller');
  const [low] = lows.sort((a, b) => b[0] - a[0]);
  const [high] = highs.sort((a, b) => a[0] - b[0]);
  if (low === undefined || high === undefined) {
    if (joint.type === 'continuous')
      return {
        value: [low?.[0] ?? -CONTINUOUS, high?.[0] ?? CONTINUOUS],
        from: 'continuous: one turn either way',
        isDefault: true,
      };
    throw new ReflexArcError('RA_URDF', {
      seen: `joint ${joint.name} (${joint.type}) has no position limits`,
      allowed: 'a lower and an upper limit, in the URDF or in joint_limits.yaml',
    });
  }
  if (!(low[0] < high[0]))
    throw new ReflexArcError('RA_URDF', {
      seen: `joint ${joint.name}: position limits ${low[0]} (${low[1]}) to ${high[0]} (${high[1]}) leave it no room`,
      allowed: 'a lower limit below the upper one',
    });
  return { value: [low[0], high[0]], from: [...new Set([low[1], high[1]])].join(' and '), isDefault: false };
}
