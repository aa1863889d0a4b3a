import { McapChunkBuilder, McapRecordBuilder, type McapTypes, Opcode } from '@mcap/core';
import { crc32 } from '../messages/crc32.ts';
import type { Sink } from './sink.ts';

/** Sizes of the MCAP specification, upper bounds where a text or a map is inside: for the size bound only. */
const MESSAGE_BYTES = 9 + 22 + 16;
const CHUNK_BYTES = 9 + 40 + (9 + 64);
const PER_CHUNK_AND_CHANNEL_BYTES = 15 + 10;
const ENDING_BYTES = 13 + (9 + 42) + 6 * (9 + 17) + 29 + 8;

/**
 * Writes MCAP: chunked, indexed, uncompressed. Every write is one whole group of records, a chunk goes out together with
 * its index, and nothing is remembered of a chunk that did not get out: so after a failed write `end` still makes a
 * complete file of what was written before, which McapWriter of @mcap/core cannot (it would write the chunk again).
 *
 * NOTE wait for each call before the next one.
 */
export class LogWriter {
  readonly #sink: Sink;
  readonly #records = new McapRecordBuilder();
  readonly #chunk = new McapChunkBuilder({ useMessageIndex: true });
  readonly #inChunk = new Map<number, bigint>();
  readonly #schemas: McapTypes.Schema[] = [];
  readonly #channels: McapTypes.Channel[] = [];
  readonly #introduced = new Set<number>();
  readonly #chunks: McapTypes.ChunkIndex[] = [];
  readonly #metadata: McapTypes.MetadataIndex[] = [];
  readonly #perChannel = new Map<number, bigint>();
  #messages = 0n;
  #first = 0n;
  #last = 0n;
  /** Upper bound of the summary but for its chunk indexes. */
  #summaryBytes = ENDING_BYTES;

  constructor(sink: Sink) {
    this.#sink = sink;
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

  /** A channel with its schema; both reach the file with the channel's first message. */
  addChannel(topic: string, type: string, definition: string): number {
    let schema = this.#schemas.find((s) => s.name === type);
    if (schema === undefined) {
      const data = new TextEncoder().encode(definition);
      schema = { id: this.#schemas.length + 1, name: type, encoding: 'ros2msg', data };
      this.#schemas.push(schema);
      this.#summaryBytes += 2 * (9 + 20 + Buffer.byteLength(type) + data.length);
    }
    const id = this.#channels.length;
    this.#channels.push({ id, schemaId: schema.id, topic, messageEncoding: 'cdr', metadata: new Map() });
    this.#summaryBytes += 2 * (9 + 24 + Buffer.byteLength(topic)) + 10;
    return id;
  }

  addMessage(message: McapTypes.Message): void {
    const channel = this.#channels[message.channelId]!;
    if (!this.#introduced.has(channel.id)) {
      this.#introduced.add(channel.id);
      this.#chunk.addSchema(this.#schemas[channel.schemaId - 1]!);
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
    const perChunk = CHUNK_BYTES + this.#channels.length * PER_CHUNK_AND_CHANNEL_BYTES;
    const waiting = this.#chunk.byteLength + this.#chunk.numMessages * 16 + dataBytes + MESSAGE_BYTES;
    return this.#sink.position() + waiting + perChunk * (this.#chunks.length + 1) + this.#summaryBytes;
  }

  /** Writes the chunk with its index. When it throws, the chunk is lost and the file is as it was before. */
  async flush(): Promise<void> {
    if (this.#chunk.numMessages === 0) return;
    const start = this.#sink.position();
    const records = this.#chunk.buffer;
    const { messageStartTime, messageEndTime } = this.#chunk;
    const size = BigInt(records.length);
    const chunkLength = this.#records.writeChunk({
      messageStartTime,
      messageEndTime,
      uncompressedSize: size,
      uncompressedCrc: crc32(records),
      compression: '',
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
    this.#chunks.push({
      messageStartTime,
      messageEndTime,
      chunkStartOffset: BigInt(start),
      chunkLength,
      messageIndexOffsets,
      messageIndexLength,
      compression: '',
      compressedSize: size,
      uncompressedSize: size,
    });
  }

  /**
   * The summary and the footer; when there is no room for them, the bare end of a file without an index.
   * Throws what the sink throws when not even that fits.
   */
  async end(): Promise<void> {
    const start = BigInt(this.#sink.position());
    this.#records.writeDataEnd({ dataSectionCrc: 0 });
    const summaryStart = start + BigInt(this.#records.length);
    const offsets = this.#writeSummary(start);
    const summaryOffsetStart = start + BigInt(this.#records.length);
    for (const offset of offsets) this.#records.writeSummaryOffset(offset);
    this.#records.writeFooter({ summaryStart, summaryOffsetStart, summaryCrc: 0 });
    this.#records.writeMagic();
    try {
      await this.#writeOut();
    } catch {
      this.#records.writeDataEnd({ dataSectionCrc: 0 });
      this.#records.writeFooter({ summaryStart: 0n, summaryOffsetStart: 0n, summaryCrc: 0 });
      this.#records.writeMagic();
      await this.#writeOut();
    }
  }

  /** Only channels that have reached the file are told of. */
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
        chunkCount: this.#chunks.length,
        messageStartTime: this.#first,
        messageEndTime: this.#last,
        channelMessageCounts: this.#perChannel,
      });
    });
    group(Opcode.METADATA_INDEX, () => {
      for (const m of this.#metadata) this.#records.writeMetadataIndex(m);
    });
    group(Opcode.CHUNK_INDEX, () => {
      for (const c of this.#chunks) this.#records.writeChunkIndex(c);
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
