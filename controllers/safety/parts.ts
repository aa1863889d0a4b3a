import type { RiskCritic } from '../../policies/policy.ts';
import type { RobotConfig, SafetyConfig } from '../../src/core/config-schema.ts';
import type { LadderTransition } from '../../src/core/signals.ts';
import type { CommandInterface } from '../interfaces/interface.ts';
import type { Begins } from './counters.ts';
import type { LookaheadParts } from './lookahead.ts';
import type { ApplyFilter } from './output.ts';
import type { RulePlugin } from './rule.ts';

/** What a gate is made from. */
export interface GateParts {
  safety: SafetyConfig;
  robot: RobotConfig;
  interface: CommandInterface;
  critic: RiskCritic;
  /** First command epoch; must exceed every epoch that an earlier process sent to the same robot. */
  epochBase: number;
  onTransition(transition: LadderTransition): void;
  /** Something took authority from the policy. */
  onIntervention?: Begins | undefined;
  /** The rules that there are; all by default. */
  rules?: readonly RulePlugin[];
  /** Takes the filter's place. For fault injection: what it lets through, the post-check must still refuse. */
  filter?: ApplyFilter;
  /** Looks ahead with a model before a policy's or a recovery's setpoint goes out; without it nobody does. */
  lookahead?: LookaheadParts | undefined;
}
