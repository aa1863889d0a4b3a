/** ROS time of `ns`. */
export function time(ns: number): { sec: number; nanosec: number } {
  const sec = Math.floor(ns / 1e9);
  return { sec, nanosec: Math.round(ns - sec * 1e9) };
}

/** What is not a number is NaN: `null` stands for it on the wire. */
export const numberOf = (v: unknown): number => (typeof v === 'number' ? v : Number.NaN);

/** Stamp of a message's header, ns; NaN when there is none. */
export function stampOf(message: unknown): number {
  const stamp = (message as { header?: { stamp?: { sec?: unknown; nanosec?: unknown } } } | null)?.header?.stamp;
  return numberOf(stamp?.sec) * 1e9 + numberOf(stamp?.nanosec);
}
