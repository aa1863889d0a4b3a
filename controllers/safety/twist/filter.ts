import { CLIPPED } from '../envelope.ts';
import { landing } from '../ramps.ts';
import type { TwistLimits } from './limits.ts';
import type { TwistMotion } from './motion.ts';
import type { TwistScene } from './scene.ts';

/** Room for rounding: a wish within this share of a limit is inside it, so that a second pass changes nothing. */
const EPS = 1e-9;
/** And this much beside it, m/s or rad/s. */
const SLACK = 1e-12;
/** Towards an obstacle by less than this, as a cosine, is not towards it. */
const ASIDE = 1e-9;

/**
 * The hard filter for twists: closed form, direction-keeping throughout. The whole twist is scaled, so that a curve stays
 * the curve that was wished.
 *
 * A stop brakes translation and rotation together, each to zero in T = max(|v|/A_d, |w|/α_d) seconds, so that the base
 * goes on along its arc. Its footprint, a circle whose centre moves at p = v + w × c, then travels |p|·(τ + T/2), turning
 * by w·(τ + T/2) meanwhile. Towards an obstacle in direction n, d away when all commands in flight have been obeyed, that
 * is at most the travel times the largest cosine between n and where p may point on the way. So a share k of a twist is
 * admissible when
 *
 *     |p|·cos·(k·τ + k²·T/2) ≤ d,  so  k = 2·D / (τ + sqrt(τ² + 2·T·D)),  D = d / (|p|·cos)
 *
 * which for a base that drives straight on is v ≤ -A_d·τ + sqrt(A_d²·τ² + 2·A_d·d), the stopping-distance bound. The worst
 * obstacle wins. What moves away from an obstacle is free: also for a base that is too near already.
 *
 * What the last SENT setpoint can change into (acceleration A, jerk J) is approached on the straight line towards what
 * is wanted. As a curve may turn towards an obstacle faster than the base can slow down, four things are tried: the wish;
 * its admissible share; the way towards that share; the way towards rest within the jerk limits, for which alone the
 * ramps in τ are there. If none is inside all limits, the base brakes at A along its arc, never beyond zero, and
 * CONFLICT is flagged: an obstacle appeared, or came nearer by itself.
 */
export class TwistFilter {
  readonly #limits: TwistLimits;
  readonly #motion: TwistMotion;
  readonly #scene: TwistScene;
  readonly #wanted = new Float64Array(3);
  readonly #step = new Float64Array(3);
  readonly #rest = new Float64Array(3);

  constructor(limits: TwistLimits, motion: TwistMotion, scene: TwistScene) {
    this.#limits = limits;
    this.#motion = motion;
    this.#scene = scene;
  }

  /**
   * Writes the admissible twist for `wish` into `out`. `motion` has predicted for this tick, `scene` has looked.
   * @param elapsed s since the last command; what is not within 0 … nominal period is taken to its nearer end
   * @returns CLIPPED flags
   */
  apply(wish: Float64Array, elapsed: number, speedScale: number, out: Float64Array): number {
    // REAL-TIME: every tick.
    const l = this.#limits;
    const dt = elapsed > 0 ? Math.min(elapsed, l.period) : 0;
    const wanted = this.#wanted;
    let flags = this.#slowed(wish, speedScale, wanted);
    flags |= this.#towards(wanted, dt, out);
    const share = this.#share(out, l.reaction + l.ramp);
    if (share === 1) return flags;

    flags |= CLIPPED.distance;
    for (let i = 0; i < 3; i++) wanted[i] = out[i]! * share;
    this.#towards(wanted, dt, out);
    if (this.#share(out, l.reaction + l.ramp) === 1) return flags;
    return flags | this.#slowest(dt, out);
  }

  /** The step towards rest, or what is admissible of it; if nothing is, the brake. */
  #slowest(dt: number, out: Float64Array): number {
    const l = this.#limits;
    const wanted = this.#wanted;
    const step = this.#step;
    this.#towards(this.#rest, dt, step);
    // Filtered once more, the step is a wish like any other: what would come of it then comes of it now.
    const share = this.#share(step, l.reaction + l.ramp);
    for (let i = 0; i < 3; i++) wanted[i] = step[i]! * share;
    this.#towards(wanted, dt, out);
    if (this.#share(out, l.reaction + l.ramp) === 1) return 0;
    out.set(step);
    if (this.#share(step, l.reaction) === 1) return 0;
    this.#brake(dt, out);
    return CLIPPED.conflict;
  }

  /** The wish at the speed that is allowed. */
  #slowed(wish: Float64Array, speedScale: number, out: Float64Array): number {
    const l = this.#limits;
    const scale = speedScale > 0 ? Math.min(speedScale, 1) : 0;
    out.set(wish);
    let flags = 0;
    if (!l.sideways && wish[1] !== 0) {
      out[1] = 0;
      flags = CLIPPED.speed;
    }
    let share = 1;
    const v = Math.hypot(out[0]!, out[1]!);
    const w = Math.abs(out[2]!);
    if (v > l.speed * scale * (1 + EPS) + SLACK) share = (l.speed * scale) / v;
    if (w > l.turn * scale * (1 + EPS) + SLACK) share = Math.min(share, (l.turn * scale) / w);
    if (share === 1) return flags;
    for (let i = 0; i < 3; i++) out[i] = out[i]! * share;
    return flags | CLIPPED.speed;
  }

  /**
   * From the last setpoint on the straight line to `wanted`: there, if acceleration and jerk allow it; else as far as
   * they do, landing without overshoot. Where the acceleration that was would make even that too fast, the speed stays as
   * it is; where it would turn the base round that is not to turn round, it stops.
   */
  #towards(wanted: Float64Array, dt: number, out: Float64Array): number {
    if (this.#isReachable(wanted, dt)) {
      out.set(wanted);
      return 0;
    }
    const l = this.#limits;
    const { twist, acceleration } = this.#motion;
    let flags: number = CLIPPED.acceleration;
    let dx = wanted[0]! - twist[0]!;
    let dy = wanted[1]! - twist[1]!;
    let dw = wanted[2]! - twist[2]!;
    const dv = Math.hypot(dx, dy);
    const a = Math.min(l.acceleration, landing(dv, l.jerk, dt));
    const aw = Math.min(l.turnAcceleration, landing(Math.abs(dw), l.turnJerk, dt));
    const fast = within(dv, a * dt, Math.abs(dw), aw * dt);
    dx *= fast;
    dy *= fast;
    dw *= fast;
    const jx = dx - acceleration[0]! * dt;
    const jy = dy - acceleration[1]! * dt;
    const jw = dw - acceleration[2]! * dt;
    const smooth = within(Math.hypot(jx, jy), l.jerk * dt * dt, Math.abs(jw), l.turnJerk * dt * dt);
    if (smooth < 1) {
      dx = acceleration[0]! * dt + jx * smooth;
      dy = acceleration[1]! * dt + jy * smooth;
      dw = acceleration[2]! * dt + jw * smooth;
      flags |= CLIPPED.jerk;
    }
    out[0] = twist[0]! + dx;
    out[1] = twist[1]! + dy;
    out[2] = twist[2]! + dw;
    if (within(Math.hypot(out[0], out[1]), l.speed, Math.abs(out[2]), l.turn) < 1) out.set(twist);
    const back = wanted[0]! * twist[0]! + wanted[1]! * twist[1]! < 0;
    if (!back && out[0] * twist[0]! + out[1] * twist[1]! < 0) {
      out[0] = 0;
      out[1] = 0;
    }
    if (out[2] * twist[2]! < 0 && wanted[2]! * twist[2]! >= 0) out[2] = 0;
    return flags;
  }

  /** Within acceleration and jerk of the last setpoint. Jerk keeps neither from the speed that is nor from coming to rest. */
  #isReachable(u: Float64Array, dt: number): boolean {
    const l = this.#limits;
    const { twist, acceleration } = this.#motion;
    const dx = u[0]! - twist[0]!;
    const dy = u[1]! - twist[1]!;
    const dw = u[2]! - twist[2]!;
    if (dx === 0 && dy === 0 && dw === 0) return true;
    const rests = u[0] === 0 && u[1] === 0;
    const jerked = rests ? 0 : Math.hypot(dx - acceleration[0]! * dt, dy - acceleration[1]! * dt);
    const turned = u[2] === 0 ? 0 : Math.abs(dw - acceleration[2]! * dt);
    return (
      within(Math.hypot(dx, dy), l.acceleration * dt, Math.abs(dw), l.turnAcceleration * dt) === 1 &&
      within(jerked, l.jerk * dt * dt, turned, l.turnJerk * dt * dt) === 1
    );
  }

  /** Largest share of a twist, in [0, 1], from which the base can stop before every obstacle; τ: its reaction, s. */
  #share(u: Float64Array, tau: number): number {
    const l = this.#limits;
    const m = this.#motion;
    const o = this.#scene;
    const w = u[2]!;
    const px = u[0]! - w * l.y;
    const py = u[1]! + w * l.x;
    const p = Math.sqrt(px * px + py * py);
    if (p === 0) return 1;
    const stop = Math.max(Math.hypot(u[0]!, u[1]!) / l.deceleration, Math.abs(w) / l.turnDeceleration);

    // Where p may point from now until rest: from `first` counter-clockwise to `last`.
    const turned = w * (tau + stop / 2);
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    for (let h = 0; h < m.count; h++) {
      least = Math.min(least, m.heading[h]!);
      most = Math.max(most, m.heading[h]!);
    }
    const first = least + Math.min(turned, 0) - m.unknown * l.turn;
    const last = most + Math.max(turned, 0) + m.unknown * l.turn;
    const anywhere = !(last - first < Math.PI);
    const fx = (Math.cos(first) * px - Math.sin(first) * py) / p;
    const fy = (Math.sin(first) * px + Math.cos(first) * py) / p;
    const lx = (Math.cos(last) * px - Math.sin(last) * py) / p;
    const ly = (Math.sin(last) * px + Math.cos(last) * py) / p;

    let shortest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < o.count; i++) {
      const nx = o.x[i]!;
      const ny = o.y[i]!;
      const crossed = fx * ny - fy * nx >= 0 && nx * ly - ny * lx >= 0;
      const cosine =
        anywhere || (crossed && fx * nx + fy * ny + lx * nx + ly * ny > 0)
          ? 1
          : Math.max(fx * nx + fy * ny, lx * nx + ly * ny);
      if (cosine <= ASIDE) continue;
      const left = o.gap[i]!;
      if (!(left > 0)) return 0;
      shortest = Math.min(shortest, left / (p * cosine));
    }
    if (shortest === Number.POSITIVE_INFINITY) return 1;
    const share = (2 * shortest) / (tau + Math.sqrt(tau * tau + 2 * stop * shortest));
    return share >= 1 - EPS ? 1 : share;
  }

  /** At full acceleration along the arc, never beyond zero. */
  #brake(dt: number, out: Float64Array): void {
    const l = this.#limits;
    const { twist } = this.#motion;
    const stop = Math.max(Math.hypot(twist[0]!, twist[1]!) / l.acceleration, Math.abs(twist[2]!) / l.turnAcceleration);
    const kept = stop > dt ? 1 - dt / stop : 0;
    for (let i = 0; i < 3; i++) out[i] = twist[i]! * kept;
  }
}

/** The share by which two sizes fit their bounds, at most 1. */
function within(v: number, most: number, w: number, mostTurn: number): number {
  let share = 1;
  if (v > most * (1 + EPS) + SLACK) share = most / v;
  if (w > mostTurn * (1 + EPS) + SLACK) share = Math.min(share, mostTurn / w);
  return share;
}
