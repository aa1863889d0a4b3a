/** Time as it passes here, and a way to wait. */
export interface Timing {
  nowNs(): number;
  /** Ends early, and never rejects, when `signal` fires. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** Messages that may go out one after another before sockets and signals have their turn. */
const AT_ONCE = 32;
/** Without a pace: whoever takes nothing for so long is waited for no longer, until it has caught up. */
const PATIENCE_MS = 1000;

/** Gives every moment of a log its place in the time that passes here. */
export class Pacer {
  readonly #speed: number;
  readonly #timing: Timing;
  readonly #taken: () => boolean;
  #logNs = 0n;
  #startNs = 0;
  #atOnce = 0;
  #patient = true;

  /**
   * @param speed seconds of the log in a second; Infinity: no pace but that of the slowest who listens
   * @param taken all that was said has gone out; asked only without a pace
   */
  constructor(speed: number, timing: Timing, taken: () => boolean = () => true) {
    this.#speed = speed;
    this.#timing = timing;
    this.#taken = taken;
  }

  /** The moment `logNs` of the log is now. */
  begin(logNs: bigint): void {
    this.#logNs = logNs;
    this.#startNs = this.#timing.nowNs();
  }

  /** Waits until that moment of the log; one that has gone by is now. */
  async until(logNs: bigint, signal: AbortSignal): Promise<void> {
    const dueNs = this.#startNs + Number(logNs - this.#logNs) / this.#speed;
    let slept = false;
    for (;;) {
      const leftNs = dueNs - this.#timing.nowNs();
      if (leftNs <= 0 || signal.aborted) break;
      await this.#timing.sleep(leftNs / 1e6, signal);
      slept = true;
    }
    if (slept) this.#atOnce = 0;
    else if (++this.#atOnce >= AT_ONCE) await this.#pause(signal);
  }

  async #pause(signal: AbortSignal): Promise<void> {
    this.#atOnce = 0;
    await this.#timing.sleep(0, signal);
    if (this.#speed !== Number.POSITIVE_INFINITY) return;
    if (this.#taken()) this.#patient = true;
    for (let ms = 0; this.#patient && !signal.aborted && !this.#taken(); ms++) {
      if (ms >= PATIENCE_MS) this.#patient = false;
      await this.#timing.sleep(1, signal);
    }
  }
}
