import { norm3, rotateBy, rotationBetween } from '../../../src/core/geometry.ts';
import { CLIPPED } from '../envelope.ts';
import type { CartesianLimits } from './limits.ts';

/** Room for rounding: a wish within this share of a limit is inside it, so that a second pass changes nothing. */
const EPS = 1e-9;
/** And this much beside it, m or rad: what is left of a rate of zero after rounding. */
const SLACK = 1e-12;
/** A setpoint is on a plane within this, m: half of what the post-check admits, twice of what it calls outside. */
const PLANE = 1e-9;

/**
 * The hard filter for Cartesian setpoints `[x y z qx qy qz qw kt kr]`: closed form, no solver, no memory of its own.
 *
 * Two intervals per axis. H holds what protects the robot: within Δ of the measured pose, and inside the boxes. A box is
 * widened to the measured position when that lies outside, so that the way back in is open and further out is not;
 * hence the measured position is always in H and H is never empty. R is the rate from the last SENT setpoint. Clamping
 * first into R and then into H gives the point of R∩H nearest the wish; with an identity cost this is the exact
 * projection (facts/safety.md 4.4).
 *
 * If R∩H is empty (the robot was pushed away faster than the setpoint may follow), H wins: the setpoint moves towards
 * the measured pose, which only ever lowers the pull of the spring, and CONFLICT is flagged.
 *
 * NOTE a wish that already satisfies every limit comes out bit for bit; filtering twice is filtering once.
 */
export class CartesianFilter {
  readonly #limits: CartesianLimits;
  readonly #target = new Float64Array(3);
  #targetKnown = false;
  readonly #reference = Float64Array.of(0, 0, 0, 1);
  readonly #step = new Float64Array(3);
  readonly #lo = new Float64Array(3);
  readonly #hi = new Float64Array(3);
  readonly #turn = new Float64Array(3);
  readonly #q = new Float64Array(4);

  constructor(limits: CartesianLimits) {
    this.#limits = limits;
  }

  /** Centre of the target box. */
  setTarget(target: Float64Array): void {
    for (let i = 0; i < 3; i++) this.#target[i] = target[i]!;
    this.#targetKnown = true;
  }

  /** Axis of the tilt cone: four elements of `pose` at 3. */
  setReference(pose: Float64Array): void {
    for (let i = 0; i < 4; i++) this.#reference[i] = pose[3 + i]!;
  }

  /**
   * Writes the admissible setpoint nearest to `wish` into `out`; all inputs finite, quaternions of unit length.
   *
   * @param last the last sent setpoint
   * @param pose measured pose
   * @param force measured external force on the tool, N; the soft limit is judged on its norm
   * @param elapsed s since `last` was sent; what is not within 0 … nominal period is taken to its nearer end
   * @param speedScale in [0, 1]; scales how fast the policy may move, never how fast a limit is restored
   * @returns CLIPPED flags
   */
  apply(
    wish: Float64Array,
    last: Float64Array,
    pose: Float64Array,
    force: Float64Array,
    elapsed: number,
    speedScale: number,
    out: Float64Array,
  ): number {
    // REAL-TIME: every tick; scratch is preallocated.
    const dt = elapsed > 0 ? Math.min(elapsed, this.#limits.period) : 0;
    const scale = speedScale > 0 ? Math.min(speedScale, 1) : 0;
    const pressed = norm3(force, 0) > this.#limits.forceSoft;
    let flags = this.#translate(wish, last, pose, force, pressed, dt, scale, out);
    flags |= this.#rotate(wish, last, pose, dt, scale, out);
    return flags | this.#stiffen(wish, last, pose, pressed, dt, out);
  }

  #translate(
    wish: Float64Array,
    last: Float64Array,
    pose: Float64Array,
    force: Float64Array,
    pressed: boolean,
    dt: number,
    scale: number,
    out: Float64Array,
  ): number {
    const step = this.#step;
    this.#bounds(pose);
    let flags = 0;
    const rate = this.#limits.speed * dt;

    // Direction-keeping: the whole step is scaled, so that a path bends only where a wall makes it bend.
    for (let i = 0; i < 3; i++) step[i] = wish[i]! - last[i]!;
    const length = norm3(step, 0);
    const allowed = Math.min(rate * scale, this.#approach(last) * dt);
    const scaled = length > allowed * (1 + EPS) + SLACK;
    if (scaled) {
      flags |= CLIPPED.speed;
      const k = allowed / length;
      for (let i = 0; i < 3; i++) step[i] = step[i]! * k;
    }

    // Above the soft force nothing pushes on: the part of the step against the external force is taken out. (Where the step
    // goes along it as a whole, and against it on an axis that counts, what is left still does: the second look takes none.)
    let turned = false;
    if (pressed && pushesOn(step, last, pose, force, rate)) {
      flags |= CLIPPED.force;
      turned = true;
      const f = norm3(force, 0);
      const along = (step[0]! * force[0]! + step[1]! * force[1]! + step[2]! * force[2]!) / f;
      for (let i = 0; i < 3; i++) step[i] = step[i]! - (along * force[i]!) / f;
    }

    for (let i = 0; i < 3; i++) {
      const from = last[i]!;
      const to = scaled || turned ? from + step[i]! : wish[i]!;
      const held = this.#inside(i, to);
      if (held !== to) flags |= this.#wall(i, held, pose);
      if (Math.abs(held - from) > rate * (1 + EPS) + SLACK) flags |= CLIPPED.conflict;
      out[i] = held;
    }

    flags |= this.#intoPlanes(last, pose, rate, out);
    for (let i = 0; i < 3; i++) step[i] = out[i]! - last[i]!;

    // A wall may have turned the step against the force again: then it is not taken, only restored into H.
    if (pressed && pushesOn(step, last, pose, force, rate)) {
      flags |= CLIPPED.force;
      for (let i = 0; i < 3; i++) out[i] = this.#inside(i, last[i]!);
      if (this.#past(out, pose) > PLANE) for (let i = 0; i < 3; i++) out[i] = pose[i]!;
    }
    return flags;
  }

  /**
   * How fast a wish may be followed from here for the sake of a first touch, m/s. Limits are restored, and brakes brake, at full speed.
   * A target that is not known may be anywhere.
   */
  #approach(last: Float64Array): number {
    const { speed, approachDistance, approachSpeed } = this.#limits;
    const t = this.#target;
    const distance = Math.hypot(last[0]! - t[0]!, last[1]! - t[1]!, last[2]! - t[2]!);
    return this.#targetKnown && distance > approachDistance ? speed : approachSpeed;
  }

  /**
   * Takes `out` into the half-spaces, each widened to the measured position like a box. Onto each plane that is broken,
   * back into H, and what is left is taken along the line to the last setpoint, which is inside: each of these steps
   * keeps the distance from the last setpoint, so that no rate is broken. For one plane this is the projection.
   *
   * If the robot was moved, so that the last setpoint is outside H, the line leads to the measured position, which is
   * inside everything; if it is outside a plane, the measured position is taken.
   */
  #intoPlanes(last: Float64Array, pose: Float64Array, rate: number, out: Float64Array): number {
    const { planes } = this.#limits;
    if (this.#past(out, pose) <= PLANE) return 0;
    const lost = this.#past(last, pose) > PLANE;
    if (lost || this.#isOutside(last)) {
      if (lost) for (let i = 0; i < 3; i++) out[i] = pose[i]!;
      else this.#upToPlanes(pose, pose, out);
      const jump = Math.hypot(out[0]! - last[0]!, out[1]! - last[1]!, out[2]! - last[2]!);
      return jump > rate * (1 + EPS) + SLACK ? CLIPPED.plane | CLIPPED.conflict : CLIPPED.plane;
    }
    for (let k = 0; k < planes.length; k++) {
      const n = planes[k]!;
      const over = along(n, out) - Math.max(n[3]!, along(n, pose));
      if (over > 0) for (let i = 0; i < 3; i++) out[i] = out[i]! - over * n[i]!;
    }
    for (let i = 0; i < 3; i++) out[i] = this.#inside(i, out[i]!);
    this.#upToPlanes(last, pose, out);
    return CLIPPED.plane;
  }

  /** Takes `out` back towards `from`, which is inside, until it is inside every half-space. */
  #upToPlanes(from: Float64Array, pose: Float64Array, out: Float64Array): void {
    const { planes } = this.#limits;
    let share = 1;
    for (let k = 0; k < planes.length; k++) {
      const n = planes[k]!;
      const room = Math.max(n[3]!, along(n, pose)) - along(n, from);
      const towards = along(n, out) - along(n, from);
      if (towards > room + SLACK) share = Math.min(share, Math.max(0, room) / towards);
    }
    if (share < 1) for (let i = 0; i < 3; i++) out[i] = from[i]! + (out[i]! - from[i]!) * share;
  }

  /** The value within H of axis i that is nearest to `to`. */
  #inside(i: number, to: number): number {
    return to < this.#lo[i]! ? this.#lo[i]! : to > this.#hi[i]! ? this.#hi[i]! : to;
  }

  #isOutside(position: Float64Array): boolean {
    for (let i = 0; i < 3; i++) if (this.#inside(i, position[i]!) !== position[i]!) return true;
    return false;
  }

  /** How far a position is past the half-space that it breaks most, m; not above 0 inside all, -∞ where there is none. */
  #past(position: Float64Array, pose: Float64Array): number {
    const { planes } = this.#limits;
    let worst = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < planes.length; k++) {
      const n = planes[k]!;
      worst = Math.max(worst, along(n, position) - Math.max(n[3]!, along(n, pose)));
    }
    return worst;
  }

  /** H of each axis into lo and hi. */
  #bounds(pose: Float64Array): void {
    const { boxMin, boxMax, targetMin, targetMax, reference } = this.#limits;
    for (let i = 0; i < 3; i++) {
      const at = pose[i]!;
      let lo = Math.max(at - reference, Math.min(boxMin[i]!, at));
      let hi = Math.min(at + reference, Math.max(boxMax[i]!, at));
      if (targetMin && targetMax && this.#targetKnown) {
        lo = Math.max(lo, Math.min(this.#target[i]! + targetMin[i]!, at));
        hi = Math.min(hi, Math.max(this.#target[i]! + targetMax[i]!, at));
      }
      this.#lo[i] = lo;
      this.#hi[i] = hi;
    }
  }

  /** Which wall holds axis i at `held`. */
  #wall(i: number, held: number, pose: Float64Array): number {
    const { boxMin, boxMax, reference } = this.#limits;
    const at = pose[i]!;
    if (held === at - reference || held === at + reference) return CLIPPED.reference;
    if (held === Math.min(boxMin[i]!, at) || held === Math.max(boxMax[i]!, at)) return CLIPPED.box;
    return CLIPPED.target;
  }

  /**
   * Rotation: scaled to its rate along the geodesic, then into the tilt cone, then within Δ of the measured orientation
   * per axis. Where these disagree: stay at the last setpoint if it satisfies the cone and Δ; else restore Δ; else the
   * measured orientation itself, which pulls at nothing.
   */
  #rotate(
    wish: Float64Array,
    last: Float64Array,
    pose: Float64Array,
    dt: number,
    scale: number,
    out: Float64Array,
  ): number {
    const { speedRotation, tilt } = this.#limits;
    const turn = this.#turn;
    const q = this.#q;
    const rate = speedRotation * dt;
    const cone = Math.max(tilt, angle(this.#reference, 0, pose, 3, turn)) * (1 + EPS);
    let changed = false;

    rotationBetween(last, 3, wish, 3, turn, 0);
    const wanted = norm3(turn, 0);
    if (wanted > rate * scale * (1 + EPS) + SLACK) {
      changed = true;
      if (rate * scale === 0) copyQuaternion(last, 3, q);
      else rotateBy(turn, 0, (rate * scale) / wanted, last, 3, q, 0);
    } else copyQuaternion(wish, 3, q);

    const tilted = angle(this.#reference, 0, q, 0, turn);
    if (tilted > cone) {
      changed = true;
      rotateBy(turn, 0, cone / (1 + EPS) / tilted, this.#reference, 0, q, 0);
    }
    if (this.#clampToMeasured(pose, q)) changed = true;

    let flags = changed ? CLIPPED.rotation : 0;
    if (changed && (angle(last, 3, q, 0, turn) > rate + 1e-9 || angle(this.#reference, 0, q, 0, turn) > cone + 1e-9)) {
      copyQuaternion(last, 3, q);
      this.#clampToMeasured(pose, q);
      if (angle(this.#reference, 0, q, 0, turn) > cone + 1e-9) copyQuaternion(pose, 3, q);
      if (angle(last, 3, q, 0, turn) > rate + 1e-9) flags |= CLIPPED.conflict;
    }
    for (let i = 0; i < 4; i++) out[3 + i] = q[i]!;
    return flags;
  }

  /** Clamps the rotation of `q` away from the measured one to Δ per axis; true if it had to. */
  #clampToMeasured(pose: Float64Array, q: Float64Array): boolean {
    const limit = this.#limits.referenceRotation;
    const turn = this.#turn;
    let outside = false;
    rotationBetween(pose, 3, q, 0, turn, 0);
    for (let i = 0; i < 3; i++) {
      if (Math.abs(turn[i]!) > limit * (1 + EPS)) {
        turn[i] = turn[i]! < 0 ? -limit : limit;
        outside = true;
      }
    }
    if (outside) rotateBy(turn, 0, 1, pose, 3, q, 0);
    return outside;
  }

  /**
   * Stiffness: rate, then range, then K·distance within the force limit. It rises at a bounded rate; it may fall at once
   * for the force bound, because a softer spring only pulls less. Above the soft force it walks to its floor.
   */
  #stiffen(
    wish: Float64Array,
    last: Float64Array,
    pose: Float64Array,
    pressed: boolean,
    dt: number,
    out: Float64Array,
  ): number {
    const l = this.#limits;
    const rate = l.stiffnessRate * dt;
    let flags = 0;
    let k = pressed ? l.stiffnessMin : wish[7]!;
    if (k > last[7]! + rate) k = last[7]! + rate;
    else if (k < last[7]! - rate) k = last[7]! - rate;
    if (k < l.stiffnessMin) k = l.stiffnessMin;
    else if (k > l.stiffnessMax) k = l.stiffnessMax;
    const x = out[0]! - pose[0]!;
    const y = out[1]! - pose[1]!;
    const z = out[2]! - pose[2]!;
    const distance = Math.sqrt(x * x + y * y + z * z);
    if (k * distance > l.forceLimit * (1 + EPS)) {
      k = Math.max(l.stiffnessMin, l.forceLimit / distance);
      flags |= CLIPPED.force;
    }
    if (k !== wish[7]!) flags |= CLIPPED.stiffness;
    out[7] = k;

    // The rotational stiffness has no channel of its own: the same rate, as a share of its range.
    const rateR = (rate * (l.rotationStiffnessMax - l.rotationStiffnessMin)) / (l.stiffnessMax - l.stiffnessMin || 1);
    let r = wish[8]!;
    if (r > last[8]! + rateR) r = last[8]! + rateR;
    else if (r < last[8]! - rateR) r = last[8]! - rateR;
    if (r < l.rotationStiffnessMin) r = l.rotationStiffnessMin;
    else if (r > l.rotationStiffnessMax) r = l.rotationStiffnessMax;
    if (r !== wish[8]!) flags |= CLIPPED.stiffness;
    out[8] = r;
    return flags;
  }
}

/**
 * True when the step goes against the external force. An axis on which it goes towards the measured position does not
 * count: there it lowers the pull of the spring.
 */
function pushesOn(
  step: Float64Array,
  last: Float64Array,
  pose: Float64Array,
  force: Float64Array,
  rate: number,
): boolean {
  let onwards = 0;
  for (let i = 0; i < 3; i++) {
    const before = last[i]! - pose[i]!;
    const after = before + step[i]!;
    if (!(after * before >= 0 && Math.abs(after) <= Math.abs(before))) onwards += step[i]! * force[i]!;
  }
  return onwards < -EPS * rate * norm3(force, 0);
}

/** Coordinate of a position along the normal of a plane. */
const along = (n: Float64Array, position: Float64Array): number =>
  n[0]! * position[0]! + n[1]! * position[1]! + n[2]! * position[2]!;

/** Angle between two orientations, rad; its rotation vector is left in `turn`. */
function angle(a: Float64Array, aAt: number, b: Float64Array, bAt: number, turn: Float64Array): number {
  rotationBetween(a, aAt, b, bAt, turn, 0);
  return norm3(turn, 0);
}

function copyQuaternion(from: Float64Array, at: number, to: Float64Array): void {
  for (let i = 0; i < 4; i++) to[i] = from[at + i]!;
}
