import type { FileHandle } from 'node:fs/promises';
import { McapConstants, Opcode } from '@mcap/core';

/** A record as its bytes stand in the file, at the top level: a chunk is one. */
export interface RawRecord {
  readonly offset: number;
  readonly opcode: number;
  /** With opcode and length. */
  readonly bytes: Buffer;
  /** The file ends before the record does. */
  readonly cut: boolean;
}

/** Bytes that are no record. */
export interface Gap {
  readonly offset: number;
  readonly bytes: number;
  readonly why: string;
}

const PREFIX = 9;
/** Opcode, length, two offsets, checksum. */
const FOOTER = PREFIX + 20;
const WINDOW = 1 << 20;
/** Longest beginning of a chunk up to its records: what must be seen to know it. */
const CHUNK_PREFIX = PREFIX + 28 + 4 + 4 + 8;
const MAGIC = Buffer.from(McapConstants.MCAP_MAGIC);

/** Whether the file begins as an MCAP file does, as far as it goes. */
export async function beginsAsMcap(file: FileHandle, size: number): Promise<boolean> {
  const seen = await read(file, 0, Math.min(size, MAGIC.length));
  return seen.equals(MAGIC.subarray(0, seen.length));
}

/** Whether it ends as a complete one does. */
export async function endsAsMcap(file: FileHandle, size: number): Promise<boolean> {
  return size >= 2 * MAGIC.length && (await read(file, size - MAGIC.length, MAGIC.length)).equals(MAGIC);
}

/** The records between data and footer of a complete file, schemas and channels among them; empty when there are none. */
export async function summaryOf(file: FileHandle, size: number): Promise<Buffer> {
  const none = Buffer.alloc(0);
  const footer = size - MAGIC.length - FOOTER;
  if (footer < 0 || !(await endsAsMcap(file, size))) return none;
  const start = Number((await read(file, footer, FOOTER)).readBigUInt64LE(PREFIX));
  return start > 0 && start < footer ? read(file, start, footer - start) : none;
}

/**
 * The records of a file up to the end of its data, whatever is damaged: where a length leads nowhere, it goes on at the next
 * chunk that can be found. No more than one record is held in memory.
 */
export async function* scan(file: FileHandle, size: number): AsyncGenerator<RawRecord | Gap> {
  let offset = MAGIC.length;
  while (offset < size) {
    const head = await read(file, offset, Math.min(PREFIX, size - offset));
    const opcode = head[0]!;
    const known = opcode > 0 && opcode <= Opcode.DATA_END;
    const length = head.length < PREFIX ? Number.POSITIVE_INFINITY : Number(head.readBigUInt64LE(1));
    const whole = known && length <= size - offset - PREFIX;
    if (whole) {
      yield { offset, opcode, bytes: await read(file, offset, PREFIX + length), cut: false };
      if (opcode === Opcode.DATA_END) return;
      offset += PREFIX + length;
      continue;
    }
    const next = await nextChunk(file, offset + 1, size);
    if (next !== null) {
      yield { offset, bytes: next - offset, why: `no record: opcode ${opcode}, length ${length}` };
      offset = next;
      continue;
    }
    if (known) yield { offset, opcode, bytes: await read(file, offset, size - offset), cut: true };
    else yield { offset, bytes: size - offset, why: `no record: opcode ${opcode}` };
    return;
  }
}

/** Where the next whole chunk begins, by what its fields must say of each other; null when there is none. */
async function nextChunk(file: FileHandle, from: number, size: number): Promise<number | null> {
  for (let start = from; start < size; start += WINDOW) {
    const window = await read(file, start, Math.min(WINDOW + CHUNK_PREFIX, size - start));
    for (let at = window.indexOf(Opcode.CHUNK); at >= 0 && at < WINDOW; at = window.indexOf(Opcode.CHUNK, at + 1))
      if (isChunk(window.subarray(at), size - start - at)) return start + at;
  }
  return null;
}

function isChunk(bytes: Buffer, room: number): boolean {
  if (bytes.length < CHUNK_PREFIX - 4) return false;
  const length = Number(bytes.readBigUInt64LE(1));
  const name = bytes.readUInt32LE(PREFIX + 28);
  if (length > room - PREFIX || ![0, 3, 4].includes(name) || bytes.length < PREFIX + 40 + name) return false;
  const compression = bytes.toString('latin1', PREFIX + 32, PREFIX + 32 + name);
  const records = Number(bytes.readBigUInt64LE(PREFIX + 32 + name));
  return ['', 'lz4', 'zstd'].includes(compression) && length === 40 + name + records;
}

/** The records of a chunk that is not compressed, as far as they are there; null for another. */
export function recordsOfCutChunk(chunk: Buffer): Buffer | null {
  if (chunk.length < PREFIX + 40 || chunk.readUInt32LE(PREFIX + 28) !== 0) return null;
  return chunk.subarray(PREFIX + 40);
}

async function read(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const out = Buffer.allocUnsafe(length);
  let at = 0;
  while (at < length) {
    const { bytesRead } = await file.read(out, at, length - at, offset + at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return out.subarray(0, at);
}
