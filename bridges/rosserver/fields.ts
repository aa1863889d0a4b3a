import type { Manner } from './connection.ts';
import type { Operation } from './operation.ts';
import { ENCODINGS, type Encoding } from './publication.ts';
import { type Refusal, refuse } from './refusal.ts';

/** Longest throttle, ms. Beyond, a timer of Node would fire at once. */
const MAX_THROTTLE_MS = 86_400_000;
/** Smaller fragments would be all envelope. */
const MIN_FRAGMENT = 10;

export const text = (v: unknown): string => (typeof v === 'string' ? v : '');

/** A number of 0 to `highest`, 0 where it is left out; or what is wrong with it. */
export function countField(op: Operation, name: string, highest: number): number | Refusal {
  const value = op[name] ?? 0;
  if (typeof value === 'number' && value >= 0 && value <= highest) return Math.floor(value);
  return refuse('bad_field', `${name} ${String(value).slice(0, 40)}; allowed: 0 to ${highest}`);
}

export const throttleField = (op: Operation) => countField(op, 'throttle_rate', MAX_THROTTLE_MS);

/** Characters; 0 where it is left out: not fragmented. */
export function fragmentField(op: Operation): number | Refusal {
  const size = countField(op, 'fragment_size', Number.MAX_SAFE_INTEGER);
  return typeof size !== 'number' || size === 0 || size >= MIN_FRAGMENT
    ? size
    : refuse('bad_field', `fragment_size ${size}; allowed: ${MIN_FRAGMENT} and more, or none`);
}

/** How an answer or a subscription is to be written; `allowed` of the encodings. */
export function mannerOf(op: Operation, allowed: readonly Encoding[] = ENCODINGS): Manner | Refusal {
  const encoding = op.compression ?? 'none';
  if (!allowed.includes(encoding as Encoding))
    return refuse('bad_field', `compression ${String(encoding).slice(0, 40)}; allowed: ${allowed.join(', ')}`);
  const fragmentSize = fragmentField(op);
  return typeof fragmentSize === 'number' ? { encoding: encoding as Encoding, fragmentSize } : fragmentSize;
}
