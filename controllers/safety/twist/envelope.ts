import type { RobotConfig, SafetyConfig } from '../../../src/core/config-schema.ts';
import type { RangeReading, RobotState } from '../../../src/core/signals.ts';
import type { CommandInterface } from '../../interfaces/interface.ts';
import type { Envelope, Situation } from '../envelope.ts';
import { admissible, REFUSAL } from './admissible.ts';
import { brakeTwist } from './brake.ts';
import { TwistFilter } from './filter.ts';
import { type TwistLimits, twistLimits } from './limits.ts';
import { TwistMotion } from './motion.ts';
import { TwistScene } from './scene.ts';
import { selfTest } from './self-test.ts';

/** Time constant with which a drift between motion asked and motion seen is forgotten, s. */
const DRIFT_SECONDS = 1;

/**
 * Twists of a mobile base, `[vx vy wz]`: filter.ts, admissible.ts, brake.ts. Obstacles are in scene.ts, commands in flight
 * in motion.ts.
 *
 * A base that is to recover stands still: it has no direction that is safe for a reason of its own. Its tracking error is
 * the drift between the motion that was asked and the twist that the odometry measures, forgotten within about a second;
 * a rotation counts by its own limit.
 */
export class TwistEnvelope implements Envelope {
  readonly refusals = REFUSAL;
  readonly tracking: Envelope['tracking'];
  readonly recoverySpeed = 1;
  readonly patience: number;
  readonly limits: TwistLimits;
  readonly motion: TwistMotion;
  readonly scene: TwistScene;
  readonly #filter: TwistFilter;
  /** m of tracking error for each rad. */
  readonly #lever: number;
  readonly #drift = new Float64Array(3);
  readonly #asked = new Float64Array(3);
  #seenNs = Number.NaN;
  #sentNs = Number.NaN;

  /** @throws ReflexArcError RA_CONFIG_INVALID for limits that no command could satisfy together */
  constructor(safety: SafetyConfig, robot: RobotConfig, _iface: CommandInterface) {
    const l = twistLimits(safety, robot);
    this.limits = l;
    this.tracking = { limit: safety.twist.tracking, unit: 'm' };
    this.#lever = safety.twist.tracking / safety.twist.tracking_rotation;
    this.motion = new TwistMotion(l);
    this.scene = new TwistScene(l);
    this.#filter = new TwistFilter(l, this.motion, this.scene);
    // Somebody steps in front of the base: it brakes for as long as a stop takes, and may then go on.
    this.patience = Math.ceil(Math.max(l.speed / l.acceleration, l.turn / l.turnAcceleration) / l.period) + 2;
  }

  setTarget(): void {}

  see(reading: RangeReading): boolean {
    return this.scene.see(reading);
  }

  seed(_state: RobotState, out: Float64Array): void {
    this.motion.seed();
    this.#drift.fill(0);
    this.#seenNs = Number.NaN;
    this.#sentNs = Number.NaN;
    out.fill(0);
  }

  rejoin(state: RobotState, last: Float64Array): void {
    this.seed(state, last);
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
    const { twist, receivedNs } = by.state;
    this.scene.observe(by.state);
    const dt = (receivedNs - this.#seenNs) * 1e-9;
    if (dt > 0) {
      const kept = Math.exp(-dt / DRIFT_SECONDS);
      // Half the declared delay: what a robot of unknown delay most likely has.
      const shift = this.limits.delayNs / 2;
      this.#asked.fill(0);
      this.motion.asked(this.#seenNs - shift, receivedNs - shift, this.#asked);
      for (let i = 0; i < 3; i++) {
        const moved = twist[i === 2 ? 5 : i]! * dt;
        this.#drift[i] = (this.#drift[i]! + moved - this.#asked[i]!) * kept;
      }
    }
    this.#seenNs = receivedNs;
  }

  limit(wish: Float64Array, by: Situation, speedScale: number, out: Float64Array): number {
    this.#look(by);
    return this.#filter.apply(wish, by.elapsed, speedScale, out);
  }

  judge(setpoint: Float64Array, by: Situation): number {
    this.#look(by);
    return admissible(setpoint, by.elapsed, this.motion, this.scene, this.limits);
  }

  /** Gently where there is room; at full acceleration where that would not be admissible. */
  brake(by: Situation, out: Float64Array): void {
    // REAL-TIME: every tick of STOPPING.
    const dt = Math.min(by.elapsed, this.limits.period);
    brakeTwist(this.motion, this.limits, true, dt, out);
    if (this.judge(out, by) !== 0) brakeTwist(this.motion, this.limits, false, dt, out);
  }

  recover(_by: Situation, out: Float64Array): void {
    out.fill(0);
  }

  confine(): void {}

  asked(setpoint: Float64Array): number {
    const translated = Math.hypot(setpoint[0]!, setpoint[1]!);
    return Math.max(translated, Math.abs(setpoint[2]!) * this.#lever) * this.limits.period;
  }

  trackingError(): number {
    const d = this.#drift;
    return Math.max(Math.hypot(d[0]!, d[1]!), Math.abs(d[2]!) * this.#lever);
  }

  selfTest(): string {
    return selfTest(this.limits);
  }

  /** What the commands in flight may have done, and what is around the base there. */
  #look(by: Situation): void {
    this.motion.predict(by.state.receivedNs, by.nowNs);
    this.scene.look(by.state, this.motion);
  }
}
