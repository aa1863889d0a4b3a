import type { RiskJudge } from './critic.ts';
import type { Envelope } from './envelope.ts';
import type { Inputs } from './inputs.ts';
import { type LadderState, SEVERITY } from './ladder.ts';
import { evaluateStanding, type Rule, type RuleContext, type Verdict } from './rule.ts';

/** What is looked at before an operator's request. */
export interface StandingParts {
  readonly rules: readonly Rule[];
  /** Names of the rules that the config switched off. */
  readonly off: readonly string[];
  readonly context: RuleContext;
  readonly verdict: Verdict;
  readonly inputs: Inputs;
  readonly envelope: Envelope;
  readonly judge: RiskJudge;
}

/** What forbids this request now, as `cause: sentence`; empty when clear. */
export function whatForbids(
  kind: 'arm' | 'engage' | 'reset',
  ladder: LadderState,
  { rules, off, context, verdict, inputs, envelope, judge }: StandingParts,
  nowNs: number,
): string {
  evaluateStanding(rules, context, verdict, ladder, nowNs);
  if (verdict.severity >= SEVERITY.hold) return `${verdict.cause}: ${verdict.sentence}`;
  if (kind === 'reset') return '';
  if (!inputs.hasState) return 'state_stale: no robot state has arrived';
  if (kind === 'arm') return envelope.selfTest();
  if (!inputs.hasTarget && !off.includes('target')) return 'target_missing: no estimate of the target';
  return judge.invalid ? 'critic_invalid: the critic does not answer with a risk' : '';
}
