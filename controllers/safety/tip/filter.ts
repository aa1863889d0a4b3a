import { norm3 } from '../../../src/core/geometry.ts';
import { CLIPPED } from '../envelope.ts';
import type { TipLimits } from './limits.ts';
import type { TipMotion } from './motion.ts';
import { ConeRoom, WallRoom } from './room.ts';
import { VectorFilter, within } from './vector-filter.ts';
import type { TipWorkspace } from './workspace.ts';

/**
 * The hard filter for tip twists: closed form. A wish that is too fast is scaled as a whole, so that the screw stays the
 * screw that was wished. From then on translation and rotation go each their own way (vector-filter.ts): walls are nothing
 * to a rotation, nor the cone to a translation, and a tip that may tilt no further is still to get away.
 */
export class TipFilter {
  readonly #limits: TipLimits;
  readonly #linear: VectorFilter;
  readonly #angular: VectorFilter;
  readonly #wishV = new Float64Array(3);
  readonly #wishW = new Float64Array(3);
  readonly #v = new Float64Array(3);
  readonly #w = new Float64Array(3);

  constructor(limits: TipLimits, motion: TipMotion, workspace: TipWorkspace) {
    const { period, linear, angular } = limits;
    const { twist, acceleration } = motion;
    const half = (v: Float64Array, at: number) => v.subarray(at, at + 3);
    this.#limits = limits;
    this.#linear = new VectorFilter(
      linear,
      new WallRoom(limits, workspace),
      period,
      half(twist, 0),
      half(acceleration, 0),
    );
    this.#angular = new VectorFilter(
      angular,
      new ConeRoom(limits, workspace, motion),
      period,
      half(twist, 3),
      half(acceleration, 3),
    );
  }

  /**
   * Writes the admissible twist for `wish` into `out`. Motion has predicted for this tick, the workspace has looked.
   * @param elapsed s since the last command
   * @returns CLIPPED flags
   */
  apply(wish: Float64Array, elapsed: number, speedScale: number, out: Float64Array): number {
    // REAL-TIME: every tick.
    const { linear, angular } = this.#limits;
    const scale = speedScale > 0 ? Math.min(speedScale, 1) : 0;
    const share = Math.min(within(norm3(wish, 0), linear.speed * scale), within(norm3(wish, 3), angular.speed * scale));
    for (let i = 0; i < 3; i++) {
      this.#wishV[i] = wish[i]! * share;
      this.#wishW[i] = wish[3 + i]! * share;
    }
    const flags =
      this.#linear.apply(this.#wishV, elapsed, this.#v) | this.#angular.apply(this.#wishW, elapsed, this.#w);
    out.set(this.#v);
    out.set(this.#w, 3);
    return share < 1 ? flags | CLIPPED.speed : flags;
  }
}
