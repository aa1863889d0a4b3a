/**
 * The text of `msg` in a publication as it came, or null where it cannot be cut out of it with certainty. What is cut out
 * need not be written again for each message, and its numbers stay what they are: integers of 64 bits too.
 *
 * Certain means: `msg` is the last key, there is no escape in the whole text, and no key of the operation is anywhere in
 * it twice, so that what `JSON.parse` saw is what stands behind the one `"msg"`.
 */
export function messageText(text: string, operation: Readonly<Record<string, unknown>>): string | null {
  if (text.includes('\\')) return null;
  let last = '';
  for (const key in operation) {
    const quoted = `"${key}"`;
    const at = text.indexOf(quoted);
    if (at < 0 || text.indexOf(quoted, at + quoted.length) >= 0) return null;
    last = key;
  }
  if (last !== 'msg') return null;
  const colon = text.indexOf(':', text.indexOf('"msg"') + 5);
  return text.slice(colon + 1, text.lastIndexOf('}')).trim();
}
