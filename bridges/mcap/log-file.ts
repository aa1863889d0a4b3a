import { open, unlink } from 'node:fs/promises';
import type { Encoded } from './channels.ts';
import type { Compressor } from './compression.ts';
import { FileSink, type Sink } from './sink.ts';
import { LogWriter } from './writer.ts';

/** Metadata records by name. */
export type LogHead = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface LogFileOptions {
  compressor: Compressor | null;
  /** A chunk is written when it has so many bytes, or spans so much log time: what a `kill -9` can lose. */
  chunkBytes: number;
  chunkSpanNs: number;
  /** Opens what a new file is written to; it never writes over one that exists. A file of the disk without it. */
  openSink?: ((path: string) => Promise<Sink>) | undefined;
}

const newFile = async (path: string): Promise<Sink> => new FileSink(await open(path, 'wx'));

/** One MCAP file that is being written: profile ros2, CDR, ros2msg schemas. NOTE wait for each call before the next one. */
export class LogFile {
  readonly path: string;
  readonly #options: LogFileOptions;
  readonly #sink: Sink;
  readonly #writer: LogWriter;
  /** Ids in this file, by topic and type. */
  readonly #channels = new Map<string, number>();

  private constructor(path: string, sink: Sink, options: LogFileOptions) {
    this.path = path;
    this.#options = options;
    this.#sink = sink;
    this.#writer = new LogWriter(sink, options.compressor);
  }

  /**
   * Makes the file and writes its head. When that does not fit on the disk, nothing is left of it.
   * @throws what opening or writing throws; `opened` says which
   */
  static async create(path: string, head: LogHead, options: LogFileOptions): Promise<LogFile> {
    const sink = await (options.openSink ?? newFile)(path);
    const file = new LogFile(path, sink, options);
    try {
      await file.#writer.start('ros2', 'reflexarc');
      for (const [name, entries] of Object.entries(head)) await file.#writer.addMetadata(name, entries);
    } catch (cause) {
      await sink.close().catch(() => {});
      await unlink(path).catch(() => {});
      throw Object.assign(cause as Error, { opened: true });
    }
    return file;
  }

  /** Bytes in the file, and messages in the chunk that is still to come. */
  get bytes(): number {
    return this.#sink.position();
  }
  get waiting(): number {
    return this.#writer.chunkMessages;
  }

  /** The file would not be larger than this if `message` came, and then the end. */
  boundWith(message: Encoded): number {
    this.#channel(message);
    return this.#writer.boundWith(message.data.length);
  }

  add(message: Encoded): void {
    const { sequence, logTime, publishTime, data } = message;
    this.#writer.addMessage({ channelId: this.#channel(message), sequence, logTime, publishTime, data });
    this.#newest = logTime;
  }
  #newest = 0n;

  /** The chunk is as large or as old as it may get. */
  get due(): boolean {
    const { chunkBytes, chunkSpanNs } = this.#options;
    const writer = this.#writer;
    return writer.chunkBytes >= chunkBytes || Number(this.#newest - writer.chunkStartNs) >= chunkSpanNs;
  }

  /** Writes the chunk. When it throws, the chunk is lost and the file is as it was before. */
  flush(): Promise<void> {
    return this.#writer.flush();
  }

  /** Index and footer, or at least the footer. @throws when not even that fits */
  end(): Promise<void> {
    return this.#writer.end();
  }

  /** To the disk, and closed. */
  close(): Promise<void> {
    return this.#sink.close();
  }

  #channel({ topic, type, definition }: Encoded): number {
    const key = `${topic}\n${type}`;
    const known = this.#channels.get(key);
    if (known !== undefined) return known;
    const schemaId = this.#writer.addSchema(type, 'ros2msg', new TextEncoder().encode(definition));
    const id = this.#writer.addChannel({ topic, schemaId, messageEncoding: 'cdr', metadata: new Map() });
    this.#channels.set(key, id);
    return id;
  }
}
