import { createReadStream } from 'node:fs';
import { McapConstants, McapStreamReader, type McapTypes, Opcode } from '@mcap/core';
import { ReflexArcError } from '../../src/core/errors.ts';
import { crc32 } from '../messages/crc32.ts';
import { decompressors } from './compression.ts';

/** Read at once: a whole chunk of ours, mostly. */
const PIECE_BYTES = 1 << 20;
const MAGIC_BYTES = McapConstants.MCAP_MAGIC.length;
/** Opcode and length. */
const HEAD = 9;
/** Channel, sequence, log time, publish time. */
const MESSAGE_HEAD = 22;
/** Times of first and last message, size, checksum; the compression and its length stand between this and the records. */
const CHUNK_HEAD = 28;

/** What is told of a file, in its order. `at`: the offset in it of the record, or of the chunk that the record is in. */
export interface RecordTaker {
  record(record: McapTypes.TypedMcapRecord, at: number): void;
  /** A message of a chunk, where it lies: `length` bytes of `view` from `from` on, which stay as they are. */
  message(channelId: number, logTimeNs: bigint, view: DataView, from: number, length: number, at: number): void;
  /** How many messages it holds; at so many it is given a turn to hand them over. */
  readonly waiting: number;
}

/**
 * Every record as it stands in a file, those inside chunks too. It yields after each record of the file, and within a large chunk
 * where the taker has enough. Chunks and messages in them are taken apart here, without a copy or an object for each; all
 * else is left to @mcap/core's reader, which sees the file without its chunks. What was read before a fault is told before it
 * is thrown.
 * @throws ReflexArcError RA_LOG_DAMAGED naming the offset
 */
export async function* recordsOf(path: string, taker: RecordTaker, batch: number): AsyncGenerator<void> {
  const file = new Pieces();
  const rest = new Rest(taker);
  const decompress = await decompressors();
  let at = 0;
  try {
    for await (const data of createReadStream(path, { highWaterMark: PIECE_BYTES })) {
      file.add(data as Buffer);
      if (at === 0 && file.size >= MAGIC_BYTES) {
        rest.take(file.next(MAGIC_BYTES), at);
        at = MAGIC_BYTES;
      }
      while (at > 0) {
        // What follows the footer is the library's to judge, however long.
        const length = rest.hasEnded ? file.size : file.recordLength();
        if (length === 0 || length > file.size) break;
        const record = file.next(length);
        if (record[0] === Opcode.CHUNK && !rest.hasEnded) {
          const chunk = new Chunk(record, decompress);
          do {
            chunk.read(taker, rest, at, batch);
            if (taker.waiting > 0) yield;
          } while (!chunk.isDone);
        } else {
          rest.take(record, at);
          if (taker.waiting >= batch) yield;
        }
        at += length;
      }
      if (taker.waiting > 0) yield;
    }
  } catch (cause) {
    if (taker.waiting > 0) yield;
    throw faultOf(path, at, cause);
  }
  if (!rest.isComplete)
    throw damaged(path, `ends in the middle of a record, at ${at} of ${at + file.size} bytes`, undefined);
}

export const damaged = (path: string, seen: string, cause: unknown) =>
  new ReflexArcError('RA_LOG_DAMAGED', { seen: `${path}: ${seen}`, allowed: 'a complete MCAP file', cause });

function faultOf(path: string, at: number, cause: unknown): ReflexArcError {
  if (cause instanceof ReflexArcError) return cause;
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code !== 'ENOENT' && code !== 'EACCES' && code !== 'EISDIR') return damaged(path, `at ${at}: ${message}`, cause);
  return new ReflexArcError('RA_LOG_DAMAGED', {
    ...{ seen: `${path}: ${code}`, allowed: 'an MCAP file', next: 'Check the path.', cause },
  });
}

/** What was read of a file and not yet taken; joined only where a record is whole. */
class Pieces {
  size = 0;
  #pieces: Buffer[] = [];

  add(data: Buffer): void {
    this.#pieces.push(data);
    this.size += data.length;
  }

  /** Bytes of the record that comes next, its head included; 0 where not even that is there. */
  recordLength(): number {
    if (this.size < HEAD) return 0;
    if (this.#pieces[0]!.length < HEAD) this.#join();
    const length = this.#pieces[0]!.readBigUInt64LE(1);
    if (length > Number.MAX_SAFE_INTEGER - HEAD) throw new RangeError(`a record that says it has ${length} bytes`);
    return HEAD + Number(length);
  }

  /** The next `length` bytes, which are there. */
  next(length: number): Buffer {
    if (this.#pieces[0]!.length < length) this.#join();
    const first = this.#pieces[0]!;
    this.size -= length;
    if (first.length === length) this.#pieces.shift();
    else this.#pieces[0] = first.subarray(length);
    return first.subarray(0, length);
  }

  #join(): void {
    this.#pieces = [Buffer.concat(this.#pieces)];
  }
}

/** All that is neither a chunk nor a message of one, through @mcap/core's reader. */
class Rest {
  hasEnded = false;
  readonly #reader = new McapStreamReader({ validateCrcs: true });
  readonly #taker: RecordTaker;

  constructor(taker: RecordTaker) {
    this.#taker = taker;
  }

  get isComplete(): boolean {
    return this.#reader.done();
  }

  /** Bytes of a whole record, or the magic. */
  take(bytes: Uint8Array, at: number): void {
    if (bytes[0] === Opcode.FOOTER) this.hasEnded = true;
    this.#reader.append(bytes);
    for (let record = this.#reader.nextRecord(); record !== undefined; record = this.#reader.nextRecord())
      this.#taker.record(record, at);
  }
}

/** The records of a chunk. */
class Chunk {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  /** @throws for a chunk whose lengths, compression or checksum are not right */
  constructor(record: Buffer, decompress: Awaited<ReturnType<typeof decompressors>>) {
    const head = HEAD + CHUNK_HEAD;
    const named = record.length < head + 4 ? Number.POSITIVE_INFINITY : record.readUInt32LE(head);
    const from = head + 4 + named + 8;
    if (!(from <= record.length)) throw new RangeError(`a chunk of ${record.length} bytes`);
    const length = record.readBigUInt64LE(from - 8);
    if (length > record.length - from)
      throw new RangeError(`Chunk records length ${length} exceeds bounds of record, ${record.length - from}`);
    const size = record.readBigUInt64LE(HEAD + 16);
    const crc = record.readUInt32LE(HEAD + 24);
    const compression = record.toString('utf8', head + 4, head + 4 + named);
    const packed = record.subarray(from, from + Number(length));
    let bytes: Uint8Array = packed;
    if (compression !== '' && packed.length > 0) {
      const handler = decompress[compression];
      if (handler === undefined) throw new RangeError(`Unsupported compression ${compression}`);
      bytes = handler(packed, size);
    }
    const found = crc === 0 ? 0 : crc32(bytes);
    if (found !== crc) throw new RangeError(`Incorrect chunk CRC ${found} (expected ${crc})`);
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isDone(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** Tells of its records until the taker has `batch` messages. @throws for one that cannot be */
  read(taker: RecordTaker, rest: Rest, at: number, batch: number): void {
    while (!this.isDone && taker.waiting < batch) this.#record(taker, rest, at);
  }

  #record(taker: RecordTaker, rest: Rest, at: number): void {
    const view = this.#view;
    const start = this.#at;
    const left = view.byteLength - start - HEAD;
    const length = left < 0 ? 0 : view.getUint32(start + 1, true) + 2 ** 32 * view.getUint32(start + 5, true);
    if (length > left || left < 0) throw new RangeError(`${left + HEAD} bytes remaining in chunk`);
    const from = start + HEAD;
    const opcode = view.getUint8(start);
    if (opcode === Opcode.MESSAGE) {
      if (length < MESSAGE_HEAD) throw new RangeError(`a message record of ${length} bytes`);
      const logTimeNs = view.getBigUint64(from + 6, true);
      taker.message(view.getUint16(from, true), logTimeNs, view, from + MESSAGE_HEAD, length - MESSAGE_HEAD, at);
    } else if (opcode === Opcode.SCHEMA || opcode === Opcode.CHANNEL)
      rest.take(this.#bytes.subarray(start, from + length), at);
    else if (opcode <= Opcode.DATA_END) throw new RangeError(`a record of opcode ${opcode} in a chunk`);
    // Others are private or of a later version: to be skipped, as the format says.
    this.#at = from + length;
  }
}
