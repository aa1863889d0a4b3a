import type { Clock } from '../../src/core/clock.ts';

const SAY_AGAIN_NS = 10e9;
/** Reasons told apart: whoever knocks may put in them what he likes. */
const MAX_REASONS = 100;

/**
 * Says who was turned away, and why: the same reason at most every ten seconds, since whoever is turned away comes
 * again at once, and for ever. All of them are counted where they are turned away.
 */
export class TurnedAwayLog {
  readonly #clock: Clock;
  readonly #warn: (fields: object, message: string) => void;
  readonly #saidNs = new Map<string, number>();

  constructor(clock: Clock, warn: (fields: object, message: string) => void) {
    this.#clock = clock;
    this.#warn = warn;
  }

  say(why: string, fields: object = {}): void {
    const nowNs = this.#clock.nowNs();
    const saidNs = this.#saidNs.get(why);
    if (saidNs !== undefined && nowNs - saidNs < SAY_AGAIN_NS) return;
    if (this.#saidNs.size >= MAX_REASONS) this.#saidNs.clear();
    this.#saidNs.set(why, nowNs);
    this.#warn(fields, why);
  }
}
