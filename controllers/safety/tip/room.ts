import { norm3 } from '../../../src/core/geometry.ts';
import { CLIPPED } from '../envelope.ts';
import type { TipLimits, VectorLimits, WallKind } from './limits.ts';
import type { TipMotion } from './motion.ts';
import { along, type TipWorkspace } from './workspace.ts';

/** Room for rounding: what fits within this share is inside, so that a second pass changes nothing. */
const EPS = 1e-9;
/** Towards a wall by less than this, as a cosine, is not towards it. */
const ASIDE = 1e-9;

const FLAG: Readonly<Record<WallKind, number>> = {
  pose_box: CLIPPED.box,
  workspace_plane: CLIPPED.plane,
  target_box: CLIPPED.target,
};

/** The room that is left for one half of a twist, three numbers. `workspace` has looked. */
export interface Room {
  /** CLIPPED flag of what the last `share` below 1 was for. */
  readonly flag: number;
  /**
   * Largest share of a velocity, in [0, 1], from which the tip can still stop inside.
   * @param tau s for which the velocity goes on before it is braked
   */
  share(u: Float64Array, tau: number): number;
  /** Takes out of a velocity what leads where there is no room for it; what leads along a wall stays. */
  slide(u: Float64Array, tau: number): void;
}

/**
 * The share k of a velocity that a way of `far` seconds at the whole of it has room for: at k it goes on for τ, and then
 * stops within T = |u|·k/A_d, of which half counts as way: k·τ + k²·T/2 ≤ far. At 1 m and 1 m/s that is the
 * stopping-distance bound v ≤ -A_d·τ + sqrt(A_d²·τ² + 2·A_d·d).
 */
function shareOf(far: number, stop: number, tau: number): number {
  const share = (2 * far) / (tau + Math.sqrt(tau * tau + 2 * stop * far));
  return share >= 1 - EPS ? 1 : share;
}

/** For the translation: boxes and half-spaces. */
export class WallRoom implements Room {
  flag = 0;
  readonly #l: VectorLimits;
  readonly #walls: TipLimits['walls'];
  readonly #workspace: TipWorkspace;

  constructor({ linear, walls }: TipLimits, workspace: TipWorkspace) {
    this.#l = linear;
    this.#walls = walls;
    this.#workspace = workspace;
  }

  share(u: Float64Array, tau: number): number {
    // REAL-TIME: a few times a tick.
    const v = norm3(u, 0);
    let shortest = Number.POSITIVE_INFINITY;
    for (let k = 0; k < this.#walls.length; k++) {
      const { normal, kind } = this.#walls[k]!;
      const towards = along(normal, u, 0);
      if (!(towards > ASIDE * v)) continue;
      const far = Math.max(0, this.#workspace.room[k]!) / towards;
      if (far >= shortest) continue;
      shortest = far;
      this.flag = FLAG[kind];
    }
    if (shortest === Number.POSITIVE_INFINITY) return 1;
    return shortest > 0 ? shareOf(shortest, v / this.#l.deceleration, tau) : 0;
  }

  /**
   * Towards each wall no faster than it can be stopped there beside the rest t of the velocity: as |u| ≤ t + c, that is
   * c·τ + c·(t + c)/(2·A_d) ≤ d.
   */
  slide(u: Float64Array, tau: number): void {
    // REAL-TIME: once or twice a tick beside a wall.
    const { deceleration: a } = this.#l;
    for (let k = 0; k < this.#walls.length; k++) {
      const { normal } = this.#walls[k]!;
      const towards = along(normal, u, 0);
      const v = norm3(u, 0);
      if (!(towards > ASIDE * v)) continue;
      const left = Math.max(0, this.#workspace.room[k]!);
      const aside = Math.sqrt(Math.max(0, v * v - towards * towards));
      const b = tau + aside / (2 * a);
      const most = left === Number.POSITIVE_INFINITY ? left : a * (Math.sqrt(b * b + (2 * left) / a) - b);
      if (towards > most) for (let i = 0; i < 3; i++) u[i] = u[i]! - (towards - most) * normal[i]!;
    }
  }
}

/**
 * For the rotation: the cone. A rotation by s·w from where the tip is tilted by r has it tilted by |r + s·w| at most: in the
 * space of rotations two sides of a triangle enclose less than in a flat one. So s may be as large as
 *
 *     s = (-r·w + sqrt((r·w)² + |w|²·(R² - |r|²))) / |w|²
 *
 * with R the cone's angle, or |r| where that is larger: then only the way back is open.
 */
export class ConeRoom implements Room {
  readonly flag = CLIPPED.rotation;
  readonly #limits: TipLimits;
  readonly #workspace: TipWorkspace;
  readonly #motion: TipMotion;

  constructor(limits: TipLimits, workspace: TipWorkspace, motion: TipMotion) {
    this.#limits = limits;
    this.#workspace = workspace;
    this.#motion = motion;
  }

  share(u: Float64Array, tau: number): number {
    // REAL-TIME: a few times a tick.
    const { tilt, angular } = this.#limits;
    const { tilted, tilts } = this.#workspace;
    const w = norm3(u, 0);
    if (w === 0) return 1;
    const cone = tilt - this.#motion.unknown * angular.speed;
    let shortest = Number.POSITIVE_INFINITY;
    for (let h = 0; h < tilts; h++) {
      const outwards = (tilted[3 * h]! * u[0]! + tilted[3 * h + 1]! * u[1]! + tilted[3 * h + 2]! * u[2]!) / w;
      const r = norm3(tilted, 3 * h);
      const inside = cone > r ? cone * cone - r * r : 0;
      const far = Math.sqrt(outwards * outwards + inside) - outwards;
      shortest = Math.min(shortest, far / w);
    }
    return shortest > 0 ? shareOf(shortest, w / angular.deceleration, tau) : 0;
  }

  slide(): void {}
}
