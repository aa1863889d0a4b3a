import type { Time } from './messages.ts';
import { type Field, RANGE, type Shape } from './shape.ts';

/**
 * Makes a message that came as JSON into a whole one of its type, as rosbridge does: missing fields get their defaults,
 * times of ROS 1 are respelt, the stamp of a header is now where there is none, bytes become base64, and what is wrong is
 * refused as a whole. `null` stands for a number that is not finite (see json.ts) and stays `null`.
 */
export class Conformer {
  /** True when the last message was not whole as it came. */
  changed = false;
  readonly #now: () => Time;

  constructor(now: () => Time) {
    this.#now = now;
  }

  /**
   * Conforms in place.
   * @throws TypeError naming the field, what is in it, and what belongs there
   */
  conform(message: Record<string, unknown>, shape: Shape): void {
    this.changed = false;
    this.#message(message, shape);
  }

  #message(message: Record<string, unknown>, shape: Shape): void {
    this.#onlyKnown(message, shape);
    for (const field of shape.fields) {
      const value = message[field.name];
      if (value !== undefined) {
        const whole = this.#field(value, field);
        if (whole === value) continue;
        message[field.name] = whole;
      } else message[field.name] = shape.header && field.kind === 'time' ? this.#now() : emptyField(field);
      this.changed = true;
    }
  }

  /** Refuses a field that the type has not. */
  #onlyKnown(message: Record<string, unknown>, shape: Shape): void {
    for (const key in message) {
      if (shape.names.has(key)) continue;
      if (!(shape.header && key === 'seq')) throw new TypeError(`Message type ${shape.type} has no field ${key}`);
      delete message[key];
      this.changed = true;
    }
  }

  #field(value: unknown, field: Field): unknown {
    if (!field.list) return this.#one(value, field);
    if (field.bytes) return this.#bytes(value, field);
    if (!Array.isArray(value)) throw wrong(field, value, 'a list');
    if (field.length >= 0 && value.length !== field.length) throw wrong(field, value, `a list of ${field.length}`);
    for (let i = 0; i < value.length; i++) {
      const whole = this.#one(value[i], field);
      if (whole === value[i]) continue;
      value[i] = whole;
      this.changed = true;
    }
    return value;
  }

  #one(value: unknown, field: Field): unknown {
    switch (field.kind) {
      case 'float32':
      case 'float64':
        if (typeof value !== 'number' && value !== null) throw wrong(field, value, 'a number');
        return value;
      case 'bool':
        if (typeof value !== 'boolean') throw wrong(field, value, 'true or false');
        return value;
      case 'string':
        if (typeof value !== 'string') throw wrong(field, value, 'text');
        return value;
      case 'time':
        return this.#time(value, field);
      case 'message':
        if (!isObject(value)) throw wrong(field, value, `a ${field.shape!.type}`);
        this.#message(value, field.shape!);
        return value;
      default: {
        if (typeof value === 'bigint') return value;
        const [lowest, highest] = RANGE[field.kind];
        if (!Number.isInteger(value) || (value as number) < lowest || (value as number) > highest)
          throw wrong(field, value, `an integer of ${lowest} to ${highest}`);
        return value;
      }
    }
  }

  /** `{sec, nanosec}`, as ROS 1 and as rws spell it, or `now`. */
  #time(value: unknown, field: Field): unknown {
    if (value === 'now') return this.#now();
    if (isObject(value)) {
      if (Number.isInteger(value.sec) && Number.isInteger(value.nanosec)) return value;
      const sec = value.sec ?? value.secs ?? 0;
      const nanosec = value.nanosec ?? value.nsecs ?? value.nsec ?? 0;
      if (Number.isInteger(sec) && Number.isInteger(nanosec)) return { sec, nanosec };
    }
    throw wrong(field, value, 'a time of sec and nanosec');
  }

  #bytes(value: unknown, field: Field): unknown {
    const bytes = bytesOf(value);
    if (bytes === null) throw wrong(field, value, 'base64, or a list of 0 to 255');
    if (field.length >= 0 && bytes.length !== field.length) throw wrong(field, value, `${field.length} bytes`);
    return typeof value === 'string' ? value : bytes.toString('base64');
  }
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Bytes as JSON carries them: base64, or a list of integers; null for anything else. */
export function bytesOf(value: unknown): Buffer | null {
  if (typeof value === 'string') return BASE64.test(value) ? Buffer.from(value, 'base64') : null;
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (!Array.isArray(value)) return null;
  return value.every((b) => Number.isInteger(b) && b >= -128 && b <= 255) ? Buffer.from(value) : null;
}

/** What a field has that nobody filled. */
export function emptyField(field: Field): unknown {
  if (field.bytes) return field.length > 0 ? Buffer.alloc(field.length).toString('base64') : '';
  if (field.list) return Array.from({ length: Math.max(0, field.length) }, () => emptyOne(field));
  return emptyOne(field);
}

function emptyOne(field: Field): unknown {
  if (field.fallback !== null) return field.fallback;
  switch (field.kind) {
    case 'string':
      return '';
    case 'bool':
      return false;
    case 'time':
      return { sec: 0, nanosec: 0 };
    case 'message':
      return Object.fromEntries(field.shape!.fields.map((f) => [f.name, emptyField(f)]));
    default:
      return 0;
  }
}

const isObject = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v);

function wrong(field: Field, value: unknown, allowed: string): TypeError {
  const seen = typeof value === 'object' && value !== null ? (Array.isArray(value) ? 'a list' : 'an object') : value;
  return new TypeError(`field ${field.name}: ${String(seen).slice(0, 60)}; allowed: ${allowed}`);
}
