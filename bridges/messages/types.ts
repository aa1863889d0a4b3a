import { parse, stringify } from '@foxglove/rosmsg';
import { definitions } from './definitions.ts';

/**
 * Definitions of message types by name (long spelling): ours and the standard ones that we send from `definitions.ts`,
 * any other standard one from a package, which is read once a server needs it.
 */
export type Definitions = ReturnType<typeof parse>;
type Definition = Definitions[number];

let standard: Readonly<Record<string, Definition>> = {};
const known = new Map<string, Definitions | null>();

/** Makes the 150 standard types of ROS 2 known; they cost a tenth of a second and are wanted by servers only. */
export async function loadStandardTypes(): Promise<void> {
  const { ros2jazzy } = await import('@foxglove/rosmsg-msgs-common');
  standard = ros2jazzy;
  for (const [type, found] of known) if (found === null) known.delete(type);
}

/** The definition of a type followed by those of all that it uses; null for a type that we do not know. */
export function definitionsFor(type: string): Definitions | null {
  let found = known.get(type);
  if (found === undefined) {
    found = look(type);
    // Clients bring names as they like.
    if (known.size < 10_000) known.set(type, found);
  }
  return found;
}

/** The .msg text of a type and of all that it uses, as MCAP and rosapi's `topics_and_raw_types` have it; or empty. */
export function textOf(type: string): string {
  const own = definitions.get(type);
  if (own !== undefined) return own;
  const found = definitionsFor(type);
  if (found === null) return '';
  // The package has times as a primitive of their own, as in ROS 1.
  let text = stringify(found);
  for (const [primitive, name, fields] of BUILTIN) {
    const spelt = text.replace(new RegExp(`^${primitive}(\\[\\d*\\])? `, 'gm'), `builtin_interfaces/${name}$1 `);
    if (spelt !== text) text = `${spelt.trimEnd()}\n${'='.repeat(80)}\nMSG: builtin_interfaces/${name}\n${fields}`;
  }
  return text;
}

const BUILTIN = [
  ['time', 'Time', 'int32 sec\nuint32 nanosec'],
  ['duration', 'Duration', 'int32 sec\nuint32 nanosec'],
] as const;

function look(type: string): Definitions | null {
  const own = definitions.get(type);
  if (own !== undefined) {
    const [root, ...used] = parse(own, { ros2: true });
    return root === undefined ? [{ name: type, definitions: [] }] : [{ ...root, name: type }, ...used];
  }
  const root = standard[short(type)];
  if (!Object.hasOwn(standard, short(type)) || root === undefined) return null;
  const found = new Map<string, Definition>();
  collect(root, found);
  return [root, ...[...found.values()].filter((d) => d !== root)];
}

function collect(definition: Definition, found: Map<string, Definition>): void {
  for (const { type, isComplex } of definition.definitions) {
    if (isComplex !== true || found.has(type)) continue;
    const used = standard[type];
    if (used === undefined) continue;
    found.set(type, used);
    collect(used, found);
  }
}

const short = (type: string) => type.replace(/\/msg\//, '/');
