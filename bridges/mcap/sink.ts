import type { FileHandle } from 'node:fs/promises';
import type { IWritable } from '@mcap/core';

/** Where a log goes. A test gives one that fails when it likes. */
export interface Sink extends IWritable {
  close(): Promise<void>;
}

/** A file, written in order and flushed to the disk when it is closed. */
export class FileSink implements Sink {
  readonly #file: FileHandle;
  #position = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async write(buffer: Uint8Array): Promise<void> {
    for (let at = 0; at < buffer.length; ) {
      const { bytesWritten } = await this.#file.write(buffer, at, buffer.length - at);
      at += bytesWritten;
      this.#position += bytesWritten;
    }
  }

  position(): bigint {
    return BigInt(this.#position);
  }

  async close(): Promise<void> {
    try {
      await this.#file.sync();
    } finally {
      await this.#file.close();
    }
  }
}
