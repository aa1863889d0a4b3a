import { cartesianAction } from '../../controllers/interfaces/cartesian-impedance.ts';
import type { RobotConfig } from '../core/config-schema.ts';
import { clamp } from '../core/geometry.ts';
import type { Source } from '../core/signals.ts';
import { ACTED, type Episode } from './protocol.ts';
import { ENDS, type Ending } from './supervisor.ts';

/** A decision of the brain with what it saw. */
export interface DecidedStep {
  readonly seq: number;
  readonly epoch: number;
  /** Robot's time of the observation. */
  readonly stampNs: number;
  readonly observation: Float64Array;
  readonly base: Float64Array;
  /** Scaled, as it was added; noise included. */
  readonly residual: Float64Array;
}

/** What a tick of the gate did: the part of its record that matters here. */
export interface ActedTick {
  readonly decisionSeq: number;
  readonly epoch: number;
  readonly source: Source;
  readonly residualFraction: number;
  readonly sent: boolean;
  readonly setpoint: Float64Array;
}

/**
 * The episode that decisions and ticks were, as a learner takes it. A decision counts when a tick has acted on it before the end; what was done
 * is the decision itself where the gate let all of it through, else what takes the setpoint from where it stood at the decision to where
 * it had come when the next one acted (as PegEnvironment has it: limits of rate and reach are part of the robot). The observation after the
 * last is that of the first decision at or after the end; where there is none, the last one is its own.
 *
 * @param decisions in the order of their sequence, from before the first that acted to after the end
 * @param ticks in their order, from before the episode on: what was sent last is where the first decision begins
 * @param rewards what each decision's observation was worth, by its sequence: it belongs to the step before
 * @param endReward what the end was worth: it belongs to the last step
 * @returns null where nothing was acted on, or a number in it is not finite
 */
export function assembleEpisode(
  robot: RobotConfig,
  decisions: readonly DecidedStep[],
  ticks: readonly ActedTick[],
  ending: Ending,
  rewards: ReadonlyMap<number, number>,
  endReward: number,
): Omit<Episode, 'id' | 'version' | 'success'> | null {
  const acted = new Map<number, { anchor: Float64Array; sent: Float64Array; by: number }>();
  let sent: Float64Array = new Float64Array(0);
  for (const t of ticks) {
    const decision = decisions.find((d) => d.seq === t.decisionSeq && d.epoch === t.epoch);
    if (decision && decision.stampNs < ending.stampNs && t.source !== 'brake' && t.source !== 'none') {
      const step = acted.get(t.decisionSeq) ?? { anchor: sent, sent, by: 0 };
      const free = t.source === 'policy' && t.residualFraction === 1;
      const by = free ? 0 : ACTED.indexOf(t.source === 'takeover' ? 'human' : 'safety');
      acted.set(t.decisionSeq, { ...step, by: Math.max(step.by, by), sent: t.sent ? t.setpoint : step.sent });
    }
    if (t.sent) sent = t.setpoint;
  }
  const steps = decisions.filter((d) => acted.has(d.seq));
  if (steps.length === 0) return null;
  const last = steps.at(-1)!;
  const after = decisions.find((d) => d.seq > last.seq && d.stampNs >= ending.stampNs) ?? last;
  const [n, o, a] = [steps.length, last.observation.length, last.base.length];
  const episode = {
    ...{ ended: ending.ended, terminated: ENDS[ending.ended] === 'terminated' },
    ...{ truncated: ENDS[ending.ended] === 'truncated', violation: ending.ended === 'violation' },
    observation: new Float64Array((n + 1) * o),
    base: new Float64Array((n + 1) * a),
    proposed: new Float64Array(n * a),
    executed: new Float64Array(n * a),
    reward: new Float64Array(n),
    cost: new Float64Array(n),
    intervened: new Uint8Array(n),
  };
  [...steps, after].forEach((d, k) => {
    episode.observation.set(d.observation, k * o);
    episode.base.set(d.base, k * a);
  });
  const action = new Float64Array(a);
  steps.forEach((d, k) => {
    const { anchor, sent: came, by } = acted.get(d.seq)!;
    for (let i = 0; i < a; i++)
      action[i] = d.residual[i] === 0 ? d.base[i]! : clamp(d.base[i]! + d.residual[i]!, -1, 1);
    episode.proposed.set(action, k * a);
    if (by !== 0 && anchor.length > 0) cartesianAction(robot, anchor, came, action);
    episode.executed.set(action, k * a);
    episode.intervened[k] = by;
    const until = (steps[k + 1] ?? after).seq;
    for (const [seq, reward] of rewards) if (seq > d.seq && seq <= until) episode.reward[k]! += reward;
  });
  // A limit was broken in the last step: an episode ends with the first.
  if (episode.violation || ending.cause === 'force_limit' || ending.cause === 'workspace') {
    episode.violation = true;
    episode.cost[n - 1] = 1;
  }
  episode.reward[n - 1]! += endReward;
  const numbers = [episode.observation, episode.base, episode.proposed, episode.executed, episode.reward];
  return numbers.every((v) => v.every(Number.isFinite)) ? episode : null;
}
