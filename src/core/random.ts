/** Chance is injected (house rule 7): a small seeded generator, identical on every machine. */
export interface Random {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Uniform in [lo, hi). */
  range(lo: number, hi: number): number;
  /** Standard normal. */
  normal(): number;
  /** Integer in [0, n). */
  integer(n: number): number;
  /** An independent stream named by `label`: drawing from it does not move this one. */
  fork(label: string | number): Random;
}

/** Where a SeededRandom is in its stream, as JSON holds it. */
export type RandomState = readonly (number | null)[];

const mix = (h: number, k: number): number => {
  let x = Math.imul(h ^ k, 0x9e3779b1);
  x = Math.imul(x ^ (x >>> 15), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
};

/** sfc32 (PractRand, C. Doty-Humphrey), 53-bit uniforms, Box-Muller normals. */
export class SeededRandom implements Random {
  readonly #seed: number;
  #a: number;
  #b: number;
  #c: number;
  #d = 1;
  #spare = Number.NaN;

  constructor(seed: number) {
    this.#seed = seed >>> 0;
    this.#a = mix(this.#seed, 1);
    this.#b = mix(this.#seed, 2);
    this.#c = mix(this.#seed, 3);
    for (let i = 0; i < 15; i++) this.#next();
  }

  #next(): number {
    const t = (((this.#a + this.#b) | 0) + this.#d) | 0;
    this.#d = (this.#d + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + t;
    this.#c |= 0;
    return t >>> 0;
  }

  uniform(): number {
    const hi = this.#next() >>> 5;
    const lo = this.#next() >>> 6;
    return (hi * 67108864 + lo) / 9007199254740992;
  }

  range(lo: number, hi: number): number {
    return lo + (hi - lo) * this.uniform();
  }

  normal(): number {
    if (!Number.isNaN(this.#spare)) {
      const spare = this.#spare;
      this.#spare = Number.NaN;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.#spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  integer(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  get state(): RandomState {
    const spare = Number.isNaN(this.#spare) ? null : this.#spare;
    return [this.#a, this.#b, this.#c, this.#d, spare];
  }

  /** Goes on from where another of the same seed was. */
  set state(state: RandomState) {
    const [a, b, c, d] = state as readonly number[];
    this.#a = a!;
    this.#b = b!;
    this.#c = c!;
    this.#d = d!;
    this.#spare = state[4] ?? Number.NaN;
  }

  fork(label: string | number): SeededRandom {
    let h = mix(this.#seed, 0x51ed270b);
    for (const ch of String(label)) h = mix(h, ch.codePointAt(0) ?? 0);
    return new SeededRandom(h);
  }
}
