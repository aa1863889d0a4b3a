import type { ObservedTopicConfig } from '../../core/observation-schema.ts';
import type { SensorFrame } from '../../core/signals.ts';
import { LowPass } from './low-pass.ts';
import { type FieldReader, NOT_OURS, type ValueKind } from './reader.ts';
import { makeUnit, slerp } from './rotation.ts';

/** Samples kept to find the one of a stamp: half a second at 500 Hz and then some. */
const KEPT = 256;

/**
 * The latest values of one field, and which of them belongs to an observation (`sync`):
 *
 * - `hold`: the latest that came;
 * - `nearest`: of those that came within the maximum age, the one whose stamp is nearest to that of the state;
 * - `interpolate`: between the two whose stamps are around that of the state, on the arc for rotations; where nothing newer
 *   has come yet, the newest.
 *
 * Age is judged by our clock, since arrival (house rule 3); stamps only pair. A value that is older than the maximum age,
 * whose stamp is further away than that, or that is not finite is missing, and an older good one never stands in for it.
 */
export class FieldSource {
  readonly kind: ValueKind;
  readonly width: number;
  readonly #topic: string;
  readonly #reader: FieldReader;
  readonly #sync: ObservedTopicConfig['sync'];
  readonly #maxAgeNs: number;
  readonly #delayNs: number;
  readonly #lowPass: LowPass | null;
  readonly #value: Float64Array;
  readonly #values: Float64Array;
  readonly #stampNs: Float64Array;
  readonly #receivedNs: Float64Array;
  /** What was wrong with each sample; empty when nothing was. */
  readonly #faults: string[];
  #count = 0;
  #newest = -1;
  #linkEpoch = Number.NaN;

  constructor(topic: string, reader: FieldReader, time: ObservedTopicConfig, lowPassHz: number | undefined) {
    this.#topic = topic;
    this.#reader = reader;
    this.kind = reader.kind;
    this.width = reader.size;
    this.#sync = time.sync;
    this.#maxAgeNs = time.max_age_ms === 'none' ? Number.POSITIVE_INFINITY : time.max_age_ms * 1e6;
    this.#delayNs = time.delay_ms * 1e6;
    this.#lowPass = lowPassHz === undefined ? null : new LowPass(lowPassHz, reader.size);
    const kept = time.sync === 'hold' ? 1 : KEPT;
    this.#value = new Float64Array(reader.size);
    this.#values = new Float64Array(kept * reader.size);
    this.#stampNs = new Float64Array(kept);
    this.#receivedNs = new Float64Array(kept);
    this.#faults = new Array<string>(kept).fill('');
  }

  /** Takes the field out of a message of its topic. `stampNs`: the message's own, NaN when it has none. */
  accept(frame: SensorFrame, stampNs: number): void {
    if (frame.linkEpoch !== this.#linkEpoch) {
      // Nothing from before a reconnection is used (house rule 3).
      this.#linkEpoch = frame.linkEpoch;
      this.#count = 0;
      this.#newest = -1;
      this.#lowPass?.reset();
    }
    const value = this.#value;
    let fault = this.#reader.read(frame.message, value, 0);
    if (fault === NOT_OURS) return;
    if (fault === '' && this.kind !== 'vector' && !makeUnit(value, this.width - 4))
      fault = 'orientation is no unit quaternion';
    if (fault === '') this.#lowPass?.filter(Number.isNaN(stampNs) ? frame.receivedNs : stampNs, value, 0);
    const slot = (this.#newest + 1) % this.#faults.length;
    this.#values.set(value, slot * this.width);
    this.#faults[slot] = fault;
    this.#stampNs[slot] = stampNs;
    this.#receivedNs[slot] = frame.receivedNs;
    this.#newest = slot;
    if (this.#count < this.#faults.length) this.#count++;
  }

  /** Writes the value that belongs to a state of stamp `stampNs`, seen at `nowNs`. Empty, or why there is none. */
  read(stampNs: number, nowNs: number, out: Float64Array): string {
    if (this.#newest < 0) return `nothing came on ${this.#topic}`;
    if (this.#sync === 'hold') return this.#take(this.#newest, nowNs, out);
    const wantedNs = stampNs - this.#delayNs;
    if (Number.isNaN(wantedNs)) return 'the state has no stamp to pair with';
    let before = -1;
    let after = -1;
    for (let slot = 0; slot < this.#count; slot++) {
      const s = this.#stampNs[slot]!;
      if (nowNs - this.#receivedNs[slot]! > this.#maxAgeNs) continue;
      if (s <= wantedNs && (before < 0 || s > this.#stampNs[before]!)) before = slot;
      if (s >= wantedNs && (after < 0 || s < this.#stampNs[after]!)) after = slot;
    }
    if (before < 0 && after < 0) return this.#none(nowNs);
    const sinceBefore = before < 0 ? Number.POSITIVE_INFINITY : wantedNs - this.#stampNs[before]!;
    const untilAfter = after < 0 ? Number.POSITIVE_INFINITY : this.#stampNs[after]! - wantedNs;
    if (this.#sync === 'interpolate' && before >= 0 && after >= 0 && before !== after) {
      if (sinceBefore + untilAfter > this.#maxAgeNs)
        return `samples of ${this.#topic} are ${ms(sinceBefore + untilAfter)} ms apart, at most ${ms(this.#maxAgeNs)} allowed`;
      return this.#between(before, after, sinceBefore / (sinceBefore + untilAfter), out);
    }
    if (this.#sync === 'interpolate' && before < 0) return `no sample of ${this.#topic} before the time of the state`;
    const best = sinceBefore <= untilAfter ? before : after;
    const distance = Math.min(sinceBefore, untilAfter);
    if (distance > this.#maxAgeNs)
      return `the nearest stamp on ${this.#topic} is ${ms(distance)} ms away, at most ${ms(this.#maxAgeNs)} allowed`;
    return this.#take(best, nowNs, out);
  }

  #take(slot: number, nowNs: number, out: Float64Array): string {
    if (this.#faults[slot] !== '') return this.#faults[slot]!;
    if (!(nowNs - this.#receivedNs[slot]! <= this.#maxAgeNs)) return this.#none(nowNs);
    const at = slot * this.width;
    for (let i = 0; i < this.width; i++) out[i] = this.#values[at + i]!;
    return '';
  }

  #between(a: number, b: number, t: number, out: Float64Array): string {
    if (this.#faults[a] !== '') return this.#faults[a]!;
    if (this.#faults[b] !== '') return this.#faults[b]!;
    const w = this.width;
    const linear = this.kind === 'vector' ? w : w - 4;
    for (let i = 0; i < linear; i++) {
      const from = this.#values[a * w + i]!;
      out[i] = from + t * (this.#values[b * w + i]! - from);
    }
    if (linear < w) slerp(this.#values, a * w + linear, this.#values, b * w + linear, t, out, linear);
    return '';
  }

  #none(nowNs: number): string {
    const age = ms(nowNs - this.#receivedNs[this.#newest]!);
    return `the latest on ${this.#topic} is ${age} ms old, at most ${ms(this.#maxAgeNs)} allowed`;
  }
}

const ms = (ns: number): number => Number((ns / 1e6).toPrecision(4));
