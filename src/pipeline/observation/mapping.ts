import type { Observation, ObservedImage, RobotState, SensorFrame } from '../../core/signals.ts';
import { stampOf } from '../assemble.ts';
import type { FieldSource } from './source.ts';
import type { ObservationVector } from './vector.ts';

/** Where decoded images come from; see images.ts. */
export interface ImageSource {
  readonly name: string;
  accept(frame: SensorFrame): void;
  /** The newest image that is not too old, or why there is none. */
  read(nowNs: number): ObservedImage | string;
}

export interface ObservationCounters {
  made: number;
  /** Times an observation was due and a feature was missing: there was none then. */
  missing: number;
}

export interface MappingParts {
  /** By topic. */
  readonly sources: ReadonlyMap<string, readonly FieldSource[]>;
  readonly images: ReadonlyMap<string, readonly ImageSource[]>;
  readonly base: ObservationVector;
  /** Null: the residual sees what the base sees. */
  readonly residual: ObservationVector | null;
}

/** So many decision periods without an observation are bridged; after more, histories begin anew. */
const BRIDGED = 2;

/**
 * SensorFrame, RobotState → Observation: any field of any topic, as `task.observation` says (src/core/observation-schema.ts).
 * A feature that is missing, too old or not finite makes the whole observation missing: fail closed, counted by its name.
 */
export class ObservationMapping {
  readonly baseSize: number;
  readonly residualSize: number;
  readonly counters: ObservationCounters = { made: 0, missing: 0 };
  /** How often each feature was the first to be missing. */
  readonly missingBy = new Map<string, number>();
  /** `name: why` of the last missing feature. */
  lastMissing = '';
  onMissing: ((feature: string, why: string) => void) | null = null;
  readonly #parts: MappingParts;
  readonly #images: readonly ImageSource[];
  readonly #observation: { -readonly [K in keyof Observation]: Observation[K] };
  readonly #seen: ObservedImage[];
  #index = Number.NaN;

  constructor(parts: MappingParts) {
    this.#parts = parts;
    this.#images = [...parts.images.values()].flat();
    this.#seen = new Array(this.#images.length);
    const base = parts.base.values;
    const residual = parts.residual?.values ?? base;
    this.baseSize = base.length;
    this.residualSize = residual.length;
    this.#observation = { seq: 0, stampNs: 0, receivedNs: 0, base, residual, images: this.#seen };
  }

  /** Takes what it wants out of a frame. */
  accept(frame: SensorFrame): void {
    const sources = this.#parts.sources.get(frame.topic);
    if (sources !== undefined) {
      const stampNs = stampOf(frame.message);
      for (let s = 0; s < sources.length; s++) sources[s]!.accept(frame, stampNs);
    }
    const images = this.#parts.images.get(frame.topic);
    if (images !== undefined) for (let i = 0; i < images.length; i++) images[i]!.accept(frame);
  }

  /**
   * The observation that belongs to a state, or null when a feature is missing. The object is reused: copy what you keep.
   * @param index - number of its decision period
   */
  observe(state: RobotState, index: number): Observation | null {
    const { base, residual } = this.#parts;
    const { stampNs, receivedNs } = state;
    let missing = base.prepare(stampNs, receivedNs);
    if (missing !== '') return this.#missing(base.culprit, missing);
    missing = residual === null ? '' : residual.prepare(stampNs, receivedNs);
    if (missing !== '') return this.#missing(residual!.culprit, missing);
    for (let i = 0; i < this.#images.length; i++) {
      const image = this.#images[i]!.read(receivedNs);
      if (typeof image === 'string') return this.#missing(this.#images[i]!.name, image);
      this.#seen[i] = image;
    }
    const step = index - this.#index;
    if (!(step >= 0 && step <= BRIDGED)) {
      base.clear();
      residual?.clear();
    }
    this.#index = index;
    base.commit();
    residual?.commit();
    const o = this.#observation;
    o.seq = state.seq;
    o.stampNs = stampNs;
    o.receivedNs = receivedNs;
    this.counters.made++;
    return o;
  }

  #missing(feature: string, why: string): null {
    this.counters.missing++;
    this.missingBy.set(feature, (this.missingBy.get(feature) ?? 0) + 1);
    this.lastMissing = `${feature}: ${why}`;
    this.onMissing?.(feature, why);
    return null;
  }
}
