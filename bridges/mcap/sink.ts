/** Where a log goes, in order. */
export interface Sink {
  /** All of it or, when it throws, nothing of it. */
  write(bytes: Uint8Array): Promise<void>;
  /** Bytes written so far. */
  position(): number;
  close(): Promise<void>;
}

/** What of a file is needed. A test gives one whose disk is full when it likes. */
export interface WritableFile {
  write(bytes: Uint8Array, at: number, length: number, position: number): Promise<{ bytesWritten: number }>;
  truncate(length: number): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** A file, written in order and flushed to the disk when it is closed. */
export class FileSink implements Sink {
  readonly #file: WritableFile;
  #position = 0;

  constructor(file: WritableFile) {
    this.#file = file;
  }

  async write(bytes: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < bytes.length; ) {
        const { bytesWritten } = await this.#file.write(bytes, at, bytes.length - at, this.#position + at);
        at += bytesWritten;
      }
    } catch (cause) {
      // Half a chunk would hide everything after it from a reader; its room is also what the end of the file needs.
      await this.#file.truncate(this.#position).catch(() => {});
      throw cause;
    }
    this.#position += bytes.length;
  }

  position(): number {
    return this.#position;
  }

  async close(): Promise<void> {
    try {
      await this.#file.sync();
    } finally {
      await this.#file.close();
    }
  }
}
