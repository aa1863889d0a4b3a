import type { RobotConfig, SafetyConfig } from '../../src/core/config-schema.ts';
import type { InputLimits } from './inputs.ts';
import type { LadderLimits } from './ladder.ts';

/** Delivery later than this against its predecessors is a backlog, ms; a stamp earlier than that is from the future. */
export const OLD_STAMP_MS = 250;
export const FUTURE_STAMP_MS = 1000;
/** ENGAGING waits this many decision ages for its first decision. */
const FIRST_DECISION_AGES = 3;

export function inputLimits(
  safety: SafetyConfig,
  robot: Pick<RobotConfig, 'joints' | 'interface' | 'sources' | 'ranging'>,
  actionSize: number,
): InputLimits {
  const isBase = robot.interface.type === 'twist';
  const isTip = robot.interface.type === 'tip_twist';
  const byPose = isBase || isTip || robot.interface.type === 'cartesian_impedance';
  const turns = isBase ? safety.twist : isTip ? safety.tip_twist : null;
  return {
    joints: robot.joints.length,
    sources: robot.sources.length,
    ranging: robot.ranging.map((s) => ({ ageNs: s.age_ms * 1e6, invalidShare: s.invalid_share })),
    actionSize,
    residualBound: safety.residual_bound,
    forceFilterHz: safety.force_filter_hz,
    stateAgeNs: safety.state_age_ms * 1e6,
    decisionAgeNs: safety.decision_age_ms * 1e6,
    takeoverAgeNs: safety.takeover_age_ms * 1e6,
    restSpeed: byPose ? safety.stop_speed : Number.POSITIVE_INFINITY,
    restJointSpeed: byPose ? Number.POSITIVE_INFINITY : safety.joints.stop_speed,
    restTurnSpeed: turns?.stop_speed_rotation ?? Number.POSITIVE_INFINITY,
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
