import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes of heap in use after a forced collection. */
export function collector(): () => number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  return () => {
    // Twice: what a finaliser lets go in the first is gone after the second.
    collect();
    collect();
    return process.memoryUsage().heapUsed;
  };
}
