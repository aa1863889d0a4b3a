import type { Answer } from './ladder.ts';

/** How fast the speed scale may rise, per second. */
const SLEW = 0.5;

/**
 * Scales in [0, 1]: the operator's, of the residual and of the policy's speed, and the critic's, of the speed; the lesser counts. A scale of the speed
 * falls at once and rises at a bounded slew, so that neither a released slider nor a risk that is over makes the robot jump (facts/safety.md 4.1,
 * DEGRADED).
 */
export class Scales {
  residual = 1;
  #wanted = 1;
  #operator = 1;
  #critic = 1;

  /** Of the policy's speed. */
  get speed(): number {
    return Math.min(this.#operator, this.#critic);
  }

  request(kind: 'residual_scale' | 'speed_scale', value: number): Answer {
    if (typeof value !== 'number' || !(value >= 0 && value <= 1))
      return { accepted: false, reason: `${kind} ${String(value)} is not within 0 … 1` };
    if (kind === 'residual_scale') this.residual = value;
    else {
      this.#wanted = value;
      this.#operator = Math.min(this.#operator, value);
    }
    return { accepted: true, reason: '' };
  }

  /** A tick, `elapsed` seconds after the last; what is no positive time is none. `pace` is what the critic leaves of the speed. */
  slew(elapsed: number, pace: number): void {
    // REAL-TIME: every tick.
    const rise = elapsed > 0 ? elapsed * SLEW : 0;
    this.#operator = Math.min(this.#wanted, this.#operator + rise);
    this.#critic = Math.min(pace, this.#critic + rise);
  }

  /** The policy is engaged, at rest: what the critic said before is no concern of it. */
  engaged(): void {
    this.#critic = 1;
  }
}
