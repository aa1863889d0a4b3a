import { unlink } from 'node:fs/promises';
import { ReflexArcError } from '../../src/core/errors.ts';
import type { Encoded } from './channels.ts';
import { logStem, nextLogFile } from './files.ts';
import { LogFile, type LogFileOptions, type LogHead } from './log-file.ts';

export interface SeriesOptions extends LogFileOptions {
  /** Metadata of every file; `file` is added: its number, why it was begun, and how many messages it repeats. */
  metadata: LogHead;
  /** All files together never get larger. */
  maxBytes: number;
  /** A file that would get larger, or spans so much log time, is followed by the next. Infinity: never. */
  rotateBytes: number;
  rotateNs: number;
  /** Only the newest so many are kept, fewer when `maxBytes` wants it. 0: all are kept, and at `maxBytes` the log ends. */
  keepFiles: number;
  /** Topics whose last message is said again at the beginning of each file, so that the file can be understood alone. */
  carry(topic: string): boolean;
  /** After a disk that was full or failed, a new file is tried again after so much log time. */
  retryNs: number;
  tell: SeriesListener;
}

/** What happens to the files. Told at every occurrence. */
export interface SeriesListener {
  /** A chunk of so many messages has reached the file, or is lost. */
  written(messages: number): void;
  lost(messages: number): void;
  broken(path: string, cause: unknown): void;
  full(path: string): void;
  deleted(path: string): void;
}

/** Larger messages are not said again in every file. */
const MAX_CARRIED_BYTES = 65_536;

/**
 * The files of one log, one after another, each complete by itself: schemas, channels, metadata, index, and the last
 * message of the topics that say how things stand. These repeats keep their time and their sequence number, come first,
 * and are counted in the metadata record `file`. NOTE wait for each call before the next one.
 */
export class Series {
  /** Files that are there, the present one included; files that made room for others. */
  files = 0;
  deleted = 0;
  readonly #options: SeriesOptions;
  #path: string;
  #number = 0;
  #file: LogFile | null = null;
  /** Messages in the present file that are no repeats, and the log time of the first. */
  #own = 0;
  #sinceNs = 0n;
  readonly #finished: { path: string; bytes: number }[] = [];
  #finishedBytes = 0;
  readonly #carried = new Map<string, Encoded>();
  readonly #closing = new Set<Promise<void>>();
  #stopped: 'size' | 'disk' | null = null;
  #retryNs = 0n;

  private constructor(path: string, options: SeriesOptions) {
    this.#path = path;
    this.#options = options;
  }

  /** @throws ReflexArcError RA_LOG_WRITE when the file cannot be made; one that exists is never written over. */
  static async open(path: string, options: SeriesOptions): Promise<Series> {
    const series = new Series(path, options);
    try {
      await series.#begin('start');
    } catch (cause) {
      if ((cause as { opened?: boolean }).opened !== true)
        throw new ReflexArcError('RA_LOG_WRITE', {
          seen: `${path}: ${(cause as NodeJS.ErrnoException).code}`,
          allowed: 'a new file in a writable folder',
          cause,
        });
      await series.#broken(cause, 0n);
    }
    return series;
  }

  /** The file that is being written. */
  get path(): string {
    return this.#path;
  }
  /** Of all files that are there. */
  get bytes(): number {
    return this.#finishedBytes + (this.#file?.bytes ?? 0);
  }
  /** Messages in the chunk that is still to come. */
  get waiting(): number {
    return this.#file?.waiting ?? 0;
  }

  /** Null when it is taken, or why not. A promise only where something is written: most messages only join the chunk. */
  add(message: Encoded): Promise<'size' | 'disk' | null> | null {
    const file = this.#file;
    if (this.#stopped === null && file !== null && this.#outgrown(message, file) === null) {
      if (this.#finishedBytes + file.boundWith(message) <= this.#options.maxBytes) return this.#put(message, file);
    }
    return this.#make(message);
  }

  /** Makes room for a message first, in this file or the next. */
  async #make(message: Encoded): Promise<'size' | 'disk' | null> {
    if (this.#stopped === 'disk' && this.#file === null && message.logTime >= this.#retryNs) await this.#again(message);
    if (this.#stopped !== null) return this.#stopped;
    const why = this.#outgrown(message, this.#file!);
    if (why !== null) await this.#rotate(why, message);
    const file = await this.#withRoom(message);
    return file === null ? this.#stopped : this.#put(message, file);
  }

  /** Why the message belongs into the next file; null when it does not. */
  #outgrown(message: Encoded, file: LogFile): 'time' | 'size' | null {
    const { rotateBytes, rotateNs } = this.#options;
    if (this.#own === 0) return null;
    if (Number(message.logTime - this.#sinceNs) >= rotateNs) return 'time';
    return file.boundWith(message) > rotateBytes ? 'size' : null;
  }

  #put(message: Encoded, file: LogFile): Promise<null> | null {
    const { topic, data, logTime } = message;
    if (this.#own++ === 0) this.#sinceNs = logTime;
    file.add(message);
    if (data.length <= MAX_CARRIED_BYTES && this.#options.carry(topic)) this.#carried.set(topic, message);
    return file.due ? this.#flush(logTime).then(() => null) : null;
  }

  /** The file, when `message` fits into all bounds; otherwise the log ends here. */
  async #withRoom(message: Encoded): Promise<LogFile | null> {
    const { maxBytes, keepFiles, tell } = this.#options;
    for (;;) {
      const file = this.#file;
      if (file === null || this.#stopped !== null) return null;
      if (this.#finishedBytes + file.boundWith(message) <= maxBytes) return file;
      if (keepFiles > 0 && this.#finished.length > 0) await this.#deleteOldest();
      // In the file a chunk is often smaller than in memory.
      else if (file.waiting > 0) await this.#flush(message.logTime);
      else {
        this.#stopped = 'size';
        tell.full(this.#path);
      }
    }
  }

  async #flush(nowNs: bigint): Promise<void> {
    const file = this.#file;
    if (file === null) return;
    const messages = file.waiting;
    try {
      await file.flush();
      this.#options.tell.written(messages);
    } catch (cause) {
      this.#options.tell.lost(messages);
      await this.#broken(cause, nowNs);
    }
  }

  async #begin(why: string): Promise<void> {
    const { metadata, ...options } = this.#options;
    const repeats = [...this.#carried.values()].sort((a, b) => Number(a.logTime - b.logTime));
    const about = { log: logStem(this.#path).replace(/^.*[/\\]/, ''), number: String(this.#number), begun: why };
    const head = { ...metadata, file: { ...about, repeated: String(repeats.length) } };
    this.#own = 0;
    this.#file = await LogFile.create(this.#path, head, options);
    this.files++;
    for (const message of repeats) this.#file.add(message);
    await this.#file.flush();
  }

  /** The next file. When it cannot be made, the messages from here on are lost until it can. */
  async #rotate(why: string, { logTime }: Encoded): Promise<void> {
    const { keepFiles } = this.#options;
    await this.#flush(logTime);
    if (this.#file === null) return;
    await this.#finish().catch((cause) => this.#broken(cause, logTime));
    if (this.#stopped !== null) return;
    while (keepFiles > 0 && this.#finished.length >= keepFiles) await this.#deleteOldest();
    await this.#next(why).catch((cause) => this.#broken(cause, logTime));
  }

  async #next(why: string): Promise<void> {
    this.#path = nextLogFile(this.#path);
    this.#number++;
    await this.#begin(why);
  }

  async #again({ logTime }: Encoded): Promise<void> {
    this.#stopped = null;
    await this.#next('disk').catch((cause) => this.#broken(cause, logTime));
  }

  /** Ends the present file; that it reaches the disk is waited for in `close`. */
  async #finish(): Promise<void> {
    const file = this.#file;
    if (file === null) return;
    this.#file = null;
    try {
      await file.end();
    } finally {
      this.#finished.push({ path: file.path, bytes: file.bytes });
      this.#finishedBytes += file.bytes;
      const closing = file.close().catch((cause) => this.#options.tell.broken(file.path, cause));
      this.#closing.add(closing);
      void closing.then(() => this.#closing.delete(closing));
    }
  }

  async #broken(cause: unknown, nowNs: bigint): Promise<void> {
    this.#stopped = 'disk';
    this.#retryNs = nowNs + BigInt(Math.round(this.#options.retryNs));
    this.#options.tell.broken(this.#path, cause);
    // What was written before is a complete file if there is room for its end.
    await this.#finish().catch(() => {});
  }

  async #deleteOldest(): Promise<void> {
    const { path, bytes } = this.#finished.shift()!;
    this.#finishedBytes -= bytes;
    this.files--;
    this.deleted++;
    await unlink(path).catch(() => {});
    this.#options.tell.deleted(path);
  }

  /** Writes what waits, index and footer. Never throws. */
  async close(): Promise<void> {
    await this.#flush(0n);
    await this.#finish().catch((cause) => this.#options.tell.broken(this.#path, cause));
    await Promise.all(this.#closing);
  }
}
