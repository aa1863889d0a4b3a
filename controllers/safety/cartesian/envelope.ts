import type { RobotConfig, SafetyConfig } from '../../../src/core/config-schema.ts';
import { clamp } from '../../../src/core/geometry.ts';
import type { RobotState } from '../../../src/core/signals.ts';
import type { CommandInterface } from '../../interfaces/interface.ts';
import type { Envelope, Situation } from '../envelope.ts';
import { admissible, type Judged, REFUSAL } from './admissible.ts';
import { Brake, selfTest } from './brake.ts';
import { CartesianFilter } from './filter.ts';
import { type CartesianLimits, cartesianLimits } from './limits.ts';
import { RECOVERY_DEFAULTS, Recovery } from './recovery.ts';

/** Setpoint further than this many Δ from the measured tip, per axis: the robot does not follow. */
const LOST_FACTOR = 2;

/** Cartesian impedance setpoints `[x y z qx qy qz qw kt kr]`, see filter.ts, admissible.ts, brake.ts, recovery.ts. */
export class CartesianEnvelope implements Envelope {
  readonly refusals = REFUSAL;
  readonly tracking: Envelope['tracking'];
  readonly patience = 2;
  readonly recoverySpeed = RECOVERY_DEFAULTS.speedScale;
  readonly limits: CartesianLimits;
  readonly #interface: CommandInterface;
  readonly #filter: CartesianFilter;
  readonly #brake: Brake;
  readonly #recovery: Recovery;
  readonly #reference = Float64Array.of(0, 0, 0, 1);
  readonly #judged: { -readonly [K in keyof Judged]: Judged[K] };

  /** @throws ReflexArcError RA_CONFIG_INVALID for limits that no command could satisfy together */
  constructor(safety: SafetyConfig, _robot: RobotConfig, iface: CommandInterface) {
    this.limits = cartesianLimits(safety);
    this.tracking = { limit: LOST_FACTOR * this.limits.reference, unit: 'm' };
    this.#interface = iface;
    this.#filter = new CartesianFilter(this.limits);
    this.#brake = new Brake(this.limits);
    this.#recovery = new Recovery(this.limits);
    const none = new Float64Array(0);
    this.#judged = { last: none, pose: none, force: none, elapsed: 0, target: none, reference: this.#reference };
  }

  setTarget(pose: Float64Array): void {
    this.#filter.setTarget(pose);
  }

  see(): boolean {
    return false;
  }

  /** The tilt cone stands on the orientation measured here. */
  seed(state: RobotState, out: Float64Array): void {
    const l = this.limits;
    this.#filter.setReference(state.pose);
    for (let i = 0; i < 4; i++) this.#reference[i] = state.pose[3 + i]!;
    this.#interface.hold(state, out);
    out[7] = clamp(out[7]!, l.stiffnessMin, l.stiffnessMax);
    out[8] = clamp(out[8]!, l.rotationStiffnessMin, l.rotationStiffnessMax);
  }

  /** The tilt cone stays where it was at arming: silence must not let it wander. */
  rejoin(state: RobotState, last: Float64Array): void {
    this.hold(state, last, last);
  }

  hold(state: RobotState, last: Float64Array, out: Float64Array): void {
    const kt = last[7]!;
    const kr = last[8]!;
    this.#interface.hold(state, out);
    out[7] = kt;
    out[8] = kr;
  }

  stay(last: Float64Array, out: Float64Array): void {
    out.set(last);
  }

  sent(): void {}

  observe(): void {}

  limit(wish: Float64Array, by: Situation, speedScale: number, out: Float64Array): number {
    return this.#filter.apply(wish, by.last, by.state.pose, by.force, by.elapsed, speedScale, out);
  }

  judge(setpoint: Float64Array, by: Situation): number {
    const j = this.#judged;
    j.last = by.last;
    j.pose = by.state.pose;
    j.force = by.force;
    j.elapsed = by.elapsed;
    j.target = by.target;
    return admissible(setpoint, j, this.limits);
  }

  brake(by: Situation, out: Float64Array): void {
    this.#brake.step(by.last, by.state.pose, by.elapsed, out);
  }

  recover(by: Situation, out: Float64Array): void {
    this.#recovery.aim(by.state.pose, by.force, by.last, out);
  }

  /**
   * No learned wish leaves the pose box. The filter lets a setpoint yield to a robot that is outside already, for hold
   * and brake must not pull on it; a policy that pushes at a wall would walk out by that door, a servo's error a tick.
   */
  confine(wish: Float64Array): void {
    const { boxMin, boxMax } = this.limits;
    for (let i = 0; i < 3; i++) {
      const to = wish[i]!;
      wish[i] = to < boxMin[i]! ? boxMin[i]! : to > boxMax[i]! ? boxMax[i]! : to;
    }
  }

  asked(setpoint: Float64Array, last: Float64Array): number {
    return Math.hypot(setpoint[0]! - last[0]!, setpoint[1]! - last[1]!, setpoint[2]! - last[2]!);
  }

  /** m: the largest of the three axes. */
  trackingError(by: Situation): number {
    const { pose } = by.state;
    let worst = 0;
    for (let i = 0; i < 3; i++) worst = Math.max(worst, Math.abs(pose[i]! - by.last[i]!));
    return worst;
  }

  selfTest(): string {
    return selfTest(this.limits);
  }
}
