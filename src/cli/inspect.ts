import { type Examined, examineLog } from '../../bridges/mcap/repair.ts';
import { ReflexArcError } from '../core/errors.ts';
import { table } from './output.ts';

export interface InspectOptions {
  json?: boolean;
  repair?: boolean;
  out?: string;
}

/**
 * `reflexarc inspect FILE`: what is in a log, and whether all of it can be read; `--repair` writes what can be read to a new
 * file with index and footer. The file itself is never changed. Exit code 0 when it is whole or was repaired, 1 when it is not.
 */
export async function inspect(path: string, options: InspectOptions): Promise<number> {
  if (options.out !== undefined && options.repair !== true)
    throw new ReflexArcError('RA_USAGE', { seen: '--out without --repair', allowed: '`--repair --out FILE`' });
  const out = options.out ?? `${path.replace(/\.mcap$/, '')}_repaired.mcap`;
  let found = await examineLog(path);
  const repaired = options.repair === true && !found.complete;
  if (repaired) found = await examineLog(path, out);
  const result = { file: path, ...found, repaired: repaired ? out : null };
  if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else process.stdout.write(`${table(rows(path, found, repaired ? out : '', options.repair === true))}\n`);
  return found.complete || repaired ? 0 : 1;
}

function rows(path: string, found: Examined, repaired: string, asked: boolean): [string, string][] {
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
