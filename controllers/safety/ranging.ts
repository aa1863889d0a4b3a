import type { RangeReading } from '../../src/core/signals.ts';

export interface RangingLimits {
  /** A reading that is older tells nothing any more, ns. */
  readonly ageNs: number;
  /** Largest share of beams that tell nothing. */
  readonly invalidShare: number;
}

/**
 * Whether each ranging sensor can be trusted: its newest good reading, by our receive clock. A scan is no part of a
 * state: it comes at a rate of its own and ages by itself. A reading that is blind, repeated, out of order or has no
 * usable stamp is refused whole and does not refresh freshness, so that it ends in a stop.
 */
export class Ranging {
  /** Arrival of the newest good reading of each sensor; -∞ before the first. */
  readonly receivedNs: Float64Array;
  readings = 0;
  refused = 0;
  readonly #limits: readonly RangingLimits[];
  readonly #stampNs: Float64Array;

  constructor(limits: readonly RangingLimits[]) {
    this.#limits = limits;
    this.receivedNs = new Float64Array(limits.length).fill(Number.NEGATIVE_INFINITY);
    this.#stampNs = new Float64Array(limits.length);
  }

  /** True when the reading may be used; then `use` says whether it was. */
  ingest(reading: RangeReading, use: (reading: RangeReading) => boolean): boolean {
    const good = this.#judge(reading) && use(reading);
    if (!good) {
      this.refused++;
      return false;
    }
    this.readings++;
    this.receivedNs[reading.sensor] = reading.receivedNs;
    this.#stampNs[reading.sensor] = reading.stampNs;
    return true;
  }

  #judge(r: RangeReading): boolean {
    const limits = this.#limits[r.sensor];
    if (limits === undefined || !Number.isFinite(r.stampNs) || !Number.isFinite(r.receivedNs)) return false;
    if (!(r.beams > 0 && r.invalid <= limits.invalidShare * r.beams)) return false;
    const silentNs = r.receivedNs - this.receivedNs[r.sensor]!;
    // After a silence that stopped the robot the time base of the source may have begun anew.
    return silentNs > limits.ageNs || (silentNs >= 0 && r.stampNs > this.#stampNs[r.sensor]!);
  }
}
