import type { RiskCritic } from '../../policies/policy.ts';
import type { SafetyConfig } from '../../src/core/config-schema.ts';
import type { RobotState } from '../../src/core/signals.ts';
import type { CommandInterface } from '../interfaces/interface.ts';
import { compose } from '../residual.ts';
import type { Inputs } from './inputs.ts';
import type { RuleContext } from './rule.ts';
import type { Setpoints } from './setpoints.ts';

/** Shares of the residual that are tried, largest first; 0 is the base alone. */
export const FRACTIONS = [1, 0.75, 0.5, 0.25, 0] as const;
const RECOVERY_ROW = FRACTIONS.length;
const ROWS = FRACTIONS.length + 1;
/** Share of the policy's speed that is left at the highest risk that is admitted. */
export const SLOWEST = 0.2;

/**
 * The critic's graded answer: every share of the residual and the recovery are judged in one batched call, against the
 * newest state and what is left of the way to each aim. The first share whose risk is at or below `high` is taken; none
 * means that not even the base alone is admissible.
 *
 * House rule 6: this only picks among smaller authorities. What it picks goes through the same hard filter, which does
 * not know it. An answer that is no number in [0, 1], or an exception, counts as risk 1 everywhere and is said apart.
 *
 * What is admitted is followed the slower the riskier it is: `pace` (facts/safety.md 4.1, DEGRADED: the critic's warn band). A critic that can
 * only forbid has no answer to an approach that is well but for its speed.
 */
export class RiskJudge {
  /** Share of the residual that is admissible; 0 also when none is. */
  fraction = 0;
  /** Some candidate of the policy is admissible. */
  admissible = false;
  /** The critic did not answer with risks. */
  invalid = false;
  /** Whose wish was judged. */
  source: 'policy' | 'takeover' = 'policy';
  /** Risk of the full proposal, of the base alone, of the chosen candidate and of the recovery; NaN when not judged. */
  riskProposed = Number.NaN;
  riskBase = Number.NaN;
  risk = Number.NaN;
  riskRecovery = Number.NaN;
  /** Share of the policy's speed that is left to the chosen candidate. */
  pace = 1;
  /** Aim of the chosen candidate; of the base alone when none is admissible. */
  readonly aim: Float64Array;

  readonly #critic: RiskCritic;
  readonly #interface: CommandInterface;
  readonly #high: number;
  readonly #warn: number;
  readonly #bound: number;
  readonly #aims: readonly Float64Array[];
  readonly #action: Float64Array;
  readonly #rows: Float64Array;
  readonly #risks: Float64Array;

  constructor(critic: RiskCritic, iface: CommandInterface, risk: SafetyConfig['risk'], residualBound: number) {
    this.#critic = critic;
    this.#interface = iface;
    this.#high = risk.high;
    this.#warn = risk.warn ?? risk.low;
    this.#bound = residualBound;
    this.aim = new Float64Array(iface.setpointSize);
    this.#aims = FRACTIONS.map(() => new Float64Array(iface.setpointSize));
    this.#action = new Float64Array(iface.actionSize);
    this.#rows = new Float64Array(ROWS * iface.riskInputSize);
    this.#risks = new Float64Array(ROWS);
  }

  /**
   * The critic's part of a tick; tells the rules through `c`. With authority: the decision in force, or what a person
   * wants in its place, and the recovery. In HOLD: the hold itself, so that an operator sees the risk and engages a critic that answers. Else nothing is judged,
   * and the risks are NaN.
   */
  judge(c: RuleContext, setpoints: Setpoints, recovery: Float64Array, scale: number): void {
    // REAL-TIME: every tick.
    const { inputs } = c;
    this.#clear();
    if (inputs.hasState && c.engaged) {
      if (inputs.takeover.held) this.#judgeTakeover(c, setpoints.takeoverAnchor, recovery);
      else if (inputs.hasDecision) this.judgeDecision(inputs, setpoints.anchor, scale, recovery);
      else this.judgeAim(inputs.state, inputs.target, recovery);
      if (this.invalid) c.criticInvalid++;
    } else if (inputs.hasState && inputs.hasTarget && c.mode === 'HOLD') {
      this.judgeAim(inputs.state, inputs.target, setpoints.hold);
    }
    // An invalid answer is critic_health's business: it is no reason to move, not even to recover.
    c.riskAdmissible = this.admissible || this.invalid;
    c.risk = this.riskBase;
    this.pace = paceAt(this.risk, this.#warn, this.#high);
  }

  #clear(): void {
    this.fraction = 0;
    this.admissible = true;
    this.invalid = false;
    this.source = 'policy';
    this.riskProposed = Number.NaN;
    this.riskBase = Number.NaN;
    this.risk = Number.NaN;
    this.riskRecovery = Number.NaN;
  }

  /** Judges the decision in force from its anchor, and the recovery. `scale` is the operator's, in [0, 1]. */
  judgeDecision(inputs: Inputs, anchor: Float64Array, scale: number, recovery: Float64Array): void {
    this.#judgeProposal(inputs, inputs.base, inputs.residual, anchor, scale, recovery);
  }

  /**
   * A person is judged like a base without residual: admissible as it is, or not at all. Of one who is silent there is no
   * wish to judge, and without a risk nothing moves (sources.ts); the policy is not asked instead.
   */
  #judgeTakeover({ inputs, nowNs }: RuleContext, anchor: Float64Array, recovery: Float64Array): void {
    const { takeover, state, target } = inputs;
    if (takeover.isFresh(nowNs)) this.#judgeProposal(inputs, takeover.action, takeover.residual, anchor, 0, recovery);
    else this.judgeAim(state, target, recovery);
    this.source = 'takeover';
  }

  #judgeProposal(
    inputs: Inputs,
    base: Float64Array,
    residual: Float64Array,
    anchor: Float64Array,
    scale: number,
    recovery: Float64Array,
  ): void {
    // REAL-TIME: one batched call a tick, of the same size whatever it finds.
    const size = this.#interface.riskInputSize;
    for (let i = 0; i < FRACTIONS.length; i++) {
      const aim = this.#aims[i]!;
      compose(base, residual, FRACTIONS[i]! * scale, this.#bound, this.#action);
      this.#interface.aim(anchor, this.#action, aim);
      this.#interface.riskInput(inputs.state, inputs.target, aim, this.#rows, i * size);
    }
    this.#interface.riskInput(inputs.state, inputs.target, recovery, this.#rows, RECOVERY_ROW * size);
    this.#evaluate(ROWS);

    let chosen = 0;
    while (chosen < FRACTIONS.length && !(this.#risks[chosen]! <= this.#high)) chosen++;
    this.admissible = chosen < FRACTIONS.length;
    if (!this.admissible) chosen = FRACTIONS.length - 1;
    this.fraction = FRACTIONS[chosen]!;
    this.aim.set(this.#aims[chosen]!);
    this.riskProposed = this.#risks[0]!;
    this.riskBase = this.#risks[FRACTIONS.length - 1]!;
    this.risk = this.#risks[chosen]!;
    this.riskRecovery = this.#risks[RECOVERY_ROW]!;
  }

  /** Judges one aim for itself: the recovery without a decision, or a hold. */
  judgeAim(state: RobotState, target: Float64Array, aim: Float64Array): void {
    this.#interface.riskInput(state, target, aim, this.#rows, 0);
    this.#evaluate(1);
    this.risk = this.#risks[0]!;
    this.riskRecovery = this.risk;
  }

  #evaluate(count: number): void {
    this.#risks.fill(Number.NaN);
    try {
      this.#critic.evaluate(this.#rows, count, this.#risks);
    } catch {
      this.#risks.fill(Number.NaN);
    }
    this.invalid = false;
    for (let i = 0; i < count; i++) if (!(this.#risks[i]! >= 0 && this.#risks[i]! <= 1)) this.invalid = true;
    if (this.invalid) this.#risks.fill(1);
  }
}

/** 1 up to `warn`, from there in a line to SLOWEST at `high`, and no less above. What was not judged is not slowed. */
function paceAt(risk: number, warn: number, high: number): number {
  if (!(risk > warn)) return 1;
  return risk < high ? 1 - ((1 - SLOWEST) * (risk - warn)) / (high - warn) : SLOWEST;
}
