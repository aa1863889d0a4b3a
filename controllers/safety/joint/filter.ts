import { CLIPPED } from '../envelope.ts';
import type { JointLimits } from './limits.ts';
import type { JointMotion } from './motion.ts';

/** Room for rounding: a wish within this share of a limit is inside it, so that a second pass changes nothing. */
const EPS = 1e-9;
/** And this much beside it, rad or rad/s. */
const SLACK = 1e-12;

/**
 * The hard filter for joint setpoints: closed form, one interval of velocity a joint and one projection (facts/safety.md
 * 4.4). With the identity as cost, the clamp is the exact solution of the control-barrier QP.
 *
 * H holds what protects the robot: the speed limit V, and the stopping-distance bound
 *
 *     v·τ + v²/(2·A_d) ≤ d,  so  v ≤ -A_d·τ + sqrt(A_d²·τ² + 2·A_d·d)
 *
 * with d the way to the limit from where the joint may be by now (motion.ts), A_d the derated deceleration, and τ the
 * reaction time. R is what the last SENT setpoint can change into: acceleration A and jerk J. As A_d < A, what H asks of
 * a joint that obeyed it so far is always in R. If R∩H is empty all the same (it was pushed, or a state was late), the
 * joint brakes at A towards zero, never beyond, and CONFLICT is flagged.
 *
 * A position setpoint is filtered as the velocity of the setpoint, from the last one sent, which is where the robot will
 * be when it has obeyed; and it keeps within Δ of the measured position.
 *
 * NOTE the bound d/T, which needs no τ and no A_d, assumes unlimited deceleration; with a limit it overshoots by more
 * than a radian. `reflexarc bench invariance` shows both.
 */
export class JointFilter {
  readonly #limits: JointLimits;
  readonly #motion: JointMotion;

  constructor(limits: JointLimits, motion: JointMotion) {
    this.#limits = limits;
    this.#motion = motion;
  }

  /**
   * Writes the admissible setpoint nearest to `wish` into `out`. `motion` has predicted for this tick.
   * @param measured positions, rad
   * @param elapsed s since `last` was sent; what is not within 0 … nominal period is taken to its nearer end
   * @returns CLIPPED flags
   */
  apply(
    wish: Float64Array,
    last: Float64Array,
    measured: Float64Array,
    elapsed: number,
    speedScale: number,
    out: Float64Array,
  ): number {
    // REAL-TIME: every tick.
    const l = this.#limits;
    const m = this.#motion;
    const dt = elapsed > 0 ? Math.min(elapsed, l.period) : 0;
    const share = this.#share(wish, last, dt, speedScale);
    let flags = share < 1 ? CLIPPED.speed : 0;
    for (let i = 0; i < l.joints; i++) {
      const v0 = m.velocity[i]!;
      const wanted = l.position ? (dt > 0 ? (wish[i]! - last[i]!) / dt : 0) : wish[i]!;
      const v = wanted * share;
      const above = l.max[i]! - (l.position ? last[i]! : m.highest[i]!);
      const below = (l.position ? last[i]! : m.lowest[i]!) - l.min[i]!;

      let hi = highestVelocity(above, below, l, i);
      let lo = -highestVelocity(below, above, l, i);
      // A wish is within V by now: what holds it back is the limit ahead, or the slow way in from outside the other one.
      let wallHi: number = below < 0 ? CLIPPED.speed : CLIPPED.position;
      let wallLo: number = above < 0 ? CLIPPED.speed : CLIPPED.position;
      if (l.position && dt > 0) {
        const toHi = (measured[i]! + l.reference - last[i]!) / dt;
        const toLo = (measured[i]! - l.reference - last[i]!) / dt;
        if (toHi < hi) {
          hi = toHi;
          wallHi = CLIPPED.reference;
        }
        if (toLo > lo) {
          lo = toLo;
          wallLo = CLIPPED.reference;
        }
      }
      const a = l.acceleration[i]! * dt;
      if (v0 + a < hi) {
        hi = v0 + a;
        wallHi = CLIPPED.acceleration;
      }
      if (v0 - a > lo) {
        lo = v0 - a;
        wallLo = CLIPPED.acceleration;
      }
      const up = v0 + (m.acceleration[i]! + l.jerk[i]! * dt) * dt;
      const down = v0 + (m.acceleration[i]! - l.jerk[i]! * dt) * dt;
      if (up < hi) {
        hi = up;
        wallHi = CLIPPED.jerk;
      }
      if (down > lo) {
        lo = down;
        wallLo = CLIPPED.jerk;
      }

      let u = v;
      if (lo > hi) {
        u = lo - hi <= SLACK ? (lo + hi) / 2 : v0 > a ? v0 - a : v0 < -a ? v0 + a : 0;
        if (lo - hi > SLACK) flags |= CLIPPED.conflict;
      } else if (v > hi + EPS * Math.abs(hi) + SLACK) {
        u = hi;
        flags |= wallHi;
      } else if (v < lo - EPS * Math.abs(lo) - SLACK) {
        u = lo;
        flags |= wallLo;
      }
      out[i] = !l.position ? u : u === wanted ? (dt > 0 ? wish[i]! : last[i]!) : last[i]! + u * dt;
    }
    return flags;
  }

  /** Direction-keeping: the share of the wished velocities that fits the fastest joint into speedScale·V. */
  #share(wish: Float64Array, last: Float64Array, dt: number, speedScale: number): number {
    const l = this.#limits;
    const scale = speedScale > 0 ? Math.min(speedScale, 1) : 0;
    let share = 1;
    for (let i = 0; i < l.joints; i++) {
      const v = Math.abs(l.position ? (dt > 0 ? (wish[i]! - last[i]!) / dt : 0) : wish[i]!);
      const allowed = l.velocity[i]! * scale;
      if (v > allowed * (1 + EPS) + SLACK) share = Math.min(share, allowed / v);
    }
    return share;
  }
}

/**
 * Largest velocity towards a limit that is `ahead` rad away, rad/s. A joint that is outside it may not go on; one that is
 * outside the other limit comes back slowly.
 */
function highestVelocity(ahead: number, behind: number, l: JointLimits, i: number): number {
  if (ahead <= 0) return 0;
  const a = l.deceleration[i]!;
  const braked = a * l.reaction[i]!;
  const bound = Math.sqrt(braked * braked + 2 * a * ahead) - braked;
  return Math.min(behind < 0 ? l.inward : l.velocity[i]!, bound);
}
