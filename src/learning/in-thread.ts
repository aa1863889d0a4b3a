import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { packageRoot } from '../core/paths.ts';

export interface ThreadData<Given> {
  given: Given;
  /** Its first word is set to end the training after the step that it is in. */
  stop: Int32Array;
}

export interface ThreadHooks<Message> {
  onMessage(message: Message): void;
  /** Ends after the step that it is in, and saves. */
  signal?: AbortSignal | undefined;
}

/**
 * A training in a thread of its own, `<file>.js` beside this one: the caller's thread stays free for its progress line and Ctrl-C. Resolves
 * with the `outcome` that it posts; rejects with what it threw.
 */
export function inThread<Given, Message extends object, Outcome>(
  file: string,
  given: Given,
  { onMessage, signal }: ThreadHooks<Message>,
): Promise<Outcome> {
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const abort = () => void Atomics.store(stop, 0, 1);
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort);
  const workerData: ThreadData<Given> = { given, stop };
  const done = new Promise<Outcome>((resolve, reject) => {
    const worker = new Worker(join(packageRoot, `dist/src/learning/${file}.js`), { workerData });
    worker.on('message', (message: Message | { outcome: Outcome }) => {
      if ('outcome' in message) resolve(message.outcome as Outcome);
      else onMessage(message);
    });
    worker.on('error', reject);
    worker.on('exit', (code) => reject(new Error(`the training thread ended with code ${code}`)));
  });
  return done.finally(() => signal?.removeEventListener('abort', abort));
}
