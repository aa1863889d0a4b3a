import { ReflexArcError } from '../../src/core/errors.ts';

/**
 * The safetensors format, as Python's `safetensors` reads and writes it: u64 LE length of a JSON header, the header
 * (`name → {dtype, shape, data_offsets}` and `__metadata__` of strings), then the data. Only F32 is used here.
 */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export interface WeightsFile {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

const MAX_HEADER_BYTES = 1_000_000;

/** @throws ReflexArcError RA_WEIGHTS_UNREADABLE naming `file`, the place, what was seen and what is allowed. */
export function readSafetensors(bytes: Uint8Array, file: string): WeightsFile {
  const fail = (seen: string, allowed: string): never => {
    throw new ReflexArcError('RA_WEIGHTS_UNREADABLE', { seen: `${file}: ${seen}`, allowed });
  };
  if (bytes.length < 8) return fail(`${bytes.length} bytes`, 'at least the 8 bytes of the header length');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = Number(view.getBigUint64(0, true));
  if (headerBytes > MAX_HEADER_BYTES || 8 + headerBytes > bytes.length)
    return fail(`at 0: a header of ${headerBytes} bytes in a file of ${bytes.length}`, 'a header inside the file');
  let header: Record<string, unknown>;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + headerBytes)));
  } catch (cause) {
    return fail(`at 8: ${(cause as Error).message}`, 'a JSON header');
  }
  if (typeof header !== 'object' || header === null) return fail('at 8: a header that is no object', 'a JSON object');
  const tensors = new Map<string, Tensor>();
  let metadata: Record<string, string> = {};
  const begin = 8 + headerBytes;
  let used = 0;
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') {
      metadata = entry as Record<string, string>;
      continue;
    }
    const {
      dtype,
      shape,
      data_offsets: offsets,
    } = entry as Record<string, never> as {
      dtype?: unknown;
      shape?: unknown;
      data_offsets?: unknown;
    };
    if (dtype !== 'F32') return fail(`tensor ${name} is ${String(dtype)}`, 'F32');
    if (!isIntegers(shape) || !isIntegers(offsets) || offsets.length !== 2)
      return fail(`tensor ${name} without shape or offsets`, 'arrays of non-negative integers');
    const [from, to] = offsets as [number, number];
    const count = shape.reduce((a, b) => a * b, 1);
    if (to - from !== count * 4)
      return fail(`tensor ${name} of ${to - from} bytes`, `${count * 4} bytes for its shape`);
    if (begin + to > bytes.length)
      return fail(`tensor ${name} ends at ${begin + to} of ${bytes.length} bytes`, 'a tensor inside the file');
    const data = new Float32Array(count);
    for (let i = 0; i < count; i++) {
      const v = view.getFloat32(begin + from + 4 * i, true);
      if (!Number.isFinite(v)) return fail(`tensor ${name}[${i}] at ${begin + from + 4 * i} is ${v}`, 'finite weights');
      data[i] = v;
    }
    used = Math.max(used, to);
    tensors.set(name, { shape, data });
  }
  if (begin + used !== bytes.length)
    return fail(`${bytes.length - begin - used} bytes after the last tensor`, 'a file that ends with its tensors');
  return { metadata, tensors };
}

const isIntegers = (v: unknown): v is number[] => Array.isArray(v) && v.every((n) => Number.isSafeInteger(n) && n >= 0);

/** The bytes of a file, tensors in the order given: equal contents give equal bytes. */
export function writeSafetensors({ metadata, tensors }: WeightsFile): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let at = 0;
  for (const [name, { shape, data }] of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [at, at + data.length * 4] };
    at += data.length * 4;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  // The format asks for data aligned to 8 bytes; the header is padded with spaces.
  const padded = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(8 + padded + at);
  bytes.fill(0x20, 8 + text.length, 8 + padded);
  bytes.set(text, 8);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(padded), true);
  let to = 8 + padded;
  for (const { data } of tensors.values()) {
    for (const v of data) {
      view.setFloat32(to, v, true);
      to += 4;
    }
  }
  return bytes;
}
