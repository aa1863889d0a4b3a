import type { Clock } from '../core/clock.ts';
import type { RunConfig } from '../core/config-schema.ts';

const GRACE_MS = 500;

/**
 * The clock of a daemon that follows a simulator (`daemon.time: stepped`): it shows the newest /clock. When /clock is
 * silent for longer than the grace, it runs on with real time, so that a dead simulator still makes data stale.
 */
export class FollowingClock implements Clock {
  readonly #wall: Clock;
  readonly #graceNs: number;
  #simNs = 0;
  #heardNs: number;
  #shownNs = 0;

  constructor(wall: Clock, graceMs = GRACE_MS) {
    this.#wall = wall;
    this.#graceNs = graceMs * 1e6;
    this.#heardNs = wall.nowNs();
  }

  /** Takes the time of a /clock message. */
  follow(simNs: number): void {
    this.#simNs = Math.max(simNs, this.#simNs);
    this.#heardNs = this.#wall.nowNs();
  }

  nowNs(): number {
    const silentNs = this.#wall.nowNs() - this.#heardNs;
    const nowNs = silentNs > this.#graceNs ? this.#simNs + silentNs - this.#graceNs : this.#simNs;
    // Monotonic also when the simulator comes back after a silence that was bridged.
    if (nowNs > this.#shownNs) this.#shownNs = nowNs;
    return this.#shownNs;
  }
}

/** Null in real time. A simulator on a busy machine has as long as its link has until it is found dead: three pings. */
export function steppedClock({ daemon, bridge }: RunConfig, wall: Clock): FollowingClock | null {
  return daemon.time === 'stepped' ? new FollowingClock(wall, Math.max(GRACE_MS, 3 * bridge.ping_ms)) : null;
}
