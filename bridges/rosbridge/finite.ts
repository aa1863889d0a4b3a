/** Stands for a number that there is none of, where the message has other fields to be read. */
const NONE = -1;
/** A message may be nested so deep; none of ours is. */
const MAX_DEPTH = 16;

/** Thrown to the top of a message that cannot be said. */
const UNSAID = Symbol('unsaid');

/**
 * A message as a robot's bridge takes it: JSON has no number that is not finite, and rosbridge drops a message with a `null`
 * for a number without a word. A bare `NaN` would be worse. rosbridge reads with ujson or simplejson where the host has one,
 * and ujson before 5.2 and simplejson since 3.19 refuse it; what cannot be read stays in the buffer of that connection, in
 * front of all that follows (rosbridge_library/protocol.py). So
 *
 * - ±∞ is the largest double of its sign, which is still beyond every limit;
 * - NaN is -1, as `decision_seq` is -1 when there was no decision;
 * - a list of which no element is a number is empty.
 *
 * Null for what would say something false: a message that is one number, or a list of which some elements are none. The
 * message itself is not changed.
 */
export function finite(message: unknown): unknown {
  if (typeof message === 'object' && message !== null) {
    const fields = Object.values(message);
    if (fields.length === 1 && Number.isNaN(fields[0])) return null;
  }
  try {
    return copied(message, 0);
  } catch (error) {
    if (error === UNSAID) return null;
    throw error;
  }
}

function copied(value: unknown, depth: number): unknown {
  if (typeof value === 'number') return number(value);
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return value;
  if (Array.isArray(value)) return list(value, depth);
  const out: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(value)) out[key] = copied(field, depth + 1);
  return out;
}

function list(values: readonly unknown[], depth: number): unknown[] {
  let missing = 0;
  for (const value of values) if (Number.isNaN(value)) missing++;
  if (missing === 0) return values.map((value) => copied(value, depth + 1));
  if (missing < values.length) throw UNSAID;
  return [];
}

function number(value: number): number {
  if (Number.isNaN(value)) return NONE;
  return Number.isFinite(value) ? value : Math.sign(value) * Number.MAX_VALUE;
}
