import { stampOf } from '../../pipeline/assemble.ts';

/** What came on one topic while we listened: rate, gaps and stamps. Bounded by how long one listens. */
export class TopicWatch {
  #count = 0;
  #firstNs = Number.NaN;
  #lastNs = Number.NaN;
  #longestNs = 0;
  #stampNs = Number.NaN;
  /** Receive time minus stamp, ns, of each message with a stamp. */
  readonly #lags: number[] = [];
  unstamped = 0;
  /** Stamps that did not advance. */
  frozen = 0;

  /** `receivedNs`: monotonic; `wallNs`: wall time of the same moment. */
  take(message: unknown, receivedNs: number, wallNs: number): void {
    if (this.#count++ === 0) this.#firstNs = receivedNs;
    else this.#longestNs = Math.max(this.#longestNs, receivedNs - this.#lastNs);
    this.#lastNs = receivedNs;
    const stampNs = stampOf(message);
    if (!(stampNs > 0)) {
      this.unstamped++;
      return;
    }
    if (stampNs <= this.#stampNs) this.frozen++;
    this.#stampNs = stampNs;
    this.#lags.push(wallNs - stampNs);
  }

  get count(): number {
    return this.#count;
  }
  /** Messages a second between the first and the last; 0 below two. */
  get hz(): number {
    return this.#count < 2 ? 0 : ((this.#count - 1) * 1e9) / (this.#lastNs - this.#firstNs);
  }
  /** Longest time between two messages, ms. */
  get longestMs(): number {
    return this.#longestNs / 1e6;
  }
  /** By how much our wall clock is ahead of the stamps in the median, s; NaN without stamps. */
  get lagS(): number {
    const sorted = [...this.#lags].sort((a, b) => a - b);
    return (sorted[Math.floor(sorted.length / 2)] ?? Number.NaN) / 1e9;
  }
  /** Between the freshest and the stalest delivery, ms; 0 without stamps. */
  get spreadMs(): number {
    if (this.#lags.length === 0) return 0;
    return (Math.max(...this.#lags) - Math.min(...this.#lags)) / 1e6;
  }
}
