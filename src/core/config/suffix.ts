/**
 * Unit suffixes of config keys: name, what it measures, and its size in the SI unit of that. A key whose unit is SI
 * base (m, rad, N, s …) carries no suffix, see config-schema.ts.
 */
const SUFFIXES: ReadonlyMap<string, { of: string; size: number }> = new Map([
  ['s', { of: 'time', size: 1 }],
  ['sec', { of: 'time', size: 1 }],
  ['ms', { of: 'time', size: 1e-3 }],
  ['us', { of: 'time', size: 1e-6 }],
  ['ns', { of: 'time', size: 1e-9 }],
  ['hz', { of: 'rate', size: 1 }],
  ['khz', { of: 'rate', size: 1e3 }],
  ['m', { of: 'length', size: 1 }],
  ['cm', { of: 'length', size: 1e-2 }],
  ['mm', { of: 'length', size: 1e-3 }],
  ['rad', { of: 'angle', size: 1 }],
  ['deg', { of: 'angle', size: Math.PI / 180 }],
  ['n', { of: 'force', size: 1 }],
  ['nm', { of: 'torque', size: 1 }],
  ['bytes', { of: 'data', size: 1 }],
  ['kb', { of: 'data', size: 1e3 }],
  ['mb', { of: 'data', size: 1e6 }],
  ['gb', { of: 'data', size: 1e9 }],
]);

function split(key: string): { stem: string; suffix: string } {
  const at = key.lastIndexOf('_');
  const suffix = at > 0 ? key.slice(at + 1).toLowerCase() : '';
  return SUFFIXES.has(suffix) ? { stem: key.slice(0, at), suffix } : { stem: key, suffix: '' };
}

export interface WrongUnit {
  /** The key that exists. */
  readonly key: string;
  /** Unit that the key is in: its suffix, or `SI` where it carries none. */
  readonly unit: string;
  /** The value as that key wants it, where the two units convert. */
  readonly value: number | undefined;
}

/** The key of `allowed` that differs from `key` in nothing but its unit suffix, e.g. `state_age_s` for `state_age_ms`. */
export function wrongUnit(key: string, value: unknown, allowed: readonly string[]): WrongUnit | undefined {
  const seen = split(key);
  for (const candidate of allowed) {
    const right = split(candidate);
    if (right.stem !== seen.stem || right.suffix === seen.suffix) continue;
    const from = SUFFIXES.get(seen.suffix);
    const to = SUFFIXES.get(right.suffix);
    // Without a suffix the key is in the SI unit of whatever it measures: size 1.
    const converts = from !== undefined && (to === undefined || to.of === from.of);
    const converted = converts && typeof value === 'number' ? (value * from.size) / (to?.size ?? 1) : Number.NaN;
    return {
      key: candidate,
      unit: right.suffix || 'SI',
      value: Number.isFinite(converted) ? Number(converted.toPrecision(12)) : undefined,
    };
  }
  return undefined;
}
