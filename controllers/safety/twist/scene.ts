import type { RangeReading, RobotState } from '../../../src/core/signals.ts';
import { yawOf } from '../../interfaces/twist.ts';
import { arc, type Planar, planar } from './arc.ts';
import type { TwistLimits } from './limits.ts';
import type { TwistMotion } from './motion.ts';

/** Odometry that is remembered, to know where a reading was taken: at 100 Hz more than a second. */
const REMEMBERED = 128;
/** An obstacle in the centre of the footprint, m, is in every direction. */
const CENTRE = 1e-6;

/**
 * What the ranging sensors saw, kept where it stands: in the frame of the odometry. A reading is placed by the pose that
 * the base had at its stamp (stamps of scan and odometry are of one clock: pairing is what stamps are for), so that
 * neither the rate of the scans nor their way here matters. `look` turns it towards where the base is measured now.
 */
export class TwistScene {
  /**
   * Obstacles that matter now, `count` of them: direction from the centre of the footprint, frame of the measured base;
   * distance, m; and the way towards it that is left when the commands in flight have been obeyed, m.
   */
  count = 0;
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly distance: Float64Array;
  readonly gap: Float64Array;

  readonly #limits: TwistLimits;
  readonly #points: readonly Float64Array[];
  readonly #counts: Int32Array;
  // The odometry ring: stamp, x, y, heading, and the newest twist.
  readonly #stampNs = new Float64Array(REMEMBERED);
  readonly #ring = new Float64Array(3 * REMEMBERED);
  readonly #twist = new Float64Array(3);
  readonly #pose = planar();
  readonly #arc = planar();
  #known = 0;
  #newest = 0;

  constructor(limits: TwistLimits) {
    this.#limits = limits;
    this.#points = limits.beams.map((n) => new Float64Array(2 * n));
    this.#counts = new Int32Array(limits.beams.length);
    const all = 2 * limits.beams.reduce((sum, n) => sum + n, 0);
    this.x = new Float64Array(all);
    this.y = new Float64Array(all);
    this.distance = new Float64Array(all);
    this.gap = new Float64Array(all);
  }

  /** A new state of the base: its odometry. */
  observe(state: RobotState): void {
    // REAL-TIME: with every state.
    // A stamp that went back is another time base: what was before means nothing in it.
    if (!(state.stampNs > this.#stampNs[this.#newest]!)) this.#known = 0;
    this.#newest = (this.#newest + 1) % REMEMBERED;
    this.#known = Math.min(this.#known + 1, REMEMBERED);
    this.#stampNs[this.#newest] = state.stampNs;
    this.#ring[3 * this.#newest] = state.pose[0]!;
    this.#ring[3 * this.#newest + 1] = state.pose[1]!;
    this.#ring[3 * this.#newest + 2] = yawOf(state.pose);
    this.#twist[0] = state.twist[0]!;
    this.#twist[1] = state.twist[1]!;
    this.#twist[2] = state.twist[5]!;
  }

  /** Takes a reading in. False when its stamp fits no odometry, or is too old beside it. */
  see(reading: RangeReading): boolean {
    const points = this.#points[reading.sensor];
    if (points === undefined || reading.count * 2 > points.length || !this.#poseAt(reading)) return false;
    const { x, y, heading } = this.#pose;
    const c = Math.cos(heading);
    const s = Math.sin(heading);
    for (let i = 0; i < reading.count; i++) {
      const px = reading.points[2 * i]!;
      const py = reading.points[2 * i + 1]!;
      points[2 * i] = x + c * px - s * py;
      points[2 * i + 1] = y + s * px + c * py;
    }
    this.#counts[reading.sensor] = reading.count;
    return true;
  }

  /** Where the base was at the stamp of a reading: between two odometries, or a moment after the newest. */
  #poseAt({ stampNs, sensor }: RangeReading): boolean {
    if (this.#known === 0) return false;
    const pose = this.#pose;
    const newestNs = this.#stampNs[this.#newest]!;
    if (!(newestNs - stampNs <= this.#limits.ageNs[sensor]!)) return false;
    let at = this.#newest;
    if (stampNs >= newestNs) {
      const seconds = (stampNs - newestNs) * 1e-9;
      if (!(seconds <= this.#limits.ahead)) return false;
      this.#read(at, pose);
      const { x, y, heading } = pose;
      arc(this.#twist, 0, seconds, this.#arc);
      pose.x = x + Math.cos(heading) * this.#arc.x - Math.sin(heading) * this.#arc.y;
      pose.y = y + Math.sin(heading) * this.#arc.x + Math.cos(heading) * this.#arc.y;
      pose.heading = heading + this.#arc.heading;
      return true;
    }
    for (let k = 1; k < this.#known; k++) {
      const before = (this.#newest - k + REMEMBERED) % REMEMBERED;
      if (this.#stampNs[before]! > stampNs) {
        at = before;
        continue;
      }
      const share = (stampNs - this.#stampNs[before]!) / (this.#stampNs[at]! - this.#stampNs[before]!);
      this.#read(at, this.#arc);
      this.#read(before, pose);
      pose.x += share * (this.#arc.x - pose.x);
      pose.y += share * (this.#arc.y - pose.y);
      const turned = this.#arc.heading - pose.heading;
      pose.heading += share * Math.atan2(Math.sin(turned), Math.cos(turned));
      return true;
    }
    return false;
  }

  #read(at: number, out: Planar): void {
    out.x = this.#ring[3 * at]!;
    out.y = this.#ring[3 * at + 1]!;
    out.heading = this.#ring[3 * at + 2]!;
  }

  /** Turns to where the base is measured. `motion` has predicted. What no stop from full speed could reach is left out. */
  look(state: RobotState, motion: TwistMotion): void {
    // REAL-TIME: every tick.
    const l = this.#limits;
    const heading = yawOf(state.pose);
    const c = Math.cos(heading);
    const s = Math.sin(heading);
    const fastest = l.speed + l.turn * Math.hypot(l.x, l.y);
    let moved = motion.unknown * fastest;
    for (let h = 0; h < motion.count; h++) moved = Math.max(moved, Math.hypot(motion.x[h]!, motion.y[h]!));
    const stop = l.reaction + l.ramp + Math.max(l.speed / l.deceleration, l.turn / l.turnDeceleration) / 2;
    const horizon = l.clearance + moved + motion.unknown * fastest + fastest * stop;
    this.count = 0;
    for (let sensor = 0; sensor < this.#points.length; sensor++) {
      const points = this.#points[sensor]!;
      const n = this.#counts[sensor]!;
      for (let i = 0; i < n; i++) {
        const dx = points[2 * i]! - state.pose[0]!;
        const dy = points[2 * i + 1]! - state.pose[1]!;
        const rx = c * dx + s * dy - l.x;
        const ry = c * dy - s * dx - l.y;
        const distance = Math.sqrt(rx * rx + ry * ry);
        if (distance > horizon) continue;
        if (distance > CENTRE) this.#add(rx / distance, ry / distance, distance, motion, fastest);
        else {
          this.#add(1, 0, 0, motion, fastest);
          this.#add(-1, 0, 0, motion, fastest);
        }
      }
    }
  }

  #add(x: number, y: number, distance: number, motion: TwistMotion, fastest: number): void {
    const at = this.count++;
    this.x[at] = x;
    this.y[at] = y;
    this.distance[at] = distance;
    let nearer = Number.NEGATIVE_INFINITY;
    for (let h = 0; h < motion.count; h++) nearer = Math.max(nearer, x * motion.x[h]! + y * motion.y[h]!);
    this.gap[at] = distance - this.#limits.clearance - nearer - motion.unknown * fastest;
  }
}
