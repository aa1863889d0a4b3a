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
  updates = 0;
  readonly #options: BurnInOptions;
  #sum = 0;
  #before = Number.NaN;
  #over = false;
  /** Relative change that it ended by; NaN while it lasts, and where it ended in time. */
  #moved = Number.NaN;

  constructor(options: BurnInOptions) {
    this.#options = options;
    this.#over = options.most === 0;
  }

  get over(): boolean {
    return this.#over;
  }

  /** Why it ended; empty while it lasts. */
  get reason(): string {
    if (!this.#over) return '';
    const { window, most } = this.#options;
    if (most === 0) return 'not asked for';
    if (Number.isNaN(this.#moved)) return 'the most that was allowed, though the loss still moves';
    return `the critic's loss moved by ${(100 * this.#moved).toFixed(0)} % over ${window} updates`;
  }

  /** Tells the loss of one more update. */
  see(loss: number): void {
    if (this.#over) return;
    const { window, change, most } = this.#options;
    this.updates++;
    this.#sum += loss / window;
    if (this.updates % window === 0) {
      const moved = Math.abs(this.#sum - this.#before) / this.#before;
      if (moved <= change) {
        this.#moved = moved;
        this.#over = true;
      }
      this.#before = this.#sum;
      this.#sum = 0;
    }
    if (this.updates >= most) this.#over = true;
  }

  get numbers(): { updates: number; over: number; sum: number; before: number; moved: number } {
    const [before, moved] = [this.#before, this.#moved].map((v) => (Number.isNaN(v) ? -1 : v)) as [number, number];
    return { updates: this.updates, over: this.#over ? 1 : 0, sum: this.#sum, before, moved };
  }

  set numbers(n) {
    this.updates = n.updates;
    this.#over = n.over === 1;
    this.#sum = n.sum;
    this.#before = n.before < 0 ? Number.NaN : n.before;
    // Checkpoints of before did not hold it.
    this.#moved = n.moved >= 0 ? n.moved : Number.NaN;
  }
}
