import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const EXTENSION = '.mcap';
const NUMBER = /_(\d{5,})$/;

/**
 * The first file of a run's log: `reflexarc_2026-01-31T120509.042Z_peg_00000.mcap`. Names sort by time, and the files of a
 * run by their number; no colons, which some file systems refuse.
 */
export function logFileName(at: Date, run: string): string {
  const time = at.toISOString().replaceAll(':', '');
  return `reflexarc_${time}_${run.replace(/[^A-Za-z0-9_-]+/g, '-')}_00000${EXTENSION}`;
}

/** What the files of one run have in common: the path without number and extension. */
export function logStem(path: string): string {
  const stem = path.endsWith(EXTENSION) ? path.slice(0, -EXTENSION.length) : path;
  return stem.replace(NUMBER, '');
}

/** `…_00012.mcap` after `…_00011.mcap`; `a_00001.mcap` after a file without a number. */
export function nextLogFile(path: string): string {
  const stem = path.slice(0, -EXTENSION.length);
  const number = Number(NUMBER.exec(stem)?.[1] ?? 0) + 1;
  return `${logStem(path)}_${String(number).padStart(5, '0')}${EXTENSION}`;
}

/** The first of `path` and those after it that does not exist: an observer that comes back goes on in a new file. */
export function unusedLogFile(path: string): string {
  let free = path;
  while (existsSync(free)) free = nextLogFile(free);
  return free;
}

/** The files of the run that `path` is one of, in their order; `path` alone when it has no number. */
export function filesOfLog(path: string): string[] {
  const stem = logStem(path);
  if (`${stem}${EXTENSION}` === path) return [path];
  const folder = dirname(path);
  const prefix = `${basename(stem)}_`;
  const numberOf = (name: string) =>
    name.startsWith(prefix) && name.endsWith(EXTENSION)
      ? /^\d{5,}$/.exec(name.slice(prefix.length, -EXTENSION.length))
      : null;
  return readdirSync(folder)
    .flatMap((name) => {
      const number = numberOf(name);
      return number === null ? [] : [{ name, number: Number(number[0]) }];
    })
    .sort((a, b) => a.number - b.number)
    .map(({ name }) => join(folder, name));
}

/** Where the black box of a run writes its `n`th incident: `…_peg_incident-003_force_limit.mcap`. */
export function incidentFile(path: string, n: number, cause: string): string {
  const words = cause.replace(/[^A-Za-z0-9_-]+/g, '-').slice(0, 60) || 'unknown';
  return `${logStem(path)}_incident-${String(n).padStart(3, '0')}_${words}${EXTENSION}`;
}
