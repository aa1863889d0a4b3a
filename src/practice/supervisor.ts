import { isEngaged } from '../../controllers/safety/ladder.ts';
import type { Mode, Source } from '../core/signals.ts';

/**
 * The supervisor of practice: a state machine that says when an episode is on, how it ended, and what that end means to a learner. It moves
 * nothing: a person, or a script in a person's place, resets, arms and engages; the gate stops and recovers. All it asks for is the end
 * of an episode that is over (`disengage`). Pure: the state goes in and comes out, time is the robot's stamps.
 *
 *   reset       an episode is over; the task and the ladder must be brought back
 *   waiting     ready: it begins when the policy is engaged
 *   practising  the policy acts
 *   recovery    the gate's recovery acts, within the episode
 *   takeover    a person acts, within the episode
 *
 * Labels (FastRLAP's, Stachowicz et al. 2023): success, failure, a limit of the task broken and a stop that the policy brought about
 * terminate: those states have no future. Time, being stuck, an operator's stop, and what failed around the policy truncate. A person's
 * takeover ends nothing here: its transitions are told apart, and learned as demonstrations (HIL-SERL, Luo et al. 2024).
 */
export type PracticePhase = 'reset' | 'waiting' | 'practising' | 'recovery' | 'takeover';

export const ENDS = {
  success: 'terminated',
  failure: 'terminated',
  violation: 'terminated',
  crashed: 'terminated',
  timeout: 'truncated',
  stuck: 'truncated',
  stopped: 'truncated',
  errored: 'truncated',
} as const;
export type Ended = keyof typeof ENDS;

/** What policies bring about. Every other stop that nobody asked for is a failure around them. */
const CRASHES: readonly string[] = [
  ...['force_limit', 'workspace', 'risk', 'recovery_exhausted', 'recovery_timeout', 'joint_limit', 'effort_limit'],
  ...['not_following', 'tracking', 'drift', 'implausible_action', 'constant_output'],
  ...['foreseen_force', 'foreseen_limit', 'foreseen_workspace'],
];
const ASKED: readonly string[] = ['disengage', 'operator_stop', 'estop', 'disarm', 'takeover_released'];

export interface Ending {
  readonly ended: Ended;
  /** Cause of the ladder, or the task's word. */
  readonly cause: string;
  /** Robot's time: what is decided from here on comes after the end. */
  readonly stampNs: number;
}

export interface PracticeLimits {
  /** An episode is cut short after so long, ns of the robot's time. */
  readonly horizonNs: number;
  /** The task's word of so much later than a stop still belongs to it: one decision. */
  readonly graceNs: number;
  /** The tip has stayed within so much, m, for so long. Null: nobody looks. */
  readonly stuck: { readonly distance: number; readonly forNs: number } | null;
}

export interface PracticeState {
  readonly phase: PracticePhase;
  /** What the task says of itself; `silent` where it never does. */
  readonly task: 'silent' | 'running' | 'over';
  readonly mode: Mode;
  /** When the episode began, and the newest tick: robot's time. */
  readonly beganNs: number;
  readonly nowNs: number;
  /** Of the episode before, until the next begins. */
  readonly last: Ending | null;
  /** Where the tip was when it last had moved. */
  readonly placeNs: number;
  readonly place: readonly number[];
}

export type PracticeEvent =
  | { kind: 'tick'; stampNs: number; mode: Mode; source: Source; position: ArrayLike<number> }
  /** A change of the ladder's mode: comes before the tick that it happened in. */
  | { kind: 'ladder'; to: Mode; cause: string }
  /** What the task says: its phase is `running`, `success` or `timeout`. */
  | { kind: 'task'; stampNs: number; phase: string; violation: boolean }
  /** The reward source is done with it. */
  | { kind: 'judged'; stampNs: number; success: boolean }
  /** The reflex does not answer. */
  | { kind: 'lost'; cause: string };

export interface Practised {
  readonly state: PracticeState;
  /** The episode that was on is over; or the one before ended otherwise than was thought. */
  readonly ending: Ending | null;
  /** It began with this event. */
  readonly begun: boolean;
  /** It is over and the policy is still engaged: ask for its end. */
  readonly disengage: boolean;
}

export const PRACTICE_BEGIN: PracticeState = {
  ...{ phase: 'reset', task: 'silent', mode: 'BOOT', beganNs: Number.NaN, nowNs: Number.NaN },
  ...{ last: null, placeNs: Number.NaN, place: [] },
};

export const isOn = ({ phase }: PracticeState): boolean => phase !== 'reset' && phase !== 'waiting';

export function practise(state: PracticeState, event: PracticeEvent, limits: PracticeLimits): Practised {
  switch (event.kind) {
    case 'tick':
      return tick(state, event, limits);
    case 'ladder': {
      const next = { ...state, mode: event.to };
      if (!isOn(state)) return nothing(ready(next));
      return isEngaged(event.to) ? nothing(next) : end(next, endedBy(event.cause), event.cause, state.nowNs + 1);
    }
    case 'task': {
      const over = event.phase !== 'running';
      const next: PracticeState = { ...state, task: over ? 'over' : 'running' };
      if (!isOn(state)) return over && state.last ? amended(next, event, limits) : nothing(ready(next));
      if (event.phase === 'success') return end(next, 'success', event.phase, event.stampNs);
      if (event.violation) return end(next, 'violation', 'violation', event.stampNs);
      return over ? end(next, 'timeout', event.phase, event.stampNs) : nothing(next);
    }
    case 'judged':
      return isOn(state) ? end(state, event.success ? 'success' : 'failure', 'judged', event.stampNs) : nothing(state);
    case 'lost': {
      const next: PracticeState = { ...state, mode: 'BOOT' };
      return isOn(state) ? end(next, 'errored', event.cause, state.nowNs + 1) : nothing({ ...next, phase: 'reset' });
    }
  }
}

function tick(
  before: PracticeState,
  { stampNs, mode, source, position }: Extract<PracticeEvent, { kind: 'tick' }>,
  { horizonNs, stuck }: PracticeLimits,
): Practised {
  let state = ready({ ...before, mode, nowNs: stampNs });
  const begun = state.phase === 'waiting' && isEngaged(mode);
  if (begun) state = { ...state, phase: 'practising', last: null, beganNs: stampNs, ...at(stampNs, position) };
  if (!isOn(state)) return nothing(state);
  // The ladder's own word has come before, or is lost: an episode without authority is none in any case.
  if (!isEngaged(mode)) return end(state, 'errored', mode, stampNs);
  const phase = source === 'takeover' ? 'takeover' : mode === 'RECOVERY' ? 'recovery' : 'practising';
  const moved = stuck === null || distance(position, state.place) > stuck.distance;
  state = { ...state, phase, ...((moved || phase !== 'practising') && at(stampNs, position)) };
  if (stampNs - state.beganNs >= horizonNs) return end(state, 'timeout', 'horizon', stampNs);
  if (stuck !== null && stampNs - state.placeNs >= stuck.forNs) return end(state, 'stuck', 'stuck', stampNs);
  return { state, ending: null, begun, disengage: false };
}

const AT_REST: readonly Mode[] = ['DISARMED', 'HOLD'];

/** From `reset` to `waiting`, when the task is not over and no stop stands; and back, when the task is over. */
function ready(state: PracticeState): PracticeState {
  if (state.phase === 'reset' && state.task !== 'over' && AT_REST.includes(state.mode))
    return { ...state, phase: 'waiting' };
  return state.phase === 'waiting' && state.task === 'over' ? { ...state, phase: 'reset' } : state;
}

const nothing = (state: PracticeState): Practised => ({ state, ending: null, begun: false, disengage: false });

function end(state: PracticeState, ended: Ended, cause: string, stampNs: number): Practised {
  const ending = { ended, cause, stampNs };
  return {
    ...{ state: { ...state, phase: 'reset', last: ending }, ending },
    ...{ begun: false, disengage: isEngaged(state.mode) },
  };
}

/**
 * Who sees the task done may ask for the end before its word has come here, on another way: then it was no stop in the middle. Only the
 * first word after the end counts.
 */
function amended(
  state: PracticeState,
  { phase, stampNs }: Extract<PracticeEvent, { kind: 'task' }>,
  { graceNs }: PracticeLimits,
): Practised {
  const { last } = state;
  const next: PracticeState = { ...state, phase: 'reset', last: null };
  if (last?.ended !== 'stopped' || !(stampNs <= last.stampNs + graceNs)) return nothing(next);
  const ending: Ending = { ended: phase === 'success' ? 'success' : 'timeout', cause: phase, stampNs };
  return { ...nothing(next), ending };
}

function endedBy(cause: string): Ended {
  if (ASKED.includes(cause)) return 'stopped';
  return CRASHES.includes(cause) ? 'crashed' : 'errored';
}

const at = (placeNs: number, position: ArrayLike<number>) => ({ placeNs, place: Array.from(position) });

/** NaN where a coordinate is none, which is neither near nor far: nobody is stuck there. */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - (b[i] ?? Number.NaN)) ** 2;
  return Number.isNaN(sum) ? Number.POSITIVE_INFINITY : Math.sqrt(sum);
}
