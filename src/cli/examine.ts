import { type Examined, examineLog } from '../../bridges/mcap/repair.ts';
import { ReflexArcError } from '../core/errors.ts';

export interface ExamineOptions {
  repair?: boolean;
  out?: string;
}

export interface ExaminedFile extends Examined {
  file: string;
  /** The new file; null where nothing was written. */
  repaired: string | null;
}

/**
 * Whether all of a file can be read; with `repair` what can be read is written to a new file with index and footer. The file
 * itself is never changed.
 * @throws ReflexArcError RA_USAGE for `out` without `repair`, and what `examineLog` throws
 */
export async function examine(path: string, { repair, out }: ExamineOptions): Promise<ExaminedFile> {
  if (out !== undefined && repair !== true)
    throw new ReflexArcError('RA_USAGE', { seen: '--out without --repair', allowed: '`--repair --out FILE`' });
  const found = await examineLog(path);
  if (repair !== true || found.complete) return { file: path, ...found, repaired: null };
  const target = out ?? `${path.replace(/\.mcap$/, '')}_repaired.mcap`;
  return { file: path, ...(await examineLog(path, target)), repaired: target };
}

/** What was found, as rows; `asked`: a repair was. */
export function examinedRows(found: ExaminedFile, asked: boolean): [string, string][] {
  const path = found.file;
  const repaired = found.repaired ?? '';
  const { bytes, messages, chunks, topics, from_ns, to_ns, damaged, complete } = found;
  const seconds = from_ns === null ? 0 : Number(BigInt(to_ns!) - BigInt(from_ns)) / 1e9;
  const rate = (n: number) => (seconds > 0 ? `, ${(n / seconds).toFixed(1)} Hz` : '');
  const began = from_ns === null ? '' : `, from ${new Date(Number(from_ns) / 1e6).toISOString()}`;
  const state = complete
    ? 'whole: index and footer, every checksum right'
    : `not whole: ${damaged.length === 0 ? 'no index, no footer' : `${damaged.length} damaged part${damaged.length > 1 ? 's' : ''}`}`;
  return [
    ['file', `${path}, ${(bytes / 1e6).toFixed(2)} MB`],
    ['state', state],
    ['messages', `${messages} in ${chunks} chunks, ${seconds.toFixed(3)} s${began}`],
    [
      'topics',
      Object.entries(topics)
        .map(([topic, n]) => `${topic}  ${n}${rate(n)}`)
        .join('\n') || 'none',
    ],
    ['metadata', found.metadata.join(', ') || 'none'],
    ...damaged.map((d): [string, string] => [
      'damaged',
      `at ${d.offset}, ${d.bytes} bytes: ${d.why}${d.kept > 0 ? `; ${d.kept} messages of it were kept` : ''}`,
    ]),
    ...(repaired === '' ? [] : [['repaired', `${repaired}; the file itself is as it was`] as [string, string]]),
    ...(repaired === '' && !complete
      ? [['next', 'write what can be read to a new file: --repair'] as [string, string]]
      : []),
    ...(asked && complete ? [['repaired', 'nothing: there is nothing to repair'] as [string, string]] : []),
  ];
}
