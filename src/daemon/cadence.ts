import { PerformanceObserver } from 'node:perf_hooks';
import type { TickRecord } from '../../controllers/safety/gate.ts';
import { Histogram, type Quantiles } from '../core/histogram.ts';

/** How the reflex keeps time: what `summary` tells, in the words that scripts count on. */
export interface CadenceSummary {
  ticks: number;
  /** Ticks more than two periods after the one before. */
  overruns: number;
  /** Whole periods that the timer skipped because it was late. */
  skipped: number;
  /** Ticks in ACTIVE that held, for want of a decision that could be judged. */
  starved: number;
  /** Of a tick on the timer, after its deadline. */
  lateness_us: Quantiles;
  /** Of one tick: rules, critic, filter, and the command written. */
  tick_us: Quantiles;
  /** From a state's arrival to its command. */
  loop_ms: Quantiles;
  /** Pauses of the main thread by the garbage collector. */
  gc: { count: number; total_ms: number; max_ms: number };
}

const OVERRUN_PERIODS = 2;
const round = (ms: number) => Number(ms.toPrecision(4));

/** Counts and histograms of the reflex's ticks since its start: bounded memory, nothing allocated in the tick. */
export class Cadence {
  overruns = 0;
  starved = 0;
  readonly #periodNs: number;
  readonly #latenessUs = new Histogram(0.1);
  readonly #tickUs = new Histogram(0.1);
  readonly #loopMs = new Histogram(0.001);
  readonly #gc = { count: 0, totalMs: 0, maxMs: 0 };
  readonly #observer: PerformanceObserver;
  #ticks = 0;
  #lastNs = Number.NaN;

  /** `periodNs`: ∞ where time is stepped and no tick can be late. */
  constructor(periodNs: number) {
    this.#periodNs = periodNs;
    this.#observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) {
        this.#gc.count++;
        this.#gc.totalMs += duration;
        if (duration > this.#gc.maxMs) this.#gc.maxMs = duration;
      }
    });
    this.#observer.observe({ entryTypes: ['gc'] });
  }

  get ticks(): number {
    return this.#ticks;
  }

  /** One tick. `latenessUs`: NaN for one that did not come from the timer. `loopUs`: 0 for one that answers no new state. */
  tick(record: TickRecord, nowNs: number, computeUs: number, latenessUs: number, loopUs: number): void {
    // REAL-TIME: after every tick.
    this.#ticks++;
    if (nowNs - this.#lastNs > OVERRUN_PERIODS * this.#periodNs) this.overruns++;
    this.#lastNs = nowNs;
    if (record.mode === 'ACTIVE' && record.source === 'hold') this.starved++;
    this.#tickUs.record(computeUs);
    if (!Number.isNaN(latenessUs)) this.#latenessUs.record(latenessUs);
    if (loopUs > 0) this.#loopMs.record(loopUs / 1000);
  }

  summary(skipped: number): CadenceSummary {
    const { count, totalMs, maxMs } = this.#gc;
    return {
      ticks: this.#ticks,
      overruns: this.overruns,
      skipped,
      starved: this.starved,
      lateness_us: this.#latenessUs.quantiles(),
      tick_us: this.#tickUs.quantiles(),
      loop_ms: this.#loopMs.quantiles(),
      gc: { count, total_ms: round(totalMs), max_ms: round(maxMs) },
    };
  }
}
