import { existsSync } from 'node:fs';
import type { Encoded } from './channels.ts';
import { incidentFile } from './files.ts';
import { LogFile, type LogFileOptions, type LogHead } from './log-file.ts';

export interface BlackBoxOptions extends LogFileOptions {
  /** Names start with the stem of this, see `incidentFile`. */
  path: string;
  metadata: LogHead;
  /** Log time that is kept before an incident, and recorded after it. */
  beforeNs: number;
  afterNs: number;
  /** Memory of what is kept, and as much again on the disk after an incident. */
  maxBytes: number;
  /** Incidents beyond so many files are counted only. */
  maxFiles: number;
  carry(topic: string): boolean;
  broken(path: string, cause: unknown): void;
}

export interface BlackBoxCounters {
  /** Stops and interventions; one within the time after another is in the same file. */
  incidents: number;
  files: number;
  /** Incidents without a file: there were too many, or the disk was full. */
  unwritten: number;
  /** Messages that had to go before their time because there were too many bytes. */
  shortened: number;
}

/** Why a file was written: the first cause, and whatever else is known of it. */
export interface Incident {
  readonly cause: string;
  readonly entries: Readonly<Record<string, string>>;
}

/** What a message holds in memory besides its bytes. */
const OVERHEAD_BYTES = 300;
/** However often a stop follows a stop, a file ends after so many times `afterNs`. */
const LONGEST_AFTER = 12;

/**
 * Keeps the last seconds of everything at full rate, and writes them to a file of their own at every incident, with some
 * seconds after it. Bounded in time, in bytes and in files. NOTE wait for each call before the next one.
 */
export class BlackBox {
  readonly counters: BlackBoxCounters = { incidents: 0, files: 0, unwritten: 0, shortened: 0 };
  readonly #options: BlackBoxOptions;
  #kept: (Encoded | undefined)[] = [];
  /** Index of the oldest that is kept. */
  #from = 0;
  #bytes = 0;
  /** By topic, the newest that is no longer kept: how things stood before. */
  readonly #before = new Map<string, Encoded>();
  #file: LogFile | null = null;
  #untilNs = 0n;
  #latestNs = 0n;

  constructor(options: BlackBoxOptions) {
    this.#options = options;
  }

  /** Keeps a message, and writes it when an incident is being written: only then it is a promise. */
  add(message: Encoded): Promise<void> | null {
    this.#kept.push(message);
    this.#bytes += message.data.length + OVERHEAD_BYTES;
    this.#forget(message.logTime);
    if (this.#file === null) return null;
    const over = message.logTime > this.#untilNs || this.#file.bytes > 2 * this.#options.maxBytes;
    return over ? this.#finish() : this.#write(message);
  }

  #forget(nowNs: bigint): void {
    const { beforeNs, maxBytes, carry } = this.#options;
    for (;;) {
      const oldest = this.#kept[this.#from];
      if (oldest === undefined) break;
      const old = Number(nowNs - oldest.logTime) > beforeNs;
      if (!old && this.#bytes <= maxBytes) break;
      if (!old) this.counters.shortened++;
      this.#kept[this.#from++] = undefined;
      this.#bytes -= oldest.data.length + OVERHEAD_BYTES;
      if (carry(oldest.topic)) this.#before.set(oldest.topic, oldest);
    }
    if (this.#from < 1024 || 2 * this.#from < this.#kept.length) return;
    this.#kept = this.#kept.slice(this.#from);
    this.#from = 0;
  }

  /** An incident at `logTimeNs`: what was before it is on the disk when this resolves. Never throws. */
  async incident({ cause, entries }: Incident, logTimeNs: bigint): Promise<void> {
    this.counters.incidents++;
    const { afterNs, metadata, maxFiles } = this.#options;
    const after = BigInt(Math.round(afterNs));
    if (this.#file !== null) {
      if (logTimeNs + after <= this.#latestNs) this.#untilNs = logTimeNs + after;
      return;
    }
    if (this.counters.files >= maxFiles) {
      this.counters.unwritten++;
      return;
    }
    let n = this.counters.files + 1;
    while (existsSync(incidentFile(this.#options.path, n, cause)) && n <= 10 * maxFiles) n++;
    const path = incidentFile(this.#options.path, n, cause);
    const head = { ...metadata, incident: { ...entries, cause, number: String(n), at_ns: String(logTimeNs) } };
    try {
      this.#file = await LogFile.create(path, head, this.#options);
    } catch (cause) {
      this.counters.unwritten++;
      this.#options.broken(path, cause);
      return;
    }
    this.counters.files++;
    this.#untilNs = logTimeNs + after;
    this.#latestNs = logTimeNs + BigInt(LONGEST_AFTER) * after;
    const repeats = [...this.#before.values()].sort((a, b) => Number(a.logTime - b.logTime));
    for (const message of repeats) await this.#write(message);
    for (let i = this.#from; i < this.#kept.length; i++) await this.#write(this.#kept[i]!);
    await this.#flush();
  }

  async #write(message: Encoded): Promise<void> {
    this.#file?.add(message);
    if (this.#file?.due) await this.#flush();
  }

  async #flush(): Promise<void> {
    try {
      await this.#file?.flush();
    } catch (cause) {
      this.counters.unwritten++;
      this.#options.broken(this.#file!.path, cause);
      await this.#finish();
    }
  }

  async #finish(): Promise<void> {
    const file = this.#file;
    if (file === null) return;
    this.#file = null;
    try {
      await file.flush();
      await file.end();
      await file.close();
    } catch (cause) {
      this.#options.broken(file.path, cause);
      await file.close().catch(() => {});
    }
  }

  /** Ends the file of an incident that is being written. Never throws. */
  close(): Promise<void> {
    return this.#finish();
  }
}
