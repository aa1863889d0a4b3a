import type { Tick } from '../wire.ts';

export interface TimingReport {
  /** In the window, and those of them more than two periods after the one before. */
  readonly ticks: number;
  readonly overruns: number;
  /** Mean, and the worst of the window. */
  readonly periodMs: number;
  readonly latenessMs: number;
  readonly computeMs: number;
  /** Since the last tick. */
  readonly silentMs: number;
}

const OVERRUN_PERIODS = 2;
const BUCKETS = 5;

interface Bucket {
  ticks: number;
  overruns: number;
  ns: number;
  latenessUs: number;
  computeUs: number;
}
const empty = (): Bucket => ({ ticks: 0, overruns: 0, ns: 0, latenessUs: 0, computeUs: 0 });

/** How the reflex kept time in the last five seconds, from its own stamps: a late reader sees no late tick. */
export class Timing {
  readonly #periodNs: number;
  readonly #buckets = Array.from({ length: BUCKETS }, empty);
  #second = Number.NaN;
  #lastNs = Number.NaN;
  #heardNs = Number.NaN;

  /** `periodNs`: ∞ where time is stepped, and no tick can be late. */
  constructor(periodNs: number) {
    this.#periodNs = periodNs;
  }

  /** `nowNs`: when it was heard, by a clock of seconds that pass. */
  tick(t: Tick, nowNs: number): void {
    const bucket = this.#bucketAt(nowNs);
    const sinceNs = t.nowNs - this.#lastNs;
    this.#lastNs = t.nowNs;
    this.#heardNs = nowNs;
    bucket.ticks++;
    if (sinceNs > 0) bucket.ns += sinceNs;
    if (sinceNs > OVERRUN_PERIODS * this.#periodNs) bucket.overruns++;
    if (t.latenessUs > bucket.latenessUs) bucket.latenessUs = t.latenessUs;
    if (t.computeUs > bucket.computeUs) bucket.computeUs = t.computeUs;
  }

  /** A reflex begins anew: from the last tick of the old one to its first there is no period. */
  restart(): void {
    this.#lastNs = Number.NaN;
  }

  #bucketAt(nowNs: number): Bucket {
    const second = Math.floor(nowNs / 1e9);
    // Seconds without a tick are seconds all the same.
    for (let n = 0; n < Math.min(BUCKETS, second - this.#second); n++) this.#buckets[(second - n) % BUCKETS] = empty();
    if (!(second <= this.#second)) this.#second = second;
    return this.#buckets[this.#second % BUCKETS]!;
  }

  report(nowNs: number): TimingReport {
    this.#bucketAt(nowNs);
    const sum = empty();
    for (const b of this.#buckets) {
      sum.ticks += b.ticks;
      sum.overruns += b.overruns;
      sum.ns += b.ns;
      sum.latenessUs = Math.max(sum.latenessUs, b.latenessUs);
      sum.computeUs = Math.max(sum.computeUs, b.computeUs);
    }
    return {
      ticks: sum.ticks,
      overruns: sum.overruns,
      periodMs: sum.ticks > 0 ? sum.ns / sum.ticks / 1e6 : Number.NaN,
      latenessMs: sum.latenessUs / 1e3,
      computeMs: sum.computeUs / 1e3,
      silentMs: (nowNs - this.#heardNs) / 1e6,
    };
  }
}
