/** Points of a time line: more would not be seen on a screen, and the file stays small. */
const POINTS = 20_000;

/** Keeps at most 2 · POINTS of what it is given: when there are so many, of each two neighbours the worse one stays. */
export class Thinned<T> {
  readonly #badness: (point: T) => number;
  #points: T[] = [];
  #every = 1;
  #pending: T | null = null;
  #n = 0;

  /** @param badness the larger, the more there is to see: no peak is lost */
  constructor(badness: (point: T) => number) {
    this.#badness = badness;
  }

  get points(): readonly T[] {
    return this.#pending === null ? this.#points : [...this.#points, this.#pending];
  }

  add(point: T): void {
    this.#pending = this.#pending === null ? point : this.#worse(this.#pending, point);
    if (++this.#n % this.#every !== 0) return;
    this.#points.push(this.#pending);
    this.#pending = null;
    if (this.#points.length < 2 * POINTS) return;
    this.#every *= 2;
    this.#points = this.#points.flatMap((p, i, all) => (i % 2 === 0 ? [this.#worse(p, all[i + 1] ?? p)] : []));
  }

  #worse(a: T, b: T): T {
    return this.#badness(b) > this.#badness(a) ? b : a;
  }
}

/** A number as a time line has it: six digits, NaN where there is none. */
export const rounded = (v: number) => (Number.isFinite(v) ? Number(v.toPrecision(6)) : Number.NaN);
