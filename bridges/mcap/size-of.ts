/** Bytes that a message holds while it waits, roughly: cheap, bounded in depth. */
export function sizeOf(value: unknown, depth = 0): number {
  if (typeof value === 'string') return 16 + value.length;
  if (typeof value !== 'object' || value === null) return 8;
  if (ArrayBuffer.isView(value)) return 64 + value.byteLength;
  if (depth > 8) return 64;
  if (Array.isArray(value) && typeof value[0] === 'number') return 32 + 8 * value.length;
  let bytes = 32;
  for (const key in value) bytes += 8 + sizeOf((value as Record<string, unknown>)[key], depth + 1);
  return bytes;
}
