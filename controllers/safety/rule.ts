import type { RobotConfig, SafetyConfig } from '../../src/core/config-schema.ts';
import type { Plugin } from '../../src/core/plugin.ts';
import type { Mode } from '../../src/core/signals.ts';
import type { CommandInterface } from '../interfaces/interface.ts';
import type { Echo } from './echo.ts';
import type { Envelope, Situation } from './envelope.ts';
import type { Inputs } from './inputs.ts';
import {
  isEngaged,
  isWriting,
  type LadderEvent,
  type LadderState,
  type RuleAction,
  SEVERITY,
  type Severity,
  sentence,
  type TickEvent,
} from './ladder.ts';

/** How a rule's verdict ends: by itself with the condition, after a dwell, or only by a reset of its incident. */
export type Clears = 'auto' | 'dwell' | 'latched';

/** What a rule may look at. One object for the life of the gate, rewritten each tick; rules only read it. */
export interface RuleContext {
  nowNs: number;
  mode: Mode;
  /** This process writes setpoints: HOLD to STOPPED. */
  writing: boolean;
  /** A policy has authority or is about to regain it: ENGAGING, ACTIVE, RECOVERY. */
  engaged: boolean;
  /** A fresh decision is required now: ACTIVE, and ENGAGING once its first decision was there. */
  deciding: boolean;
  readonly inputs: Inputs;
  readonly echo: Echo;
  /** What setpoints are judged against; its `last` is meaningful while `hasSent`. */
  readonly situation: Situation;
  hasSent: boolean;
  /** Ticks in a row in which the filter found its limits in conflict. */
  conflicts: number;
  /** Answers of the critic that were not a risk, since engaging. */
  criticInvalid: number;
  /** Whether the critic admits any of the policy's candidates. */
  riskAdmissible: boolean;
  /** Smallest risk among the policy's candidates; NaN when not judged. */
  risk: number;
  /** The last tick's time went backwards by so much, ns; 0 otherwise. */
  clockBackNs: number;
  /** Since the tick before this one, ns; 0 at the first and when nothing was written then. */
  sinceTickNs: number;
  /** Written by a rule that does not pass: what was seen, what was allowed. */
  readonly verdict: { value: number; limit: number };
}

/**
 * One hard rule. `evaluate` allocates nothing, returns 0 for "pass" and writes value and limit when it does not.
 * NOTE a rule that throws, or returns anything but a severity, is a verdict of stop with cause `rule_error`.
 */
export interface Rule {
  readonly name: string;
  /** Reason code: an interface, scripts match on it. */
  readonly cause: string;
  readonly action: RuleAction;
  readonly clears: Clears;
  /** One sentence with {value} and {limit}. */
  readonly says: string;
  evaluate(context: RuleContext): Severity;
}

/** What a rule is made from besides its own options. */
export interface RuleSetup {
  readonly safety: SafetyConfig;
  readonly robot: RobotConfig;
  readonly interface: CommandInterface;
  readonly envelope: Envelope;
}

// biome-ignore lint/suspicious/noExplicitAny: the options of a rule are its own affair; the schema guards them.
export type RulePlugin = Plugin<'rule', any, RuleSetup, Rule>;

export const PASS: Severity = SEVERITY.pass;

/** The severity of `action`, with the numbers that explain it. */
export function fail(context: RuleContext, action: RuleAction, value: number, limit: number): Severity {
  context.verdict.value = value;
  context.verdict.limit = limit;
  return SEVERITY[action];
}

/** The worst verdict of a tick. Of equals the first rule's stays. Reused: read it before the next evaluation. */
export class Verdict {
  severity: Severity = SEVERITY.pass;
  cause = '';
  detail = '';
  value = 0;
  limit = 0;

  clear(): void {
    this.severity = SEVERITY.pass;
    this.cause = '';
    this.detail = '';
    this.value = 0;
    this.limit = 0;
  }

  get sentence(): string {
    return sentence(this);
  }

  take(severity: Severity, cause: string, detail: string, value: number, limit: number): void {
    if (severity <= this.severity) return;
    this.severity = severity;
    this.cause = cause;
    this.detail = detail;
    this.value = value;
    this.limit = limit;
  }
}

/** Evaluates all rules into `verdict`: the worst wins, and a rule that fails has failed closed. */
export function evaluateRules(rules: readonly Rule[], context: RuleContext, verdict: Verdict): void {
  // REAL-TIME: every tick.
  verdict.clear();
  for (let i = 0; i < rules.length; i++) {
    const rule = rules[i]!;
    let severity: number = Number.NaN;
    try {
      severity = rule.evaluate(context);
    } catch {
      // It stays NaN, which is no severity.
    }
    if (severity === SEVERITY.pass) continue;
    if (Number.isInteger(severity) && severity > SEVERITY.pass && severity <= SEVERITY.fault) {
      verdict.take(severity as Severity, rule.cause, rule.says, context.verdict.value, context.verdict.limit);
    } else verdict.take(SEVERITY.stop, 'rule_error', rule.name, Number.NaN, 0);
  }
}

export const makeContext = (inputs: Inputs, echo: Echo, situation: Situation): RuleContext => ({
  nowNs: 0,
  mode: 'BOOT',
  writing: false,
  engaged: false,
  deciding: false,
  inputs,
  echo,
  situation,
  hasSent: false,
  conflicts: 0,
  criticInvalid: 0,
  riskAdmissible: true,
  risk: Number.NaN,
  clockBackNs: 0,
  sinceTickNs: 0,
  verdict: { value: 0, limit: 0 },
});

/** The ladder's tick event while it is being written; reused. */
export type TickEventBuffer = { -readonly [K in keyof TickEvent]: TickEvent[K] };

export const makeEvent = (): TickEventBuffer => ({
  kind: 'tick',
  nowNs: 0,
  severity: SEVERITY.pass,
  cause: '',
  detail: '',
  value: 0,
  limit: 0,
  risk: Number.NaN,
  stopped: false,
  ready: false,
});

/** Puts the verdict of a tick into the ladder's event. */
export function writeVerdict(event: TickEventBuffer, nowNs: number, verdict: Verdict): void {
  event.nowNs = nowNs;
  event.severity = verdict.severity;
  event.cause = verdict.cause;
  event.detail = verdict.detail;
  event.value = verdict.value;
  event.limit = verdict.limit;
}

/** A verdict that was found outside the rules of a tick, for the ladder. */
export function tripOf({ severity, cause, detail, value, limit }: Verdict, nowNs: number): LadderEvent {
  return { kind: 'trip', nowNs, severity, cause, detail, value, limit };
}

/** Brings a context up to date for the tick at `nowNs`; `fresh`: a decision in time is there. */
export function observeLadder(c: RuleContext, ladder: LadderState, fresh: boolean, nowNs: number): void {
  // REAL-TIME: every tick.
  const { mode, readyNs } = ladder;
  c.nowNs = nowNs;
  c.mode = mode;
  c.writing = isWriting(mode);
  c.engaged = isEngaged(mode);
  c.deciding = mode === 'ACTIVE' || (mode === 'ENGAGING' && (readyNs >= 0 || fresh));
}

/** Evaluates what must be clear before an arm, an engage or a reset: nothing is asked of a policy that has no say yet. */
export function evaluateStanding(
  rules: readonly Rule[],
  c: RuleContext,
  verdict: Verdict,
  ladder: LadderState,
  nowNs: number,
): void {
  c.nowNs = nowNs;
  c.mode = ladder.mode;
  c.writing = ladder.mode === 'HOLD';
  c.engaged = false;
  c.deciding = false;
  c.clockBackNs = 0;
  c.sinceTickNs = 0;
  evaluateRules(rules, c, verdict);
}
