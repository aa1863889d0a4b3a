import { type Field, fieldsOf, isKnown, type Leaf } from './fields.ts';

export { isKnown };

/**
 * Structural checks of the messages whose definition we have, in place and without allocation while all is well. A
 * number that came as `null` is NaN on the sender's side (rosbridge writes it so): it becomes NaN, so that the gate sees
 * a number that is not finite, never 0 and never a message that silently did not come. Whatever the wire was (JSON, CBOR,
 * ROS's own bytes), what passes is of one form: numbers in arrays, bytes in a Uint8Array, a bigint only beyond ±2^53.
 */
export interface Fault {
  readonly field: string;
  readonly seen: string;
  readonly allowed: string;
}

/** Null when `message` is of `type`, in ROS 2 spelling; otherwise its first fault. An unknown type is not looked into. */
export function validate(type: string, message: unknown): Fault | null {
  if (!isFields(message)) return { field: 'msg', seen: kindOf(message), allowed: 'an object' };
  const fields = fieldsOf(type);
  return fields === null ? null : checkFields(message, fields, '');
}

function checkFields(message: Record<string, unknown>, fields: readonly Field[], path: string): Fault | null {
  for (const field of fields) {
    const { name, check } = field;
    const value = message[name];
    if (typeof check === 'string') {
      if (!checkLeaf(message, field, value, check)) return leafFault(path, field, value, check);
    } else {
      const fault = field.list ? checkList(value, field, path) : checkNested(value, check, path, name);
      if (fault !== null) return fault;
    }
  }
  return null;
}

const at = (path: string, name: string) => (path === '' ? name : `${path}.${name}`);

function checkNested(value: unknown, check: readonly Field[], path: string, name: string): Fault | null {
  return isFields(value) ? checkFields(value, check, at(path, name)) : faultAt(path, name, value, 'an object');
}

function checkList(value: unknown, { name, check }: Field, path: string): Fault | null {
  if (!Array.isArray(value)) return faultAt(path, name, value, 'an array of objects');
  for (let i = 0; i < value.length; i++) {
    const fault = checkNested(value[i], check as readonly Field[], path, `${name}[${i}]`);
    if (fault !== null) return fault;
  }
  return null;
}

function checkLeaf(message: Record<string, unknown>, field: Field, value: unknown, leaf: Leaf): boolean {
  const { name } = field;
  switch (leaf) {
    case 'number':
      if (value === null) message[name] = Number.NaN;
      return typeof value === 'number' || value === null;
    case 'integer':
      if (typeof value === 'bigint') message[name] = asInteger(value);
      return Number.isSafeInteger(value) || typeof value === 'bigint';
    case 'numbers':
    case 'integers': {
      const values = asArray(message, name, value);
      return values !== null && hasLength(values, field) && firstWrong(values, leaf) < 0;
    }
    case 'bytes':
      return asBytes(message, name, value);
    case 'booleans':
    case 'strings':
      return Array.isArray(value) && hasLength(value, field) && firstWrong(value, leaf) < 0;
    default:
      return typeof value === leaf;
  }
}

const hasLength = (values: readonly unknown[], { length }: Field) => length < 0 || values.length === length;

/** An array as it is; one of CBOR or of ROS's own bytes, where it has a type, is made a plain one in the message. */
function asArray(message: Record<string, unknown>, name: string, value: unknown): unknown[] | null {
  if (Array.isArray(value)) return value;
  if (!ArrayBuffer.isView(value) || value instanceof DataView) return null;
  const values = Array.from(value as unknown as ArrayLike<number>);
  message[name] = values;
  return values;
}

/** uint8[]: base64 in JSON, an array where somebody wrote one, and bytes as they are. */
function asBytes(message: Record<string, unknown>, name: string, value: unknown): boolean {
  if (value instanceof Uint8Array) return true;
  if (typeof value === 'string') {
    message[name] = Buffer.from(value, 'base64');
    return /^[\w+/-]*={0,2}$/.test(value.slice(-64));
  }
  if (!Array.isArray(value) || firstWrong(value, 'bytes') >= 0) return false;
  message[name] = Uint8Array.from(value);
  return true;
}

const asInteger = (v: bigint): number | bigint => (Number.isSafeInteger(Number(v)) ? Number(v) : v);

/** Index of the first element that is not of its kind; in numbers null becomes NaN. -1 when there is none. */
function firstWrong(values: unknown[], leaf: Leaf): number {
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    switch (leaf) {
      case 'numbers':
        if (value === null) values[i] = Number.NaN;
        else if (typeof value !== 'number') return i;
        break;
      case 'integers':
        if (typeof value === 'bigint') values[i] = asInteger(value);
        else if (!Number.isSafeInteger(value)) return i;
        break;
      case 'bytes':
        if (!Number.isInteger(value) || !((value as number) >= -128 && (value as number) <= 255)) return i;
        break;
      default:
        if (typeof value !== (leaf === 'booleans' ? 'boolean' : 'string')) return i;
    }
  }
  return -1;
}

const ALLOWED: Readonly<Record<Leaf, string>> = {
  number: 'a number, or null for NaN',
  integer: 'an integer',
  boolean: 'a boolean',
  string: 'a string',
  numbers: 'an array of numbers, null for NaN',
  integers: 'an array of integers',
  booleans: 'an array of booleans',
  strings: 'an array of strings',
  bytes: 'bytes in base64, or an array of them',
};
const ONE: Partial<Record<Leaf, Leaf>> = {
  numbers: 'number',
  integers: 'integer',
  booleans: 'boolean',
  strings: 'string',
};

function leafFault(path: string, field: Field, value: unknown, leaf: Leaf): Fault {
  const { name, length } = field;
  const one = ONE[leaf];
  if (!Array.isArray(value) || one === undefined) return faultAt(path, name, value, ALLOWED[leaf]);
  const wrong = firstWrong(value, leaf);
  if (wrong >= 0) return faultAt(path, `${name}[${wrong}]`, value[wrong], ALLOWED[one]);
  return { field: at(path, name), seen: `${value.length} elements`, allowed: `${length} elements` };
}

function faultAt(path: string, name: string, value: unknown, allowed: string): Fault {
  return { field: at(path, name), seen: kindOf(value), allowed };
}

const isFields = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v);

function kindOf(v: unknown): string {
  if (v === undefined) return 'missing';
  if (Array.isArray(v)) return 'an array';
  if (typeof v === 'object' && v !== null) return 'an object';
  return typeof v === 'string' ? JSON.stringify(v.slice(0, 40)) : String(v);
}
