import { definitions as own } from './definitions.ts';
import { longType } from './names.ts';
import { type Definitions, definitionsFor } from './types.ts';

export interface MessageField {
  readonly name: string;
  /** Of a primitive: ROS's name; of a message: `pkg/Type`. */
  readonly type: string;
  readonly isComplex: boolean;
  readonly isArray: boolean;
  /** Of an array of a fixed length. */
  readonly arrayLength: number | undefined;
}

/** Times are primitives to the parser; in a message they have two fields as any other type. */
const TIMES: Readonly<Record<string, string>> = {
  time: 'builtin_interfaces/Time',
  duration: 'builtin_interfaces/Duration',
};

const made = new WeakMap<Definitions, readonly MessageField[]>();

/**
 * The fields of a message type, in either spelling, without its constants; undefined for a type that is not known here.
 * Only those of definitions.ts are, so that what a path may be is the same in every process, whatever else it has loaded.
 */
export function fieldsOf(type: string): readonly MessageField[] | undefined {
  const name = longType(type);
  const definitions = own.has(name) ? definitionsFor(name) : null;
  if (definitions === null) return undefined;
  let fields = made.get(definitions);
  if (fields === undefined) {
    fields = definitions[0]!.definitions
      .filter((field) => field.isConstant !== true)
      .map((field) => ({
        name: field.name,
        type: TIMES[field.type] ?? field.type,
        isComplex: field.isComplex === true || field.type in TIMES,
        isArray: field.isArray === true,
        arrayLength: field.arrayLength,
      }));
    made.set(definitions, fields);
  }
  return fields;
}
