/**
 * Reading the numbers of one path out of a message, without parsing anything: the keys are ready, in order. A number
 * that is missing or not finite is written as NaN and said by name; nothing is ever filled with 0 or an old value.
 */
export type Key = string | number;

/** What the numbers are: `pose` is a position and a quaternion, x y z and x y z w. */
export type ValueKind = 'vector' | 'quaternion' | 'pose';
export const VALUE_SIZE = { quaternion: 4, pose: 7 } as const;

/** Said of a message that holds none of the joints wanted: another driver's, on the same topic. */
export const NOT_OURS = 'holds none of these joints';

export interface FieldReader {
  readonly kind: ValueKind;
  readonly size: number;
  /** Writes `size` numbers. Empty when all are good; {@link NOT_OURS}; else what is wrong, by name. */
  read(message: unknown, out: Float64Array, at: number): string;
}

/** Fixed places in the message: `keys[i]` leads to number i. */
export function placesReader(kind: ValueKind, keys: readonly (readonly Key[])[]): FieldReader {
  return {
    kind,
    size: keys.length,
    read(message, out, at) {
      let fault = '';
      for (let i = 0; i < keys.length; i++) {
        const seen = follow(message, keys[i]!);
        const value = numberOf(seen);
        out[at + i] = value;
        if (fault === '' && !Number.isFinite(value)) fault = `${shownKeys(keys[i]!)} is ${shown(seen)}`;
      }
      return fault;
    },
  };
}

/**
 * Elements of `array` by the names in its sibling `names`, in the order asked for, whatever the message's order. Names are
 * looked up in every message, never remembered; one that is missing or there twice is refused.
 */
export function namedReader(
  parent: readonly Key[],
  array: string,
  names: string,
  wanted: readonly string[],
): FieldReader {
  const label = shownKeys([...parent, array]);
  return {
    kind: 'vector',
    size: wanted.length,
    read(message, out, at) {
      const holder = follow(message, parent) as Record<string, unknown> | null | undefined;
      const seen = holder?.[names];
      const values = holder?.[array];
      for (let i = 0; i < wanted.length; i++) out[at + i] = Number.NaN;
      if (!Array.isArray(seen)) return `${shownKeys([...parent, names])} is ${shown(seen)}`;
      if (!isList(values)) return `${label} is ${shown(values)}`;
      let fault = '';
      let found = 0;
      for (let i = 0; i < wanted.length; i++) {
        const name = wanted[i]!;
        const index = seen.indexOf(name);
        if (index < 0) {
          if (fault === '') fault = `${label}[${name}] is missing`;
          continue;
        }
        found++;
        if (seen.indexOf(name, index + 1) >= 0) {
          if (fault === '') fault = `${label}[${name}] is there twice`;
          continue;
        }
        const value = numberOf(values[index]);
        out[at + i] = value;
        if (fault === '' && !Number.isFinite(value)) fault = `${label}[${name}] is ${shown(values[index])}`;
      }
      return found === 0 ? NOT_OURS : fault;
    },
  };
}

function follow(message: unknown, keys: readonly Key[]): unknown {
  let at = message;
  for (let k = 0; k < keys.length; k++) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Record<Key, unknown>)[keys[k]!];
  }
  return at;
}

/** `null` stands for NaN on the wire; text and sections are no numbers. */
function numberOf(v: unknown): number {
  if (typeof v === 'number') return v;
  if (typeof v === 'boolean') return v ? 1 : 0;
  return typeof v === 'bigint' ? Number(v) : Number.NaN;
}

const isList = (v: unknown): v is ArrayLike<unknown> =>
  Array.isArray(v) || (ArrayBuffer.isView(v) && !(v instanceof DataView));

function shown(v: unknown): string {
  if (v === undefined) return 'missing';
  if (v === null || Number.isNaN(v)) return 'not a number (NaN)';
  if (typeof v === 'string') return 'text';
  return typeof v === 'object' ? 'no number' : String(v);
}

const shownKeys = (keys: readonly Key[]): string =>
  keys.reduce<string>((s, k) => (typeof k === 'number' ? `${s}[${k}]` : s === '' ? k : `${s}.${k}`), '');
