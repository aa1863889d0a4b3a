import { MessageWriter } from '@foxglove/rosmsg2-serialization';
import { bytesOf, emptyField } from './conform.ts';
import { type Field, type Shape, shapeOf } from './shape.ts';
import { type Definitions, definitionsFor } from './types.ts';

/** A message as the bytes that ROS 2 sends (CDR, with its header of 4 bytes), as `cbor-raw` carries it. */
export type WriteRaw = (message: unknown) => Uint8Array;

const made = new WeakMap<Definitions, WriteRaw>();

/** The writer of a type (long spelling); null for one that we do not know. Missing fields are written as defaults. */
export function rawWriter(type: string): WriteRaw | null {
  const definitions = definitionsFor(type);
  const shape = shapeOf(type);
  if (definitions === null || shape === null) return null;
  let write = made.get(definitions);
  if (write === undefined) {
    const writer = new MessageWriter(definitions);
    write = (message) => writer.writeMessage(plain(message, shape));
    made.set(definitions, write);
  }
  return write;
}

/** What the writer expects: numbers for `null`, bytes for base64, bigint for 64 bits, and every field there. */
function plain(message: unknown, shape: Shape): Record<string, unknown> {
  const from = (typeof message === 'object' && message !== null ? message : {}) as Record<string, unknown>;
  return Object.fromEntries(shape.fields.map((field) => [field.name, plainField(from[field.name], field)]));
}

function plainField(value: unknown, field: Field): unknown {
  const given = value === undefined ? emptyField(field) : value;
  if (field.bytes) return new Uint8Array(bytesOf(given) ?? []);
  if (!field.list) return plainOne(given, field);
  return Array.isArray(given) || ArrayBuffer.isView(given)
    ? Array.from(given as ArrayLike<unknown>, (v) => plainOne(v, field))
    : [];
}

function plainOne(value: unknown, field: Field): unknown {
  switch (field.kind) {
    case 'message':
      return plain(value, field.shape!);
    case 'time': {
      const { sec = 0, nanosec = 0 } = (value ?? {}) as { sec?: number; nanosec?: number };
      return { sec, nanosec };
    }
    case 'float32':
    case 'float64':
      return value === null ? Number.NaN : value;
    case 'int64':
    case 'uint64':
      return BigInt(typeof value === 'bigint' ? value : Math.trunc(Number(value) || 0));
    case 'string':
      return typeof value === 'string' ? asCdrText(value) : value;
    default:
      return value;
  }
}

/**
 * The CDR writer takes `length` for the number of bytes and fills just as many with UTF-8: text outside ASCII would lose
 * its end. Padded to its number of bytes it is written whole, and the padding has no room.
 */
export function asCdrText(text: string): string {
  const bytes = Buffer.byteLength(text);
  return bytes === text.length ? text : text.padEnd(bytes, '\0');
}
