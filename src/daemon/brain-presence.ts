/**
 * The brain as the reflex knows it: connected since when, and whether it has decided since then. Connected is not enough to be engaged: who has
 * just come may still be loading or waiting for an observation, and ENGAGING would run into its `decision_missing`.
 */
export class BrainPresence {
  #sinceNs = Number.NaN;
  #decided = false;

  /** It has decided since it is here. */
  get decides(): boolean {
    return this.#decided;
  }

  /** When it connected; NaN while it is not there. */
  get sinceNs(): number {
    return this.#sinceNs;
  }

  came(nowNs: number): void {
    this.#sinceNs = nowNs;
    this.#decided = false;
  }

  /** It has sent a decision, whatever the gate makes of it. */
  decided(): void {
    this.#decided = !Number.isNaN(this.#sinceNs);
  }

  gone(): void {
    this.#sinceNs = Number.NaN;
    this.#decided = false;
  }

  /** Why nothing is to be engaged now, as the gate says what is not clear; empty where it may. */
  get forbids(): string {
    if (Number.isNaN(this.#sinceNs)) return 'brain_lost: the brain process is gone';
    return this.#decided ? '' : 'decision_missing: the brain has not decided yet since it is here';
  }
}
