import { open } from 'node:fs/promises';
import { parse } from '@foxglove/rosmsg';
import { type ErrorCode, ReflexArcError } from '../../src/core/errors.ts';
import { cdrWriter } from '../messages/cdr-writer.ts';
import { FileSink, type Sink } from './sink.ts';
import { LogWriter } from './writer.ts';

export interface RecorderOptions {
  /** The file never gets larger; what does not fit is dropped, counted and said. */
  maxBytes: number;
  /** .msg text of a type, see bridges/messages/definitions.ts. Throws for a type that it does not know. */
  definitionOf(type: string): string;
  /** Metadata records by name: configs, digests, versions, seeds. */
  metadata: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Told once of each way in which recording fails. Control never depends on the log. */
  onError(error: ReflexArcError): void;
  /** Messages that may wait to be encoded, and their bytes (an estimate). */
  maxQueued?: number;
  maxQueuedBytes?: number;
  /** A chunk is written when it has so many bytes, or spans so much log time: what a `kill -9` can lose. */
  chunkBytes?: number;
  chunkSpanNs?: number;
}

const DEFAULTS = { maxQueued: 20_000, maxQueuedBytes: 32_000_000, chunkBytes: 512 * 1024, chunkSpanNs: 1e9 };

export interface RecorderCounters {
  /** Messages in the file. A message of a chunk that is still being filled counts as queued. */
  written: number;
  dropped: number;
  queued: number;
  /** Size of the file. */
  bytes: number;
  readonly droppedBecause: { queue: number; size: number; disk: number; encoding: number };
}

type Dropped = keyof RecorderCounters['droppedBecause'];

interface Waiting {
  readonly topic: string;
  readonly type: string;
  readonly message: unknown;
  readonly logTimeNs: number | bigint;
  readonly publishTimeNs: number | bigint;
  readonly bytes: number;
}

interface Channel {
  readonly id: number;
  readonly encode: (message: unknown) => Uint8Array;
  sequence: number;
}

/** Messages encoded before the others on this thread have a turn. */
const BATCH = 256;

/**
 * Writes an MCAP log (profile ros2, CDR, ros2msg schemas). `record` only puts the message into a bounded queue; encoding
 * and writing happen in turns of their own. A full queue, a full disk or the size bound lose messages, counted, and
 * nothing else: what is written stays readable.
 */
export class Recorder {
  readonly counters: RecorderCounters = {
    written: 0,
    dropped: 0,
    queued: 0,
    bytes: 0,
    droppedBecause: { queue: 0, size: 0, disk: 0, encoding: 0 },
  };
  readonly path: string;
  readonly #options: Required<RecorderOptions>;
  readonly #sink: Sink;
  readonly #writer: LogWriter;
  /** By topic and type; null for a type that cannot be written. */
  readonly #channels = new Map<string, Channel | null>();
  readonly #said = new Set<string>();
  #queue: Waiting[] = [];
  /** Of the queue and of the batch that is being encoded. */
  #waiting = 0;
  #waitingBytes = 0;
  #draining: Promise<void> | null = null;
  #closing: Promise<void> | null = null;
  /** Why nothing more is taken. */
  #stopped: 'size' | 'disk' | null = null;

  private constructor(path: string, sink: Sink, options: RecorderOptions) {
    this.path = path;
    this.#options = { ...DEFAULTS, ...options };
    this.#sink = sink;
    this.#writer = new LogWriter(sink);
  }

  /** @throws ReflexArcError RA_LOG_WRITE when the file cannot be made; one that exists is never written over. */
  static async open(path: string, options: RecorderOptions, sink?: Sink): Promise<Recorder> {
    let target = sink;
    if (target === undefined) {
      try {
        target = new FileSink(await open(path, 'wx'));
      } catch (cause) {
        throw new ReflexArcError('RA_LOG_WRITE', {
          seen: `${path}: ${(cause as NodeJS.ErrnoException).code}`,
          allowed: 'a new file in a writable folder',
          cause,
        });
      }
    }
    const recorder = new Recorder(path, target, options);
    await recorder.#begin();
    return recorder;
  }

  async #begin(): Promise<void> {
    try {
      await this.#writer.start('ros2', 'reflexarc');
      for (const [name, entries] of Object.entries(this.#options.metadata))
        await this.#writer.addMetadata(name, entries);
    } catch (cause) {
      this.#broken(cause);
    }
    this.counters.bytes = this.#sink.position();
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
    const bytes = sizeOf(message, 0);
    const { maxQueued, maxQueuedBytes } = this.#options;
    if (this.#stopped !== null) this.#drop(this.#stopped);
    else if (this.#closing !== null || this.#waiting >= maxQueued || this.#waitingBytes + bytes > maxQueuedBytes)
      this.#drop('queue');
    else {
      this.#queue.push({ topic, type, message, logTimeNs, publishTimeNs, bytes });
      this.#waiting++;
      this.#waitingBytes += bytes;
      this.counters.queued++;
      this.#draining ??= this.#drain();
    }
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

  #broken(cause: unknown): void {
    this.#stopped = 'disk';
    const code = (cause as NodeJS.ErrnoException).code;
    const seen = `${this.path}: ${code ?? (cause as Error).message}`;
    const full = code === 'ENOSPC' || code === 'EDQUOT';
    this.#say('disk', full ? 'RA_LOG_DISK_FULL' : 'RA_LOG_WRITE', seen, 'room for the log', { cause });
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      await new Promise((resolve) => setImmediate(resolve));
      for (const waiting of this.#queue.splice(0, BATCH)) {
        await this.#take(waiting);
        this.#waiting--;
        this.#waitingBytes -= waiting.bytes;
        this.#count();
      }
    }
    this.#draining = null;
  }

  /** What is counted as queued: what waits, and what is in the chunk. */
  #count(): void {
    this.counters.queued = this.#waiting + this.#writer.chunkMessages;
    this.counters.bytes = this.#sink.position();
  }

  async #take(waiting: Waiting): Promise<void> {
    if (this.#stopped !== null) {
      this.#drop(this.#stopped);
      return;
    }
    const { maxBytes, chunkBytes, chunkSpanNs } = this.#options;
    const writer = this.#writer;
    try {
      const channel = this.#channel(waiting.topic, waiting.type);
      if (channel === null) {
        this.#drop('encoding');
        return;
      }
      const logTime = nanoseconds(waiting.logTimeNs);
      const publishTime = nanoseconds(waiting.publishTimeNs);
      const data = channel.encode(waiting.message);
      if (writer.boundWith(data.length) > maxBytes) {
        this.#stopped = 'size';
        this.#drop('size');
        const next = 'Raise `log.max_bytes` or record shorter runs; control goes on unlogged.';
        this.#say('size', 'RA_LOG_WRITE', `${this.path} is full`, `log.max_bytes = ${maxBytes}`, { next });
        await this.#flush();
        return;
      }
      writer.addMessage({ channelId: channel.id, sequence: channel.sequence++, logTime, publishTime, data });
      if (writer.chunkBytes >= chunkBytes || Number(logTime - writer.chunkStartNs) >= chunkSpanNs) await this.#flush();
    } catch (cause) {
      this.#drop('encoding');
      const { topic, type } = waiting;
      const next = 'The message is not in the log, the others are; look at its publisher.';
      const seen = `${topic}: ${(cause as Error).message}`;
      this.#say(`encoding ${topic}`, 'RA_LOG_WRITE', seen, `a message of ${type}`, { next, cause });
    }
  }

  async #flush(): Promise<void> {
    const messages = this.#writer.chunkMessages;
    try {
      await this.#writer.flush();
      this.counters.written += messages;
    } catch (cause) {
      this.#drop('disk', messages);
      this.#broken(cause);
    }
  }

  #channel(topic: string, type: string): Channel | null {
    const key = `${topic}\n${type}`;
    const known = this.#channels.get(key);
    if (known !== undefined) return known;
    this.#channels.set(key, null);
    const text = this.#options.definitionOf(type);
    const encode = cdrWriter(parse(text, { ros2: true }));
    const channel: Channel = { id: this.#writer.addChannel(topic, type, text), encode, sequence: 0 };
    this.#channels.set(key, channel);
    return channel;
  }

  /** Writes what waits, the index and the footer, and closes the file. Never throws; a second call waits for the first. */
  close(): Promise<void> {
    this.#closing ??= this.#finish();
    return this.#closing;
  }

  async #finish(): Promise<void> {
    while (this.#draining !== null) await this.#draining;
    await this.#flush();
    try {
      if (this.#sink.position() > 0) await this.#writer.end();
    } catch (cause) {
      this.#broken(cause);
    }
    try {
      await this.#sink.close();
    } catch (cause) {
      this.#broken(cause);
    }
    this.#count();
  }
}

/** Log names sort by time: `reflexarc_2026-01-31T120509.042Z_peg.mcap` (no colons, which some file systems refuse). */
export function logFileName(at: Date, run: string): string {
  const time = at.toISOString().replaceAll(':', '');
  return `reflexarc_${time}_${run.replace(/[^A-Za-z0-9_-]+/g, '-')}.mcap`;
}

/** @throws RangeError for what is no time of a log */
function nanoseconds(time: number | bigint): bigint {
  const ns = typeof time === 'bigint' ? time : BigInt(Math.round(time));
  if (ns < 0n || ns >= 1n << 64n) throw new RangeError(`${time} is not a time in nanoseconds`);
  return ns;
}

/** Bytes that a message holds while it waits, roughly: cheap, bounded in depth. */
function sizeOf(value: unknown, depth: number): number {
  if (typeof value === 'string') return 16 + value.length;
  if (typeof value !== 'object' || value === null) return 8;
  if (ArrayBuffer.isView(value)) return 64 + value.byteLength;
  if (depth > 8) return 64;
  if (Array.isArray(value) && typeof value[0] === 'number') return 32 + 8 * value.length;
  let bytes = 32;
  for (const key in value) bytes += 8 + sizeOf((value as Record<string, unknown>)[key], depth + 1);
  return bytes;
}
