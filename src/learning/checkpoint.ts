import { readSafetensors, writeSafetensors } from '../../policies/kernels/safetensors.ts';
import type { RandomState } from '../core/random.ts';

/** What JSON holds exactly. */
export type Numbers = Record<string, number | RandomState>;

/** Something that can be stopped and gone on with, bit for bit. */
export interface Persistent {
  /** Counters and the like. Set before `arrays` is read again: how long those are may depend on it. */
  numbers: Numbers;
  /** Live views: copied when saved, written into when restored. */
  readonly arrays: Record<string, Float32Array>;
  /** Told when both are back. */
  restored?(): void;
}

export type Parts = Record<string, Persistent>;

/** A file of everything: a .safetensors with the arrays of all parts, and their numbers as metadata. */
export function writeCheckpoint(parts: Parts, about: Record<string, string>): Uint8Array {
  const numbers = Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, part.numbers]));
  const tensors = new Map(
    Object.entries(parts).flatMap(([name, part]) =>
      Object.entries(part.arrays).map(([array, data]) => [`${name}.${array}`, { shape: [data.length], data }] as const),
    ),
  );
  return writeSafetensors({ metadata: { ...about, numbers: JSON.stringify(numbers) }, tensors });
}

/**
 * Puts everything back; returns what was said about it. The parts must be made with the same options as those that were
 * saved. @throws ReflexArcError RA_WEIGHTS_UNREADABLE; Error where an array is missing or of another length
 */
export function readCheckpoint(bytes: Uint8Array, parts: Parts, file: string): Readonly<Record<string, string>> {
  const { metadata, tensors } = readSafetensors(bytes, file);
  const numbers = JSON.parse(metadata.numbers ?? '{}') as Record<string, Numbers | undefined>;
  for (const [name, part] of Object.entries(parts)) {
    const held = numbers[name];
    if (held === undefined) throw new Error(`${file}: no ${name}; it holds ${Object.keys(numbers).join(', ')}`);
    part.numbers = held;
    for (const [array, to] of Object.entries(part.arrays)) {
      const from = tensors.get(`${name}.${array}`)?.data;
      if (from?.length !== to.length)
        throw new Error(`${file}: ${name}.${array} of ${from?.length ?? 'no'} numbers; allowed: ${to.length}`);
      to.set(from);
    }
    part.restored?.();
  }
  return metadata;
}
