import type { SafetyConfig } from '../../src/core/config-schema.ts';
import { ReflexArcError } from '../../src/core/errors.ts';
import type { InputLimits } from './inputs.ts';
import type { LadderLimits } from './ladder.ts';

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
  const limits: CartesianLimits = {
    period: 1 / safety.control_hz,
    speed: safety.speed,
    speedRotation: safety.speed_rotation,
    reference: safety.reference_limit,
    referenceRotation: safety.reference_limit_rotation,
    tilt: safety.tilt,
    boxMin: Float64Array.from(safety.pose_box.min),
    boxMax: Float64Array.from(safety.pose_box.max),
    targetMin: safety.target_box ? Float64Array.from(safety.target_box.min) : null,
    targetMax: safety.target_box ? Float64Array.from(safety.target_box.max) : null,
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

/** Delivery later than this against its predecessors is a backlog, ms; a stamp earlier than that is from the future. */
export const OLD_STAMP_MS = 250;
export const FUTURE_STAMP_MS = 1000;
/** ENGAGING waits this many decision ages for its first decision. */
const FIRST_DECISION_AGES = 3;

export function inputLimits(safety: SafetyConfig, joints: number, actionSize: number): InputLimits {
  return {
    joints,
    actionSize,
    residualBound: safety.residual_bound,
    forceFilterHz: safety.force_filter_hz,
    stateAgeNs: safety.state_age_ms * 1e6,
    decisionAgeNs: safety.decision_age_ms * 1e6,
    restSpeed: safety.stop_speed,
    oldStampNs: OLD_STAMP_MS * 1e6,
    futureStampNs: FUTURE_STAMP_MS * 1e6,
  };
}

export function ladderLimits(safety: SafetyConfig): LadderLimits {
  return {
    engageRampNs: safety.engage_ramp_ms * 1e6,
    firstDecisionNs: safety.decision_age_ms * FIRST_DECISION_AGES * 1e6,
    stopDwellNs: safety.stop_dwell_ms * 1e6,
    stopTimeoutNs: safety.stop_timeout_ms * 1e6,
    riskLow: safety.risk.low,
    riskDwellNs: safety.risk.dwell_ms * 1e6,
    recoveryBudget: safety.risk.recovery_budget,
    recoveryNs: safety.risk.recovery_ms * 1e6,
  };
}
