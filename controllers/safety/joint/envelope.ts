import type { RobotConfig, SafetyConfig } from '../../../src/core/config-schema.ts';
import type { RobotState } from '../../../src/core/signals.ts';
import type { CommandInterface } from '../../interfaces/interface.ts';
import { TrajectoryEnd } from '../../interfaces/trajectory-end.ts';
import type { Envelope, Situation } from '../envelope.ts';
import { admissible, REFUSAL } from './admissible.ts';
import { brakeVelocity } from './brake.ts';
import { JointFilter } from './filter.ts';
import { JointLead } from './lead.ts';
import { type JointLimits, jointLimits } from './limits.ts';
import { commandsWithin, JointMotion } from './motion.ts';
import { positionsAdmissible } from './positions.ts';
import { selfTest } from './self-test.ts';

/** Time constant with which a drift between motion asked and motion seen is forgotten, s. */
const DRIFT_SECONDS = 1;

/**
 * Joint setpoints, velocities (rad/s) or positions (rad), in the robot's joint order: filter.ts, admissible.ts, brake.ts.
 *
 * A joint robot has no direction away from contact that this layer could know, so its recovery is to stand still. Its
 * tracking error is, for positions, the distance from the setpoint; for velocities the drift between the motion that was
 * asked and the motion that was seen, forgotten within about a second. Velocities in trajectories come with positions (lead.ts): there it
 * is the distance from these, and limits are kept from these too.
 */
export class JointEnvelope implements Envelope {
  readonly refusals = REFUSAL;
  readonly tracking: Envelope['tracking'];
  readonly patience = 2;
  readonly recoverySpeed = 1;
  readonly limits: JointLimits;
  readonly motion: JointMotion;
  readonly reach: Float64Array | undefined;
  readonly #lead: JointLead | null;
  readonly #end: TrajectoryEnd | null;
  readonly #filter: JointFilter;
  readonly #velocities: Float64Array;
  readonly #drift: Float64Array;
  readonly #seen: Float64Array;
  #seenNs = Number.NaN;
  #sentNs = 0;
  #last: Float64Array;

  /** @throws ReflexArcError RA_CONFIG_INVALID for limits that no command could satisfy together */
  constructor(safety: SafetyConfig, robot: RobotConfig, _iface: CommandInterface) {
    const l = jointLimits(safety, robot);
    this.limits = l;
    this.tracking = { limit: safety.joints.tracking, unit: 'rad' };
    this.motion = new JointMotion(l);
    const how = robot.interface;
    const isLed = how.type === 'joint_velocity' && how.message === 'joint_trajectory' && how.trajectory.positions;
    this.#end = isLed ? new TrajectoryEnd(robot) : null;
    this.#lead = this.#end && new JointLead(l.joints, this.#end, commandsWithin(l));
    this.reach = this.#lead?.reach;
    this.#filter = new JointFilter(l, this.motion);
    this.#velocities = new Float64Array(l.joints);
    this.#drift = new Float64Array(l.joints);
    this.#seen = new Float64Array(l.joints);
    this.#last = new Float64Array(l.joints);
  }

  setTarget(): void {}

  see(): boolean {
    return false;
  }

  seed(state: RobotState, out: Float64Array): void {
    this.motion.seed();
    this.#drift.fill(0);
    this.#seenNs = Number.NaN;
    this.#sentNs = Number.NaN;
    this.hold(state, out, out);
    this.#lead?.seed(state.position);
    this.#last.set(out);
  }

  rejoin(state: RobotState, last: Float64Array): void {
    this.seed(state, last);
  }

  hold(state: RobotState, _last: Float64Array, out: Float64Array): void {
    if (this.limits.position) out.set(state.position);
    else out.fill(0);
  }

  stay(last: Float64Array, out: Float64Array): void {
    if (this.limits.position) out.set(last);
    else out.fill(0);
  }

  sent(setpoint: Float64Array, atNs: number): void {
    // REAL-TIME: after every command.
    const l = this.limits;
    const elapsed = (atNs - this.#sentNs) * 1e-9;
    const dt = elapsed > 0 ? Math.min(elapsed, l.period) : Number.isNaN(elapsed) ? l.period : 0;
    if (!l.position) this.motion.sent(setpoint, dt, atNs);
    else {
      for (let i = 0; i < l.joints; i++)
        this.#velocities[i] = dt > 0 ? (setpoint[i]! - this.#last[i]!) / dt : this.motion.velocity[i]!;
      this.motion.sent(this.#velocities, dt, atNs);
    }
    this.#lead?.sent(setpoint, atNs);
    this.#last.set(setpoint);
    this.#sentNs = atNs;
  }

  observe(by: Situation): void {
    // REAL-TIME: with every state.
    const { position, receivedNs } = by.state;
    const l = this.limits;
    const dt = (receivedNs - this.#seenNs) * 1e-9;
    if (dt > 0) {
      const kept = Math.exp(-dt / DRIFT_SECONDS);
      // Half the declared delay: what a robot of unknown delay most likely has.
      const shift = l.delayNs / 2;
      for (let i = 0; i < l.joints; i++) {
        const moved = position[i]! - this.#seen[i]!;
        const asked = this.motion.asked(i, this.#seenNs - shift, receivedNs - shift);
        this.#drift[i] = (this.#drift[i]! + moved - asked) * kept;
      }
    }
    this.#seen.set(position);
    this.#seenNs = receivedNs;
  }

  limit(wish: Float64Array, by: Situation, speedScale: number, out: Float64Array): number {
    this.#predict(by);
    return this.#filter.apply(wish, by.last, by.state.position, by.elapsed, speedScale, out);
  }

  judge(setpoint: Float64Array, by: Situation): number {
    this.#predict(by);
    return admissible(setpoint, by.last, by.state.position, by.elapsed, this.motion, this.limits);
  }

  lead(setpoint: Float64Array, by: Situation): number {
    // REAL-TIME: every tick that writes.
    if (this.#lead === null || this.#end === null) return 0;
    this.#lead.at(by.nowNs);
    this.#lead.lead(setpoint);
    return positionsAdmissible(setpoint, by.state.position, this.#lead, this.#end, this.limits);
  }

  /** Where the joints may be by now; with positions of their own, also where these still take them. */
  #predict(by: Situation): void {
    const { highest, lowest } = this.motion;
    this.motion.predict(by.state.position, by.state.receivedNs, by.nowNs);
    if (this.#lead === null) return;
    this.#lead.at(by.nowNs);
    for (let i = 0; i < this.limits.joints; i++) {
      const rest = this.#lead.rest(i);
      highest[i] = Math.max(highest[i]!, rest);
      lowest[i] = Math.min(lowest[i]!, rest);
    }
  }

  /** Gently where there is room; at full acceleration where that would not be admissible. */
  brake(by: Situation, out: Float64Array): void {
    // REAL-TIME: every tick of STOPPING.
    const l = this.limits;
    const m = this.motion;
    const dt = by.elapsed > 0 ? Math.min(by.elapsed, l.period) : 0;
    const { last } = by;
    for (let i = 0; i < l.joints; i++) {
      const v = brakeVelocity(m.velocity[i]!, m.acceleration[i]!, l.acceleration[i]!, l.jerk[i]!, dt);
      out[i] = l.position ? last[i]! + v * dt : v;
    }
    if (this.judge(out, by) === 0) return;
    for (let i = 0; i < l.joints; i++) {
      const v = brakeVelocity(m.velocity[i]!, 0, l.acceleration[i]!, Number.POSITIVE_INFINITY, dt);
      out[i] = l.position ? last[i]! + v * dt : v;
    }
  }

  recover(by: Situation, out: Float64Array): void {
    this.stay(by.last, out);
  }

  confine(): void {}

  asked(setpoint: Float64Array, last: Float64Array): number {
    const l = this.limits;
    let largest = 0;
    for (let i = 0; i < l.joints; i++) {
      largest = Math.max(largest, Math.abs(l.position ? setpoint[i]! - last[i]! : setpoint[i]! * l.period));
    }
    return largest;
  }

  trackingError(by: Situation): number {
    if (this.#lead !== null) {
      this.#lead.at(by.nowNs);
      return this.#lead.error(by.state.position, by.state.receivedNs - this.limits.delayNs);
    }
    let worst = 0;
    for (let i = 0; i < this.limits.joints; i++) {
      const error = this.limits.position ? by.state.position[i]! - by.last[i]! : this.#drift[i]!;
      worst = Math.max(worst, Math.abs(error));
    }
    return worst;
  }

  selfTest(): string {
    return selfTest(this.limits);
  }
}
