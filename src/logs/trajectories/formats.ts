import { existsSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { ReflexArcError } from '../../core/errors.ts';
import type { CsvMap } from './csv-columns.ts';
import { MessageSampler } from './messages.ts';
import { filesOfBag } from './rosbag2-folder.ts';
import type { Episode, Findings, Sample } from './trajectory.ts';

/** What can be imported, by name. `rosbag2` is its SQLite storage; its MCAP storage is `mcap`. */
export const FORMATS = ['rosbag1', 'rosbag2', 'mcap', 'lerobot', 'hdf5', 'csv'] as const;
/** What can be exported, by name. */
export const EXPORT_FORMATS = ['csv', 'lerobot'] as const;
export type Format = (typeof FORMATS)[number];

export interface SourceOptions {
  /** Without it: by the first bytes, then by the name. */
  readonly format?: Format | undefined;
  /** Topics that are wanted; all of them without it. Bags and logs only. */
  readonly topics?: ReadonlySet<string> | undefined;
  /** CSV only. */
  readonly csv?: CsvMap | undefined;
}

/**
 * Samples of a file of any format, or of the folder of a bag of rosbag2 (whose files are read one after another) or of a LeRobot dataset.
 * @throws ReflexArcError as the format's reader does, RA_USAGE for a format unknown
 */
export async function* readTrajectory(
  path: string,
  findings: Findings,
  { format, topics, csv = {} }: SourceOptions = {},
): AsyncGenerator<Sample> {
  const kind = format ?? (await formatOf(path));
  if (kind === 'csv') {
    const { readCsv } = await import('./csv.ts');
    yield* readCsv(path, csv, findings);
    return;
  }
  if (kind === 'lerobot') {
    const { readLeRobot } = await import('./lerobot.ts');
    yield* readLeRobot(path, findings);
    return;
  }
  if (kind === 'hdf5') {
    const { readHdf5 } = await import('./hdf5.ts');
    yield* readHdf5(path, findings);
    return;
  }
  const sampler = new MessageSampler(findings, (topic) => topics === undefined || topics.has(topic));
  for (const file of isFolder(path) ? await filesOfBag(path) : [path])
    yield* readMessages(file, kind, sampler, findings);
}

/** The episode of what has none. */
const ONLY: Episode = { index: 0, task: '' };

async function* readMessages(
  path: string,
  format: Exclude<Format, 'csv' | 'lerobot' | 'hdf5'>,
  sampler: MessageSampler,
  findings: Findings,
): AsyncGenerator<Sample> {
  if (format === 'mcap') {
    const { readTrajectoryLog } = await import('./log.ts');
    yield* readTrajectoryLog(path, sampler);
  } else if (format === 'rosbag1') {
    const { readBag } = await import('./rosbag1.ts');
    for await (const message of readBag(path)) yield* sampler.samples(message, ONLY);
  } else {
    const { readBagDatabase } = await import('./rosbag2.ts');
    for await (const message of readBagDatabase(path, findings)) yield* sampler.samples(message, ONLY);
  }
}

const isLeRobot = (folder: string) => existsSync(join(folder, 'meta/info.json'));
const isFolder = (path: string) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

const BEGINNINGS: readonly [string, Format][] = [
  ['#ROSBAG V2.0\n', 'rosbag1'],
  ['\x89MCAP0\r\n', 'mcap'],
  ['SQLite format 3\0', 'rosbag2'],
  ['\x89HDF\r\n\x1a\n', 'hdf5'],
];
/** A bag that is being recorded, or whose recorder was killed, is called `.bag.active`. */
const EXTENSIONS: Readonly<Record<string, Format>> = {
  ...{ '.bag': 'rosbag1', '.active': 'rosbag1', '.mcap': 'mcap', '.db3': 'rosbag2', '.csv': 'csv' },
  ...{ '.hdf5': 'hdf5', '.h5': 'hdf5' },
};

/** @throws ReflexArcError RA_LOG_DAMAGED for a file that cannot be opened, RA_USAGE for one of no format that we know */
export async function formatOf(path: string): Promise<Format> {
  if (isFolder(path)) return isLeRobot(path) ? 'lerobot' : formatOf((await filesOfBag(path))[0]!);
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
