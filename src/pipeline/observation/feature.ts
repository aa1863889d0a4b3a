import type { RotationForm } from '../../core/observation-schema.ts';
import { History } from './history.ts';
import { type Normalisation, normalise } from './normalise.ts';
import { makeUnit, ROTATION_SIZE, relativeTo, writeRotation } from './rotation.ts';
import type { FieldSource } from './source.ts';

export interface FeatureProgram {
  readonly name: string;
  readonly source: FieldSource;
  /** What it is relative to; of the same kind and width as the source. */
  readonly reference: FieldSource | null;
  /** Size of the source's unit in SI; of a pose, of its position. */
  readonly unit: number | null;
  readonly rotation: RotationForm;
  readonly positiveW: boolean;
  readonly scale: Float64Array | null;
  readonly offset: Float64Array | null;
  readonly normalisation: Normalisation | null;
  readonly history: number;
}

/** Numbers of one value of a source, once its rotation is in the form asked for. */
export const featureWidth = (source: FieldSource, rotation: RotationForm): number =>
  source.kind === 'vector' ? source.width : source.width - 4 + ROTATION_SIZE[rotation];

/**
 * One feature of a vector. Order of the steps: unit, minus, rotation, scale, offset, normalise, history. A step that is not
 * configured does nothing to the bits.
 */
export class Feature {
  readonly name: string;
  /** Numbers it puts into the vector. */
  readonly size: number;
  readonly #p: FeatureProgram;
  readonly #value: Float64Array;
  readonly #relative: Float64Array;
  readonly #out: Float64Array;
  readonly #history: History;

  constructor(program: FeatureProgram) {
    const { source, rotation, history, name } = program;
    this.name = name;
    this.#p = program;
    this.#value = new Float64Array(source.width);
    this.#relative = new Float64Array(source.width);
    this.#out = new Float64Array(featureWidth(source, rotation));
    this.#history = new History(history, this.#out.length);
    this.size = this.#history.values.length;
  }

  /** Works out the value for a state; empty, or why there is none. Nothing of the history changes yet. */
  prepare(stampNs: number, nowNs: number): string {
    const { source, reference, unit, rotation, positiveW, scale, offset, normalisation } = this.#p;
    const value = this.#value;
    const out = this.#out;
    const missing = source.read(stampNs, nowNs, value);
    if (missing !== '') return missing;
    const linear = source.kind === 'vector' ? source.width : source.width - 4;
    if (unit !== null) for (let i = 0; i < linear; i++) value[i] = value[i]! * unit;
    if (reference !== null) {
      const relative = this.#relative;
      const missing = reference.read(stampNs, nowNs, relative);
      if (missing !== '') return missing;
      for (let i = 0; i < linear; i++) value[i] = value[i]! - (unit === null ? relative[i]! : relative[i]! * unit);
      if (linear < value.length) relativeTo(relative, linear, value, linear);
    }
    for (let i = 0; i < linear; i++) out[i] = value[i]!;
    if (linear < value.length) {
      if (!makeUnit(value, linear)) return 'orientation is no unit quaternion';
      if (positiveW && value[linear + 3]! < 0) for (let i = linear; i < linear + 4; i++) value[i] = -value[i]!;
      writeRotation(rotation, value, linear, out, linear);
    }
    if (scale !== null) for (let i = 0; i < out.length; i++) out[i] = out[i]! * scale[i]!;
    if (offset !== null) for (let i = 0; i < out.length; i++) out[i] = out[i]! + offset[i]!;
    if (normalisation !== null) normalise(normalisation, out);
    for (let i = 0; i < out.length; i++) if (!Number.isFinite(out[i])) return `element ${i} is not finite`;
    return '';
  }

  /** Takes the prepared value into the history and writes `size` numbers. */
  commit(into: Float64Array, at: number): void {
    this.#history.push(this.#out);
    into.set(this.#history.values, at);
  }

  clear(): void {
    this.#history.clear();
  }
}
