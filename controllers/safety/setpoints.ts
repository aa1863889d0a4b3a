import { clamp } from '../../src/core/geometry.ts';
import type { RobotState } from '../../src/core/signals.ts';
import type { CommandInterface } from '../interfaces/interface.ts';
import type { CartesianLimits } from './limits.ts';

/**
 * The setpoints that the gate remembers: the last one SENT, from which every rate is measured; the anchor of the decision
 * in force; and the one that HOLD and STOPPED keep. Nothing else of motion is remembered, so seeding these three seeds
 * everything (reset rule 5 of facts/safety.md).
 */
export class Setpoints {
  readonly last: Float64Array;
  readonly anchor: Float64Array;
  readonly hold: Float64Array;
  lastSentNs = 0;
  readonly #interface: CommandInterface;
  readonly #limits: CartesianLimits;

  constructor(iface: CommandInterface, limits: CartesianLimits) {
    this.#interface = iface;
    this.#limits = limits;
    this.last = new Float64Array(iface.setpointSize);
    this.anchor = new Float64Array(iface.setpointSize);
    this.hold = new Float64Array(iface.setpointSize);
  }

  /** Arming: the first command is where the robot is. */
  seed(state: RobotState, nowNs: number): void {
    const l = this.#limits;
    this.#interface.hold(state, this.last);
    this.last[7] = clamp(this.last[7]!, l.stiffnessMin, l.stiffnessMax);
    this.last[8] = clamp(this.last[8]!, l.rotationStiffnessMin, l.rotationStiffnessMax);
    this.hold.set(this.last);
    this.anchor.set(this.last);
    this.lastSentNs = nowNs;
  }

  /** Keeps the measured pose at the stiffness in force: captured once, so that it does not creep under load. */
  holdHere(state: RobotState): void {
    this.#interface.hold(state, this.hold);
    this.hold[7] = this.last[7]!;
    this.hold[8] = this.last[8]!;
  }

  /** A command went out. */
  sent(setpoint: Float64Array, atNs: number): void {
    this.last.set(setpoint);
    this.lastSentNs = atNs;
  }

  /** Seconds since the last command went out. */
  elapsed(nowNs: number): number {
    return (nowNs - this.lastSentNs) / 1e9;
  }
}
