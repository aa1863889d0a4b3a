import type { Clock } from '../core/clock.ts';

/** What wakes us at a time on the monotonic clock: a thread in the daemon (alarm.ts), a fake in the tests. */
export interface Alarm {
  /** Rings at `deadlineNs`, and a period after every ring unless it was set again. Called in the tick. */
  set(deadlineNs: number): void;
  /** Whom to tell of every ring from now on; the first deadline is set before. */
  onRing(ring: () => void): void;
  stop(): void;
}

/** After work that came by itself, the next may come so much later than a period before it is missed. */
const SLACK_PERIODS = 0.2;
/** Two threads read one clock a moment apart: a ring so early is in time. */
const EARLY_NS = 50_000;

/**
 * A periodic timer with absolute deadlines: the next one is a period after the last *deadline*, however late its work
 * was, so that lateness never adds up. On an overrun whole periods are skipped and counted, never caught up. Work that
 * came by itself (a tick on a state message) satisfies the deadline, and the next counts from there.
 */
export class DeadlineTimer {
  /** Whole periods that went by without us. */
  skipped = 0;
  readonly #periodNs: number;
  readonly #clock: Clock;
  readonly #alarm: Alarm;
  #nextNs = Number.NaN;

  constructor(periodNs: number, clock: Clock, alarm: Alarm) {
    this.#periodNs = periodNs;
    this.#clock = clock;
    this.#alarm = alarm;
  }

  /** From now on, every period: `due` is told how late it is, ns. */
  start(due: (lateNs: number) => void): void {
    this.#set(this.#clock.nowNs() + this.#periodNs);
    this.#alarm.onRing(() => {
      const lateNs = this.#take(this.#clock.nowNs());
      if (!Number.isNaN(lateNs)) due(lateNs);
    });
  }

  /** The work of this period was done at `nowNs`, without the timer. */
  satisfied(nowNs: number): void {
    // REAL-TIME: at every tick on a state.
    if (!Number.isNaN(this.#nextNs)) this.#set(nowNs + (1 + SLACK_PERIODS) * this.#periodNs);
  }

  stop(): void {
    this.#nextNs = Number.NaN;
    this.#alarm.stop();
  }

  /** Lateness of the deadline that is due, and on to the next one that is still to come; NaN when none is due. */
  #take(nowNs: number): number {
    const lateNs = nowNs - this.#nextNs;
    if (!(lateNs >= -EARLY_NS)) return Number.NaN;
    const passed = Math.max(0, Math.floor(lateNs / this.#periodNs));
    this.skipped += passed;
    this.#set(this.#nextNs + (passed + 1) * this.#periodNs);
    return Math.max(0, lateNs);
  }

  #set(nextNs: number): void {
    this.#nextNs = nextNs;
    this.#alarm.set(nextNs);
  }
}
