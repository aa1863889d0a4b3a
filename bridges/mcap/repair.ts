import { type FileHandle, open, unlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { McapRecordBuilder, McapStreamReader, type McapTypes, Opcode } from '@mcap/core';
import { ReflexArcError } from '../../src/core/errors.ts';
import { type Compression, compressor, decompressors } from './compression.ts';
import { beginsAsMcap, endsAsMcap, type RawRecord, recordsOfCutChunk, scan, summaryOf } from './scan.ts';
import { FileSink } from './sink.ts';
import { LogWriter } from './writer.ts';

/** A part of the file that could not be read. */
export interface Damage {
  offset: number;
  bytes: number;
  why: string;
  /** Messages of it that could be read all the same. */
  kept: number;
}

export interface Examined {
  bytes: number;
  /** It has an index and a footer, and nothing in it is damaged. */
  complete: boolean;
  messages: number;
  chunks: number;
  /** Messages by topic. */
  topics: Record<string, number>;
  /** Log time of the earliest and the latest message, ns; null without messages. */
  from_ns: string | null;
  to_ns: string | null;
  metadata: string[];
  damaged: Damage[];
}

const CHUNK_BYTES = 512 * 1024;

/**
 * Reads all that can be read of a log, and writes it to a new file with index and footer when `out` is given. Messages keep
 * their order, times, sequence numbers and bytes; attachments, which our logs have none of, are left out.
 * @throws ReflexArcError RA_LOG_DAMAGED for what is no MCAP file, RA_FILE_EXISTS when `out` is there already
 */
export async function examineLog(path: string, out?: string, compression: Compression = 'lz4'): Promise<Examined> {
  const file = await open(path).catch((cause) => {
    throw damaged(path, (cause as NodeJS.ErrnoException).code ?? String(cause), 'Check the path.', cause);
  });
  try {
    const { size } = await file.stat();
    if (!(await beginsAsMcap(file, size)))
      throw damaged(path, 'does not begin as an MCAP file', 'Look at what it is: there is nothing of a log in it.');
    if (out === undefined) return await new Examination(file, size, null).run();
    return await writeAnew(file, size, path, out, compression);
  } finally {
    await file.close();
  }
}

async function writeAnew(file: FileHandle, size: number, path: string, out: string, compression: Compression) {
  const target = await open(out, 'wx').catch((cause) => {
    const exists = (cause as NodeJS.ErrnoException).code === 'EEXIST';
    throw new ReflexArcError(exists ? 'RA_FILE_EXISTS' : 'RA_LOG_WRITE', {
      seen: `${out}: ${(cause as NodeJS.ErrnoException).code}`,
      allowed: 'a new file: nothing is written over',
      next: 'Name another file: `--out FILE`.',
      cause,
    });
  });
  const sink = new FileSink(target);
  try {
    const writer = new LogWriter(sink, await compressor(compression));
    const examined = await new Examination(file, size, writer).run();
    await writer.addMetadata('repair', { of: basename(path), damaged: JSON.stringify(examined.damaged) });
    await writer.end();
    await sink.close();
    return examined;
  } catch (error) {
    await sink.close().catch(() => {});
    await unlink(out).catch(() => {});
    throw error;
  }
}

const damaged = (path: string, seen: string, next: string, cause?: unknown) =>
  new ReflexArcError('RA_LOG_DAMAGED', { seen: `${path}: ${seen}`, allowed: 'an MCAP file', next, cause });

class Examination {
  readonly #file: FileHandle;
  readonly #writer: LogWriter | null;
  readonly #found: Examined;
  readonly #schemas = new Map<number, McapTypes.Schema>();
  readonly #channels = new Map<number, McapTypes.Channel>();
  /** Ids in the new file, by those in the old one. */
  readonly #ids = new Map<number, number>();
  #started = false;
  #ended = false;
  #from: bigint | null = null;
  #to: bigint | null = null;

  constructor(file: FileHandle, size: number, writer: LogWriter | null) {
    this.#file = file;
    this.#writer = writer;
    const none = { messages: 0, chunks: 0, topics: {}, from_ns: null, to_ns: null, metadata: [], damaged: [] };
    this.#found = { bytes: size, complete: false, ...none };
  }

  async run(): Promise<Examined> {
    const found = this.#found;
    // A channel stands in the chunk of its first message and here: a chunk that is lost must not take it along.
    await this.#read(await summaryOf(this.#file, found.bytes)).catch(() => {});
    for await (const part of scan(this.#file, found.bytes)) {
      if (!('opcode' in part)) found.damaged.push({ ...part, kept: 0 });
      else await this.#take(part);
    }
    await this.#start('ros2', 'reflexarc');
    await this.#writer?.flush();
    const ends = this.#ended && (await endsAsMcap(this.#file, found.bytes));
    found.complete = ends && found.damaged.length === 0;
    return { ...found, from_ns: this.#from?.toString() ?? null, to_ns: this.#to?.toString() ?? null };
  }

  async #start(profile: string, library: string): Promise<void> {
    if (this.#started) return;
    this.#started = true;
    await this.#writer?.start(profile, library);
  }

  async #take({ offset, opcode, bytes, cut }: RawRecord): Promise<void> {
    const found = this.#found;
    if (opcode === Opcode.DATA_END && !cut) this.#ended = true;
    if (opcode === Opcode.CHUNK) found.chunks++;
    const before = found.messages;
    let why = cut ? `the file ends in the middle of ${opcode === Opcode.CHUNK ? 'a chunk' : 'a record'}` : '';
    const readable = !cut ? bytes : opcode === Opcode.CHUNK ? recordsOfCutChunk(bytes) : null;
    try {
      if (readable !== null) await this.#read(readable);
    } catch (cause) {
      why ||= (cause as Error).message;
    }
    if (why !== '') found.damaged.push({ offset, bytes: bytes.length, why, kept: found.messages - before });
  }

  /** Reads whole records. A reader is of no use after an error, so that each is new and is told the channels. */
  async #read(bytes: Buffer): Promise<void> {
    const known = new McapRecordBuilder();
    for (const channel of this.#channels.values()) known.writeChannel(channel);
    const reader = new McapStreamReader({ noMagicPrefix: true, decompressHandlers: await decompressors() });
    reader.append(Buffer.concat([known.buffer, bytes]));
    for (let record = reader.nextRecord(); record !== undefined; record = reader.nextRecord()) {
      if (record.type === 'Header') await this.#start(record.profile, record.library);
      else if (record.type === 'Schema') this.#schemas.set(record.id, record);
      else if (record.type === 'Channel') this.#channels.set(record.id, record);
      else if (record.type === 'Metadata') await this.#metadata(record.name, record.metadata);
      else if (record.type === 'Message') await this.#message(record);
    }
  }

  async #metadata(name: string, entries: ReadonlyMap<string, string>): Promise<void> {
    this.#found.metadata.push(name);
    await this.#start('ros2', 'reflexarc');
    await this.#writer?.addMetadata(name, Object.fromEntries(entries));
  }

  async #message(message: McapTypes.TypedMcapRecords['Message']): Promise<void> {
    const channel = this.#channels.get(message.channelId)!;
    const found = this.#found;
    found.messages++;
    found.topics[channel.topic] = (found.topics[channel.topic] ?? 0) + 1;
    if (this.#from === null || message.logTime < this.#from) this.#from = message.logTime;
    if (this.#to === null || message.logTime > this.#to) this.#to = message.logTime;
    const writer = this.#writer;
    if (writer === null) return;
    await this.#start('ros2', 'reflexarc');
    writer.addMessage({ ...message, channelId: this.#channelId(writer, channel) });
    if (writer.chunkBytes >= CHUNK_BYTES) await writer.flush();
  }

  #channelId(writer: LogWriter, channel: McapTypes.Channel): number {
    const known = this.#ids.get(channel.id);
    if (known !== undefined) return known;
    const schema = this.#schemas.get(channel.schemaId);
    const schemaId = schema === undefined ? 0 : writer.addSchema(schema.name, schema.encoding, schema.data);
    const id = writer.addChannel({ ...channel, schemaId });
    this.#ids.set(channel.id, id);
    return id;
  }
}
