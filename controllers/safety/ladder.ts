import type { LadderTransition, Mode, OperatorRequest } from '../../src/core/signals.ts';

/**
 * The ladder: which mode the gate is in, as a pure reducer over plain data. It has no clock, no I/O and no imports but
 * types, so the same file runs in the reflex, in the exhaustive search of the tests and in a browser page.
 *
 * House rule 4: worst verdict wins in the same tick, faults latch, severity falls only by a dwelled recovery exit or by
 * an operator's reset of this very incident, and a reset reaches DISARMED, never motion. Every refused request says why.
 *
 * NOTE a tick that changes nothing returns the very same object and allocates nothing; a new object means that
 * something changed, and its `transition` is set if and only if the mode did.
 */

/** What a verdict asks for, mildest first; the number is the order in which the worst wins. */
export const SEVERITY = { pass: 0, warn: 1, hold: 2, recover: 3, stop: 4, estop: 5, fault: 6 } as const;
export type RuleAction = Exclude<keyof typeof SEVERITY, 'pass'>;
export type Severity = (typeof SEVERITY)[keyof typeof SEVERITY];

export interface LadderLimits {
  /** Authority ramp of ENGAGING, from the first decision on. */
  readonly engageRampNs: number;
  /** ENGAGING holds for so long and waits for the first decision of its epoch. */
  readonly firstDecisionNs: number;
  readonly stopDwellNs: number;
  readonly stopTimeoutNs: number;
  /** Recovery ends when risk stays at or below this for riskDwellNs. */
  readonly riskLow: number;
  readonly riskDwellNs: number;
  /** Recoveries between two armings. */
  readonly recoveryBudget: number;
  readonly recoveryNs: number;
}

export interface Answer {
  readonly accepted: boolean;
  readonly reason: string;
}

export interface LadderState {
  readonly limits: LadderLimits;
  readonly mode: Mode;
  /** Command epoch: grows at reset, arm, engage and when the link or a hold ends what was decided before. */
  readonly epoch: number;
  /** Id of the newest incident; 0 before the first. Every stop and every escalation is a new one. */
  readonly incident: number;
  /** Why the ladder is where it is; a stop keeps its first cause through STOPPED. */
  readonly cause: string;
  readonly enteredNs: number;
  /** ENGAGING: when the first decision of this engagement was there; NONE before. */
  readonly readyNs: number;
  /** Start of the running dwell (risk low, or robot at rest); NONE while it does not run. */
  readonly calmNs: number;
  /** Recoveries used since arming. */
  readonly recoveries: number;
  /** The e-stop is pressed and not released. */
  readonly estopHeld: boolean;
  /** Boot checks have passed in this process. */
  readonly booted: boolean;
  /** The change of mode that made this object, or null. */
  readonly transition: LadderTransition | null;
  /** The answer to the request that made this object, or null. */
  readonly answer: Answer | null;
}

/** A verdict with its reason; `detail` may hold {value} and {limit}, filled in when a transition is made. */
export interface Reason {
  readonly cause: string;
  readonly detail: string;
  readonly value: number;
  readonly limit: number;
}

export interface TickEvent extends Reason {
  readonly kind: 'tick';
  readonly nowNs: number;
  /** Worst verdict of all rules and the critic. */
  readonly severity: Severity;
  /** Risk that ends a recovery; NaN counts as high. */
  readonly risk: number;
  /** The robot is measured at rest, by a fresh state. */
  readonly stopped: boolean;
  /** A decision of this engagement is there. */
  readonly ready: boolean;
}

export type LadderEvent =
  | { readonly kind: 'boot_ok'; readonly nowNs: number }
  | TickEvent
  | (Reason & { readonly kind: 'trip'; readonly nowNs: number; readonly severity: Severity })
  | { readonly kind: 'link_changed'; readonly nowNs: number }
  | { readonly kind: 'takeover_released'; readonly nowNs: number }
  | {
      readonly kind: 'request';
      readonly nowNs: number;
      readonly request: OperatorRequest;
      /** Every hard condition is clear now. */
      readonly clear: boolean;
      /** What is not clear, for the answer. */
      readonly blocking: string;
    };

const NONE = -1;

export function initialLadder(limits: LadderLimits, epoch: number): LadderState {
  return {
    limits,
    mode: 'BOOT',
    epoch,
    incident: 0,
    cause: 'boot',
    enteredNs: 0,
    readyNs: NONE,
    calmNs: NONE,
    recoveries: 0,
    estopHeld: false,
    booted: false,
    transition: null,
    answer: null,
  };
}

/** Modes in which a policy has, or is about to regain, authority. */
export const isEngaged = (mode: Mode): boolean => mode === 'ENGAGING' || mode === 'ACTIVE' || mode === 'RECOVERY';

/** Modes in which this process writes setpoints. */
export const isWriting = (mode: Mode): boolean =>
  isEngaged(mode) || mode === 'HOLD' || mode === 'STOPPING' || mode === 'STOPPED';

/** Applies one event. Pure: the same state and event give the same result, and nothing else is touched. */
export function reduce(state: LadderState, event: LadderEvent): LadderState {
  switch (event.kind) {
    case 'tick':
      return tick(state, event);
    case 'trip':
      return escalate(state, event.severity, event.nowNs, event);
    case 'boot_ok':
      return bootOk(state, event.nowNs);
    case 'link_changed':
      return linkChanged(state, event.nowNs);
    case 'takeover_released':
      return takeoverReleased(state, event.nowNs);
    case 'request':
      return answerRequest(state, event.request, event.clear, event.blocking, event.nowNs);
  }
}

/** Forward time only: a clock that went back gives no dwell … NOTE `sinceNs` of a dwell that runs: never NONE. */
const dwelled = (nowNs: number, sinceNs: number, dwellNs: number): boolean => nowNs - sinceNs >= dwellNs;
/** … and every deadline. Written so that NaN is overdue. */
const overdue = (nowNs: number, sinceNs: number, limitNs: number): boolean =>
  !(nowNs - sinceNs <= limitNs && nowNs >= sinceNs);

function tick(state: LadderState, event: TickEvent): LadderState {
  // REAL-TIME: this path runs every tick and returns `state` itself unless something changed.
  const escalated = escalate(state, event.severity, event.nowNs, event);
  if (escalated !== state) return escalated;
  const { nowNs } = event;
  const { limits } = state;
  switch (state.mode) {
    case 'ENGAGING':
      if (state.readyNs === NONE) {
        if (event.ready) return { ...state, readyNs: nowNs, transition: null, answer: null };
        if (!overdue(nowNs, state.enteredNs, limits.firstDecisionNs)) return state;
        return stop(state, nowNs, waited(state, nowNs, 'decision_missing', limits.firstDecisionNs));
      }
      return dwelled(nowNs, state.readyNs, limits.engageRampNs) ? enter(state, 'ACTIVE', nowNs, ENGAGED) : state;
    case 'RECOVERY':
      if (overdue(nowNs, state.enteredNs, limits.recoveryNs))
        return stop(state, nowNs, waited(state, nowNs, 'recovery_timeout', limits.recoveryNs));
      return dwell(state, nowNs, event.risk <= limits.riskLow, limits.riskDwellNs, 'ENGAGING', event.risk);
    case 'STOPPING': {
      const next = dwell(state, nowNs, event.stopped, limits.stopDwellNs, 'STOPPED', 0);
      if (next.mode === 'STOPPED' || !overdue(nowNs, state.enteredNs, limits.stopTimeoutNs)) return next;
      const why = waited(state, nowNs, 'stop_timeout', limits.stopTimeoutNs);
      return enter(state, 'ESTOP', nowNs, why, { incident: state.incident + 1 });
    }
    default:
      return state;
  }
}

/** Runs the dwell of RECOVERY or STOPPING; `calm` is its condition in this tick. */
function dwell(
  state: LadderState,
  nowNs: number,
  calm: boolean,
  dwellNs: number,
  to: 'ENGAGING' | 'STOPPED',
  value: number,
): LadderState {
  if (!calm) return state.calmNs === NONE ? state : { ...state, calmNs: NONE, transition: null, answer: null };
  if (state.calmNs === NONE || nowNs < state.calmNs) return { ...state, calmNs: nowNs, transition: null, answer: null };
  if (!dwelled(nowNs, state.calmNs, dwellNs)) return state;
  const cause = to === 'STOPPED' ? state.cause : 'risk_low';
  const detail = to === 'STOPPED' ? 'the robot is at rest' : 'risk {value} stayed at or below {limit}';
  return enter(state, to, nowNs, { cause, detail, value, limit: to === 'STOPPED' ? 0 : state.limits.riskLow });
}

function escalate(state: LadderState, severity: Severity, nowNs: number, why: Reason): LadderState {
  const { mode } = state;
  if (mode === 'FAULT' || severity <= SEVERITY.warn) return state;
  if (severity >= SEVERITY.fault) return enter(state, 'FAULT', nowNs, why, { incident: state.incident + 1 });
  if (severity === SEVERITY.estop)
    return mode === 'ESTOP' ? state : enter(state, 'ESTOP', nowNs, why, { incident: state.incident + 1 });
  if (severity === SEVERITY.stop) return isEngaged(mode) || mode === 'HOLD' ? stop(state, nowNs, why) : state;
  if (mode !== 'ENGAGING' && mode !== 'ACTIVE')
    return mode === 'RECOVERY' && severity === SEVERITY.hold ? stop(state, nowNs, why) : state;
  if (severity === SEVERITY.hold) return enter(state, 'HOLD', nowNs, why, { epoch: state.epoch + 1 });
  if (state.recoveries < state.limits.recoveryBudget)
    return enter(state, 'RECOVERY', nowNs, why, { recoveries: state.recoveries + 1 });
  const detail = `risk ${why.value} above ${why.limit} and the recovery budget is used up`;
  return stop(state, nowNs, { cause: 'recovery_exhausted', detail, value: why.value, limit: why.limit });
}

function bootOk(state: LadderState, nowNs: number): LadderState {
  if (state.booted || state.mode === 'FAULT') return state;
  // An e-stop pressed during boot stays: the checks count, the mode does not move.
  if (state.mode !== 'BOOT') return { ...state, booted: true, transition: null, answer: null };
  return enter(state, 'DISARMED', nowNs, BOOTED, { booted: true });
}

function linkChanged(state: LadderState, nowNs: number): LadderState {
  if (state.mode === 'FAULT') return state;
  const bumped = { ...state, epoch: state.epoch + 1, transition: null, answer: null };
  return isEngaged(state.mode) || state.mode === 'HOLD' ? stop(bumped, nowNs, LINK_CHANGED) : bumped;
}

/** A person gives the decision back. The policy is engaged anew: a new epoch, a fresh decision, authority from nothing. */
function takeoverReleased(state: LadderState, nowNs: number): LadderState {
  if (state.mode !== 'ACTIVE' && state.mode !== 'ENGAGING') return state;
  const next = enter(state, 'ENGAGING', nowNs, RELEASED, { epoch: state.epoch + 1 });
  return state.mode === 'ENGAGING' ? { ...next, transition: null } : next;
}

function answerRequest(
  state: LadderState,
  request: OperatorRequest,
  clear: boolean,
  blocking: string,
  nowNs: number,
): LadderState {
  const { mode } = state;
  const no = (reason: string): LadderState => ({ ...state, transition: null, answer: { accepted: false, reason } });
  const yes = (next: LadderState, reason = ''): LadderState => ({
    ...next,
    transition: next === state ? null : next.transition,
    answer: { accepted: true, reason },
  });
  const by = (cause: string): Reason => ({ cause, detail: `operator: ${cause}`, value: 0, limit: 0 });

  switch (request.kind) {
    case 'arm':
      if (mode !== 'DISARMED') return no(`arm needs DISARMED, the mode is ${mode}`);
      if (!clear) return no(`not clear: ${blocking}`);
      return yes(enter(state, 'HOLD', nowNs, by('arm'), { epoch: state.epoch + 1, recoveries: 0 }));
    case 'engage':
      if (mode !== 'HOLD') return no(`engage needs HOLD, the mode is ${mode}`);
      if (!clear) return no(`not clear: ${blocking}`);
      return yes(enter(state, 'ENGAGING', nowNs, by('engage'), { epoch: state.epoch + 1 }));
    case 'disengage':
      return isEngaged(mode) ? yes(stop(state, nowNs, by('disengage'))) : no(`not engaged, the mode is ${mode}`);
    case 'disarm':
      if (mode !== 'HOLD') return no(`disarm needs HOLD, the mode is ${mode}`);
      return yes(enter(state, 'DISARMED', nowNs, by('disarm')));
    case 'stop':
      // A stop is never refused: where nothing moves, it is already so.
      if (isEngaged(mode) || mode === 'HOLD') return yes(stop(state, nowNs, by('operator_stop')));
      return yes(state, `nothing to stop, the mode is ${mode}`);
    case 'estop':
      if (mode === 'FAULT') return yes(state, 'nothing is written in FAULT');
      if (mode === 'ESTOP') return yes({ ...state, estopHeld: true, transition: null });
      return yes(enter(state, 'ESTOP', nowNs, by('estop'), { estopHeld: true, incident: state.incident + 1 }));
    case 'estop_release':
      if (!state.estopHeld) return no('no e-stop is held');
      return yes({ ...state, estopHeld: false, transition: null });
    case 'reset':
      if (mode === 'FAULT') return no('FAULT ends only with the process: restart it');
      if (mode !== 'STOPPED' && mode !== 'ESTOP') return no(`reset needs STOPPED or ESTOP, the mode is ${mode}`);
      if (request.incident !== state.incident)
        return no(`incident ${request.incident} is not the present one, ${state.incident}`);
      if (state.estopHeld) return no('release the e-stop first');
      if (!state.booted) return no('the boot checks have not passed');
      if (!clear) return no(`not clear: ${blocking}`);
      return yes(enter(state, 'DISARMED', nowNs, by('reset'), { epoch: state.epoch + 1 }));
    default:
      return no(`${request.kind} is not a request to the ladder`);
  }
}

const BOOTED: Reason = { cause: 'boot_ok', detail: 'boot checks passed', value: 0, limit: 0 };
const ENGAGED: Reason = { cause: 'engaged', detail: 'authority ramp done', value: 0, limit: 0 };
const RELEASED: Reason = {
  cause: 'takeover_released',
  detail: 'a person gave the decision back to the policy',
  value: 0,
  limit: 0,
};
const LINK_CHANGED: Reason = {
  cause: 'link_changed',
  detail: 'the link to the robot was made anew: what was decided before is void',
  value: 0,
  limit: 0,
};

function waited(state: LadderState, nowNs: number, cause: string, limitNs: number): Reason {
  const detail = `${state.mode} lasted {value} ms, allowed {limit} ms`;
  return { cause, detail, value: (nowNs - state.enteredNs) / 1e6, limit: limitNs / 1e6 };
}

const stop = (state: LadderState, nowNs: number, why: Reason): LadderState =>
  enter(state, 'STOPPING', nowNs, why, { incident: state.incident + 1 });

type Changes = Partial<Pick<LadderState, 'epoch' | 'incident' | 'recoveries' | 'estopHeld' | 'booted'>>;

function enter(state: LadderState, to: Mode, nowNs: number, why: Reason, changes: Changes = {}): LadderState {
  const next = { ...state, ...changes };
  const transition: LadderTransition = {
    atNs: nowNs,
    from: state.mode,
    to,
    cause: why.cause,
    detail: sentence(why),
    value: why.value,
    limit: why.limit,
    margin: margin(state.mode, to, why),
    incident: next.incident,
    epoch: next.epoch,
  };
  return {
    ...next,
    mode: to,
    cause: why.cause,
    enteredNs: nowNs,
    readyNs: NONE,
    calmNs: NONE,
    transition,
    answer: null,
  };
}

/** A limit that took authority away was passed, whichever side it bounds. */
function margin(from: Mode, to: Mode, { value, limit }: Reason): number {
  const room = limit - value;
  const tripped =
    to === 'RECOVERY' || to === 'STOPPING' || to === 'ESTOP' || to === 'FAULT' || (to === 'HOLD' && isEngaged(from));
  return tripped && room > 0 ? -room : room;
}

const round = (v: number): string => (Number.isFinite(v) ? String(Number(v.toPrecision(4))) : String(v));
/** The detail of a reason with its numbers filled in. */
export const sentence = (why: Pick<Reason, 'detail' | 'value' | 'limit'>): string =>
  why.detail.replace('{value}', round(why.value)).replace('{limit}', round(why.limit));
