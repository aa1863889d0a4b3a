import { cartesianImpedance } from '../../../controllers/interfaces/cartesian-impedance.ts';
import type { RiskCritic } from '../../../policies/policy.ts';
import type { RunConfig } from '../../core/config-schema.ts';
import type { SafeAction } from '../../core/signals.ts';
import { SyntheticRobot } from '../../daemon/synthetic-robot.ts';

/** Decisions of one round of its circle; at 20 Hz and 3 mm a decision it is 38 mm wide. */
const ROUND = 40;

/**
 * The real gate in stepped time, with a robot in free space that follows its setpoint at once and a policy that leads it
 * in a circle. A step allocates nothing of its own, so that what a bench measures is the gate's.
 */
export class MovingRobot extends SyntheticRobot {
  readonly #at: Float64Array;

  /** Engaged and past its ramp. @throws Error when the ladder does not get there */
  constructor(config: RunConfig, critic: RiskCritic) {
    super(config, cartesianImpedance(config.robot), critic);
    super.sense();
    this.#at = Float64Array.from(this.state.pose);
    this.engage();
    this.mustBeActive();
  }

  /** @throws Error when the gate took authority away: then it did not measure what it says */
  mustBeActive(): void {
    if (this.gate.mode !== 'ACTIVE') throw new Error(`not ACTIVE but ${this.gate.mode}: ${this.gate.cause}`);
  }

  protected override sense(): void {
    super.sense();
    this.state.pose.set(this.#at);
  }

  protected override decide(): void {
    const { base, residual, seq } = this.decision;
    const angle = (2 * Math.PI * (seq % ROUND)) / ROUND;
    base[0] = 0.6 * Math.cos(angle);
    base[1] = 0.6 * Math.sin(angle);
    residual[0] = -0.05 * Math.cos(angle);
    residual[1] = 0.05 * Math.sin(angle);
  }

  protected override obey(action: SafeAction): void {
    for (let i = 0; i < 7; i++) this.#at[i] = action.setpoint[i]!;
  }
}
