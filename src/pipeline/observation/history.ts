/** The last `length` rows, oldest first; at the start the first row stands for those that were not there yet. */
export class History {
  readonly values: Float64Array;
  readonly #width: number;
  #empty = true;

  constructor(length: number, width: number) {
    this.values = new Float64Array(length * width);
    this.#width = width;
  }

  clear(): void {
    this.#empty = true;
  }

  /** Appends `row`; all of it is then in `values`. */
  push(row: Float64Array): void {
    const width = this.#width;
    if (this.#empty) for (let at = 0; at < this.values.length; at += width) this.values.set(row, at);
    else {
      this.values.copyWithin(0, width);
      this.values.set(row, this.values.length - width);
    }
    this.#empty = false;
  }
}
