import type { LogConfig } from '../log-schema.ts';
import type { Notes } from './notes.ts';
import type { Path } from './source.ts';

/** Head, index and a chunk or two: a file that may not hold them holds nothing. */
const LEAST_FILE_BYTES = 1_000_000;

/** It is kept in memory. */
const MAX_BLACK_BOX_S = 600;

/** Bounds of the log that make no sense together. */
export function checkLog({ log }: { log: LogConfig }, notes: Notes): void {
  const at = (key: string): Path => ['log', key];
  const { max_bytes, rotate_bytes, rotate_s, keep_files, black_box_s, black_box_after_s, black_box_bytes } = log;
  notes.refuse(
    rotate_bytes > 0 && rotate_bytes < LEAST_FILE_BYTES,
    at('rotate_bytes'),
    `${rotate_bytes} is below ${LEAST_FILE_BYTES}: a file would hold little but its head; 0 is never`,
  );
  notes.refuse(
    rotate_bytes >= max_bytes,
    at('rotate_bytes'),
    `${rotate_bytes} is not below max_bytes ${max_bytes}, which is for all files together: there would never be a second`,
  );
  notes.refuse(
    rotate_s > 0 && rotate_s < 1,
    at('rotate_s'),
    `${rotate_s} s is shorter than the 1 s of a chunk: nothing but heads would be written; 0 is never`,
  );
  notes.refuse(
    keep_files > 0 && rotate_bytes === 0 && rotate_s === 0,
    at('keep_files'),
    `${keep_files} has no effect on a log of one file: set rotate_bytes or rotate_s too`,
  );
  notes.refuse(keep_files === 1, at('keep_files'), '1 would delete all that was recorded at each new file: 2 or more');
  notes.warn(
    keep_files > 0 && rotate_bytes > 0 && keep_files * rotate_bytes > max_bytes,
    at('max_bytes'),
    `${max_bytes} is below keep_files ${keep_files} × rotate_bytes ${rotate_bytes}: fewer files will be kept`,
  );
  notes.refuse(
    black_box_s > 0 && black_box_bytes < LEAST_FILE_BYTES,
    at('black_box_bytes'),
    `${black_box_bytes} is below ${LEAST_FILE_BYTES}: it would hold well under a second; black_box_s: 0 is none`,
  );
  notes.refuse(
    black_box_s > MAX_BLACK_BOX_S || black_box_after_s > MAX_BLACK_BOX_S,
    at(black_box_s > MAX_BLACK_BOX_S ? 'black_box_s' : 'black_box_after_s'),
    `${Math.max(black_box_s, black_box_after_s)} s is over ${MAX_BLACK_BOX_S} s: that is a log, see log.enabled and keep_files`,
  );
  notes.warn(
    log.topics['/reflexarc/gate'] !== undefined,
    at('topics'),
    'leaves out calls of the gate (/reflexarc/gate): commands of this log cannot be made again by a replay',
  );
}
