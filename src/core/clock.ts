/** Time is injected (house rule 7): nothing outside this file asks the machine what time it is. */
export interface Clock {
  /** Monotonic nanoseconds. Comparable between processes of one host when it is a MonotonicClock. */
  nowNs(): number;
}

export const NS_PER_MS = 1e6;
export const NS_PER_S = 1e9;

/**
 * CLOCK_MONOTONIC in nanoseconds. `performance.now()` counts from the start of the process, so the offset to the
 * system's monotonic clock is taken once; reading allocates nothing.
 */
export class MonotonicClock implements Clock {
  readonly #offsetNs: number;

  constructor() {
    this.#offsetNs = Number(process.hrtime.bigint()) - performance.now() * NS_PER_MS;
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
