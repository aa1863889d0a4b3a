/** Time is injected (house rule 7): nothing outside this file asks the machine what time it is. */
export interface Clock {
  /** Monotonic nanoseconds. Comparable between processes of one host when it is a MonotonicClock. */
  nowNs(): number;
}

export const NS_PER_MS = 1e6;
export const NS_PER_S = 1e9;

/** Readings of the two clocks at the start: enough that one pair of them is not interrupted. */
const READINGS = 32;

/**
 * CLOCK_MONOTONIC in nanoseconds. `performance.now()` counts from the start of the process, so the offset to the
 * system's monotonic clock is taken once; reading allocates nothing.
 *
 * NOTE between its two readings a process may lose the core for milliseconds, and its clock would be late by as much for
 * life. That error has one sign, so the largest offset of many is the true one.
 */
export class MonotonicClock implements Clock {
  readonly #offsetNs: number;

  constructor(monotonicNs = () => Number(process.hrtime.bigint()), sinceStartMs = () => performance.now()) {
    let offset = Number.NEGATIVE_INFINITY;
    for (let n = 0; n < READINGS; n++) offset = Math.max(offset, monotonicNs() - sinceStartMs() * NS_PER_MS);
    this.#offsetNs = offset;
  }

  nowNs(): number {
    return Math.round(this.#offsetNs + performance.now() * NS_PER_MS);
  }
}

/** A clock that is told the time: tests, replay, training, and a daemon that follows a simulator's /clock. */
export class VirtualClock implements Clock {
  #nowNs: number;

  constructor(startNs = 0) {
    this.#nowNs = startNs;
  }

  nowNs(): number {
    return this.#nowNs;
  }

  /** Sets the time. Going back is allowed (a simulator reset) and is the caller's business to notice. */
  set(nowNs: number): void {
    this.#nowNs = nowNs;
  }

  advance(byNs: number): void {
    this.#nowNs += byNs;
  }
}

/** Wall time in nanoseconds, for log names and message stamps only: never for a deadline. */
export function wallNs(): number {
  return Math.round((performance.timeOrigin + performance.now()) * NS_PER_MS);
}

/** Lets the event loop go on, for long work that is done in parts; it says nothing of time. */
export const othersTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
