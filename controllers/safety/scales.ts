import type { Answer } from './ladder.ts';

/** How fast the speed scale may rise, per second. */
const SLEW = 0.5;

/**
 * The operator's scales in [0, 1]: of the residual, and of the policy's speed. The speed scale falls at once and rises at
 * a bounded slew, so that a released slider does not make the robot jump (facts/safety.md 4.1, DEGRADED).
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

  /** Lets the speed scale rise for `elapsed` seconds; what is no positive time is none. */
  slew(elapsed: number): void {
    // REAL-TIME: every tick.
    if (elapsed > 0) this.speed = Math.min(this.#wanted, this.speed + elapsed * SLEW);
  }
}
