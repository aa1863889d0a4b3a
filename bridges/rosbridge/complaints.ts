import type { Clock } from '../../src/core/clock.ts';
import { type ErrorCode, ReflexArcError } from '../../src/core/errors.ts';

/** The same complaint about the same topic or address is made at most so often. */
const SAY_AGAIN_NS = 10e9;
const MAX_COMPLAINTS = 100;

/** Says what is wrong once, not at every message: a flood in must not become a flood in the log. */
export class Complaints {
  readonly #clock: Clock;
  readonly #log: (error: ReflexArcError) => void;
  readonly #saidNs = new Map<string, number>();

  constructor(clock: Clock, log: (error: ReflexArcError) => void) {
    this.#clock = clock;
    this.#log = log;
  }

  say(code: ErrorCode, key: string, what: { seen: string; allowed: string }): void {
    const nowNs = this.#clock.nowNs();
    const saidNs = this.#saidNs.get(key);
    if (saidNs !== undefined && nowNs - saidNs < SAY_AGAIN_NS) return;
    if (this.#saidNs.size >= MAX_COMPLAINTS) this.#saidNs.clear();
    this.#saidNs.set(key, nowNs);
    this.#log(new ReflexArcError(code, what));
  }
}
