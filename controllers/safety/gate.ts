import { ReflexArcError } from '../../src/core/errors.ts';
import type {
  Decision,
  Mode,
  OperatorRequest,
  RangeReading,
  RobotState,
  SafeAction,
  SeenCommand,
  SentCommand,
  Takeover,
} from '../../src/core/signals.ts';
import { type ActionBuffer, makeActionBuffer } from './action.ts';
import { type GateCounters, Interventions, makeGateCounters } from './counters.ts';
import { RiskJudge } from './critic.ts';
import { Echo } from './echo.ts';
import { type EntryParts, enterMode } from './entry.ts';
import { CLIPPED, type Envelope, type Situation } from './envelope.ts';
import { makeEnvelope } from './envelopes.ts';
import { Inputs } from './inputs.ts';
import { type Answer, initialLadder, type LadderState, reduce, SEVERITY } from './ladder.ts';
import { inputLimits, ladderLimits } from './limits.ts';
import { Lookahead } from './lookahead.ts';
import { Output } from './output.ts';
import type { GateParts } from './parts.ts';
import { clearRecord, explain, explainStop, makeTickRecord, type TickRecord } from './record.ts';
import {
  evaluateRules,
  makeContext,
  makeEvent,
  observeLadder,
  type Rule,
  type RuleContext,
  tripOf,
  Verdict,
  writeVerdict,
} from './rule.ts';
import { makeRules } from './rules/index.ts';
import { Scales } from './scales.ts';
import { Setpoints } from './setpoints.ts';
import { Sources } from './sources.ts';
import { type StandingParts, whatForbids } from './standing.ts';
import type { TakeoverInput, TakeoverRefusal } from './takeover.ts';

export type { GateCounters } from './counters.ts';
export type { GateParts } from './parts.ts';
export type { TickRecord } from './record.ts';

/** Ticks further apart than this are an overrun. */
const OVERRUN_PERIODS = 2;

/**
 * The gate: the only place that makes a SafeAction (house rule 1). Call `ingest…` as messages arrive and `tick` once per
 * state and on a timer; send what `tick` returns and tell the outcome to `sent`, for only then does the reference that
 * rates are measured from move on. Pure but for its own memory: no I/O, no timers, time is an argument.
 *
 * Tick order (facts/safety.md 4.3): inputs are already copied · critic · rules · ladder, worst wins, same tick · source ·
 * hard filter · post-check · guard · action. Nothing after the filter alters the command: the guard takes it or leaves it.
 */
export class Gate {
  /** Rewritten by every tick. */
  readonly record: TickRecord;
  readonly counters: GateCounters = makeGateCounters();
  /** The rules in force, and the names of those that the config switched off. */
  readonly rules: readonly Rule[];
  readonly off: readonly string[];

  readonly #parts: GateParts;
  readonly #envelope: Envelope;
  readonly #situation: Situation;
  readonly #periodS: number;
  readonly #inputs: Inputs;
  readonly #echo: Echo;
  readonly #setpoints: Setpoints;
  readonly #judge: RiskJudge;
  readonly #output: Output;
  readonly #lookahead: Lookahead | null;
  readonly #scales = new Scales();
  readonly #sources: Sources;
  readonly #interventions: Interventions;
  readonly #memory: EntryParts & StandingParts;
  readonly #context: RuleContext;
  readonly #verdict = new Verdict();
  readonly #event = makeEvent();
  readonly #action: ActionBuffer;
  #ladder: LadderState;
  #commandSeq = 0;
  #pending = false;
  #faultDue = 0;
  #lastTickNs = Number.NaN;
  readonly #see = (reading: RangeReading): boolean => this.#envelope.see(reading);

  /** @throws ReflexArcError RA_CONFIG_INVALID for limits, rules or a critic that cannot work together */
  constructor(parts: GateParts) {
    const { safety, robot, interface: iface, critic } = parts;
    if (critic.inputSize !== iface.riskInputSize)
      throw new ReflexArcError('RA_CONFIG_INVALID', {
        seen: `a critic of ${critic.inputSize} inputs`,
        allowed: `${iface.riskInputSize}, the risk row of ${iface.name}`,
      });
    this.#parts = parts;
    this.#interventions = new Interventions(this.counters, parts.onIntervention);
    this.#envelope = makeEnvelope(safety, robot, iface);
    this.#periodS = 1 / safety.control_hz;
    this.rules = makeRules({ safety, robot, interface: iface, envelope: this.#envelope }, parts.rules);
    this.off = [...safety.off];
    this.#inputs = new Inputs(inputLimits(safety, robot, iface.actionSize), this.counters);
    this.#echo = new Echo(iface.codec.carries ?? iface.setpointSize, this.#envelope.reach?.length);
    this.#setpoints = new Setpoints(this.#envelope, iface.setpointSize, safety.lease_ms);
    const { state, force, target } = this.#inputs;
    this.#situation = { last: this.#setpoints.last, state, force, target, elapsed: 0, nowNs: 0 };
    this.#judge = new RiskJudge(critic, iface, safety.risk, safety.residual_bound);
    this.#output = new Output(this.#envelope, parts.filter);
    this.#lookahead = parts.lookahead ? new Lookahead(parts.lookahead, this.counters) : null;
    this.#sources = new Sources({
      ...{ envelope: this.#envelope, situation: this.#situation, setpoints: this.#setpoints },
      ...{ judge: this.#judge, scales: this.#scales },
    });
    this.#context = makeContext(this.#inputs, this.#echo, this.#situation);
    this.#memory = {
      ...{ inputs: this.#inputs, echo: this.#echo, setpoints: this.#setpoints, sources: this.#sources },
      ...{ output: this.#output, context: this.#context, verdict: this.#verdict, judge: this.#judge },
      ...{ envelope: this.#envelope, scales: this.#scales, rules: this.rules, off: this.off },
    };
    this.#ladder = initialLadder(ladderLimits(safety), parts.epochBase);
    this.record = makeTickRecord(iface.setpointSize);
    this.#action = makeActionBuffer(iface.setpointSize, safety.lease_ms, this.#envelope.reach);
  }

  get mode(): Mode {
    return this.#ladder.mode;
  }
  get epoch(): number {
    return this.#ladder.epoch;
  }
  get incident(): number {
    return this.#ladder.incident;
  }
  /** Why the ladder is where it is. */
  get cause(): string {
    return this.#ladder.cause;
  }
  get ladder(): LadderState {
    return this.#ladder;
  }
  get takeover(): Readonly<TakeoverInput> {
    return this.#inputs.takeover;
  }
  get linkUp(): boolean {
    return this.#inputs.linkUp;
  }
  get residualScale(): number {
    return this.#scales.residual;
  }
  get speedScale(): number {
    return this.#scales.speed;
  }

  /** Boot checks: the braking law keeps its word under these limits. BOOT to DISARMED, or FAULT. */
  boot(nowNs: number): Answer {
    const failure = this.#envelope.selfTest();
    if (failure !== '') this.report('boot_failed', failure, nowNs, 'fault');
    else this.#apply(reduce(this.#ladder, { kind: 'boot_ok', nowNs }), nowNs);
    return { accepted: failure === '', reason: failure };
  }

  /** Copies the newest state; refuses and counts what is not finite, not in order or not in time. */
  ingestState(state: RobotState): void {
    // REAL-TIME: before the tick of every state message.
    if (this.#inputs.ingestState(state, this.#ladder.mode)) this.#envelope.observe(this.#situation);
  }

  /** Takes over what a ranging sensor saw; refuses and counts what is blind, out of order or fits no odometry. */
  ingestRange(reading: RangeReading): void {
    this.#inputs.ranging.ingest(reading, this.#see);
  }

  /** A usable message of the source with this index in `robot.sources` arrived: what the verdict on a stale state names. */
  observeSource(source: number, receivedNs: number): void {
    this.#inputs.heardNs[source] = receivedNs;
  }

  /** Copies the newest estimate of the task's target. It has no age: it is published once an episode. */
  ingestTarget(pose: Float64Array, _receivedNs: number): void {
    if (this.#inputs.ingestTarget(pose)) this.#envelope.setTarget(pose);
  }

  /** Copies the newest decision and notes its anchor, the setpoint in force now. Refuses and counts other epochs. */
  ingestDecision(decision: Decision): void {
    if (this.#inputs.ingestDecision(decision, this.#ladder.epoch)) this.#setpoints.anchor.set(this.#setpoints.last);
  }

  /**
   * A person's action in the policy's place from the next tick on, or the decision given back to the policy. It goes the
   * policy's way, through critic, rules and filter; it arms and engages nothing. Empty when it was taken, else why not.
   */
  ingestTakeover(takeover: Takeover, nowNs: number): TakeoverRefusal {
    const known = this.#inputs.takeover;
    const { held } = known;
    const refusal = known.ingest(takeover, this.#ladder.mode, this.#ladder.epoch, this.#echo, nowNs);
    if (refusal !== '') return refusal;
    if (takeover.release) {
      this.#setpoints.stay();
      this.#apply(reduce(this.#ladder, { kind: 'takeover_released', nowNs }), nowNs);
    } else {
      this.#setpoints.takeoverAnchor.set(this.#setpoints.last);
      if (!held) this.#interventions.person();
    }
    return '';
  }

  /** A new link epoch voids all that was decided before it; while writing it stops. */
  observeLink(up: boolean, epoch: number, nowNs: number): void {
    const known = this.#inputs.linkEpoch;
    this.#inputs.linkUp = up;
    this.#inputs.linkEpoch = epoch;
    if (epoch !== known) this.#echo.restart();
    if (known >= 0 && epoch !== known) this.#apply(reduce(this.#ladder, { kind: 'link_changed', nowNs }), nowNs);
  }

  /** A command was seen on the command topic, ours or not. */
  ingestEcho(seen: SeenCommand): void {
    this.#echo.observe(seen);
    this.counters.foreignCommands = this.#echo.foreignCommands;
  }

  /** A fault seen outside the gate, e.g. the brain died. Takes effect now; the next tick brakes. */
  report(cause: string, detail: string, nowNs: number, action: 'stop' | 'estop' | 'fault' = 'stop'): void {
    const severity = SEVERITY[action];
    this.#apply(reduce(this.#ladder, { kind: 'trip', nowNs, severity, cause, detail, value: 0, limit: 0 }), nowNs);
  }

  /** What an operator asks. Never throws; a refusal says why. */
  request(request: OperatorRequest, nowNs: number): Answer {
    const { kind } = request;
    if (kind === 'residual_scale' || kind === 'speed_scale') return this.#scales.request(kind, request.value);
    const asks = kind === 'arm' || kind === 'engage' || kind === 'reset';
    const blocking = asks ? whatForbids(kind, this.#ladder, this.#memory, nowNs) : '';
    const next = reduce(this.#ladder, { kind: 'request', nowNs, request, clear: blocking === '', blocking });
    this.#apply(next, nowNs);
    return next.answer!;
  }

  /**
   * Decides what may go out now. Null: nothing is to be sent. The object is reused by the next tick; hand it to the
   * bridge at once. An error inside is FAULT and null.
   */
  tick(nowNs: number): SafeAction | null {
    // REAL-TIME: makes no object unless the ladder changes (the engine may box a number at a call).
    this.#pending = false;
    clearRecord(this.record);
    try {
      return this.#tick(nowNs);
    } catch (error) {
      this.#failed(error, nowNs);
      return null;
    }
  }

  /** What became of the action of the last tick. Without this call the setpoint does not move on. */
  sent(result: SentCommand): void {
    if (!this.#pending || result.seq !== this.#action.seq || result.epoch !== this.#action.epoch) return;
    this.#pending = false;
    this.#inputs.observeSend(result);
    this.record.sent = result.sent;
    this.record.refused = !result.sent;
    if (result.sent) {
      const { setpoint, reach, epoch, seq, stampNs } = this.#action;
      this.#inputs.askedMotion += this.#envelope.asked(setpoint, this.#setpoints.last);
      this.#echo.sent(setpoint, epoch, seq, stampNs, reach);
      this.#setpoints.sent(setpoint, stampNs);
    } else this.counters.refusedSends++;
  }

  #tick(nowNs: number): SafeAction | null {
    if (!Number.isFinite(nowNs)) throw new Error(`the clock says ${nowNs}`);
    this.record.seq = ++this.counters.ticks;
    const fresh = this.#inputs.hasFreshDecision(nowNs);
    observeLadder(this.#context, this.#ladder, fresh, nowNs);
    this.#context.conflicts = this.#output.conflicts;
    this.#context.sinceTickNs = nowNs > this.#lastTickNs ? nowNs - this.#lastTickNs : 0;
    if (this.#context.sinceTickNs > OVERRUN_PERIODS * this.#periodS * 1e9) this.counters.overruns++;
    this.#context.clockBackNs = nowNs < this.#lastTickNs ? this.#lastTickNs - nowNs : 0;
    this.#situation.nowNs = nowNs;
    const mayWrite = !this.#context.hasSent || this.#setpoints.rejoin(this.#inputs.state, nowNs);
    this.#situation.elapsed = this.#setpoints.elapsed(nowNs);
    this.#envelope.recover(this.#situation, this.#sources.recoveryAim);
    this.#judge.judge(this.#context, this.#setpoints, this.#sources.recoveryAim, this.#scales.residual);
    if (this.#judge.invalid) this.counters.criticInvalid++;
    evaluateRules(this.rules, this.#context, this.#verdict);
    if (this.#faultDue !== 0) {
      this.#verdict.take(SEVERITY.fault, 'post_check', 'the filter broke limit {value}', this.#faultDue, 0);
      this.#faultDue = 0;
    }
    this.#stepLadder(nowNs, fresh);
    this.#inputs.clearFlags();
    this.#echo.clearFlags();
    this.#scales.slew(Math.min((nowNs - this.#lastTickNs) / 1e9, this.#periodS), this.#judge.pace);
    this.#lastTickNs = nowNs;
    explain(this.record, nowNs, this.#ladder, this.#inputs, this.#verdict, this.#judge);
    if (!mayWrite || !this.#context.hasSent || !this.#inputs.hasState) return null;
    return this.#emit(nowNs);
  }

  #failed(error: unknown, nowNs: number): void {
    clearRecord(this.record);
    try {
      this.report('internal_error', error instanceof Error ? error.message : String(error), nowNs, 'fault');
    } catch {
      // Whoever was told of the transition failed too; the mode was set before.
    }
    this.record.mode = this.#ladder.mode;
    this.record.cause = 'internal_error';
  }

  #stepLadder(nowNs: number, fresh: boolean): void {
    const event = this.#event;
    const { riskRecovery, riskBase } = this.#judge;
    const { takeover } = this.#inputs;
    writeVerdict(event, nowNs, this.#verdict);
    // A recovery ends when neither it nor what would be done next is risky.
    const wanted = takeover.held ? takeover.isFresh(nowNs) : fresh;
    event.risk = wanted ? Math.max(riskRecovery, riskBase) : riskRecovery;
    event.stopped = this.#inputs.isAtRest(nowNs);
    event.ready = fresh;
    this.#apply(reduce(this.#ladder, event), nowNs);
  }

  /** Source, filter, post-check, guard, action. */
  #emit(nowNs: number): SafeAction | null {
    const r = this.record;
    const action = this.#action;
    if (!this.#write(nowNs)) return null;
    if (!this.#guarded(nowNs) && !this.#write(nowNs)) return null;
    action.mode = this.#ladder.mode;
    action.source = r.source;
    action.epoch = this.#ladder.epoch;
    action.seq = ++this.#commandSeq;
    action.stampNs = nowNs;
    action.expiresNs = nowNs + action.leaseMs * 1e6;
    action.stateStampNs = this.#inputs.state.stampNs;
    r.commandSeq = action.seq;
    r.setpoint.set(action.setpoint);
    this.counters.commands++;
    this.#pending = true;
    return action as unknown as SafeAction;
  }

  /** Source, filter and post-check, into the action's setpoint. False: nothing may go out. */
  #write(nowNs: number): boolean {
    const r = this.record;
    const s = this.#sources;
    const o = this.#output;
    r.source = s.choose(this.#ladder, nowNs);
    if (r.source === 'none') return false;
    if (r.source === 'policy') this.#interventions.attenuated(this.#judge.fraction);
    r.residualFraction = s.residualFraction;
    r.speedScale = s.speedScale;
    r.aim.set(s.wish);
    const mayGo = o.limit(s.wish, this.#situation, s.speedScale, this.#action.setpoint);
    r.clipped = o.clipped;
    r.refusal = o.refusal;
    if ((o.clipped & CLIPPED.conflict) !== 0) this.counters.conflicts++;
    if (o.braked) {
      // The filter is broken: the braking law has this one tick, the next one is FAULT.
      this.counters.postCheckFailures++;
      this.#faultDue = o.refusal;
      r.source = 'brake';
    }
    if (!mayGo) r.source = 'none';
    return mayGo;
  }

  /**
   * Asks the guard about what is about to go out; after its no the ladder is STOPPING. A hold or a brake is not asked
   * about: nothing milder could take its place.
   */
  #guarded(nowNs: number): boolean {
    const r = this.record;
    const ahead = this.#lookahead;
    if (ahead === null || r.source === 'hold' || r.source === 'brake') return true;
    if (ahead.admits(this.#action.setpoint, this.#situation)) return true;
    this.#apply(reduce(this.#ladder, tripOf(ahead.verdict, nowNs)), nowNs);
    explainStop(r, this.#ladder, ahead.verdict);
    return false;
  }

  /** Takes over what the reducer made of an event. Only a change of mode gets past the first lines, and may allocate. */
  #apply(next: LadderState, nowNs: number): void {
    const was = this.#ladder;
    if (next === was) return;
    this.#ladder = next;
    if (next.epoch !== was.epoch) this.#inputs.dropDecision(true);
    if (next.transition === null) return;
    enterMode(next.transition, this.#memory, nowNs);
    this.#interventions.transition(next.transition);
    this.#parts.onTransition(next.transition);
  }
}
