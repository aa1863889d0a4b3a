/** Fixed layouts of the hot frames (see link.ts), both directions side by side. */
import type { Bridge } from '../../bridges/bridge.ts';
import type { Gate, TickRecord } from '../../controllers/safety/gate.ts';
import { TAKEOVER_REFUSALS, type TakeoverRefusal } from '../../controllers/safety/takeover.ts';
import {
  type Decision,
  MODES,
  type Mode,
  type Observation,
  SOURCES,
  type Source,
  type Takeover,
} from '../core/signals.ts';
import type { BrainPresence } from './brain-presence.ts';

// ---- decision: 6 numbers, n, base[n], residual[n] ----------------------------------------------------------------------
const DECISION_HEAD = 7;
const MAX_ACTION = 64;

export function encodeDecision(d: Decision, out: Float64Array): number {
  const n = d.base.length;
  out[0] = d.epoch;
  out[1] = d.seq;
  out[2] = d.observationSeq;
  out[3] = d.observationStampNs;
  out[4] = d.observedNs;
  out[5] = d.expiresNs;
  out[6] = n;
  out.set(d.base, DECISION_HEAD);
  out.set(d.residual, DECISION_HEAD + n);
  return DECISION_HEAD + 2 * n;
}

/** Null when the layout is broken; the numbers themselves are judged by the gate. */
export function readDecision(v: Float64Array, count: number): Decision | null {
  const n = v[6]!;
  if (count < DECISION_HEAD || !(n >= 1 && n <= MAX_ACTION) || count < DECISION_HEAD + 2 * n) return null;
  return {
    epoch: v[0]!,
    seq: v[1]!,
    observationSeq: v[2]!,
    observationStampNs: v[3]!,
    observedNs: v[4]!,
    expiresNs: v[5]!,
    base: v.slice(DECISION_HEAD, DECISION_HEAD + n),
    residual: v.slice(DECISION_HEAD + n, DECISION_HEAD + 2 * n),
  };
}

// ---- observed: a decision, then the observation's two vectors with their lengths ----------------------------------------
export interface Observed {
  decision: Decision;
  base: Float64Array;
  residual: Float64Array;
  /** Scale that the residual was multiplied with. */
  residualScale: number;
}

/** Numbers of the largest frame with observations of these sizes. */
export const observedSize = (base: number, residual: number): number =>
  DECISION_HEAD + 2 * MAX_ACTION + 3 + base + residual;

export function encodeObserved(d: Decision, o: Observation, residualScale: number, out: Float64Array): number {
  let at = encodeDecision(d, out);
  out[at++] = o.base.length;
  out.set(o.base, at);
  at += o.base.length;
  out[at++] = o.residual.length;
  out.set(o.residual, at);
  at += o.residual.length;
  out[at++] = residualScale;
  return at;
}

export function readObserved(v: Float64Array, count: number): Observed | null {
  const decision = readDecision(v, count);
  if (decision === null) return null;
  let at = DECISION_HEAD + 2 * decision.base.length;
  const base = v.slice(at + 1, at + 1 + v[at]!);
  at += 1 + base.length;
  const n = v[at]!;
  return { decision, base, residual: v.slice(at + 1, at + 1 + n), residualScale: v[at + 1 + n]! };
}

// ---- takeover: 5 numbers, n, action[n] -----------------------------------------------------------------------------------
const TAKEOVER_HEAD = 6;
/** Numbers of the largest frame. */
export const TAKEOVER_SIZE = TAKEOVER_HEAD + MAX_ACTION;

/** An action of more numbers than any robot has goes over as one of the wrong length, which the gate refuses. */
export function encodeTakeover(t: Takeover, out: Float64Array): number {
  const action = t.action.subarray(0, MAX_ACTION);
  out[0] = t.holder;
  out[1] = t.epoch;
  out[2] = t.seq;
  out[3] = t.commandSeq;
  out[4] = t.release ? 1 : 0;
  out[5] = action.length;
  out.set(action, TAKEOVER_HEAD);
  return TAKEOVER_HEAD + action.length;
}

/** Null when the layout is broken; the numbers themselves are judged by the gate. */
export function readTakeover(v: Float64Array, count: number): Takeover | null {
  const n = v[5]!;
  if (count < TAKEOVER_HEAD || !(n >= 0 && n <= MAX_ACTION) || count < TAKEOVER_HEAD + n) return null;
  return {
    holder: v[0]!,
    epoch: v[1]!,
    seq: v[2]!,
    commandSeq: v[3]!,
    release: v[4] === 1,
    action: v.slice(TAKEOVER_HEAD, TAKEOVER_HEAD + n),
  };
}

// ---- status ---------------------------------------------------------------------------------------------------------------
export const STATUS_SIZE = 13;

export interface Status {
  mode: Mode;
  cause: string;
  epoch: number;
  incident: number;
  linkUp: boolean;
  linkEpoch: number;
  /** The brain is connected; and it has decided since. */
  brainUp: boolean;
  brainDecides: boolean;
  nowNs: number;
  residualScale: number;
  speedScale: number;
  /** Who has taken over, as the number that was given to the gate; 0 while nobody has. */
  takeoverHolder: number;
  takeoversRefused: number;
  /** Why the last one was. */
  takeoverRefusal: TakeoverRefusal;
  /** Of the newest state that was judged, by the robot's clock; 0 before the first. */
  stateStampNs: number;
  armed: boolean;
}

export function encodeStatus(gate: Gate, bridge: Bridge, brain: BrainPresence, nowNs: number, out: Float64Array): void {
  out[0] = MODES.indexOf(gate.mode);
  out[1] = gate.epoch;
  out[2] = gate.incident;
  out[3] = gate.linkUp ? 1 : 0;
  out[4] = bridge.counters.reconnects;
  out[5] = Number.isNaN(brain.sinceNs) ? 0 : brain.decides ? 2 : 1;
  out[6] = nowNs;
  out[7] = gate.residualScale;
  out[8] = gate.speedScale;
  out[9] = gate.takeover.held ? gate.takeover.holder : 0;
  out[10] = gate.counters.refusedTakeovers;
  out[11] = TAKEOVER_REFUSALS.indexOf(gate.takeover.lastRefusal);
  out[12] = gate.record.stateStampNs;
}

export function readStatus(v: Float64Array, text: string): Status {
  const mode = MODES[v[0]!] ?? 'FAULT';
  return {
    mode,
    cause: text,
    epoch: v[1]!,
    incident: v[2]!,
    linkUp: v[3] === 1,
    linkEpoch: v[4]!,
    brainUp: v[5] !== 0,
    brainDecides: v[5] === 2,
    nowNs: v[6]!,
    residualScale: v[7]!,
    speedScale: v[8]!,
    takeoverHolder: v[9]!,
    takeoversRefused: v[10]!,
    takeoverRefusal: TAKEOVER_REFUSALS[v[11]!] ?? '',
    stateStampNs: v[12]!,
    armed: mode !== 'BOOT' && mode !== 'DISARMED' && mode !== 'FAULT',
  };
}

// ---- tick -----------------------------------------------------------------------------------------------------------------
const TICK_HEAD = 24;
/** Numbers of a frame about setpoints of `n`. */
export const tickSize = (n: number): number => TICK_HEAD + 2 * n;

export interface Tick {
  nowNs: number;
  seq: number;
  mode: Mode;
  source: Source;
  epoch: number;
  stateSeq: number;
  stateStampNs: number;
  decisionSeq: number;
  observationSeq: number;
  /** 0 where there was no command. */
  commandSeq: number;
  /** -1 while nobody has taken over. */
  takeoverSeq: number;
  residualFraction: number;
  risk: number;
  force: number;
  value: number;
  limit: number;
  clipped: number;
  sent: boolean;
  refused: boolean;
  computeUs: number;
  loopUs: number;
  /** After its deadline; NaN for a tick that did not come from the timer. */
  latenessUs: number;
  /** Of the gate, since the reflex started. */
  interventions: number;
  cause: string;
  aim: Float64Array;
  setpoint: Float64Array;
}

/** `measured`: what the reflex knows of the tick besides its record. Returns how many numbers it is. */
export function encodeTick(
  r: TickRecord,
  measured: Pick<Tick, 'computeUs' | 'loopUs' | 'latenessUs' | 'interventions'>,
  out: Float64Array,
): number {
  const n = r.setpoint.length;
  out[0] = r.nowNs;
  out[1] = r.seq;
  out[2] = MODES.indexOf(r.mode);
  out[3] = SOURCES.indexOf(r.source);
  out[4] = r.epoch;
  out[5] = r.stateSeq;
  out[6] = r.stateStampNs;
  out[7] = r.decisionSeq;
  out[8] = r.observationSeq;
  out[9] = r.residualFraction;
  out[10] = r.risk;
  out[11] = r.force;
  out[12] = r.value;
  out[13] = r.limit;
  out[14] = r.clipped;
  out[15] = r.sent ? 1 : 0;
  out[16] = r.refused ? 1 : 0;
  out[17] = measured.computeUs;
  out[18] = measured.loopUs;
  out[19] = measured.interventions;
  out[20] = measured.latenessUs;
  out[21] = r.commandSeq;
  out[22] = r.takeoverSeq;
  out[23] = n;
  out.set(r.aim, TICK_HEAD);
  out.set(r.setpoint, TICK_HEAD + n);
  return TICK_HEAD + 2 * n;
}

export function readTick(v: Float64Array, text: string): Tick {
  const n = v[23]!;
  return {
    nowNs: v[0]!,
    seq: v[1]!,
    mode: MODES[v[2]!] ?? 'FAULT',
    source: SOURCES[v[3]!] ?? 'none',
    epoch: v[4]!,
    stateSeq: v[5]!,
    stateStampNs: v[6]!,
    decisionSeq: v[7]!,
    observationSeq: v[8]!,
    residualFraction: v[9]!,
    risk: v[10]!,
    force: v[11]!,
    value: v[12]!,
    limit: v[13]!,
    clipped: v[14]!,
    sent: v[15] === 1,
    refused: v[16] === 1,
    computeUs: v[17]!,
    loopUs: v[18]!,
    interventions: v[19]!,
    latenessUs: v[20]!,
    commandSeq: v[21]!,
    takeoverSeq: v[22]!,
    cause: text,
    aim: v.slice(TICK_HEAD, TICK_HEAD + n),
    setpoint: v.slice(TICK_HEAD + n, TICK_HEAD + 2 * n),
  };
}
