import type { Mode, Source } from '../../src/core/signals.ts';
import type { RiskJudge } from './critic.ts';
import type { Inputs } from './inputs.ts';
import type { LadderState } from './ladder.ts';
import type { Verdict } from './rule.ts';

/** One tick, complete enough to explain its command. The gate rewrites the same object: copy what you keep. */
export interface TickRecord {
  /** Tick count of this gate, from 1. */
  seq: number;
  nowNs: number;
  mode: Mode;
  source: Source;
  epoch: number;
  /** Sequence of the command of this tick; 0 when there was none. */
  commandSeq: number;
  stateSeq: number;
  stateStampNs: number;
  stateReceivedNs: number;
  /** -1 without a decision. */
  decisionSeq: number;
  observationSeq: number;
  /** Of the newest message of the person who has taken over; -1 while nobody has. */
  takeoverSeq: number;
  /** Share of the residual that went into the aim, operator's scale included; 0 when a policy had no say. */
  residualFraction: number;
  /** Risk of the chosen candidate, of the full proposal and of the base alone; NaN when not judged. */
  risk: number;
  riskProposed: number;
  riskBase: number;
  /** Low-passed norm of the external force, N. */
  force: number;
  /** Tip speed, m/s. */
  speed: number;
  /** Worst verdict: 0 pass … 6 fault, its cause and numbers; cause is empty for a pass. */
  severity: number;
  cause: string;
  value: number;
  limit: number;
  /** Flags of filter.ts CLIPPED. */
  clipped: number;
  /** Post-check: index into admissible.ts REFUSAL, 0 for well. */
  refusal: number;
  /** Authority of the policy's speed, in [0, 1]. */
  speedScale: number;
  /** What the source wanted; NaN without a command. */
  readonly aim: Float64Array;
  /** What the gate let through; NaN without a command. */
  readonly setpoint: Float64Array;
  /** Set by `sent`: the command went out, or was refused by the bridge. */
  sent: boolean;
  refused: boolean;
}

export function makeTickRecord(setpointSize: number): TickRecord {
  return {
    seq: 0,
    nowNs: 0,
    mode: 'BOOT',
    source: 'none',
    epoch: 0,
    commandSeq: 0,
    stateSeq: 0,
    stateStampNs: 0,
    stateReceivedNs: 0,
    decisionSeq: -1,
    observationSeq: -1,
    takeoverSeq: -1,
    residualFraction: 0,
    risk: Number.NaN,
    riskProposed: Number.NaN,
    riskBase: Number.NaN,
    force: 0,
    speed: 0,
    severity: 0,
    cause: '',
    value: 0,
    limit: 0,
    clipped: 0,
    refusal: 0,
    speedScale: 0,
    aim: new Float64Array(setpointSize).fill(Number.NaN),
    setpoint: new Float64Array(setpointSize).fill(Number.NaN),
    sent: false,
    refused: false,
  };
}

/** Brings a record to the state "nothing was decided in this tick yet". */
export function clearRecord(r: TickRecord): void {
  // REAL-TIME: at the start of every tick's record; assigns only.
  r.source = 'none';
  r.commandSeq = 0;
  r.residualFraction = 0;
  r.clipped = 0;
  r.refusal = 0;
  r.speedScale = 0;
  r.sent = false;
  r.refused = false;
  r.aim.fill(Number.NaN);
  r.setpoint.fill(Number.NaN);
}

/** Writes what the rules, the critic and the ladder made of the inputs. */
export function explain(
  r: TickRecord,
  nowNs: number,
  ladder: LadderState,
  inputs: Inputs,
  verdict: Verdict,
  judge: RiskJudge,
): void {
  // REAL-TIME: once a tick; assigns only.
  r.nowNs = nowNs;
  r.mode = ladder.mode;
  r.epoch = ladder.epoch;
  r.stateSeq = inputs.state.seq;
  r.stateStampNs = inputs.state.stampNs;
  r.stateReceivedNs = inputs.state.receivedNs;
  r.decisionSeq = inputs.hasDecision ? inputs.decisionSeq : -1;
  r.observationSeq = inputs.hasDecision ? inputs.observationSeq : -1;
  r.takeoverSeq = inputs.takeover.held ? inputs.takeover.seq : -1;
  r.force = inputs.forceNorm;
  r.speed = inputs.speed;
  r.severity = verdict.severity;
  r.cause = verdict.cause;
  r.value = verdict.value;
  r.limit = verdict.limit;
  r.risk = judge.risk;
  r.riskProposed = judge.riskProposed;
  r.riskBase = judge.riskBase;
}

/** Takes the place of what `explain` wrote: the guard stopped the ladder within the tick. */
export function explainStop(r: TickRecord, ladder: LadderState, verdict: Verdict): void {
  r.mode = ladder.mode;
  r.epoch = ladder.epoch;
  r.severity = verdict.severity;
  r.cause = verdict.cause;
  r.value = verdict.value;
  r.limit = verdict.limit;
}
