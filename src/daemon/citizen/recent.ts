/** Whether a count has grown lately. */
export class Recent {
  readonly #withinNs: number;
  #count = 0;
  #grewNs = Number.NEGATIVE_INFINITY;

  constructor(withinNs: number) {
    this.#withinNs = withinNs;
  }

  /** True when `count` has grown within the time, up to `nowNs`. */
  grew(count: number, nowNs: number): boolean {
    if (count > this.#count) this.#grewNs = nowNs;
    this.#count = count;
    return nowNs - this.#grewNs <= this.#withinNs;
  }
}
