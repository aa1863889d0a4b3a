/**
 * JSON as ROS bridges write it, which is not always JSON: Python's encoder puts a bare `NaN` or `Infinity` where a float
 * is not finite (rosbridge_suite #916, roslibpy), and one frame may carry several objects. Plain JSON costs nothing
 * extra; only what `JSON.parse` refuses is looked at again, once, in time linear in its length.
 */
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = new Set([0x7b, 0x5b]);
const CLOSE = new Set([0x7d, 0x5d]);
const SPACE = new Set([0x20, 0x09, 0x0a, 0x0d]);
const MINUS = 0x2d;
const isDigit = (c: number) => c >= 0x30 && c <= 0x39;

/** What stands for an integer that a double cannot hold, between reading the text and reading the JSON. */
const EXACT = '\0int:';
const STANDS_FOR = /^\0int:(-?\d+)$/;
const LONG_INTEGER = /\d{16}/;

/**
 * The objects of a frame, in order: usually one. Non-finite literals become null, as rosbridge itself writes them.
 * @throws SyntaxError when any part of the frame is not such JSON; nothing of it may then be used
 */
export function parseFrame(text: string): unknown[] {
  try {
    return [JSON.parse(text)];
  } catch (error) {
    const found = reread(text, false);
    if (found === null) throw error;
    return found;
  }
}

/**
 * The same, and integers beyond ±2^53, which `JSON.parse` would round without a word, are bigint.
 * @throws SyntaxError as `parseFrame`
 */
export function parseExact(text: string): unknown[] {
  return (LONG_INTEGER.test(text) ? reread(text, true) : null) ?? parseFrame(text);
}

type Replacer = (this: Record<string, unknown>, key: string, value: unknown) => unknown;

/** JSON of anything that `parseExact` reads: a bigint is written as the integer that it is. `replacer` as JSON's. */
export function stringifyExact(value: unknown, replacer?: Replacer): string {
  try {
    return JSON.stringify(value, replacer);
  } catch {
    const text = JSON.stringify(value, function (this: Record<string, unknown>, key: string, v: unknown) {
      const replaced = replacer === undefined ? v : replacer.call(this, key, v);
      return typeof replaced === 'bigint' ? `${EXACT}${replaced}` : replaced;
    });
    return text.replace(/"\\u0000int:(-?\d+)"/g, '$1');
  }
}

const revive = (_key: string, v: unknown): unknown => {
  const found = typeof v === 'string' ? STANDS_FOR.exec(v) : null;
  return found === null ? v : BigInt(found[1]!);
};

/** Null when the text does not consist of whole objects or arrays. */
function reread(text: string, exact: boolean): unknown[] | null {
  const found: unknown[] = [];
  let depth = 0;
  let copied = 0;
  let piece = '';
  const replace = (from: number, to: number, by = 'null') => {
    piece += `${text.slice(copied, from)}${by}`;
    copied = to;
  };
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (depth === 0 && !OPEN.has(c)) {
      if (!SPACE.has(c)) return null;
    } else if (c === QUOTE) {
      i = endOfString(text, i);
    } else if (OPEN.has(c)) {
      if (depth++ === 0) {
        copied = i;
        piece = '';
      }
    } else if (CLOSE.has(c)) {
      if (--depth > 0) continue;
      piece += text.slice(copied, i + 1);
      found.push(exact ? JSON.parse(piece, revive) : JSON.parse(piece));
    } else if (text.startsWith('NaN', i)) {
      replace(i, i + 3);
      i += 2;
    } else if (text.startsWith('Infinity', i)) {
      replace(text[i - 1] === '-' ? i - 1 : i, i + 8);
      i += 7;
    } else if (exact && (c === MINUS || isDigit(c))) {
      const end = endOfNumber(text, i);
      const number = text.slice(i, end);
      if (/^-?\d{16,}$/.test(number) && !Number.isSafeInteger(Number(number)))
        replace(i, end, `"\\u0000int:${number}"`);
      i = end - 1;
    }
  }
  return depth === 0 && found.length > 0 ? found : null;
}

/** Index behind the last character of the number that begins at `start`; behind its sign for `-Infinity`. */
function endOfNumber(text: string, start: number): number {
  let i = start + 1;
  while (i < text.length && '0123456789.eE+-'.includes(text[i]!)) i++;
  return i;
}

/** Index of the closing quote, or of the last character when there is none. */
function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === BACKSLASH) i++;
    else if (c === QUOTE) return i;
  }
  return text.length;
}
