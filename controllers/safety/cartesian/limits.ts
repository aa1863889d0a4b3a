import type { SafetyConfig } from '../../../src/core/config-schema.ts';
import { ReflexArcError } from '../../../src/core/errors.ts';

/** The limits of a Cartesian setpoint, SI, as flat numbers for the tick. */
export interface CartesianLimits {
  /** Nominal control period, s; also the cap of the elapsed time that a rate is multiplied with. */
  readonly period: number;
  readonly speed: number;
  readonly speedRotation: number;
  /** Δ: setpoint never further from the measured pose, per axis, m and rad. */
  readonly reference: number;
  readonly referenceRotation: number;
  /** Largest angle away from the reference orientation, rad. */
  readonly tilt: number;
  readonly boxMin: Float64Array;
  readonly boxMax: Float64Array;
  /** Box around the task target, or null. */
  readonly targetMin: Float64Array | null;
  readonly targetMax: Float64Array | null;
  /**
   * Within `approachDistance` of the target estimate a wish is followed at most at `approachSpeed`, m and m/s: what a first touch
   * costs grows with speed (F ≈ v·√(k·m), of contact stiffness and effective mass; ISO/TS 15066, A.3.6). `speed` itself where there is none.
   */
  readonly approachDistance: number;
  readonly approachSpeed: number;
  /** Half-spaces `[nx ny nz b]`, |n| = 1: n · position ≤ b. */
  readonly planes: readonly Float64Array[];
  readonly stiffnessMin: number;
  readonly stiffnessMax: number;
  readonly stiffnessRate: number;
  readonly rotationStiffnessMin: number;
  readonly rotationStiffnessMax: number;
  readonly forceSoft: number;
  readonly forceLimit: number;
}

/** @throws ReflexArcError RA_CONFIG_INVALID for limits that no command could satisfy together. */
export function cartesianLimits(safety: SafetyConfig): CartesianLimits {
  const { pose_box: box } = safety;
  if (!box) invalid('no safety.pose_box', 'the workspace of the tip, which a Cartesian interface needs');
  const limits: CartesianLimits = {
    period: 1 / safety.control_hz,
    speed: safety.speed,
    speedRotation: safety.speed_rotation,
    reference: safety.reference_limit,
    referenceRotation: safety.reference_limit_rotation,
    tilt: safety.tilt,
    boxMin: Float64Array.from(box.min),
    boxMax: Float64Array.from(box.max),
    targetMin: safety.target_box ? Float64Array.from(safety.target_box.min) : null,
    targetMax: safety.target_box ? Float64Array.from(safety.target_box.max) : null,
    approachDistance: safety.approach?.distance ?? 0,
    approachSpeed: safety.approach?.speed ?? safety.speed,
    planes: safety.planes.map(({ normal, offset }) => {
      const length = Math.hypot(...normal);
      if (!(length > 0)) invalid(`a plane of safety.planes with the normal [${normal}]`, 'a direction');
      return Float64Array.from([...normal, offset], (v) => v / length);
    }),
    stiffnessMin: safety.stiffness[0],
    stiffnessMax: safety.stiffness[1],
    stiffnessRate: safety.stiffness_rate,
    rotationStiffnessMin: safety.stiffness_rotation[0],
    rotationStiffnessMax: safety.stiffness_rotation[1],
    forceSoft: safety.force_soft,
    forceLimit: safety.force_limit,
  };
  requireBox('safety.pose_box', limits.boxMin, limits.boxMax);
  if (limits.targetMin && limits.targetMax) requireBox('safety.target_box', limits.targetMin, limits.targetMax);
  if (!(limits.stiffnessMin > 0)) invalid(`safety.stiffness[0] = ${limits.stiffnessMin}`, 'above 0 N/m');
  if (!(limits.forceSoft < limits.forceLimit))
    invalid(`safety.force_soft = ${limits.forceSoft}`, `below force_limit = ${limits.forceLimit} N`);
  if (!(limits.tilt < Math.PI / 2)) invalid(`safety.tilt = ${limits.tilt}`, 'below π/2 rad');
  // At its floor the spring must be soft enough for the whole reference box: else K·Δ could not be kept.
  const floorForce = limits.stiffnessMin * limits.reference * Math.sqrt(3);
  if (!(floorForce <= limits.forceLimit))
    invalid(
      `safety.stiffness[0]·reference_limit·√3 = ${floorForce.toPrecision(3)} N`,
      `at most force_limit = ${limits.forceLimit} N`,
    );
  return limits;
}

function requireBox(key: string, min: Float64Array, max: Float64Array): void {
  for (let i = 0; i < 3; i++) {
    if (!(min[i]! < max[i]!)) invalid(`${key} axis ${i}: [${min[i]}, ${max[i]}]`, 'min below max');
  }
}

function invalid(seen: string, allowed: string): never {
  throw new ReflexArcError('RA_CONFIG_INVALID', { seen, allowed });
}
