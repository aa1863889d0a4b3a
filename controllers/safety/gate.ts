import type { RiskCritic } from '../../policies/policy.ts';
import type { RobotConfig, SafetyConfig } from '../../src/core/config-schema.ts';
import { ReflexArcError } from '../../src/core/errors.ts';
import { clamp } from '../../src/core/geometry.ts';
import type {
  Decision,
  LadderTransition,
  Mode,
  OperatorRequest,
  RobotState,
  SafeAction,
  SentCommand,
  Source,
} from '../../src/core/signals.ts';
import type { CommandInterface } from '../interfaces/interface.ts';
import { admissible, type Judged } from './admissible.ts';
import { Brake, selfTest } from './brake.ts';
import { RiskJudge } from './critic.ts';
import { CartesianFilter, CLIPPED } from './filter.ts';
import { type InputCounters, Inputs, makeInputCounters } from './inputs.ts';
import {
  type Answer,
  initialLadder,
  isEngaged,
  isWriting,
  type LadderState,
  reduce,
  SEVERITY,
  type Severity,
  sentence,
  type TickEvent,
} from './ladder.ts';
import { type CartesianLimits, cartesianLimits, inputLimits, ladderLimits } from './limits.ts';
import { clearRecord, type Explained, explain, makeTickRecord, type TickRecord } from './record.ts';
import { Recovery } from './recovery.ts';
import { evaluateRules, type Rule, type RuleContext, type RulePlugin, Verdict } from './rule.ts';
import { makeRules, RULES } from './rules/index.ts';

export type { TickRecord } from './record.ts';

export interface GateParts {
  safety: SafetyConfig;
  robot: RobotConfig;
  interface: CommandInterface;
  critic: RiskCritic;
  /** First command epoch; must exceed every epoch that an earlier process sent to the same robot. */
  epochBase: number;
  onTransition(transition: LadderTransition): void;
  /** The rules that there are; all by default. */
  rules?: readonly RulePlugin[];
}

export interface GateCounters extends InputCounters {
  ticks: number;
  /** Commands that the gate let out. */
  commands: number;
  /** Rising edges of everything that took authority from the policy: the sum of interventionsBy. */
  interventions: number;
  /** Rising edges by cause: `attenuated`, `base_alone`, and the cause of each recovery and stop. */
  readonly interventionsBy: Record<string, number>;
  criticInvalid: number;
  conflicts: number;
  refusedSends: number;
  postCheckFailures: number;
  overruns: number;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
/** A SafeAction while it is being written: the brand comes with the cast in `#emit`, and nowhere else. */
type ActionBuffer = { -readonly [K in keyof SafeAction as K extends string ? K : never]: SafeAction[K] };

/** How fast the operator's speed scale may rise, per second; it falls at once. */
const SPEED_SCALE_SLEW = 0.5;
/** A tick this late is no longer an overrun to count but a loss of control, ms (facts/safety.md 4.2). */
const OVERRUN_STOP_MS = 100;
/** Acts of the operator: they end authority, but are no interventions of the gate. */
const OPERATOR_CAUSES = ['disengage', 'operator_stop', 'estop'];

/**
 * The gate: the only place that makes a SafeAction (house rule 1). Call `ingest…` as messages arrive and `tick` once per
 * state and on a timer; send what `tick` returns and tell the outcome to `sent`, for only then does the reference that
 * rates are measured from move on. Pure but for its own memory: no I/O, no timers, time is an argument.
 *
 * Tick order (facts/safety.md 4.3): inputs are already copied · rules · critic · ladder, worst wins, same tick · source ·
 * hard filter · post-check · action. Nothing after the filter alters the command.
 */
export class Gate {
  /** Rewritten by every tick. */
  readonly record: TickRecord;
  readonly counters: GateCounters;
  /** The rules in force, and those that the config switched off. */
  readonly rules: readonly Rule[];
  readonly off: readonly string[];

  readonly #parts: GateParts;
  readonly #limits: CartesianLimits;
  readonly #filter: CartesianFilter;
  readonly #brake: Brake;
  readonly #recovery: Recovery;
  readonly #judge: RiskJudge;
  readonly #inputs: Inputs;
  readonly #context: RuleContext;
  readonly #verdict = new Verdict();
  readonly #event: Mutable<TickEvent>;
  readonly #action: ActionBuffer;
  readonly #judged: Mutable<Judged>;
  readonly #explained: Explained;
  #ladder: LadderState;

  readonly #last: Float64Array;
  readonly #anchor: Float64Array;
  readonly #hold: Float64Array;
  readonly #wish: Float64Array;
  readonly #recoveryAim: Float64Array;
  #lastSentNs = 0;
  #commandSeq = 0;
  #pending = false;
  #stopWasSent = false;
  #faultDue = 0;
  #lastTickNs = Number.NaN;
  #holdCriticInvalid = false;
  #wasAttenuated = false;
  #residualScale = 1;
  #speedScale = 1;
  #speedScaleWanted = 1;

  /** @throws ReflexArcError RA_CONFIG_INVALID for limits, rules or a critic that cannot work together */
  constructor(parts: GateParts) {
    const { safety, robot } = parts;
    const size = parts.interface.setpointSize;
    if (parts.critic.inputSize !== parts.interface.riskInputSize)
      throw new ReflexArcError('RA_CONFIG_INVALID', {
        seen: `a critic of ${parts.critic.inputSize} inputs`,
        allowed: `${parts.interface.riskInputSize}, the risk row of ${parts.interface.name}`,
      });
    this.#parts = parts;
    this.#limits = cartesianLimits(safety);
    this.#filter = new CartesianFilter(this.#limits);
    this.#brake = new Brake(this.#limits);
    this.#recovery = new Recovery(this.#limits);
    this.#judge = new RiskJudge(parts.critic, parts.interface, safety.risk.high, safety.residual_bound);
    this.rules = makeRules(parts, parts.rules ?? RULES);
    this.off = [...safety.off];
    this.counters = {
      ...makeInputCounters(),
      ticks: 0,
      commands: 0,
      interventions: 0,
      interventionsBy: {},
      criticInvalid: 0,
      conflicts: 0,
      refusedSends: 0,
      postCheckFailures: 0,
      overruns: 0,
    };
    this.#inputs = new Inputs(inputLimits(safety, robot.joints.length, parts.interface.actionSize), this.counters);
    this.#last = new Float64Array(size);
    this.#anchor = new Float64Array(size);
    this.#hold = new Float64Array(size);
    this.#wish = new Float64Array(size);
    this.#recoveryAim = new Float64Array(size);
    this.record = makeTickRecord(size);
    this.#explained = { verdict: this.#verdict, judge: this.#judge };
    this.#ladder = initialLadder(ladderLimits(safety), parts.epochBase);
    this.#context = {
      nowNs: 0,
      mode: 'BOOT',
      writing: false,
      engaged: false,
      deciding: false,
      inputs: this.#inputs,
      last: this.#last,
      hasSent: false,
      conflicts: 0,
      criticInvalid: 0,
      riskAdmissible: true,
      risk: Number.NaN,
      clockBackNs: 0,
      verdict: { value: 0, limit: 0 },
    };
    this.#event = {
      ...{ kind: 'tick', nowNs: 0, severity: SEVERITY.pass, cause: '', detail: '', value: 0, limit: 0 },
      ...{ risk: Number.NaN, stopped: false, ready: false },
    };
    this.#action = {
      ...{ setpoint: new Float64Array(size), mode: 'BOOT', source: 'none', epoch: 0, seq: 0 },
      ...{ stampNs: 0, expiresNs: 0, leaseMs: safety.lease_ms, stateStampNs: 0 },
    };
    this.#judged = {
      last: this.#last,
      pose: this.#inputs.state.pose,
      force: this.#inputs.force,
      elapsed: 0,
      target: this.#inputs.target,
      reference: Float64Array.of(0, 0, 0, 1),
    };
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
  /** The whole ladder, plain data. */
  get ladder(): LadderState {
    return this.#ladder;
  }
  get linkUp(): boolean {
    return this.#inputs.linkUp;
  }
  get residualScale(): number {
    return this.#residualScale;
  }
  get speedScale(): number {
    return this.#speedScale;
  }

  /** Boot checks: the braking law keeps its word under these limits. BOOT to DISARMED, or FAULT. */
  boot(nowNs: number): Answer {
    const failure = selfTest(this.#limits);
    if (failure !== '') {
      this.#trip(SEVERITY.fault, 'boot_failed', failure, nowNs);
      return { accepted: false, reason: failure };
    }
    this.#apply(reduce(this.#ladder, { kind: 'boot_ok', nowNs }), nowNs);
    return { accepted: this.mode !== 'FAULT', reason: '' };
  }

  /** Copies the newest state; refuses and counts what is not finite, not in order or not in time. */
  ingestState(state: RobotState): void {
    // REAL-TIME: before the tick of every state message.
    this.#inputs.ingestState(state, this.#ladder.mode);
  }

  ingestTarget(pose: Float64Array, _receivedNs: number): void {
    if (this.#inputs.ingestTarget(pose)) this.#filter.setTarget(pose);
  }

  /** Copies the newest decision and notes its anchor, the setpoint in force now. Refuses and counts other epochs. */
  ingestDecision(decision: Decision): void {
    if (this.#inputs.ingestDecision(decision, this.#ladder.epoch)) this.#anchor.set(this.#last);
  }

  /** A new link epoch voids all that was decided before it; while writing it stops. */
  observeLink(up: boolean, epoch: number, nowNs: number): void {
    const known = this.#inputs.linkEpoch;
    this.#inputs.linkUp = up;
    this.#inputs.linkEpoch = epoch;
    if (known >= 0 && epoch !== known) this.#apply(reduce(this.#ladder, { kind: 'link_changed', nowNs }), nowNs);
  }

  /** A fault seen outside the gate, e.g. the brain died. Stops by default; takes effect now, the next tick brakes. */
  report(cause: string, detail: string, nowNs: number, action: 'stop' | 'estop' | 'fault' = 'stop'): void {
    this.#trip(SEVERITY[action], cause, detail, nowNs);
  }

  /** A tick came `lateMs` after its deadline: counted, and a stop above 100 ms. */
  overrun(lateMs: number, nowNs: number): void {
    this.counters.overruns++;
    if (lateMs > OVERRUN_STOP_MS)
      this.report('overrun', `tick ${lateMs} ms late, allowed ${OVERRUN_STOP_MS} ms`, nowNs);
  }

  request(request: OperatorRequest, nowNs: number): Answer {
    if (request.kind === 'residual_scale' || request.kind === 'speed_scale') return this.#scale(request);
    const blocking =
      request.kind === 'arm' || request.kind === 'engage' || request.kind === 'reset'
        ? this.#blocking(request.kind, nowNs)
        : '';
    const next = reduce(this.#ladder, { kind: 'request', nowNs, request, clear: blocking === '', blocking });
    this.#apply(next, nowNs);
    return next.answer ?? { accepted: false, reason: 'no answer' };
  }

  /**
   * Decides what may go out now. Null: nothing is to be sent. The object is reused by the next tick; hand it to the
   * bridge at once. An error inside is FAULT and null.
   */
  tick(nowNs: number): SafeAction | null {
    // REAL-TIME: allocates nothing unless the ladder changes.
    try {
      return this.#tick(nowNs);
    } catch (error) {
      this.#pending = false;
      clearRecord(this.record);
      this.#trip(SEVERITY.fault, 'internal_error', error instanceof Error ? error.message : String(error), nowNs);
      this.record.mode = this.#ladder.mode;
      this.record.cause = 'internal_error';
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
    if (!result.sent) {
      this.counters.refusedSends++;
      return;
    }
    this.#last.set(this.#action.setpoint);
    this.#lastSentNs = this.#action.stampNs;
  }

  #tick(nowNs: number): SafeAction | null {
    if (!Number.isFinite(nowNs)) throw new Error(`the clock says ${nowNs}`);
    this.counters.ticks++;
    this.#pending = false;
    clearRecord(this.record);
    if (this.#faultDue !== 0) {
      this.#trip(SEVERITY.fault, 'post_check', `the filter broke limit ${this.#faultDue}`, nowNs);
      this.#faultDue = 0;
    }
    const fresh = this.#observe(nowNs);
    this.#judgeRisk();
    this.#verdict.clear();
    evaluateRules(this.rules, this.#context, this.#verdict);
    this.#stepLadder(nowNs, fresh);
    this.#inputs.clearFlags();
    this.#slewSpeed(nowNs);
    this.#lastTickNs = nowNs;

    this.record.seq = this.counters.ticks;
    explain(this.record, nowNs, this.#ladder, this.#inputs, this.#explained);
    const source = this.#chooseSource(nowNs);
    this.record.source = source;
    if (source === 'none') return null;
    return this.#emit(nowNs);
  }

  /** Brings the rules' context up to date; true when a fresh decision is there. */
  #observe(nowNs: number): boolean {
    const c = this.#context;
    const { mode } = this.#ladder;
    const i = this.#inputs;
    const age = nowNs - i.observedNs;
    const fresh =
      i.hasDecision && age <= this.#parts.safety.decision_age_ms * 1e6 && nowNs <= i.decisionExpiresNs && age >= -1e6;
    c.nowNs = nowNs;
    c.mode = mode;
    c.writing = isWriting(mode);
    c.engaged = isEngaged(mode);
    c.deciding = mode === 'ACTIVE' || (mode === 'ENGAGING' && (this.#ladder.readyNs >= 0 || fresh));
    c.clockBackNs = nowNs < this.#lastTickNs ? this.#lastTickNs - nowNs : 0;
    return fresh;
  }

  #judgeRisk(): void {
    const judge = this.#judge;
    const i = this.#inputs;
    const c = this.#context;
    judge.clear();
    if (i.hasState && c.engaged) {
      this.#recovery.aim(i.state.pose, i.force, this.#last, this.#recoveryAim);
      if (i.hasDecision) judge.judgeDecision(i, this.#anchor, this.#residualScale, this.#recoveryAim);
      else judge.judgeAim(i.state, i.target, this.#recoveryAim);
      if (judge.invalid) {
        c.criticInvalid++;
        this.counters.criticInvalid++;
      }
    } else if (i.hasState && i.hasTarget && c.mode === 'HOLD') {
      // Nobody asks for anything here, but an operator wants to see the risk, and engage a critic that answers.
      judge.judgeAim(i.state, i.target, this.#hold);
      this.#holdCriticInvalid = judge.invalid;
      if (judge.invalid) this.counters.criticInvalid++;
    }
    // An invalid answer is critic_health's business: it is no reason to move, not even to recover.
    c.riskAdmissible = judge.admissible || judge.invalid;
    c.risk = judge.riskBase;
  }

  #stepLadder(nowNs: number, fresh: boolean): void {
    const e = this.#event;
    const v = this.#verdict;
    const i = this.#inputs;
    const judge = this.#judge;
    e.nowNs = nowNs;
    e.severity = v.severity;
    e.cause = v.cause;
    e.detail = v.detail;
    e.value = v.value;
    e.limit = v.limit;
    // A recovery ends when neither it nor what the policy would do next is risky.
    e.risk = fresh ? Math.max(judge.riskRecovery, judge.riskBase) : judge.riskRecovery;
    const stateFresh = i.hasState && nowNs - i.state.receivedNs <= this.#parts.safety.state_age_ms * 1e6;
    e.stopped = stateFresh && i.speed < this.#parts.safety.stop_speed;
    e.ready = fresh;
    this.#apply(reduce(this.#ladder, e), nowNs);
  }

  #slewSpeed(nowNs: number): void {
    const elapsed = nowNs - this.#lastTickNs;
    const rise = elapsed > 0 ? Math.min(elapsed / 1e9, this.#limits.period) * SPEED_SCALE_SLEW : 0;
    this.#speedScale = Math.min(this.#speedScaleWanted, this.#speedScale + rise);
  }

  /** Who may write now, by mode; fills `wish` and the record's speed scale. */
  #chooseSource(nowNs: number): Source {
    const { mode, readyNs } = this.#ladder;
    const r = this.record;
    const judge = this.#judge;
    if (!this.#context.hasSent || !this.#inputs.hasState) return 'none';
    r.speedScale = 1;
    switch (mode) {
      case 'ENGAGING':
      case 'ACTIVE': {
        if (readyNs < 0 && mode === 'ENGAGING') break;
        const ramp = mode === 'ACTIVE' ? 1 : clamp((nowNs - readyNs) / this.#ladder.limits.engageRampNs, 0, 1);
        r.speedScale = ramp * this.#speedScale;
        // Fail closed: a policy that was not judged in this tick, or not by a risk, moves nothing.
        if (judge.invalid || Number.isNaN(judge.riskProposed)) {
          r.speedScale = 0;
          this.#wish.set(this.#last);
          return 'hold';
        }
        this.#wish.set(judge.aim);
        r.residualFraction = judge.fraction * this.#residualScale;
        this.#countAttenuation();
        return 'policy';
      }
      case 'RECOVERY':
        r.speedScale = this.#recovery.options.speedScale;
        this.#wish.set(this.#recoveryAim);
        return 'recovery';
      case 'STOPPING':
        return this.#brakeWish(nowNs);
      case 'ESTOP':
        if (this.#stopWasSent) return 'none';
        this.#stopWasSent = true;
        return this.#brakeWish(nowNs);
      case 'HOLD':
      case 'STOPPED':
        break;
      default:
        return 'none';
    }
    this.#wish.set(this.#hold);
    return 'hold';
  }

  #brakeWish(nowNs: number): Source {
    this.#brake.step(this.#last, this.#inputs.state.pose, this.#elapsed(nowNs), this.#wish);
    return 'brake';
  }

  /** Filter, post-check, action. */
  #emit(nowNs: number): SafeAction | null {
    const r = this.record;
    const { pose } = this.#inputs.state;
    const { force } = this.#inputs;
    const action = this.#action;
    const elapsed = this.#elapsed(nowNs);
    r.aim.set(this.#wish);
    r.clipped = this.#filter.apply(this.#wish, this.#last, pose, force, elapsed, r.speedScale, action.setpoint);
    if ((r.clipped & CLIPPED.conflict) !== 0) {
      this.#context.conflicts++;
      this.counters.conflicts++;
    } else this.#context.conflicts = 0;

    this.#judged.elapsed = elapsed;
    r.refusal = admissible(action.setpoint, this.#judged, this.#limits);
    if (r.refusal !== 0) {
      this.counters.postCheckFailures++;
      this.#faultDue = r.refusal;
      this.#brake.step(this.#last, pose, elapsed, action.setpoint);
      r.source = 'brake';
      if (admissible(action.setpoint, this.#judged, this.#limits) !== 0) {
        r.source = 'none';
        this.#trip(SEVERITY.fault, 'post_check', `filter and brake broke limit ${r.refusal}`, nowNs);
        this.#faultDue = 0;
        r.mode = this.#ladder.mode;
        return null;
      }
    }
    action.mode = this.#ladder.mode;
    action.source = r.source;
    action.epoch = this.#ladder.epoch;
    action.seq = ++this.#commandSeq;
    action.stampNs = nowNs;
    action.expiresNs = nowNs + this.#parts.safety.lease_ms * 1e6;
    action.stateStampNs = this.#inputs.state.stampNs;
    r.commandSeq = action.seq;
    r.setpoint.set(action.setpoint);
    this.counters.commands++;
    this.#pending = true;
    return action as unknown as SafeAction;
  }

  #elapsed(nowNs: number): number {
    return (nowNs - this.#lastSentNs) / 1e9;
  }

  // ---- the ladder's consequences: only where a mode changes or an operator asks, so these may allocate ----------------

  #trip(severity: Severity, cause: string, detail: string, nowNs: number): void {
    this.#apply(reduce(this.#ladder, { kind: 'trip', nowNs, severity, cause, detail, value: 0, limit: 0 }), nowNs);
  }

  #apply(next: LadderState, nowNs: number): void {
    const was = this.#ladder;
    if (next === was) return;
    this.#ladder = next;
    if (next.epoch !== was.epoch) this.#inputs.dropDecision(true);
    if (next.transition === null) return;
    this.#entered(next.transition, nowNs);
    this.#parts.onTransition(next.transition);
  }

  #entered({ from, to, cause }: LadderTransition, nowNs: number): void {
    const c = this.#context;
    switch (to) {
      case 'DISARMED':
        c.hasSent = false;
        break;
      case 'HOLD':
        if (from === 'DISARMED') this.#seed(nowNs);
        else this.#holdHere();
        break;
      case 'ENGAGING':
        // From RECOVERY: the decisions made meanwhile do not count, and the setpoint stays where it is.
        this.#inputs.dropDecision(false);
        if (from === 'RECOVERY') this.#hold.set(this.#last);
        else c.criticInvalid = 0;
        break;
      case 'STOPPED':
        this.#holdHere();
        break;
      case 'ESTOP':
        this.#stopWasSent = false;
        break;
      default:
    }
    if ((to === 'RECOVERY' || to === 'STOPPING' || to === 'ESTOP') && isEngaged(from)) this.#intervene(cause);
  }

  /** Arming: every memory of motion begins at the measured pose (reset rule 5). */
  #seed(nowNs: number): void {
    const { state } = this.#inputs;
    const l = this.#limits;
    this.#parts.interface.hold(state, this.#last);
    this.#last[7] = clamp(this.#last[7]!, l.stiffnessMin, l.stiffnessMax);
    this.#last[8] = clamp(this.#last[8]!, l.rotationStiffnessMin, l.rotationStiffnessMax);
    this.#hold.set(this.#last);
    this.#anchor.set(this.#last);
    this.#lastSentNs = nowNs;
    this.#filter.setReference(state.pose);
    this.#judged.reference.set(state.pose.subarray(3));
    this.#context.hasSent = true;
    this.#context.conflicts = 0;
    this.#inputs.refusedSends = 0;
    this.#wasAttenuated = false;
  }

  /** The measured pose at the stiffness in force, kept from now on: captured once, so that it does not creep under load. */
  #holdHere(): void {
    this.#parts.interface.hold(this.#inputs.state, this.#hold);
    this.#hold[7] = this.#last[7]!;
    this.#hold[8] = this.#last[8]!;
  }

  /** What forbids this request now, as `cause: sentence`; empty when clear. */
  #blocking(kind: 'arm' | 'engage' | 'reset', nowNs: number): string {
    const c = this.#context;
    c.nowNs = nowNs;
    c.mode = this.#ladder.mode;
    c.writing = kind === 'engage';
    c.engaged = false;
    c.deciding = false;
    c.clockBackNs = 0;
    this.#verdict.clear();
    evaluateRules(this.rules, c, this.#verdict);
    if (this.#verdict.severity >= SEVERITY.hold) return `${this.#verdict.cause} (${sentence(this.#verdict)})`;
    if (kind === 'arm') return selfTest(this.#limits);
    if (kind === 'engage') {
      if (!this.#inputs.hasTarget && !this.off.includes('target')) return 'target_missing (no estimate of the target)';
      if (this.#holdCriticInvalid) return 'critic_invalid (the critic does not answer with a risk)';
    }
    return '';
  }

  #scale(request: { kind: 'residual_scale' | 'speed_scale'; value: number }): Answer {
    if (!(request.value >= 0 && request.value <= 1))
      return { accepted: false, reason: `${request.kind} ${request.value} is not within 0 … 1` };
    if (request.kind === 'residual_scale') this.#residualScale = request.value;
    else {
      this.#speedScaleWanted = request.value;
      this.#speedScale = Math.min(this.#speedScale, request.value);
    }
    return { accepted: true, reason: '' };
  }

  #countAttenuation(): void {
    // REAL-TIME: counts rising edges only.
    const attenuated = this.#judge.fraction < 1;
    if (attenuated && !this.#wasAttenuated) this.#intervene(this.#judge.fraction === 0 ? 'base_alone' : 'attenuated');
    this.#wasAttenuated = attenuated;
  }

  #intervene(cause: string): void {
    if (OPERATOR_CAUSES.includes(cause)) return;
    this.counters.interventions++;
    this.counters.interventionsBy[cause] = (this.counters.interventionsBy[cause] ?? 0) + 1;
  }
}
