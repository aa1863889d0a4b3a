import type { Answer } from './ladder.ts';

/** How fast the speed scale may rise, per second. */
const SLEW = 0.5;

/**
 * Scales in [0, 1]: the operator's, of the residual and of the policy's speed, and the critic's, of the speed. The least counts. The speed scale falls
 * at once and rises at a bounded slew, so that neither a released slider nor a risk that is over makes the robot jump (facts/safety.md 4.1, DEGRADED).
 */
export class Scales {
  residual = 1;
  speed = 1;
  #wanted = 1;

  request(kind: 'residual_scale' | 'speed_scale', value: number): Answer {
    if (typeof value !== 'number' || !(value >= 0 && value <= 1))
      return { accepted: false, reason: `${kind} ${String(value)} is not within 0 … 1` };
    if (kind === 'residual_scale') this.residual = value;
    else {
      this.#wanted = value;
      this.speed = Math.min(this.speed, value);
    }
    return { accepted: true, reason: '' };
  }

  /**
   * A tick: the speed scale falls to `pace`, what the critic leaves of it, at once, and rises for `elapsed` seconds; what is no positive time
   * is none.
   */
  slew(elapsed: number, pace: number): void {
    // REAL-TIME: every tick.
    const most = Math.min(this.#wanted, pace);
    this.speed = Math.min(most, this.speed + (elapsed > 0 ? elapsed * SLEW : 0));
  }
}
