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

/**
 * The objects of a frame, in order: usually one. Non-finite literals become null, as rosbridge itself writes them.
 * @throws SyntaxError when any part of the frame is not such JSON; nothing of it may then be used
 */
export function parseFrame(text: string): unknown[] {
  try {
    return [JSON.parse(text)];
  } catch (error) {
    const found = reread(text);
    if (found === null) throw error;
    return found;
  }
}

/** Null when the text does not consist of whole objects or arrays. */
function reread(text: string): unknown[] | null {
  const found: unknown[] = [];
  let depth = 0;
  let copied = 0;
  let piece = '';
  const replace = (from: number, to: number) => {
    piece += `${text.slice(copied, from)}null`;
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
      found.push(JSON.parse(piece));
    } else if (text.startsWith('NaN', i)) {
      replace(i, i + 3);
      i += 2;
    } else if (text.startsWith('Infinity', i)) {
      replace(text[i - 1] === '-' ? i - 1 : i, i + 8);
      i += 7;
    }
  }
  return depth === 0 && found.length > 0 ? found : null;
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
