/** Messages after which a flow counts as a stream, whose end means something. */
const STREAM = 20;
/** A stream is silent when nothing comes for so many of its longest gaps. */
const GAPS = 10;

/**
 * Age of the data of one connection, or of one topic on it. A server that answers every ping may still have stopped to send: its ROS side hangs,
 * or a publisher came back with another quality of service and the subscription no longer fits. Only a stream is judged,
 * by its own rhythm; what is said now and then is not missed.
 */
export class Silence {
  readonly #limitNs: number;
  #count = 0;
  #lastNs = Number.NaN;
  #longestNs = 0;
  /** Messages at the last look that found it silent. */
  #suspectedAt = -1;

  constructor(limitNs: number) {
    this.#limitNs = limitNs;
  }

  /** A fresh connection. */
  restart(): void {
    this.#count = 0;
    this.#lastNs = Number.NaN;
    this.#longestNs = 0;
    this.#suspectedAt = -1;
  }

  heard(nowNs: number): void {
    const gap = nowNs - this.#lastNs;
    if (gap > this.#longestNs) this.#longestNs = gap;
    this.#lastNs = nowNs;
    this.#count++;
  }

  /** Nothing has come since the last restart. */
  get none(): boolean {
    return this.#count === 0;
  }

  /**
   * ns for which a stream has been silent beyond its limit; 0 while it has not, and when there is none. To be asked again and
   * again: after a stall of our own the first look comes before what waits to be read, so that only the second tells.
   */
  tooLong(nowNs: number): number {
    const age = nowNs - this.#lastNs;
    if (this.#count < STREAM || !(age > Math.max(this.#limitNs, GAPS * this.#longestNs))) return 0;
    const again = this.#suspectedAt === this.#count;
    this.#suspectedAt = this.#count;
    return again ? age : 0;
  }
}
