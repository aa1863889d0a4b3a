import type { Clock } from '../../src/core/clock.ts';
import type { GateCounters } from './counters.ts';
import type { Situation } from './envelope.ts';
import { type Budget, FORESEEN, type Foresight, type Guard } from './guard.ts';
import { SEVERITY } from './ladder.ts';
import { Verdict } from './rule.ts';

export interface LookaheadParts {
  readonly guard: Guard;
  /** Measures what a check takes: the machine's clock in a daemon, a virtual one where the bits must repeat. */
  readonly clock: Clock;
  readonly budgetUs: number;
}

const SAYS: Readonly<Record<(typeof FORESEEN)[number], string>> = {
  '': '',
  limit: 'a joint would come to {value} rad, its limit is {limit} rad',
  workspace: 'the tip would come to {value} m, wall of the workspace at {limit} m',
  force: 'the contact force would rise to {value} N, allowed {limit} N',
};

/**
 * Asks the guard, within its budget, and fails closed: what it foresees is a stop (`foreseen_limit`,
 * `foreseen_workspace`, `foreseen_force`), and so are an answer that came too late (`guard_overrun`), an error and an
 * answer that is none (`guard_failed`). All latched. It says yes or no to a setpoint that the filter has let through, and
 * changes none: it can only take authority away.
 */
export class Lookahead implements Budget {
  /** The reason of the last no. */
  readonly verdict = new Verdict();
  readonly #parts: LookaheadParts;
  readonly #counters: GateCounters;
  readonly #causes = FORESEEN.map((what) => `foreseen_${what}`);
  readonly #seen: Foresight = { what: 0, value: 0, limit: 0, after: 0 };
  #fromNs = 0;

  constructor(parts: LookaheadParts, counters: GateCounters) {
    this.#parts = parts;
    this.#counters = counters;
  }

  isUp(): boolean {
    // Written so that a clock that is none is up.
    return !(this.#tookUs() <= this.#parts.budgetUs);
  }

  /** Whether `setpoint` may go out; when not, `verdict` says why. */
  admits(setpoint: Float64Array, by: Situation): boolean {
    // REAL-TIME: every tick in which a policy or a recovery writes.
    const { guard, clock, budgetUs } = this.#parts;
    const seen = this.#seen;
    const counters = this.#counters;
    this.verdict.clear();
    counters.guardChecks++;
    this.#fromNs = clock.nowNs();
    seen.what = Number.NaN;
    try {
      guard.check(setpoint, by, this, seen);
    } catch (error) {
      counters.guardFailures++;
      return this.#no(
        'guard_failed',
        `the guard failed: ${error instanceof Error ? error.message : error}`,
        Number.NaN,
        0,
      );
    }
    const us = this.#tookUs();
    if (us > counters.guardWorstUs) counters.guardWorstUs = us;
    // What it foresaw before it was late is worth no less: the stop is the same, but its cause says more.
    const cause = Number.isInteger(seen.what) && seen.what > 0 ? this.#causes[seen.what] : undefined;
    if (cause !== undefined) {
      counters.guardForeseen++;
      return this.#no(cause, SAYS[FORESEEN[seen.what]!], seen.value, seen.limit);
    }
    if (!(us <= budgetUs)) {
      counters.guardOverruns++;
      return this.#no('guard_overrun', 'the guard took {value} µs, allowed {limit} µs', us, budgetUs);
    }
    if (seen.what === 0) return true;
    counters.guardFailures++;
    return this.#no('guard_failed', 'the guard gave no answer', Number.NaN, 0);
  }

  #tookUs(): number {
    return (this.#parts.clock.nowNs() - this.#fromNs) / 1e3;
  }

  #no(cause: string, detail: string, value: number, limit: number): false {
    this.verdict.take(SEVERITY.stop, cause, detail, value, limit);
    return false;
  }
}
