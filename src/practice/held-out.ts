import type { CommandInterface } from '../../controllers/interfaces/interface.ts';
import type { RiskCritic } from '../../policies/policy.ts';
import { copyRobotState, makeRobotState, type RobotState } from '../core/signals.ts';
import type { HeldOut } from './vetting.ts';

/** So many states are remembered until the decision on one of them comes, and so many moments are judged by. */
const STATES = 64;
const MOMENTS = 2000;

/**
 * Moments of episodes that are kept from the learner, with what the run's critic needs to say how risky another action would have been
 * there: the measured state, the target, and where the setpoint stood. The newest are kept.
 */
export class HeldOutMoments {
  readonly moments: HeldOut[] = [];
  readonly #interface: CommandInterface;
  readonly #critic: RiskCritic;
  readonly #states: RobotState[];
  #count = 0;

  constructor(joints: number, kinematics: CommandInterface, critic: RiskCritic) {
    this.#interface = kinematics;
    this.#critic = critic;
    this.#states = Array.from({ length: STATES }, () => makeRobotState(joints));
  }

  /** A state as it was measured; copied. */
  state(measured: RobotState): void {
    copyRobotState(measured, this.#states[this.#count++ % STATES]!);
  }

  /** A decision in a held-out episode. False: its state or setpoint is not known, and it says nothing. */
  keep(
    { observation, base, stampNs }: { observation: Float64Array; base: Float64Array; stampNs: number },
    target: Float64Array,
    anchor: Float64Array,
  ): boolean {
    const found = this.#states.find((s) => s.stampNs === stampNs);
    if (found === undefined || anchor.length !== this.#interface.setpointSize) return false;
    const state = makeRobotState(found.position.length);
    copyRobotState(found, state);
    const [aim, row, risk] = [
      new Float64Array(this.#interface.setpointSize),
      new Float64Array(this.#interface.riskInputSize),
      new Float64Array(1),
    ];
    const [place, from] = [target.slice(), anchor.slice()];
    this.moments.push({
      ...{ observation: observation.slice(), base: base.slice() },
      risk: (action) => {
        this.#interface.aim(from, action, aim);
        this.#interface.riskInput(state, place, aim, row, 0);
        this.#critic.evaluate(row, 1, risk);
        return risk[0]!;
      },
    });
    if (this.moments.length > MOMENTS) this.moments.shift();
    return true;
  }
}
