import { type FileHandle, open } from 'node:fs/promises';
import { parse } from '@foxglove/rosmsg';
import { MessageReader } from '@foxglove/rosmsg-serialization';
import type Bzip2 from '@foxglove/wasm-bz2';
import { decompressors } from '../../../bridges/mcap/compression.ts';
import { ReflexArcError } from '../../core/errors.ts';
import type { TimedMessage } from './messages.ts';
import { Fields, MAGIC, MAX_RECORD_BYTES, OP, recordsOf, Unreadable } from './rosbag1-records.ts';

type Decompress = (bytes: Uint8Array, size: number) => Uint8Array;

/** Part of a record that the file does not have all of. */
interface Part {
  readonly bytes: Uint8Array;
  readonly whole: boolean;
}

/**
 * The messages of a ROS 1 bag (format 2.0; chunks plain, bz2 or lz4) in the order of the file, by its records one after
 * another: so a bag that has no index, because recording ended too early, gives all that was written.
 * @throws ReflexArcError RA_LOG_DAMAGED naming the offset of what could not be read, after what could
 */
export async function* readBag(path: string): AsyncGenerator<TimedMessage> {
  let file: FileHandle;
  try {
    file = await open(path);
  } catch (cause) {
    const seen = `${path}: ${(cause as NodeJS.ErrnoException).code}`;
    throw new ReflexArcError('RA_LOG_DAMAGED', { seen, allowed: 'a ROS 1 bag', next: 'Check the path.', cause });
  }
  try {
    yield* new Bag(file, (await file.stat()).size).messages();
  } catch (cause) {
    if (!(cause instanceof Unreadable)) throw cause;
    const seen = `${path}: at byte ${cause.at}: ${cause.message}`;
    throw new ReflexArcError('RA_LOG_DAMAGED', { seen, allowed: 'a complete ROS 1 bag, format 2.0', cause });
  } finally {
    await file.close();
  }
}

let bzip2: Promise<Bzip2> | null = null;

/** WebAssembly, loaded with the first chunk that needs it. Undefined for a compression that bags do not have. */
async function decompressor(compression: string): Promise<Decompress | undefined> {
  if (compression === 'none') return (bytes) => bytes;
  if (compression === 'bz2') {
    bzip2 ??= import('@foxglove/wasm-bz2').then(({ default: bz2 }) => bz2.init());
    const bz2 = await bzip2;
    return (bytes, size) => bz2.decompress(bytes, size, { small: false });
  }
  if (compression !== 'lz4') return undefined;
  const { lz4 } = await decompressors();
  return (bytes, size) => lz4!(bytes, BigInt(size));
}

class Bag {
  readonly #file: FileHandle;
  readonly #size: number;
  readonly #decompressors = new Map<string, Decompress>();
  readonly #connections = new Map<number, { topic: string; reader: MessageReader }>();
  /** As the first record says they are at the end of the file; null where it was not closed. */
  #promised: { index: number; connections: number; chunks: number } | null = null;
  #chunks = 0;
  #connectionsAtEnd = 0;
  #chunkInfos = 0;

  constructor(file: FileHandle, size: number) {
    this.#file = file;
    this.#size = size;
  }

  async *messages(): AsyncGenerator<TimedMessage> {
    const magic = await this.#read(0, MAGIC.length);
    if (Buffer.from(magic.bytes).toString('latin1') !== MAGIC)
      throw new Unreadable(0, magic.whole ? 'is no bag of format 2.0' : 'ends before its first line does');
    for (let at = MAGIC.length; at < this.#size; ) {
      const head = await this.#part(at);
      if (!head.whole) throw new Unreadable(at, 'ends in the middle of a record');
      const fields = fieldsAt(at, head.bytes);
      const from = at + 4 + head.bytes.length;
      const data = await this.#part(from);
      yield* this.#record(at, fields, data, from + 4);
      if (!data.whole) throw new Unreadable(at, `ends in the middle of a record, at ${this.#size}`);
      at = from + 4 + data.bytes.length;
    }
    this.#isComplete();
  }

  /** A bag that was cut between two records. */
  #isComplete(): void {
    const promised = this.#promised;
    if (promised === null) throw new Unreadable(this.#size, 'was never closed: it has no index, and may lack its end');
    const { index, connections, chunks } = promised;
    if (index > this.#size || this.#chunks < chunks)
      throw new Unreadable(this.#size, `ends after ${this.#chunks} of ${chunks} chunks`);
    if (this.#connectionsAtEnd < connections || this.#chunkInfos < chunks)
      throw new Unreadable(this.#size, 'ends in its index; its messages are all there');
  }

  async *#record(at: number, fields: Fields, data: Part, dataAt: number): AsyncGenerator<TimedMessage> {
    const op = guarded(at, () => fields.op);
    if (op === OP.chunk) yield* this.#chunk(at, fields, data, dataAt);
    else if (!data.whole) return;
    else if (op === OP.connection) {
      if (this.#promised !== null && at >= this.#promised.index) this.#connectionsAtEnd++;
      guarded(at, () => this.#learn(fields, data.bytes));
    } else if (op === OP.message) yield guarded(at, () => this.#decode(fields, data.bytes));
    else if (op === OP.chunkInfo) this.#chunkInfos++;
    else if (op === OP.bag) {
      guarded(at, () => this.#promise(fields));
    }
  }

  #promise(fields: Fields): void {
    const index = Number(fields.uint64('index_pos'));
    if (index > 0)
      this.#promised = { index, connections: fields.uint32('conn_count'), chunks: fields.uint32('chunk_count') };
  }

  /** Of a chunk that is cut, what can be read is read: only a plain one has that. */
  async *#chunk(at: number, fields: Fields, data: Part, dataAt: number): AsyncGenerator<TimedMessage> {
    const compression = guarded(at, () => fields.text('compression'));
    const size = guarded(at, () => fields.uint32('size'));
    const decompress = this.#decompressors.get(compression) ?? (await decompressor(compression));
    if (decompress === undefined)
      throw new Unreadable(at, `a chunk compressed as ${compression}; known: none, bz2, lz4`);
    if (size > MAX_RECORD_BYTES) throw new Unreadable(at, `a chunk that says it has ${size} bytes`);
    this.#decompressors.set(compression, decompress);
    if (!data.whole && compression !== 'none') return;
    const plain = guarded(at, () => decompress(data.bytes, size));
    if (data.whole && plain.length !== size)
      throw new Unreadable(at, `a chunk of ${plain.length} bytes that says ${size}`);
    const inside = (offset: number) => (compression === 'none' ? dataAt + offset : at);
    try {
      for (const record of recordsOf(plain)) {
        const op = guarded(record.at, () => record.fields.op);
        if (op === OP.connection) guarded(record.at, () => this.#learn(record.fields, record.data));
        else if (op === OP.message) yield guarded(record.at, () => this.#decode(record.fields, record.data));
      }
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      const where = compression === 'none' ? '' : ` (byte ${error.at} of this ${compression} chunk, unpacked)`;
      throw new Unreadable(inside(error.at), `${error.message}${where}`);
    }
    this.#chunks++;
  }

  #learn(fields: Fields, data: Uint8Array): void {
    const id = fields.uint32('conn');
    if (this.#connections.has(id)) return;
    const definition = parse(new Fields(data).text('message_definition'));
    this.#connections.set(id, { topic: fields.text('topic'), reader: new MessageReader(definition) });
  }

  #decode(fields: Fields, data: Uint8Array): TimedMessage {
    const connection = this.#connections.get(fields.uint32('conn'));
    if (connection === undefined) throw new RangeError(`a message of connection ${fields.uint32('conn')}, never said`);
    const message = connection.reader.readMessage(data) as Record<string, unknown>;
    return { topic: connection.topic, timeNs: fields.time('time'), message };
  }

  /** What stands behind a length of four bytes. */
  async #part(at: number): Promise<Part> {
    const head = await this.#read(at, 4);
    if (!head.whole) return { bytes: new Uint8Array(0), whole: false };
    const length = new DataView(head.bytes.buffer, head.bytes.byteOffset).getUint32(0, true);
    if (length > MAX_RECORD_BYTES) throw new Unreadable(at, `a length of ${length} bytes`);
    return this.#read(at + 4, length);
  }

  async #read(at: number, length: number): Promise<Part> {
    const there = Math.max(0, Math.min(length, this.#size - at));
    // Of its own, and not pooled: arrays in messages are views of it.
    const bytes = new Uint8Array(there);
    const { bytesRead } = await this.#file.read(bytes, 0, there, at);
    return { bytes: bytes.subarray(0, bytesRead), whole: bytesRead === length };
  }
}

const fieldsAt = (at: number, bytes: Uint8Array) => guarded(at, () => new Fields(bytes));

/** What a library or a length throws about damaged bytes, with its place. */
function guarded<T>(at: number, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Unreadable) throw error;
    throw new Unreadable(at, error instanceof Error ? error.message : String(error));
  }
}
