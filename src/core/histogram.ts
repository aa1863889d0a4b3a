/** Fixed logarithmic buckets: bounded memory, no sampling, no allocation when recording. 5 % resolution. */
const PER_DECADE = 48;
const DECADES = 9;
const BUCKETS = PER_DECADE * DECADES + 2;

export interface Quantiles {
  p50: number;
  p99: number;
  max: number;
}

/** Counts non-negative values from `unit` to `unit`·10⁹; what lies outside goes to the end buckets. */
export class Histogram {
  readonly #counts = new Uint32Array(BUCKETS);
  readonly #unit: number;
  #count = 0;
  #max = 0;

  constructor(unit = 0.01) {
    this.#unit = unit;
  }

  get count(): number {
    return this.#count;
  }

  record(value: number): void {
    const at = value <= this.#unit ? 0 : 1 + Math.floor(Math.log10(value / this.#unit) * PER_DECADE);
    const bucket = at < BUCKETS ? at : BUCKETS - 1;
    this.#counts[bucket] = this.#counts[bucket]! + 1;
    this.#count++;
    if (value > this.#max) this.#max = value;
  }

  /** Upper edge of the bucket that holds the q-quantile; 0 when empty. */
  quantile(q: number): number {
    if (this.#count === 0) return 0;
    const rank = Math.ceil(q * this.#count);
    let seen = 0;
    for (let i = 0; i < BUCKETS; i++) {
      seen += this.#counts[i]!;
      if (seen >= rank) return Math.min(this.#unit * 10 ** (i / PER_DECADE), this.#max);
    }
    return this.#max;
  }

  quantiles(): Quantiles {
    const round = (v: number) => Number(v.toPrecision(4));
    return { p50: round(this.quantile(0.5)), p99: round(this.quantile(0.99)), max: round(this.#max) };
  }

  clear(): void {
    this.#counts.fill(0);
    this.#count = 0;
    this.#max = 0;
  }
}
