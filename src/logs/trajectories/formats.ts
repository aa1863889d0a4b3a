import { open } from 'node:fs/promises';
import { extname } from 'node:path';
import { ReflexArcError } from '../../core/errors.ts';
import type { CsvMap } from './csv-columns.ts';
import { MessageSampler } from './messages.ts';
import type { Findings, Sample } from './trajectory.ts';

/** What can be imported, by name. */
export const FORMATS = ['rosbag1', 'mcap', 'csv'] as const;
export type Format = (typeof FORMATS)[number];

export interface SourceOptions {
  /** Without it: by the first bytes, then by the name. */
  readonly format?: Format | undefined;
  /** Topics that are wanted; all of them without it. Bags and logs only. */
  readonly topics?: ReadonlySet<string> | undefined;
  /** CSV only. */
  readonly csv?: CsvMap | undefined;
}

/** Samples of a file of any format. @throws ReflexArcError as the format's reader does, RA_USAGE for a format unknown */
export async function* readTrajectory(
  path: string,
  findings: Findings,
  { format, topics, csv = {} }: SourceOptions = {},
): AsyncGenerator<Sample> {
  const wanted = (topic: string) => topics === undefined || topics.has(topic);
  switch (format ?? (await formatOf(path))) {
    case 'csv': {
      const { readCsv } = await import('./csv.ts');
      yield* readCsv(path, csv, findings);
      return;
    }
    case 'mcap': {
      const { readTrajectoryLog } = await import('./log.ts');
      yield* readTrajectoryLog(path, findings, wanted);
      return;
    }
    case 'rosbag1': {
      const { readBag } = await import('./rosbag1.ts');
      const sampler = new MessageSampler(findings, wanted);
      const episode = { index: 0, task: '' };
      for await (const message of readBag(path)) yield* sampler.samples(message, episode);
    }
  }
}

const BEGINNINGS: readonly [string, Format][] = [
  ['#ROSBAG V2.0\n', 'rosbag1'],
  ['\x89MCAP0\r\n', 'mcap'],
];
/** A bag that is being recorded, or whose recorder was killed, is called `.bag.active`. */
const EXTENSIONS: Readonly<Record<string, Format>> = {
  ...{ '.bag': 'rosbag1', '.active': 'rosbag1', '.mcap': 'mcap', '.csv': 'csv' },
};

/** @throws ReflexArcError RA_LOG_DAMAGED for a file that cannot be opened, RA_USAGE for one of no format that we know */
export async function formatOf(path: string): Promise<Format> {
  const beginning = Buffer.alloc(16);
  try {
    const file = await open(path);
    await file.read(beginning, 0, 16, 0).finally(() => file.close());
  } catch (cause) {
    const seen = `${path}: ${(cause as NodeJS.ErrnoException).code}`;
    throw new ReflexArcError('RA_LOG_DAMAGED', { seen, allowed: 'a file', next: 'Check the path.', cause });
  }
  const known = BEGINNINGS.find(([bytes]) => beginning.toString('latin1').startsWith(bytes));
  const format = known?.[1] ?? EXTENSIONS[extname(path).toLowerCase()];
  if (format !== undefined) return format;
  throw new ReflexArcError('RA_USAGE', {
    seen: `${path}, of a format that is not known by its first bytes or its name`,
    allowed: FORMATS.join(', '),
    next: 'Say which: --from FORMAT.',
  });
}
