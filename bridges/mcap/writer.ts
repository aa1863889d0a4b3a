import { McapChunkBuilder, McapRecordBuilder, type McapTypes, Opcode } from '@mcap/core';
import { crc32 } from '../messages/crc32.ts';
import type { Compressor } from './compression.ts';
import type { Sink } from './sink.ts';

/** Sizes of the MCAP specification, upper bounds where a text or a map is inside: for the size bound only. */
const MESSAGE_BYTES = 9 + 22 + 16;
const CHUNK_BYTES = 9 + 40 + (9 + 64);
const PER_CHUNK_AND_CHANNEL_BYTES = 15 + 10;
const ENDING_BYTES = 13 + (9 + 42) + 6 * (9 + 17) + 29 + 8;

/**
 * Writes MCAP: chunked, indexed, compressed where that makes a chunk smaller. Every write is one whole group of records, a chunk goes out together with
 * its index, and nothing is remembered of a chunk that did not get out: so after a failed write `end` still makes a
 * complete file of what was written before, which McapWriter of @mcap/core cannot (it would write the chunk again).
 *
 * NOTE wait for each call before the next one.
 */
export class LogWriter {
  readonly #sink: Sink;
  readonly #compressor: Compressor | null;
  readonly #records = new McapRecordBuilder();
  readonly #chunk = new McapChunkBuilder({ useMessageIndex: true });
  readonly #inChunk = new Map<number, bigint>();
  readonly #schemas: McapTypes.Schema[] = [];
  readonly #channels: McapTypes.Channel[] = [];
  readonly #introduced = new Set<number>();
  /** Written as it will stand in the summary: a long log has many chunks, and an object of each would be 1 kB. */
  readonly #chunkIndexes = new McapRecordBuilder();
  #chunks = 0;
  readonly #metadata: McapTypes.MetadataIndex[] = [];
  readonly #perChannel = new Map<number, bigint>();
  #messages = 0n;
  #first = 0n;
  #last = 0n;
  /** Upper bound of the summary but for its chunk indexes. */
  #summaryBytes = ENDING_BYTES;

  constructor(sink: Sink, compressor: Compressor | null = null) {
    this.#sink = sink;
    this.#compressor = compressor;
  }

  async start(profile: string, library: string): Promise<void> {
    this.#records.writeMagic();
    this.#records.writeHeader({ profile, library });
    await this.#writeOut();
  }

  async addMetadata(name: string, entries: Readonly<Record<string, string>>): Promise<void> {
    const offset = BigInt(this.#sink.position());
    const length = this.#records.writeMetadata({ name, metadata: new Map(Object.entries(entries)) });
    await this.#writeOut();
    this.#metadata.push({ name, offset, length });
    this.#summaryBytes += 9 + 20 + Buffer.byteLength(name);
  }

  /** Gives the same id for the same schema. It reaches the file with the first message of a channel of it. */
  addSchema(name: string, encoding: string, data: Uint8Array): number {
    const same = (s: McapTypes.Schema) =>
      s.name === name && s.encoding === encoding && Buffer.compare(s.data, data) === 0;
    const known = this.#schemas.find(same);
    if (known !== undefined) return known.id;
    const id = this.#schemas.length + 1;
    this.#schemas.push({ id, name, encoding, data });
    this.#summaryBytes += 2 * (9 + 20 + Buffer.byteLength(name) + Buffer.byteLength(encoding) + data.length);
    return id;
  }

  /** A new channel; it reaches the file with its first message. A schema of 0 is none. */
  addChannel({ topic, schemaId, messageEncoding, metadata }: Omit<McapTypes.Channel, 'id'>): number {
    const id = this.#channels.length;
    this.#channels.push({ id, schemaId, topic, messageEncoding, metadata });
    let more = Buffer.byteLength(messageEncoding);
    for (const [key, value] of metadata) more += 8 + Buffer.byteLength(key) + Buffer.byteLength(value);
    this.#summaryBytes += 2 * (9 + 20 + Buffer.byteLength(topic) + more) + 10;
    return id;
  }

  addMessage(message: McapTypes.Message): void {
    const channel = this.#channels[message.channelId]!;
    if (!this.#introduced.has(channel.id)) {
      this.#introduced.add(channel.id);
      const schema = this.#schemas[channel.schemaId - 1];
      if (schema !== undefined) this.#chunk.addSchema(schema);
      this.#chunk.addChannel(channel);
    }
    this.#chunk.addMessage(message);
    this.#inChunk.set(channel.id, (this.#inChunk.get(channel.id) ?? 0n) + 1n);
  }

  /** Bytes and messages of the chunk that is being filled. */
  get chunkBytes(): number {
    return this.#chunk.byteLength;
  }
  get chunkMessages(): number {
    return this.#chunk.numMessages;
  }
  get chunkStartNs(): bigint {
    return this.#chunk.messageStartTime;
  }

  /** The file would not be larger than this if one more message of `dataBytes` came and then the end. */
  boundWith(dataBytes: number): number {
    const perChunk = 2 * CHUNK_BYTES + this.#channels.length * PER_CHUNK_AND_CHANNEL_BYTES;
    const waiting = this.#chunk.byteLength + this.#chunk.numMessages * 16 + dataBytes + MESSAGE_BYTES + perChunk;
    return this.#sink.position() + waiting + this.#chunkIndexes.length + this.#summaryBytes;
  }

  /** Writes the chunk with its index. When it throws, the chunk is lost and the file is as it was before. */
  async flush(): Promise<void> {
    if (this.#chunk.numMessages === 0) return;
    const start = this.#sink.position();
    const plain = this.#chunk.buffer;
    const packed = this.#compressor?.compress(plain) ?? plain;
    const [records, compression] = packed.length < plain.length ? [packed, this.#compressor!.name] : [plain, ''];
    const { messageStartTime, messageEndTime } = this.#chunk;
    const uncompressedSize = BigInt(plain.length);
    const chunkLength = this.#records.writeChunk({
      messageStartTime,
      messageEndTime,
      uncompressedSize,
      uncompressedCrc: crc32(plain),
      compression,
      records,
    });
    const messageIndexOffsets = new Map<number, bigint>();
    let messageIndexLength = 0n;
    for (const index of this.#chunk.indices) {
      messageIndexOffsets.set(index.channelId, BigInt(start) + chunkLength + messageIndexLength);
      messageIndexLength += this.#records.writeMessageIndex(index);
    }
    const counted = [...this.#inChunk];
    const messages = BigInt(this.#chunk.numMessages);
    this.#chunk.reset();
    this.#inChunk.clear();
    await this.#writeOut();

    for (const [id, n] of counted) this.#perChannel.set(id, (this.#perChannel.get(id) ?? 0n) + n);
    if (this.#messages === 0n || messageStartTime < this.#first) this.#first = messageStartTime;
    if (messageEndTime > this.#last) this.#last = messageEndTime;
    this.#messages += messages;
    this.#chunks++;
    this.#chunkIndexes.writeChunkIndex({
      messageStartTime,
      messageEndTime,
      chunkStartOffset: BigInt(start),
      chunkLength,
      messageIndexOffsets,
      messageIndexLength,
      compression,
      compressedSize: BigInt(records.length),
      uncompressedSize,
    });
  }

  /**
   * The summary and the footer; when there is no room for them, the bare end of a file without an index.
   * Throws what the sink throws when not even that fits.
   */
  async end(): Promise<void> {
    const start = BigInt(this.#sink.position());
    const records = this.#records;
    try {
      records.writeDataEnd({ dataSectionCrc: 0 });
      const summaryStart = start + BigInt(records.length);
      const offsets = this.#writeSummary(start);
      const groupStart = start + BigInt(records.length);
      const groupLength = BigInt(this.#chunkIndexes.length);
      if (groupLength > 0n) offsets.push({ groupOpcode: Opcode.CHUNK_INDEX, groupStart, groupLength });
      const beforeIndexes = records.buffer;
      records.reset();
      for (const offset of offsets) records.writeSummaryOffset(offset);
      records.writeFooter({ summaryStart, summaryOffsetStart: groupStart + groupLength, summaryCrc: 0 });
      records.writeMagic();
      await this.#sink.write(Buffer.concat([beforeIndexes, this.#chunkIndexes.buffer, records.buffer]));
    } catch {
      records.reset();
      records.writeDataEnd({ dataSectionCrc: 0 });
      records.writeFooter({ summaryStart: 0n, summaryOffsetStart: 0n, summaryCrc: 0 });
      records.writeMagic();
      await this.#writeOut();
    }
  }

  /** All of it but the chunk indexes, which come last. Only channels that have reached the file are told of. */
  #writeSummary(start: bigint): McapTypes.SummaryOffset[] {
    const channels = this.#channels.filter((c) => this.#perChannel.has(c.id));
    const schemas = this.#schemas.filter((s) => channels.some((c) => c.schemaId === s.id));
    const offsets: McapTypes.SummaryOffset[] = [];
    const group = (groupOpcode: Opcode, write: () => void) => {
      const from = this.#records.length;
      write();
      const groupLength = BigInt(this.#records.length - from);
      if (groupLength > 0n) offsets.push({ groupOpcode, groupStart: start + BigInt(from), groupLength });
    };
    group(Opcode.SCHEMA, () => {
      for (const s of schemas) this.#records.writeSchema(s);
    });
    group(Opcode.CHANNEL, () => {
      for (const c of channels) this.#records.writeChannel(c);
    });
    group(Opcode.STATISTICS, () => {
      this.#records.writeStatistics({
        messageCount: this.#messages,
        schemaCount: schemas.length,
        channelCount: channels.length,
        attachmentCount: 0,
        metadataCount: this.#metadata.length,
        chunkCount: this.#chunks,
        messageStartTime: this.#first,
        messageEndTime: this.#last,
        channelMessageCounts: this.#perChannel,
      });
    });
    group(Opcode.METADATA_INDEX, () => {
      for (const m of this.#metadata) this.#records.writeMetadataIndex(m);
    });
    return offsets;
  }

  async #writeOut(): Promise<void> {
    try {
      await this.#sink.write(this.#records.buffer);
    } finally {
      this.#records.reset();
    }
  }
}
