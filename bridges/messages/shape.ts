import { type Definitions, definitionsFor } from './types.ts';

type Integer = 'int8' | 'uint8' | 'int16' | 'uint16' | 'int32' | 'uint32' | 'int64' | 'uint64';
/** What stands in one field: a number (with its width), text, a time, or a message. */
export type Kind = Integer | 'float32' | 'float64' | 'bool' | 'string' | 'time' | 'message';

export interface Field {
  readonly name: string;
  readonly kind: Kind;
  readonly list: boolean;
  /** Of an array of fixed length; -1 for any other field. */
  readonly length: number;
  /** `uint8[]`, `byte[]` or `char[]`: base64 in JSON. */
  readonly bytes: boolean;
  /** Where the kind is `message`. */
  readonly shape: Shape | null;
  /** What a missing field is filled with, where it is a single value; null: by its kind. */
  readonly fallback: unknown;
}

/** A message type made ready to walk along a message. */
export interface Shape {
  readonly type: string;
  readonly fields: readonly Field[];
  readonly names: ReadonlySet<string>;
  /** ROS 1 clients put a `seq` into it, and a missing stamp of it is now. */
  readonly header: boolean;
  /** Holds bytes, itself or in a message of it. */
  readonly hasBytes: boolean;
}

/** [lowest, highest] of each width. */
export const RANGE: Readonly<Record<Integer, readonly [number, number]>> = {
  int8: [-(2 ** 7), 2 ** 7 - 1],
  uint8: [0, 2 ** 8 - 1],
  int16: [-(2 ** 15), 2 ** 15 - 1],
  uint16: [0, 2 ** 16 - 1],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  int64: [-(2 ** 63), 2 ** 63],
  uint64: [0, 2 ** 64],
};
const BYTES: ReadonlySet<string> = new Set(['uint8', 'byte', 'char']);
/** A definition that contained itself would never end. */
const MAX_DEPTH = 16;

const made = new WeakMap<Definitions, Shape>();

/** The shape of a type (long spelling); null for one that we do not know. */
export function shapeOf(type: string): Shape | null {
  const definitions = definitionsFor(type);
  if (definitions === null) return null;
  let shape = made.get(definitions);
  if (shape === undefined) {
    shape = compile(definitions, type, 0);
    made.set(definitions, shape);
  }
  return shape;
}

function compile(all: Definitions, name: string, depth: number): Shape {
  const definition = depth === 0 ? all[0] : all.find((d) => d.name === name);
  if (definition === undefined || depth > MAX_DEPTH) throw new Error(`${all[0]?.name}: no definition of ${name}`);
  const fields = definition.definitions
    .filter((field) => field.isConstant !== true)
    .map((field): Field => {
      const list = field.isArray === true;
      const shape = field.isComplex === true ? compile(all, field.type, depth + 1) : null;
      return {
        name: field.name,
        kind: shape === null ? kindOf(field.type) : 'message',
        list,
        length: field.arrayLength ?? -1,
        bytes: list && BYTES.has(field.type),
        shape,
        fallback: list ? null : (field.defaultValue ?? null),
      };
    });
  const names = new Set(fields.map((f) => f.name));
  return {
    type: name,
    fields,
    names,
    header: names.has('stamp') && names.has('frame_id') && names.size === 2,
    hasBytes: fields.some((f) => f.bytes || f.shape?.hasBytes === true),
  };
}

function kindOf(type: string): Kind {
  switch (type) {
    case 'byte':
    case 'char':
      return 'uint8';
    case 'wstring':
      return 'string';
    case 'duration':
      return 'time';
    default:
      return type as Kind;
  }
}
