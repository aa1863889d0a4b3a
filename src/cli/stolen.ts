import { readFileSync } from 'node:fs';

/** /proc/stat counts in hundredths of a second (USER_HZ). */
const TICK_MS = 10;

/**
 * CPU time, ms over all cores since boot, in which a virtual machine wanted to run and its host ran something else:
 * `steal` of /proc/stat, see proc(5). 0 on bare metal; NaN where no kernel says.
 */
export function stolenMs(read: () => string = () => readFileSync('/proc/stat', 'utf8')): number {
  try {
    return Number(/^cpu +(?:\d+ +){7}(\d+)/m.exec(read())?.[1] ?? Number.NaN) * TICK_MS;
  } catch {
    return Number.NaN;
  }
}
