/**
 * Paths of the observation mapping: `/joint_states.position[panda_joint1..7]`.
 *
 *   path     = topic ("." field [ "[" selector "]" ])+
 *   selector = "*" | item ("," item)*        all of the robot's joints, or elements one by one
 *   item     = 3 | 0..6 | name | name1..7    an index, indices, a name, names that end in a number
 */
export interface Step {
  readonly field: string;
  readonly select: Selector | null;
}
export type Selector =
  | { readonly kind: 'indices'; readonly indices: readonly number[] }
  | { readonly kind: 'names'; readonly names: readonly string[] }
  | { readonly kind: 'joints' };

export interface FieldPath {
  readonly text: string;
  readonly topic: string;
  readonly steps: readonly Step[];
}

/** What is wrong with a path, in words that continue it: `… has no field posittion`. */
export class PathComplaint extends Error {}

/** A range that names more elements than any robot has. */
const MAX_ELEMENTS = 256;

/** @throws PathComplaint */
export function parsePath(text: string): FieldPath {
  const dot = text.indexOf('.');
  if (!text.startsWith('/') || dot < 2 || dot === text.length - 1)
    throw new PathComplaint('is not a topic and a field, like /ee_pose.pose.position');
  return { text, topic: text.slice(0, dot), steps: splitSteps(text.slice(dot + 1)).map(parseStep) };
}

/** Splits at dots outside brackets: a range has dots too. */
function splitSteps(text: string): string[] {
  const steps: string[] = [];
  let from = 0;
  let open = false;
  for (let i = 0; i <= text.length; i++) {
    const c = text[i];
    if (c === '[') open = true;
    else if (c === ']') open = false;
    else if (c === undefined || (c === '.' && !open)) {
      steps.push(text.slice(from, i));
      from = i + 1;
    }
  }
  return steps;
}

function parseStep(text: string): Step {
  const found = /^([A-Za-z_]\w*)(?:\[([^[\]]*)\])?$/.exec(text);
  if (found === null) throw new PathComplaint(`has \`${text}\` where a field belongs, like position or position[0..6]`);
  const [, field, selector] = found;
  return { field: field!, select: selector === undefined ? null : parseSelector(selector) };
}

function parseSelector(text: string): Selector {
  if (text.trim() === '*') return { kind: 'joints' };
  const items = text.split(',').map((item) => item.trim());
  const found = items.flatMap(parseItem);
  if (found.length > MAX_ELEMENTS)
    throw new PathComplaint(`names ${found.length} elements in [${text}], at most ${MAX_ELEMENTS} are taken`);
  const twice = found.find((item, i) => found.indexOf(item) !== i);
  if (twice !== undefined) throw new PathComplaint(`names ${twice} twice in [${text}]`);
  const numbers = found.filter((item) => typeof item === 'number');
  if (numbers.length === found.length) return { kind: 'indices', indices: numbers };
  if (numbers.length > 0) throw new PathComplaint(`mixes indices and names in [${text}]`);
  return { kind: 'names', names: found as string[] };
}

function parseItem(item: string): (number | string)[] {
  if (item === '') throw new PathComplaint('has an empty place between [ ]; allowed: indices, names, ranges, or *');
  if (/^\d+$/.test(item)) return [Number(item)];
  if (!item.includes('..')) return [item];
  const range = /^(.*?)(\d+)\.\.(.*?)(\d+)$/.exec(item);
  const [, prefix, first, again, last] = range ?? [];
  if (range === null || (again !== '' && again !== prefix))
    throw new PathComplaint(`has the range ${item}; allowed: 0..6, or names that end in a number, joint1..7`);
  const [lo, hi] = [Number(first), Number(last)];
  if (lo > hi) throw new PathComplaint(`has the range ${item}, which runs backwards`);
  if (hi - lo >= MAX_ELEMENTS)
    throw new PathComplaint(`has the range ${item}: at most ${MAX_ELEMENTS} elements are taken`);
  const width = first!.startsWith('0') ? first!.length : 0;
  return Array.from({ length: hi - lo + 1 }, (_, k) =>
    prefix === '' ? lo + k : `${prefix}${String(lo + k).padStart(width, '0')}`,
  );
}
