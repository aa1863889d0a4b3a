import type { Feature } from './feature.ts';
import { History } from './history.ts';
import { type Normalisation, normalise } from './normalise.ts';

/** Features in their order, normalised as a whole, with whole vectors of the past before it. */
export class ObservationVector {
  /** The vector of the last `commit`, oldest first. Reused. */
  readonly values: Float64Array;
  /** Feature that the last failed `prepare` lacked. */
  culprit = '';
  readonly #features: readonly Feature[];
  readonly #normalisation: Normalisation | null;
  readonly #row: Float64Array;
  readonly #history: History;

  constructor(features: readonly Feature[], normalisation: Normalisation | null, history: number) {
    this.#features = features;
    this.#normalisation = normalisation;
    this.#row = new Float64Array(features.reduce((sum, f) => sum + f.size, 0));
    this.#history = new History(history, this.#row.length);
    this.values = this.#history.values;
  }

  /** Empty when all features have a value; else why the first that lacks one does. */
  prepare(stampNs: number, nowNs: number): string {
    for (let f = 0; f < this.#features.length; f++) {
      const feature = this.#features[f]!;
      const missing = feature.prepare(stampNs, nowNs);
      if (missing === '') continue;
      this.culprit = feature.name;
      return missing;
    }
    return '';
  }

  commit(): void {
    let at = 0;
    for (let f = 0; f < this.#features.length; f++) {
      const feature = this.#features[f]!;
      feature.commit(this.#row, at);
      at += feature.size;
    }
    if (this.#normalisation !== null) normalise(this.#normalisation, this.#row);
    this.#history.push(this.#row);
  }

  clear(): void {
    for (const feature of this.#features) feature.clear();
    this.#history.clear();
  }
}
