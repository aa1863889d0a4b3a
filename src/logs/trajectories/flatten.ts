/** A vector of a ROS message. */
export interface Vector {
  /** Path of the field or of the group of numbers, after the topic: `.position`, `.wrench.force`, or ''. */
  readonly path: string;
  readonly entries: readonly string[];
  readonly values: Float64Array;
}

type Fields = Record<string, unknown>;

/** Left out: a stamp is no measurement, bytes are images and blobs. */
const HEADER = 'header';
const isTime = (value: Fields) => 'sec' in value && ('nsec' in value || 'nanosec' in value);
const isBytes = (value: unknown) => value instanceof Uint8Array || value instanceof Int8Array;

/**
 * The numbers of a decoded ROS message as vectors. Single numbers that stand side by side are one vector, named by their
 * fields (`.wrench.force`: x, y, z); an array of numbers is one of its own (`.position`), named by `name` or `joint_names`
 * where that is as long, as in JointState and JointTrajectory. MultiArrays lose their `.data`; a layout with one dimension
 * whose label is a JSON array names the entries (as `import` writes it). Headers, times, texts and bytes are left out;
 * `skip` is told of lists of messages, which have no fixed shape. Integers beyond 2^53 are rounded.
 */
export function vectorsOf(message: Fields, skip: (path: string) => void): Vector[] {
  const out: Vector[] = [];
  const array = 'layout' in message && ArrayBuffer.isView(message.data) && !isBytes(message.data);
  if (array) {
    const values = toFloats(message.data as ArrayLike<number | bigint>);
    if (values.length > 0) out.push({ path: '', entries: labels(message.layout, values.length), values });
  } else collect(message, '', out, skip);
  return out;
}

function collect(message: Fields, path: string, out: Vector[], skip: (path: string) => void): void {
  const names: string[] = [];
  const scalars: number[] = [];
  const own = out.length;
  for (const [field, value] of Object.entries(message)) {
    const at = `${path}.${field}`;
    if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') {
      names.push(field);
      scalars.push(Number(value));
    } else if (field === HEADER || value === null || typeof value !== 'object' || isBytes(value)) continue;
    else if (ArrayBuffer.isView(value) || Array.isArray(value)) {
      const list = value as ArrayLike<unknown>;
      if (list.length === 0) continue;
      const first = list[0];
      if (typeof first === 'object') skip(at);
      else if (typeof first !== 'string')
        out.push({ path: at, ...named(message, toFloats(list as ArrayLike<number>)) });
    } else if (!isTime(value as Fields)) collect(value as Fields, at, out, skip);
  }
  if (scalars.length > 0) out.splice(own, 0, { path, entries: names, values: Float64Array.from(scalars) });
}

const numbered = (n: number) => Array.from({ length: n }, (_, i) => String(i));

function named(message: Fields, values: Float64Array): Omit<Vector, 'path'> {
  const names = (message.name ?? message.joint_names) as unknown;
  const fit = Array.isArray(names) && names.length === values.length && names.every((n) => typeof n === 'string');
  return { entries: fit ? (names as string[]) : numbered(values.length), values };
}

function labels(layout: unknown, n: number): readonly string[] {
  const dim = (layout as { dim?: { label: string }[] }).dim ?? [];
  if (dim.length !== 1 || !dim[0]!.label.startsWith('[')) return numbered(n);
  try {
    const entries = JSON.parse(dim[0]!.label) as unknown;
    if (Array.isArray(entries) && entries.length === n && entries.every((e) => typeof e === 'string')) return entries;
  } catch {
    // Somebody else's label.
  }
  return numbered(n);
}

function toFloats(list: ArrayLike<unknown>): Float64Array {
  const out = new Float64Array(list.length);
  for (let i = 0; i < out.length; i++) out[i] = Number(list[i]);
  return out;
}
