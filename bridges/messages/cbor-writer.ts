import { bytesOf } from './conform.ts';
import type { Field, Kind, Shape } from './shape.ts';

/**
 * CBOR (RFC 8949) as rosbridge writes it: definite lengths, text keys, and arrays of numbers as one byte string under a
 * tag of RFC 8746, little-endian. With a shape, fields are written by their type and missing ones as their default;
 * without one, by what they are, and arrays of numbers as plain arrays.
 */
const TAGS: Partial<Record<Kind, { tag: number; size: number }>> = {
  uint16: { tag: 69, size: 2 },
  uint32: { tag: 70, size: 4 },
  uint64: { tag: 71, size: 8 },
  int8: { tag: 72, size: 1 },
  int16: { tag: 77, size: 2 },
  int32: { tag: 78, size: 4 },
  int64: { tag: 79, size: 8 },
  float32: { tag: 85, size: 4 },
  float64: { tag: 86, size: 8 },
};
const MAX_DEPTH = 64;

/** `{op: "publish", topic, msg}`, `msg` as `shape` has it. */
export function encodePublication(topic: string, message: unknown, shape: Shape | null): Buffer {
  const writer = new Writer();
  writer.head(5, 3);
  writer.text('op');
  writer.text('publish');
  writer.text('topic');
  writer.text(topic);
  writer.text('msg');
  if (shape === null) writer.value(message, 0);
  else writer.message(message, shape);
  return writer.done();
}

/** Any value: bigint, byte arrays and undefined (as null) included. */
export function encodeCbor(value: unknown): Buffer {
  const writer = new Writer();
  writer.value(value, 0);
  return writer.done();
}

const number = (v: unknown): number => (typeof v === 'number' ? v : v === null ? Number.NaN : Number(v ?? 0));
const integer = (v: unknown): number => (Number.isFinite(Number(v)) ? Math.trunc(Number(v)) : 0);
const big = (v: unknown): bigint => (typeof v === 'bigint' ? v : BigInt(integer(v)));

class Writer {
  #bytes = Buffer.allocUnsafe(1024);
  #at = 0;

  done(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  #room(size: number): number {
    const at = this.#at;
    this.#at += size;
    if (this.#at > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#at, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, at);
      this.#bytes = larger;
    }
    return at;
  }

  /** NOTE room first: it may replace the buffer. */
  #byte(value: number): void {
    const at = this.#room(1);
    this.#bytes[at] = value;
  }

  head(major: number, n: number): void {
    const top = major << 5;
    if (n < 24) this.#byte(top | n);
    else if (n < 2 ** 8) {
      const at = this.#room(2);
      this.#bytes.writeUInt8(top | 24, at);
      this.#bytes.writeUInt8(n, at + 1);
    } else if (n < 2 ** 16) {
      const at = this.#room(3);
      this.#bytes.writeUInt8(top | 25, at);
      this.#bytes.writeUInt16BE(n, at + 1);
    } else if (n < 2 ** 32) {
      const at = this.#room(5);
      this.#bytes.writeUInt8(top | 26, at);
      this.#bytes.writeUInt32BE(n, at + 1);
    } else this.#long(top, BigInt(n));
  }

  #long(top: number, n: bigint): void {
    const at = this.#room(9);
    this.#bytes.writeUInt8(top | 27, at);
    this.#bytes.writeBigUInt64BE(BigInt.asUintN(64, n), at + 1);
  }

  text(text: string): void {
    const size = Buffer.byteLength(text);
    this.head(3, size);
    const at = this.#room(size);
    this.#bytes.write(text, at);
  }

  #float(v: number): void {
    const at = this.#room(9);
    this.#bytes.writeUInt8(0xfb, at);
    this.#bytes.writeDoubleBE(v, at + 1);
  }

  #integer(v: number | bigint): void {
    if (typeof v === 'number' && Number.isSafeInteger(v)) {
      if (v < 0) this.head(1, -1 - v);
      else this.head(0, v);
    } else {
      const n = big(v);
      if (n < 0n) this.#long(1 << 5, -1n - n);
      else this.#long(0, n);
    }
  }

  #byteString(bytes: Uint8Array): void {
    this.head(2, bytes.length);
    const at = this.#room(bytes.length);
    this.#bytes.set(bytes, at);
  }

  message(value: unknown, shape: Shape): void {
    const message = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
    this.head(5, shape.fields.length);
    for (const field of shape.fields) {
      this.text(field.name);
      this.#field(message[field.name], field);
    }
  }

  #field(value: unknown, field: Field): void {
    if (!field.list) {
      this.#one(value, field);
      return;
    }
    if (field.bytes) {
      this.#byteString(bytesOf(value) ?? Buffer.alloc(Math.max(0, field.length)));
      return;
    }
    const list = isList(value) ? value : new Array(Math.max(0, field.length)).fill(undefined);
    const tagged = TAGS[field.kind];
    if (tagged !== undefined) this.#numbers(list, field.kind, tagged);
    else {
      this.head(4, list.length);
      for (let i = 0; i < list.length; i++) this.#one(list[i], field);
    }
  }

  #numbers(list: ArrayLike<unknown>, kind: Kind, { tag, size }: { tag: number; size: number }): void {
    this.head(6, tag);
    this.head(2, list.length * size);
    let at = this.#room(list.length * size);
    const bytes = this.#bytes;
    for (let i = 0; i < list.length; i++, at += size) {
      const v = list[i];
      switch (kind) {
        case 'float64':
          bytes.writeDoubleLE(number(v), at);
          break;
        case 'float32':
          bytes.writeFloatLE(number(v), at);
          break;
        case 'int64':
        case 'uint64':
          bytes.writeBigUInt64LE(BigInt.asUintN(64, big(v)), at);
          break;
        default:
          // Two's complement in so many bytes.
          bytes.writeUIntLE(integer(v) >= 0 ? integer(v) % 2 ** (8 * size) : 2 ** (8 * size) + integer(v), at, size);
      }
    }
  }

  #one(value: unknown, field: Field): void {
    switch (field.kind) {
      case 'float32':
      case 'float64':
        this.#float(number(value ?? (value === null ? null : (field.fallback ?? 0))));
        break;
      case 'bool':
        this.#byte(value === true ? 0xf5 : 0xf4);
        break;
      case 'string':
        this.text(typeof value === 'string' ? value : '');
        break;
      case 'time': {
        const time = value as { sec?: unknown; nanosec?: unknown } | null | undefined;
        this.head(5, 2);
        this.text('sec');
        this.#integer(integer(time?.sec));
        this.text('nanosec');
        this.#integer(integer(time?.nanosec));
        break;
      }
      case 'message':
        this.message(value, field.shape!);
        break;
      default:
        this.#integer(typeof value === 'bigint' ? value : integer(value));
    }
  }

  value(value: unknown, depth: number): void {
    if (depth > MAX_DEPTH) throw new RangeError(`a message nested deeper than ${MAX_DEPTH}`);
    switch (typeof value) {
      case 'number':
        if (Number.isSafeInteger(value) && !Object.is(value, -0)) this.#integer(value);
        else this.#float(value);
        return;
      case 'bigint':
        this.#integer(value);
        return;
      case 'string':
        this.text(value);
        return;
      case 'boolean':
        this.#byte(value ? 0xf5 : 0xf4);
        return;
      case 'object':
        if (value !== null) {
          this.#object(value, depth);
          return;
        }
    }
    this.#byte(0xf6);
  }

  #object(value: object, depth: number): void {
    if (value instanceof Uint8Array) this.#byteString(value);
    else if (isList(value)) {
      this.head(4, value.length);
      for (let i = 0; i < value.length; i++) this.value(value[i], depth + 1);
    } else {
      const entries = Object.entries(value).filter(([, v]) => v !== undefined);
      this.head(5, entries.length);
      for (const [key, v] of entries) {
        this.text(key);
        this.value(v, depth + 1);
      }
    }
  }
}

const isList = (v: unknown): v is ArrayLike<unknown> =>
  Array.isArray(v) || (ArrayBuffer.isView(v) && !(v instanceof DataView));
