import type { RobotConfig, SafetyConfig } from '../../../src/core/config-schema.ts';
import { norm3, rotationBetween } from '../../../src/core/geometry.ts';
import type { RobotState } from '../../../src/core/signals.ts';
import type { CommandInterface } from '../../interfaces/interface.ts';
import type { Envelope, Situation } from '../envelope.ts';
import { FORCE_FLOOR, retreat } from '../retreat.ts';
import { admissible, REFUSAL } from './admissible.ts';
import { brakeTip } from './brake.ts';
import { TipFilter } from './filter.ts';
import { type TipLimits, tipLimits } from './limits.ts';
import { TIP_TWIST_SIZE, TipMotion } from './motion.ts';
import { selfTest } from './self-test.ts';
import { TipWorkspace } from './workspace.ts';

/** Time constant with which a drift between motion asked and motion seen is forgotten, s. */
const DRIFT_SECONDS = 1;

/**
 * Twists of the tip of an arm, `[vx vy vz wx wy wz]` in the base frame: filter.ts, admissible.ts, brake.ts. Walls and cone are
 * in workspace.ts, commands in flight in motion.ts.
 *
 * A recovery leads back inside where the tip is outside its workspace; else it retreats from contact (retreat.ts). The
 * tracking error is the drift between the motion that was asked and the motion of the measured pose, forgotten within about a
 * second; a rotation counts by its own limit.
 */
export class TipEnvelope implements Envelope {
  readonly refusals = REFUSAL;
  readonly tracking: Envelope['tracking'];
  readonly recoverySpeed = 1;
  readonly patience: number;
  readonly limits: TipLimits;
  readonly motion: TipMotion;
  readonly workspace: TipWorkspace;
  readonly #filter: TipFilter;
  /** m of tracking error for each rad. */
  readonly #lever: number;
  readonly #drift = new Float64Array(TIP_TWIST_SIZE);
  readonly #asked = new Float64Array(TIP_TWIST_SIZE);
  readonly #moved = new Float64Array(TIP_TWIST_SIZE);
  readonly #seen = new Float64Array(7);
  #seenNs = Number.NaN;
  #sentNs = Number.NaN;

  /** @throws ReflexArcError RA_CONFIG_INVALID for limits that no command could satisfy together */
  constructor(safety: SafetyConfig, robot: RobotConfig, _iface: CommandInterface) {
    const l = tipLimits(safety, robot);
    const { linear, angular, period } = l;
    const { tracking, tracking_rotation: trackingRotation } = safety.tip_twist;
    this.limits = l;
    this.tracking = { limit: tracking, unit: 'm' };
    this.#lever = tracking / trackingRotation;
    this.motion = new TipMotion(l);
    this.workspace = new TipWorkspace(l, this.motion);
    this.#filter = new TipFilter(l, this.motion, this.workspace);
    // The box around the target moves with a new estimate: the tip brakes for as long as a stop takes, and may then go on.
    const stop = Math.max(linear.speed / linear.acceleration, angular.speed / angular.acceleration);
    this.patience = Math.ceil(stop / period) + 2;
  }

  setTarget(pose: Float64Array): void {
    this.workspace.setTarget(pose);
  }

  see(): boolean {
    return false;
  }

  /** The tilt cone stands on the orientation measured here. */
  seed(state: RobotState, out: Float64Array): void {
    this.workspace.setReference(state.pose);
    this.rejoin(state, out);
  }

  /** The tilt cone stays where it was at arming: silence must not let it wander. */
  rejoin(_state: RobotState, last: Float64Array): void {
    this.motion.seed();
    this.#drift.fill(0);
    this.#seenNs = Number.NaN;
    this.#sentNs = Number.NaN;
    last.fill(0);
  }

  hold(_state: RobotState, _last: Float64Array, out: Float64Array): void {
    out.fill(0);
  }

  stay(_last: Float64Array, out: Float64Array): void {
    out.fill(0);
  }

  sent(setpoint: Float64Array, atNs: number): void {
    // REAL-TIME: after every command.
    const { period } = this.limits;
    const elapsed = (atNs - this.#sentNs) * 1e-9;
    const dt = elapsed > 0 ? Math.min(elapsed, period) : Number.isNaN(elapsed) ? period : 0;
    this.motion.sent(setpoint, dt, atNs);
    this.#sentNs = atNs;
  }

  observe(by: Situation): void {
    // REAL-TIME: with every state.
    const { pose, receivedNs } = by.state;
    const dt = (receivedNs - this.#seenNs) * 1e-9;
    if (dt > 0) {
      const kept = Math.exp(-dt / DRIFT_SECONDS);
      // Half the declared delay: what a robot of unknown delay most likely has.
      const shift = this.limits.delayNs / 2;
      this.#asked.fill(0);
      this.motion.asked(this.#seenNs - shift, receivedNs - shift, this.#asked);
      for (let i = 0; i < 3; i++) this.#moved[i] = pose[i]! - this.#seen[i]!;
      rotationBetween(this.#seen, 3, pose, 3, this.#moved, 3);
      for (let i = 0; i < TIP_TWIST_SIZE; i++)
        this.#drift[i] = (this.#drift[i]! + this.#moved[i]! - this.#asked[i]!) * kept;
    }
    this.#seen.set(pose);
    this.#seenNs = receivedNs;
  }

  limit(wish: Float64Array, by: Situation, speedScale: number, out: Float64Array): number {
    this.motion.predict(by.state.receivedNs, by.nowNs);
    this.workspace.look(by.state.pose, this.motion);
    return this.#filter.apply(wish, by.elapsed, speedScale, out);
  }

  judge(setpoint: Float64Array, by: Situation): number {
    this.motion.predict(by.state.receivedNs, by.nowNs);
    return admissible(setpoint, by.elapsed, by.state.pose, this.motion, this.workspace, this.limits);
  }

  /** Gently where there is room; at full acceleration where that would not be admissible. */
  brake(by: Situation, out: Float64Array): void {
    // REAL-TIME: every tick of STOPPING.
    const dt = Math.min(by.elapsed, this.limits.period);
    brakeTip(this.motion, this.limits, true, dt, out);
    if (this.judge(out, by) !== 0) brakeTip(this.motion, this.limits, false, dt, out);
  }

  recover(by: Situation, out: Float64Array): void {
    // REAL-TIME: judged as a candidate in every tick with authority.
    const { inward, inwardTurn } = this.limits;
    this.motion.predict(by.state.receivedNs, by.nowNs);
    this.workspace.look(by.state.pose, this.motion);
    this.workspace.inward(out);
    if (norm3(out, 0) === 0 && norm3(out, 3) === 0) retreat(by.force, FORCE_FLOOR, out);
    for (let i = 0; i < 3; i++) {
      out[i] = out[i]! * inward;
      out[3 + i] = out[3 + i]! * inwardTurn;
    }
  }

  confine(): void {}

  asked(setpoint: Float64Array): number {
    return this.#size(setpoint) * this.limits.period;
  }

  /** m: of the drift, a rotation by its lever. */
  trackingError(): number {
    return this.#size(this.#drift);
  }

  selfTest(): string {
    return selfTest(this.limits);
  }

  #size(v: Float64Array): number {
    return Math.max(norm3(v, 0), norm3(v, 3) * this.#lever);
  }
}
