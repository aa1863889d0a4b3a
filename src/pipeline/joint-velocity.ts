import { LowPass } from './observation/low-pass.ts';

/** Positions further apart than this, s, say nothing of a speed: as much as a robot may do and undo in between. */
const LONGEST_STEP = 0.25;

/**
 * Joint velocities of a driver that publishes none: the difference of two positions by the difference of their stamps, and
 * a first-order low pass, for the difference of rounded positions is rough. It lags by about 1/(2π·hz).
 */
export class JointVelocity {
  /** rad/s; of the last update that was an estimate. */
  readonly estimate: Float64Array;
  readonly #lowPass: LowPass;
  readonly #before: Float64Array;
  #stampNs = Number.NaN;

  /** @param hz of the low pass */
  constructor(joints: number, hz: number) {
    this.estimate = new Float64Array(joints);
    this.#before = new Float64Array(joints);
    this.#lowPass = new LowPass(hz, joints);
  }

  /**
   * False where two positions do not make a velocity: the first, one after a gap, and one whose stamp went back. A position
   * that is no number is a velocity that is none, and does not outlast the next two that are.
   */
  update(position: Float64Array, stampNs: number): boolean {
    // REAL-TIME: with every joint state.
    const dt = (stampNs - this.#stampNs) * 1e-9;
    // The same message once more.
    if (dt === 0) return true;
    const follows = dt > 0 && dt <= LONGEST_STEP;
    if (follows) {
      for (let i = 0; i < position.length; i++) this.estimate[i] = (position[i]! - this.#before[i]!) / dt;
      this.#lowPass.filter(stampNs, this.estimate, 0);
    } else this.#lowPass.reset();
    this.#before.set(position);
    this.#stampNs = stampNs;
    return follows;
  }
}
