import type { PegWorld } from '../../../bridges/mujoco/world.ts';
import type { LoggedEpisode } from './episodes.ts';

/**
 * Where an episode begins in the simulation: at its reset, by its seed; or at the measured state that the first command
 * answers, with the hole where the seed puts it, or where the robot was told.
 */
export type Start = 'reset' | 'measured, hole by seed' | 'measured, hole as estimated';

export interface Placed {
  readonly start: Start;
  /** Index of the first state that can be compared, and the time of the robot's clock that is now. */
  readonly from: number;
  readonly nowNs: number;
}

/** The target of a log is ours when the seed gives it to the last digits that matter, m. */
const SAME_TARGET = 1e-9;
/** Doubles do not hold stamps of wall time to the nanosecond. */
export const TOLERANCE_NS = 1000;

/** Puts a world to the start of a logged episode; null where the log has no state to begin at. */
export function placeAtStart(
  world: PegWorld,
  { seed, resetNs, states, target, commands }: LoggedEpisode,
): Placed | null {
  world.reset(seed ?? 0);
  const ours = seed !== null && world.estimate.every((v, i) => i > 2 || Math.abs(v - target[i]!) < SAME_TARGET);
  if (ours && resetNs !== null) return { start: 'reset', from: 0, nowNs: resetNs };
  const firstNs = commands[0]?.atNs ?? Number.NaN;
  const from = states.findIndex(({ stampNs }) => stampNs >= firstNs - TOLERANCE_NS);
  const first = states[from];
  if (first === undefined) return null;
  const told = Number.isFinite(target[0]!) ? target : undefined;
  world.resume(first, ours ? undefined : told);
  return { start: ours ? 'measured, hole by seed' : 'measured, hole as estimated', from, nowNs: first.stampNs };
}
