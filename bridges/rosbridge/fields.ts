import { parse } from '@foxglove/rosmsg';
import { definitions } from '../messages/definitions.ts';

/** What stands in one field of a message, without regard to how wide the number is. */
export type Leaf =
  | 'number'
  | 'integer'
  | 'boolean'
  | 'string'
  | 'numbers'
  | 'integers'
  | 'booleans'
  | 'strings'
  | 'bytes';

export interface Field {
  readonly name: string;
  /** Of one value, or of the elements of a list of messages. */
  readonly check: Leaf | readonly Field[];
  readonly list: boolean;
  /** Of an array of fixed length; -1 for any other field. */
  readonly length: number;
}

type Parsed = ReturnType<typeof parse>;

const ONE: Readonly<Record<string, Leaf>> = { bool: 'boolean', string: 'string', wstring: 'string' };
const MANY: Readonly<Record<string, Leaf>> = {
  number: 'numbers',
  integer: 'integers',
  boolean: 'booleans',
  string: 'strings',
};
/** A time or duration, as ROS 2 spells it. */
const TIME: readonly Field[] = ['sec', 'nanosec'].map((name) => ({ name, check: 'integer', list: false, length: -1 }));
const BYTES: ReadonlySet<string> = new Set(['uint8', 'byte', 'char']);
/** A definition that contains itself would never end. */
const MAX_DEPTH = 16;

const known = new Map<string, readonly Field[]>();

/** True for a type (long spelling) whose fields are checked. */
export function isKnown(type: string): boolean {
  return definitions.has(type);
}

/** The fields of a type (long spelling); null where we have no definition. Read from its text at the first call. */
export function fieldsOf(type: string): readonly Field[] | null {
  const found = known.get(type);
  if (found !== undefined) return found;
  const text = definitions.get(type);
  if (text === undefined) return null;
  const fields = compile(parse(text, { ros2: true }), undefined, 0);
  known.set(type, fields);
  return fields;
}

/** True when the type, whole text as `definitions` has it, holds integers that JSON may not carry exactly. */
export const has64Bits = (text: string): boolean => /^\s*u?int64\b/m.test(text);

/** True when times are only where `spellIncoming` looks without a search: in the header, `clock` and `state_stamp`. */
export function hasFlatTimes(type: string): boolean {
  const within = (fields: readonly Field[], path: string): boolean =>
    fields.every(({ name, check }) => {
      if (check === TIME) return ['header.stamp', 'clock', 'state_stamp'].includes(`${path}${name}`);
      return typeof check === 'string' || within(check, `${path}${name}.`);
    });
  const fields = fieldsOf(type);
  return fields !== null && within(fields, '');
}

function compile(all: Parsed, name: string | undefined, depth: number): Field[] {
  const definition = all.find((d) => d.name === name);
  if (definition === undefined || depth > MAX_DEPTH) return [];
  return definition.definitions
    .filter((field) => field.isConstant !== true)
    .map((field): Field => {
      const list = field.isArray === true;
      const length = field.arrayLength ?? -1;
      const base = { name: field.name, list, length };
      if (field.isComplex === true) return { ...base, check: compile(all, field.type, depth + 1) };
      if (field.type === 'time' || field.type === 'duration') return { ...base, check: TIME };
      if (list && BYTES.has(field.type)) return { ...base, check: 'bytes' };
      const one = ONE[field.type] ?? (field.type.startsWith('float') ? 'number' : 'integer');
      return { ...base, check: list ? MANY[one]! : one };
    });
}
