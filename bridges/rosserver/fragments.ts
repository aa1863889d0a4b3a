import type { Operation } from './operation.ts';
import { type Refusal, refuse } from './refusal.ts';

const MAX_MESSAGES = 16;
const MAX_PARTS = 100_000;
/** Parts that are missing for so long do not come. */
const PATIENCE_NS = 10e9;

interface Unfinished {
  readonly parts: Map<number, string>;
  readonly total: number;
  readonly sinceNs: number;
  length: number;
}

/**
 * Joins the fragments of one client. rosbridge_suite joins them in the order of their coming and mixes what comes out of
 * order; here they are put in the order of `num`. A `total` may be a fraction (`(length − 1) / size + 1`, as
 * rosbridge_suite itself writes it). Bounded in messages, parts, characters and time.
 */
export class Fragments {
  readonly #maxLength: number;
  readonly #unfinished = new Map<unknown, Unfinished>();
  #length = 0;

  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  /** The whole text with its last fragment, null before; or what is wrong with this one. */
  accept({ id, data, num, total }: Operation, nowNs: number): string | null | Refusal {
    const count = typeof total === 'number' ? Math.floor(total) : Number.NaN;
    if (typeof data !== 'string' || !(count >= 1 && count <= MAX_PARTS)) return bad('a fragment needs data and total');
    if (!Number.isInteger(num) || (num as number) < 0 || (num as number) >= count)
      return bad(`fragment ${String(num)} of ${count}`);
    const key = typeof id === 'number' || typeof id === 'string' ? id : '';
    let message = this.#unfinished.get(key);
    if (message !== undefined && (message.total !== count || message.parts.has(num as number))) {
      this.#forget(key);
      return bad(`fragment ${String(num)} of ${count} again: the message is given up`);
    }
    if (this.#length + data.length > this.#maxLength) {
      this.#forget(key);
      return bad(`fragments of more than ${this.#maxLength} characters`);
    }
    if (message === undefined) {
      if (this.#unfinished.size >= MAX_MESSAGES) return bad(`no more than ${MAX_MESSAGES} fragmented messages at once`);
      message = { parts: new Map(), total: count, sinceNs: nowNs, length: 0 };
      this.#unfinished.set(key, message);
    }
    message.parts.set(num as number, data);
    message.length += data.length;
    this.#length += data.length;
    if (message.parts.size < count) return null;
    this.#forget(key);
    return Array.from({ length: count }, (_, i) => message.parts.get(i)).join('');
  }

  /** Gives up what has been unfinished for too long: one refusal for each message. */
  expire(nowNs: number): Refusal[] {
    const expired: Refusal[] = [];
    for (const [key, { sinceNs, parts, total }] of this.#unfinished) {
      if (nowNs - sinceNs < PATIENCE_NS) continue;
      this.#forget(key);
      expired.push(bad(`${parts.size} of ${total} fragments, and no more for ${PATIENCE_NS / 1e9} s`));
    }
    return expired;
  }

  #forget(key: unknown): void {
    this.#length -= this.#unfinished.get(key)?.length ?? 0;
    this.#unfinished.delete(key);
  }
}

const bad = (why: string) => refuse('bad_fragment', why);

/**
 * A text as `fragment` operations of no more than `size` characters each. `id` must not be 0: roslib takes that for none,
 * and drops the fragment.
 */
export function fragmentsOf(text: string, size: number, id: string): string[] {
  const parts: string[] = [];
  for (let at = 0; at < text.length; ) {
    let end = Math.min(text.length, at + size);
    // Not between the two halves of a character: Python would not join them again.
    const last = text.charCodeAt(end - 1);
    if (end < text.length && last >= 0xd800 && last <= 0xdbff && end - at > 1) end--;
    parts.push(text.slice(at, end));
    at = end;
  }
  return parts.map((data, num) => JSON.stringify({ op: 'fragment', id, data, num, total: parts.length }));
}
