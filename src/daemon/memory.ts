import { readFileSync } from 'node:fs';

/** Resident memory of a process in MB, from /proc; NaN where there is none. */
export function residentMb(pid: number): number {
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
    return (pages * 4096) / 1e6;
  } catch {
    return Number.NaN;
  }
}
