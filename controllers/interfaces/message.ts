/** ROS time of `ns`. */
export function time(ns: number): { sec: number; nanosec: number } {
  const sec = Math.floor(ns / 1e9);
  return { sec, nanosec: Math.round(ns - sec * 1e9) };
}

/** What is not a number is NaN: `null` stands for it on the wire. */
export const numberOf = (v: unknown): number => (typeof v === 'number' ? v : Number.NaN);

/** An array of `n` as numbers, what is not a number NaN; null for anything else. */
export const numbersOf = (v: unknown, n: number): Float64Array | null =>
  Array.isArray(v) && v.length === n ? Float64Array.from(v, numberOf) : null;

/** True for these names in this order. */
export const sameNames = (v: unknown, names: readonly string[]): boolean =>
  Array.isArray(v) && v.length === names.length && names.every((name, i) => v[i] === name);

/** Stamp of a message's header, ns; NaN when there is none. */
export function stampOf(message: unknown): number {
  const stamp = (message as { header?: { stamp?: { sec?: unknown; nanosec?: unknown } } } | null)?.header?.stamp;
  return numberOf(stamp?.sec) * 1e9 + numberOf(stamp?.nanosec);
}
