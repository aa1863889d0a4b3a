import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Bytes of a process: objects; what Node keeps outside of the heap for them, the memory of ArrayBuffers with it, and that by
 * itself; and all that the system has given it.
 */
export type Memory = Readonly<Record<'heapUsed' | 'external' | 'arrayBuffers' | 'rss', number>>;

/** What of this process is in use after a forced collection. */
export function meter(): () => Memory {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  return () => {
    // Twice: what a finaliser lets go in the first is gone after the second.
    collect();
    collect();
    const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
    return { heapUsed, external, arrayBuffers, rss };
  };
}

/** Bytes of heap in use after a forced collection. */
export function collector(): () => number {
  const used = meter();
  return () => used().heapUsed;
}
