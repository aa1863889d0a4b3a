/** Messages after which a flow counts as a stream, whose end means something. */
const STREAM = 20;
/** A stream is silent when nothing comes for so many of its longest gaps. */
const GAPS = 10;

/**
 * Age of the data on one connection. A server that answers every ping may still have stopped to send: its ROS side hangs,
 * or a publisher came back with another quality of service and the subscription no longer fits. Only a stream is judged,
 * by its own rhythm; what is said now and then is not missed.
 */
export class Silence {
  readonly #limitNs: number;
  #count = 0;
  #lastNs = Number.NaN;
  #longestNs = 0;

  constructor(limitNs: number) {
    this.#limitNs = limitNs;
  }

  /** A fresh connection. */
  restart(): void {
    this.#count = 0;
    this.#lastNs = Number.NaN;
    this.#longestNs = 0;
  }

  heard(nowNs: number): void {
    const gap = nowNs - this.#lastNs;
    if (gap > this.#longestNs) this.#longestNs = gap;
    this.#lastNs = nowNs;
    this.#count++;
  }

  /** ns for which a stream has been silent beyond its limit; 0 while it has not, and when there is none. */
  tooLong(nowNs: number): number {
    const age = nowNs - this.#lastNs;
    return this.#count >= STREAM && age > Math.max(this.#limitNs, GAPS * this.#longestNs) ? age : 0;
  }
}
