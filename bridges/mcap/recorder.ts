import { type ErrorCode, ReflexArcError } from '../../src/core/errors.ts';
import { BlackBox, type BlackBoxCounters, type Incident } from './black-box.ts';
import { Channels, type Encoded } from './channels.ts';
import { type Compression, compressor } from './compression.ts';
import type { LogHead } from './log-file.ts';
import { Selection, type TopicSelection } from './selection.ts';
import { Series } from './series.ts';
import type { Sink } from './sink.ts';
import { sizeOf } from './size-of.ts';

export interface RecorderOptions {
  /** All files of the log together never get larger; what does not fit is dropped, counted and said. */
  maxBytes: number;
  /** .msg text of a type, see bridges/messages/definitions.ts. Throws for a type that it does not know. */
  definitionOf(type: string): string;
  /** Metadata records by name: configs, digests, versions, seeds. */
  metadata: LogHead;
  /** Told once of each way in which recording fails. Control never depends on the log. */
  onError(error: ReflexArcError): void;
  compression?: Compression;
  /** See SeriesOptions. */
  rotateBytes?: number;
  rotateNs?: number;
  keepFiles?: number;
  /** Topics whose last message opens each file and each incident; none without it. */
  carry?(topic: string): boolean;
  /** What of single topics goes into the log; the black box keeps all of it. */
  topics?: Readonly<Record<string, TopicSelection>>;
  /** See BlackBoxOptions; null: none. */
  blackBox?: { beforeNs: number; afterNs: number; maxBytes: number; maxFiles: number } | null;
  /** False: only the black box, in files named after the path. */
  log?: boolean;
  /** Messages that may wait to be encoded, and their bytes (an estimate). */
  maxQueued?: number;
  maxQueuedBytes?: number;
  /** A chunk is written when it has so many bytes, or spans so much log time: what a `kill -9` can lose. */
  chunkBytes?: number;
  chunkSpanNs?: number;
  /** After a disk that was full, a new file is tried after so much log time. */
  retryNs?: number;
  /** What a file is written to, in place of the disk. */
  openSink?: ((path: string) => Promise<Sink>) | undefined;
}

type Settings = Required<RecorderOptions>;
type Needed = 'maxBytes' | 'definitionOf' | 'metadata' | 'onError';

const DEFAULTS: Omit<Settings, Needed> = {
  ...{ compression: 'none', log: true, topics: {}, blackBox: null, carry: () => false, openSink: undefined },
  ...{ rotateBytes: Number.POSITIVE_INFINITY, rotateNs: Number.POSITIVE_INFINITY, keepFiles: 0, retryNs: 10e9 },
  ...{ maxQueued: 20_000, maxQueuedBytes: 32_000_000, chunkBytes: 512 * 1024, chunkSpanNs: 1e9 },
};

export interface RecorderCounters {
  /** Messages in the log, those of files included that were deleted since. One of a chunk being filled counts as queued. */
  written: number;
  dropped: number;
  queued: number;
  /** Not wanted in the log, see `topics`. */
  leftOut: number;
  /** Size of the files that are there, their number, and how many made room for newer ones. */
  bytes: number;
  files: number;
  deleted: number;
  readonly droppedBecause: { queue: number; size: number; disk: number; encoding: number };
  /** Null where there is none. */
  readonly blackBox: BlackBoxCounters | null;
}

type Dropped = keyof RecorderCounters['droppedBecause'];

interface Waiting {
  readonly topic: string;
  readonly type: string;
  readonly message: unknown;
  readonly logTimeNs: number | bigint;
  readonly publishTimeNs: number | bigint;
  readonly bytes: number;
  /** It goes into the log, and not only into the black box. */
  readonly wanted: boolean;
}

type Queued = Waiting | { readonly incident: Incident; readonly logTimeNs: number };

/** Messages encoded before the others on this thread have a turn. */
const BATCH = 256;

/**
 * Writes an MCAP log (profile ros2, CDR, ros2msg schemas), in one file or one after another, and the black box. `record`
 * only puts the message into a bounded queue; encoding, compressing and writing happen in turns of their own. A full
 * queue, a full disk or the size bound lose messages, counted, and nothing else: what is written stays readable.
 */
export class Recorder {
  readonly counters: RecorderCounters;
  readonly #options: Settings;
  readonly #channels: Channels;
  readonly #selection: Selection;
  readonly #said = new Set<string>();
  readonly #path: string;
  #series: Series | null = null;
  #blackBox: BlackBox | null = null;
  #queue: Queued[] = [];
  /** Of the queue and of the batch that is being encoded. */
  #waiting = 0;
  #waitingBytes = 0;
  #draining: Promise<void> | null = null;
  #closing: Promise<void> | null = null;
  /** Why nothing more is taken: an answer before anything is encoded. */
  #full = false;

  private constructor(path: string, options: Settings) {
    this.#path = path;
    this.#options = options;
    this.#channels = new Channels(options.definitionOf);
    this.#selection = new Selection(options.topics);
    this.counters = {
      ...{ written: 0, dropped: 0, queued: 0, leftOut: 0, bytes: 0, files: 0, deleted: 0 },
      droppedBecause: { queue: 0, size: 0, disk: 0, encoding: 0 },
      blackBox: null,
    };
  }

  /**
   * `path` is the first file of the log.
   * @throws ReflexArcError RA_LOG_WRITE when it cannot be made; one that exists is never written over
   */
  static async open(path: string, given: RecorderOptions): Promise<Recorder> {
    const recorder = new Recorder(path, { ...DEFAULTS, ...given });
    await recorder.#begin();
    return recorder;
  }

  async #begin(): Promise<void> {
    const { log, blackBox, metadata, carry, chunkBytes, chunkSpanNs, openSink, compression } = this.#options;
    const common = { compressor: await compressor(compression), chunkBytes, chunkSpanNs, openSink, metadata, carry };
    const broken = (path: string, cause: unknown) => this.#broken(path, cause);
    if (blackBox !== null) {
      this.#blackBox = new BlackBox({ ...common, ...blackBox, path: this.#path, broken });
      Object.assign(this.counters, { blackBox: this.#blackBox.counters });
    }
    if (!log) return;
    const tell = {
      written: (messages: number) => {
        this.counters.written += messages;
      },
      lost: (messages: number) => this.#drop('disk', messages),
      broken,
      full: (path: string) => {
        this.#full = true;
        const next =
          'Raise `log.max_bytes`, record shorter runs or let old files go (`log.keep_files`); control goes on.';
        this.#say('size', 'RA_LOG_WRITE', `${path} is full`, `log.max_bytes = ${this.#options.maxBytes}`, { next });
      },
      deleted: () => {},
    };
    const { maxBytes, rotateBytes, rotateNs, keepFiles, retryNs } = this.#options;
    const bounds = { maxBytes, rotateBytes, rotateNs, keepFiles, retryNs };
    this.#series = await Series.open(this.#path, { ...common, ...bounds, tell });
    this.#count();
  }

  /** The file that is being written; the one that was asked for where nothing is. */
  get path(): string {
    return this.#series?.path ?? this.#path;
  }

  /**
   * Never blocks, never throws. `message` must not be changed afterwards. Times are integer nanoseconds; a message whose
   * time or content cannot be written is dropped and counted as `encoding`.
   */
  record(
    topic: string,
    type: string,
    message: unknown,
    logTimeNs: number | bigint,
    publishTimeNs: number | bigint,
  ): void {
    const wanted = this.#series !== null && this.#selection.wants(topic, logTimeNs);
    if (!wanted && this.#series !== null) this.counters.leftOut++;
    if (wanted && this.#full) {
      this.#drop('size');
      if (this.#blackBox === null) return;
    } else if (!wanted && this.#blackBox === null) return;
    const bytes = sizeOf(message);
    if (!this.#room(bytes)) {
      if (wanted && !this.#full) this.#drop('queue');
      return;
    }
    const kept = wanted && !this.#full;
    this.#put({ topic, type, message, logTimeNs, publishTimeNs, bytes, wanted: kept }, bytes);
  }

  /** A stop or an intervention: the black box writes what was before it, and goes on for its time. */
  incident(incident: Incident, logTimeNs: number): void {
    if (this.#blackBox === null || this.#closing !== null) return;
    this.#put({ incident, logTimeNs }, 0);
  }

  #room(bytes: number): boolean {
    const { maxQueued, maxQueuedBytes } = this.#options;
    return this.#closing === null && this.#waiting < maxQueued && this.#waitingBytes + bytes <= maxQueuedBytes;
  }

  #put(waiting: Queued, bytes: number): void {
    this.#queue.push(waiting);
    this.#waiting++;
    this.#waitingBytes += bytes;
    this.counters.queued++;
    this.#draining ??= this.#drain();
  }

  #drop(why: Dropped, count = 1): void {
    this.counters.dropped += count;
    this.counters.droppedBecause[why] += count;
  }

  /** Tells the listener, once of each `what`. */
  #say(what: string, code: ErrorCode, seen: string, allowed: string, more: { next?: string; cause?: unknown }): void {
    if (this.#said.has(what)) return;
    this.#said.add(what);
    try {
      this.#options.onError(new ReflexArcError(code, { seen, allowed, ...more }));
    } catch {
      // A listener that fails is no reason to lose the log, nor to throw at who records.
    }
  }

  #broken(path: string, cause: unknown): void {
    const code = (cause as NodeJS.ErrnoException).code;
    const seen = `${path}: ${code ?? (cause as Error).message}`;
    const full = code === 'ENOSPC' || code === 'EDQUOT';
    this.#say('disk', full ? 'RA_LOG_DISK_FULL' : 'RA_LOG_WRITE', seen, 'room for the log', { cause });
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      await new Promise((resolve) => setImmediate(resolve));
      for (const waiting of this.#queue.splice(0, BATCH)) {
        if ('incident' in waiting)
          await this.#blackBox?.incident(waiting.incident, BigInt(Math.round(waiting.logTimeNs)));
        else {
          const writing = this.#take(waiting);
          if (writing !== null) await writing;
          this.#waitingBytes -= waiting.bytes;
        }
        this.#waiting--;
        this.#count();
      }
    }
    this.#draining = null;
  }

  /** What is counted as queued: what waits, and what is in the chunk. */
  #count(): void {
    const series = this.#series;
    this.counters.queued = this.#waiting + (series?.waiting ?? 0);
    this.counters.bytes = series?.bytes ?? 0;
    this.counters.files = series?.files ?? 0;
    this.counters.deleted = series?.deleted ?? 0;
  }

  /** A promise only where something is written: waiting for each message would cost more than encoding it. */
  #take({ topic, type, message, logTimeNs, publishTimeNs, wanted }: Waiting): Promise<void> | null {
    let encoded: Encoded | null = null;
    try {
      encoded = this.#channels.encode(topic, type, message, logTimeNs, publishTimeNs);
    } catch (cause) {
      const next = 'The message is not in the log, the others are; look at its publisher.';
      const seen = `${topic}: ${(cause as Error).message}`;
      this.#say(`encoding ${topic}`, 'RA_LOG_WRITE', seen, `a message of ${type}`, { next, cause });
    }
    if (encoded === null) {
      if (wanted) this.#drop('encoding');
      return null;
    }
    const kept = this.#blackBox?.add(encoded) ?? null;
    const added = wanted ? (this.#series?.add(encoded) ?? null) : null;
    return kept === null && added === null ? null : this.#written(kept, added);
  }

  async #written(kept: Promise<void> | null, added: ReturnType<Series['add']>): Promise<void> {
    const [refused] = await Promise.all([added, kept]);
    if (refused !== null) this.#drop(refused);
  }

  /** Writes what waits, the index and the footer, and closes the files. Never throws; a second call waits for the first. */
  close(): Promise<void> {
    this.#closing ??= this.#finish();
    return this.#closing;
  }

  async #finish(): Promise<void> {
    while (this.#draining !== null) await this.#draining;
    await this.#blackBox?.close();
    await this.#series?.close();
    this.#count();
  }
}
