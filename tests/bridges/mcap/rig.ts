import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LogMessage, readLog } from '../../../bridges/mcap/reader.ts';
import { Recorder, type RecorderOptions } from '../../../bridges/mcap/recorder.ts';
import { FileSink, type Sink } from '../../../bridges/mcap/sink.ts';
import { definitionOf } from '../../../bridges/messages/definitions.ts';
import type { ReflexArcError } from '../../../src/core/errors.ts';

/** A folder of its own for every test file; `remove` takes it away. */
export function folder(): { path(name: string): string; remove(): void } {
  const dir = mkdtempSync(join(tmpdir(), 'reflexarc-mcap-'));
  return { path: (name) => join(dir, name), remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/** A recorder with room for everything, and what it complained of. */
export async function recording(path: string, options: Partial<RecorderOptions> = {}, sink?: Sink) {
  const errors: ReflexArcError[] = [];
  const all = { maxBytes: 50_000_000, definitionOf, metadata: {}, onError: (e: ReflexArcError) => errors.push(e) };
  const openSink = sink === undefined ? options.openSink : () => Promise.resolve(sink);
  return { errors, recorder: await Recorder.open(path, { ...all, ...options, openSink }) };
}

/** A disk with room for `room` bytes: what fits of a write is written, then it throws ENOSPC, as the kernel does. */
export async function fullDisk(path: string, room: number): Promise<FileSink> {
  const file = await open(path, 'w+');
  return new FileSink({
    write: async (bytes, at, length, position) => {
      const fits = Math.min(length, room - position);
      if (fits <= 0) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      return file.write(bytes, at, fits, position);
    },
    truncate: (length) => file.truncate(length),
    sync: () => file.sync(),
    close: () => file.close(),
  });
}

/** All that can be read, and the error at its end. */
export async function readAll(path: string): Promise<{ messages: LogMessage[]; error: ReflexArcError | null }> {
  const messages: LogMessage[] = [];
  try {
    for await (const message of readLog(path)) messages.push(message);
  } catch (error) {
    return { messages, error: error as ReflexArcError };
  }
  return { messages, error: null };
}

export const text = (length: number) => ({ data: 'x'.repeat(length) });
export const STRING = 'std_msgs/msg/String';
/** Lets everything run that is due, the recorder's turn included. */
export const turn = () => new Promise((resolve) => setImmediate(resolve));
