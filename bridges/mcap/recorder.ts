import { open } from 'node:fs/promises';
import { parse } from '@foxglove/rosmsg';
import { MessageWriter } from '@foxglove/rosmsg2-serialization';
import { McapWriter } from '@mcap/core';
import { ReflexArcError } from '../../src/core/errors.ts';
import { FileSink, type Sink } from './sink.ts';

export interface RecorderOptions {
  /** The file stops growing here; what comes later is dropped, counted and said. */
  maxBytes: number;
  /** .msg text of a type, see bridges/messages/definitions.ts. */
  definitionOf(type: string): string;
  /** Metadata records by name: configs, digests, versions, seeds. */
  metadata: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Told once of each way in which recording fails. Control never depends on the log. */
  onError(error: ReflexArcError): void;
  /** Messages that may wait to be written. */
  maxQueued?: number;
}

export interface RecorderCounters {
  written: number;
  dropped: number;
  queued: number;
  bytes: number;
  readonly droppedBecause: { queue: number; size: number; disk: number; encoding: number };
}

interface Waiting {
  readonly topic: string;
  readonly type: string;
  readonly message: unknown;
  readonly logTimeNs: number;
  readonly publishTimeNs: number;
}

interface Channel {
  readonly id: number;
  readonly writer: MessageWriter;
  readonly convert: (message: unknown) => unknown;
  sequence: number;
}

/** Kept back from `maxBytes` for the last chunk, the index and the footer. */
const CLOSING_BYTES = 2_000_000;

/**
 * Writes an MCAP log (profile ros2, CDR, ros2msg schemas). `record` only puts the message into a bounded queue; encoding
 * and writing happen in a turn of their own. A full queue, a full disk or the size bound lose messages, counted, and
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
  readonly #writer: McapWriter;
  readonly #channels = new Map<string, Channel>();
  readonly #said = new Set<string>();
  #queue: Waiting[] = [];
  #draining: Promise<void> | null = null;
  #failed = false;

  private constructor(path: string, sink: Sink, options: RecorderOptions) {
    this.path = path;
    this.#options = { maxQueued: 20_000, ...options };
    this.#sink = sink;
    this.#writer = new McapWriter({ writable: sink, useStatistics: true, chunkSize: 512 * 1024 });
  }

  /** @throws ReflexArcError RA_LOG_WRITE when the file cannot be made. */
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
      await this.#writer.start({ profile: 'ros2', library: 'reflexarc' });
      for (const [name, entries] of Object.entries(this.#options.metadata))
        await this.#writer.addMetadata({ name, metadata: new Map(Object.entries(entries)) });
    } catch (cause) {
      this.#broken(cause);
    }
  }

  /** Never blocks, never throws. `message` must not be changed afterwards. */
  record(topic: string, type: string, message: unknown, logTimeNs: number, publishTimeNs: number): void {
    if (this.#failed) this.#drop('disk');
    else if (this.counters.bytes > this.#options.maxBytes - CLOSING_BYTES) {
      this.#drop('size');
      this.#say('RA_LOG_WRITE', `${this.path} reached log.max_bytes`, `${this.#options.maxBytes} bytes`);
    } else if (this.#queue.length >= this.#options.maxQueued) this.#drop('queue');
    else {
      this.#queue.push({ topic, type, message, logTimeNs, publishTimeNs });
      this.counters.queued = this.#queue.length;
      this.#draining ??= this.#drain();
    }
  }

  #drop(why: keyof RecorderCounters['droppedBecause']): void {
    this.counters.dropped++;
    this.counters.droppedBecause[why]++;
  }

  #say(code: 'RA_LOG_WRITE' | 'RA_LOG_DISK_FULL', seen: string, allowed: string, cause?: unknown): void {
    if (this.#said.has(code)) return;
    this.#said.add(code);
    this.#options.onError(new ReflexArcError(code, { seen, allowed, cause }));
  }

  #broken(cause: unknown): void {
    this.#failed = true;
    const code = (cause as NodeJS.ErrnoException).code;
    const seen = `${this.path}: ${code ?? (cause as Error).message}`;
    this.#say(code === 'ENOSPC' ? 'RA_LOG_DISK_FULL' : 'RA_LOG_WRITE', seen, 'room for the log', cause);
  }

  async #drain(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#queue.length > 0) {
      const batch = this.#queue;
      this.#queue = [];
      for (const waiting of batch) {
        if (this.#failed) {
          this.#drop('disk');
          continue;
        }
        const data = await this.#encode(waiting);
        if (data === null) continue;
        const { channel, bytes } = data;
        try {
          await this.#writer.addMessage({
            channelId: channel.id,
            sequence: channel.sequence++,
            logTime: BigInt(waiting.logTimeNs),
            publishTime: BigInt(waiting.publishTimeNs),
            data: bytes,
          });
          this.counters.written++;
        } catch (cause) {
          this.#drop('disk');
          this.#broken(cause);
        }
      }
      this.counters.queued = this.#queue.length;
      this.counters.bytes = Number(this.#sink.position());
    }
    this.#draining = null;
  }

  async #encode(waiting: Waiting): Promise<{ channel: Channel; bytes: Uint8Array } | null> {
    try {
      const channel = this.#channels.get(waiting.topic) ?? (await this.#newChannel(waiting.topic, waiting.type));
      return { channel, bytes: channel.writer.writeMessage(channel.convert(waiting.message)) };
    } catch (cause) {
      this.#drop('encoding');
      this.#say('RA_LOG_WRITE', `${waiting.topic}: ${(cause as Error).message}`, `a message of ${waiting.type}`, cause);
      return null;
    }
  }

  async #newChannel(topic: string, type: string): Promise<Channel> {
    const text = this.#options.definitionOf(type);
    const definitions = parse(text, { ros2: true });
    const schemaId = await this.#writer.registerSchema({
      name: type,
      encoding: 'ros2msg',
      data: new TextEncoder().encode(text),
    });
    const id = await this.#writer.registerChannel({ topic, schemaId, messageEncoding: 'cdr', metadata: new Map() });
    const writer = new MessageWriter(definitions);
    const channel: Channel = { id, writer, convert: converter(definitions), sequence: 0 };
    this.#channels.set(topic, channel);
    return channel;
  }

  /** Writes what waits, the index and the footer, and closes the file. Never throws. */
  async close(): Promise<void> {
    while (this.#draining !== null) await this.#draining;
    try {
      await this.#writer.end();
    } catch (cause) {
      this.#broken(cause);
    }
    try {
      await this.#sink.close();
    } catch (cause) {
      this.#broken(cause);
    }
    this.counters.bytes = Number(this.#sink.position());
  }
}

/** Log names sort by time: `2026-01-31T120000Z_peg.mcap`. */
export function logFileName(at: Date, run: string): string {
  const time = at
    .toISOString()
    .replace(/:/g, '')
    .replace(/\.(\d+)Z$/, '$1Z');
  return `${time}_${run.replace(/[^A-Za-z0-9_-]+/g, '-')}.mcap`;
}

const WIDE = ['int64', 'uint64'];

/** Turns the numbers of 64-bit integer fields into BigInt, as CDR wants them; leaves everything else as it is. */
function converter(definitions: ReturnType<typeof parse>): (message: unknown) => unknown {
  const root = definitions.find((d) => d.name === undefined) ?? definitions[0];
  const wide = (root?.definitions ?? []).filter((f) => WIDE.includes(f.type) && f.isArray !== true).map((f) => f.name);
  if (wide.length === 0) return (message) => message;
  return (message) => {
    const out: Record<string, unknown> = { ...(message as Record<string, unknown>) };
    for (const name of wide) {
      const value = out[name];
      if (typeof value === 'number') out[name] = BigInt(Math.trunc(value));
    }
    return out;
  };
}
