/**
 * Keeps the actor where it is until the critic has settled (Silver et al. 2018, Residual Policy Learning): a gradient of an
 * unlearned critic takes a residual away from a base that works. Settled: the mean loss of one window differs from that
 * of the window before by at most `change` of it.
 */
export interface BurnInOptions {
  /** Critic updates of one window. */
  window: number;
  /** Largest relative change. */
  change: number;
  /** Updates after which it ends whatever the loss does. */
  most: number;
}

export class BurnIn {
  /** Why it ended; empty while it lasts. */
  reason = '';
  updates = 0;
  readonly #options: BurnInOptions;
  #sum = 0;
  #before = Number.NaN;

  constructor(options: BurnInOptions) {
    this.#options = options;
    if (options.most === 0) this.reason = 'not asked for';
  }

  get over(): boolean {
    return this.reason !== '';
  }

  /** Tells the loss of one more update. */
  see(loss: number): void {
    if (this.over) return;
    const { window, change, most } = this.#options;
    this.updates++;
    this.#sum += loss / window;
    if (this.updates % window === 0) {
      const moved = Math.abs(this.#sum - this.#before) / this.#before;
      if (moved <= change)
        this.reason = `the critic's loss moved by ${(100 * moved).toFixed(0)} % over ${window} updates`;
      this.#before = this.#sum;
      this.#sum = 0;
    }
    if (!this.over && this.updates >= most) this.reason = `${most} updates, though the loss still moves`;
  }

  get numbers(): { updates: number; over: number; sum: number; before: number } {
    const before = Number.isNaN(this.#before) ? -1 : this.#before;
    return { updates: this.updates, over: this.over ? 1 : 0, sum: this.#sum, before };
  }

  set numbers(n) {
    this.updates = n.updates;
    this.reason = n.over === 1 ? 'ended before' : '';
    this.#sum = n.sum;
    this.#before = n.before < 0 ? Number.NaN : n.before;
  }
}
