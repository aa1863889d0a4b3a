import type { Situation } from './envelope.ts';

/** What a guard may foresee, by index: 0 is nothing, the others are what would be broken. */
export const FORESEEN = ['', 'limit', 'workspace', 'force'] as const;

/** The answer of a guard. Rewritten by every check. */
export interface Foresight {
  /** Index into FORESEEN of what breaks first. */
  what: number;
  /** What it would be, and what is allowed: rad for a limit, m for a workspace, N for a force. */
  value: number;
  limit: number;
  /** When that would be, s from now; without a breach, how far was looked. */
  after: number;
}

/** The time that a check has. */
export interface Budget {
  /** It is used up: what is not known by now will not be known in time. */
  isUp(): boolean;
}

/**
 * Looks ahead with a model of the robot: what if this setpoint is followed for one tick, and the braking law has the robot
 * from then on? It judges positions, workspace and contact force until the robot is at rest.
 *
 * Contract: `check` writes `out` and allocates nothing of its own. It may stop as soon as the budget is up, whatever is in
 * `out` then. It may throw. It answers from its arguments alone: the same question has the same answer.
 */
export interface Guard {
  check(setpoint: Float64Array, by: Situation, budget: Budget, out: Foresight): void;
}
