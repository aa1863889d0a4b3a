import { shapeOf } from '../../../bridges/messages/shape.ts';

/**
 * A message as it was decoded from a log, as ROS servers of ours publish it: arrays of numbers as lists, 64-bit integers as
 * numbers where a double holds them, bytes as they are, or as base64 where nobody knows the type.
 */
export function plain(message: Record<string, unknown>, type: string): Record<string, unknown> {
  return whole(message, shapeOf(type) === null) as Record<string, unknown>;
}

function whole(value: unknown, untyped: boolean): unknown {
  if (typeof value === 'bigint') return exact(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) {
    if (!untyped) return value;
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  }
  if (value instanceof BigInt64Array || value instanceof BigUint64Array) return Array.from(value, exact);
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<number>);
  if (Array.isArray(value)) return value.map((one) => whole(one, untyped));
  const out: Record<string, unknown> = {};
  for (const key of Object.keys(value)) out[key] = whole((value as Record<string, unknown>)[key], untyped);
  return out;
}

const exact = (v: bigint): number | bigint => (Number.isSafeInteger(Number(v)) ? Number(v) : v);
