import { clamp, norm3, rotateBy, rotationBetween } from '../../../src/core/geometry.ts';
import { chordAngle } from '../chord.ts';
import { admissible, type Judged } from './admissible.ts';
import type { CartesianLimits } from './limits.ts';

/** A setpoint is on a plane within this, m: half of what the post-check admits. */
const PLANE = 1e-9;

/**
 * The braking law of a position-setpoint interface: the setpoint goes to the measured pose as fast as the rate allows,
 * and Δ is restored at once; the spring is not made stiffer. At the measured pose the spring pulls at nothing and the
 * robot's own damping takes the speed out.
 *
 * Part of the trusted core: it needs no filter, its output is admissible by construction, and `selfTest` shows so at
 * boot and at every arming.
 */
export class Brake {
  readonly #limits: CartesianLimits;
  readonly #turn = new Float64Array(3);

  constructor(limits: CartesianLimits) {
    this.#limits = limits;
  }

  /** One step from the last sent setpoint towards the measured pose. */
  step(last: Float64Array, pose: Float64Array, elapsed: number, out: Float64Array): void {
    // REAL-TIME: every tick of STOPPING.
    const l = this.#limits;
    const dt = elapsed > 0 ? Math.min(elapsed, l.period) : 0;

    let gap = 0;
    for (let i = 0; i < 3; i++) gap += (pose[i]! - last[i]!) ** 2;
    gap = Math.sqrt(gap);
    const share = gap > l.speed * dt ? (l.speed * dt) / gap : 1;
    for (let i = 0; i < 3; i++) {
      const at = pose[i]!;
      const to = share === 1 ? at : last[i]! + (at - last[i]!) * share;
      out[i] = to > at + l.reference ? at + l.reference : to < at - l.reference ? at - l.reference : to;
    }

    // Where Δ bent the way, or where it began outside, a half-space may lie across it: the measured position is inside.
    if (this.#isPastPlane(out, pose)) for (let i = 0; i < 3; i++) out[i] = pose[i]!;

    const turn = this.#turn;
    rotationBetween(last, 3, pose, 3, turn, 0);
    const angle = norm3(turn, 0);
    const rate = l.speedRotation * dt;
    if (angle <= rate) for (let i = 3; i < 7; i++) out[i] = pose[i]!;
    else {
      // Where Δ is broken it is restored at once, whatever the rate: on the straight way all axes shrink by the same share.
      const widest = Math.max(Math.abs(turn[0]!), Math.abs(turn[1]!), Math.abs(turn[2]!));
      rotateBy(turn, 0, Math.max(rate / angle, 1 - l.referenceRotation / widest), last, 3, out, 3);
    }

    let distance = 0;
    for (let i = 0; i < 3; i++) distance += (out[i]! - pose[i]!) ** 2;
    distance = Math.sqrt(distance);
    let k = last[7]! > l.stiffnessMax ? l.stiffnessMax : last[7]! < l.stiffnessMin ? l.stiffnessMin : last[7]!;
    if (k * distance > l.forceLimit) k = Math.max(l.stiffnessMin, l.forceLimit / distance);
    out[7] = k;
    const r = last[8]!;
    out[8] =
      r > l.rotationStiffnessMax ? l.rotationStiffnessMax : r < l.rotationStiffnessMin ? l.rotationStiffnessMin : r;
  }

  #isPastPlane(position: Float64Array, pose: Float64Array): boolean {
    const { planes } = this.#limits;
    for (let k = 0; k < planes.length; k++) {
      const n = planes[k]!;
      let at = 0;
      let measured = 0;
      for (let i = 0; i < 3; i++) {
        at += n[i]! * position[i]!;
        measured += n[i]! * pose[i]!;
      }
      if (at > Math.max(n[3]!, measured) + PLANE) return true;
    }
    return false;
  }
}

/** Rounding of positions, m, and of angles, rad. */
const TINY = 1e-6;

/**
 * Runs the braking law from every corner of Δ, turned towards each, at rest and with the robot moving on; asks the
 * post-check about each step, and at the end whether the setpoint is at the measured pose. Empty when it keeps its word;
 * else one sentence.
 *
 * @param law the one to run: the law itself, but where it is the self-test that is tested
 */
export function selfTest(all: CartesianLimits, law?: Pick<Brake, 'step'>): string {
  // The way to the measured pose is straight: where both ends are in a half-space, it is.
  const limits = { ...all, planes: [] };
  const brake = law ?? new Brake(limits);
  const turn = new Float64Array(3);
  const out = new Float64Array(9);
  const pose = new Float64Array(7);
  const judged: Judged = {
    last: new Float64Array(9),
    pose,
    force: new Float64Array(3),
    elapsed: limits.period,
    target: Float64Array.of(Number.NaN, Number.NaN, Number.NaN),
    reference: Float64Array.of(0, 0, 0, 1),
  };
  const steps = Math.ceil((limits.reference * Math.sqrt(3)) / (limits.speed * limits.period)) + 1;
  const widest = Math.min(limits.referenceRotation * Math.sqrt(3), limits.tilt);
  const turns = Math.ceil(widest / (limits.speedRotation * limits.period)) + 1;
  const ticks = Math.max(steps, turns);
  const nominal = Math.sqrt(limits.stiffnessMin * limits.stiffnessMax);
  for (let corner = 0; corner < 27; corner++) {
    for (const coast of [0, limits.speed * limits.period]) {
      for (let i = 0; i < 3; i++) {
        const side = (Math.floor(corner / 3 ** i) % 3) - 1;
        pose[i] = (limits.boxMin[i]! + limits.boxMax[i]!) / 2;
        judged.last[i] = clamp(pose[i]! + side * limits.reference, limits.boxMin[i]!, limits.boxMax[i]!);
        turn[i] = side * limits.referenceRotation;
      }
      pose.set([0, 0, 0, 1], 3);
      rotateBy(turn, 0, Math.min(1, widest / norm3(turn, 0)), pose, 3, judged.last, 3);
      judged.last[7] = nominal;
      judged.last[8] = limits.rotationStiffnessMax;
      for (let n = 0; n < ticks; n++) {
        // Coasting: the robot goes on in x for a while, slower and slower.
        pose[0] = pose[0]! + coast * 0.5 ** (n + 1);
        brake.step(judged.last, pose, judged.elapsed, out);
        const refusal = admissible(out, judged, limits);
        if (refusal !== 0) return `braking law breaks limit ${refusal} from corner ${corner} at step ${n}`;
        if (out[7]! > judged.last[7]!) return `braking law raises the stiffness from corner ${corner}`;
        judged.last.set(out);
      }
      for (let i = 0; i < 3; i++) {
        const left = Math.abs(judged.last[i]! - pose[i]!);
        if (!(left < TINY + 2 * coast))
          return `braking law is ${left} m short after ${ticks} steps from corner ${corner}`;
      }
      const left = chordAngle(judged.last, 3, pose, 3);
      if (!(left < TINY)) return `braking law is ${left} rad short after ${ticks} steps from corner ${corner}`;
    }
  }
  return '';
}
