import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ReflexArcError } from '../../core/errors.ts';
import type { FramedEpisode, Frames } from './frames.ts';
import { statisticsOf } from './lerobot-statistics.ts';
import { type Column, column, listColumn, parquet } from './parquet.ts';

/** As LeRobot has them by default. */
const FILES_IN_CHUNK = 1000;
const FILE_BYTES = 100 * 2 ** 20;
const DATA_PATH = 'data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet';
const EPISODES = 'meta/episodes/chunk-000/file-000.parquet';

const SCALAR = { shape: [1], names: null };
const BOOK_KEEPING = {
  timestamp: { dtype: 'float32', ...SCALAR },
  ...Object.fromEntries(
    ['frame_index', 'episode_index', 'index', 'task_index'].map((name) => [name, { dtype: 'int64', ...SCALAR }]),
  ),
};

export interface LeRobotOptions {
  /** Frames a second, a whole number. */
  fps: number;
  /** Of the episodes that do not say what was to be done. */
  task: string;
  robotType: string | null;
}

/**
 * Writes a LeRobot dataset, v3.0: data in Parquet (float32; one row group an episode), info, statistics, tasks and episodes.
 * Episodes are numbered from 0.
 * @throws ReflexArcError RA_USAGE for a feature whose name LeRobot refuses
 */
export async function writeLeRobot(folder: string, frames: Frames, options: LeRobotOptions): Promise<void> {
  const { fps, task, robotType } = options;
  const names = [...frames.entries.keys()];
  const slashed = names.find((name) => name.includes('/') || name in BOOK_KEEPING);
  if (slashed !== undefined)
    throw new ReflexArcError('RA_USAGE', {
      seen: `a feature named ${slashed}`,
      allowed: 'names without / that are none of LeRobot itself',
      next: `Give it one, e.g. --feature observation.state=${slashed}.`,
    });
  const put = async (file: string, data: string | Uint8Array) => {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), data);
  };
  const tasks = [...new Set(frames.episodes.map((episode) => episode.task || task))];
  const taskOf = (episode: FramedEpisode) => tasks.indexOf(episode.task || task);
  const numbers = [...frames.entries.values()].reduce((sum, entries) => sum + entries.length, 0);
  const written: Record<string, unknown>[] = [];
  let first = 0;
  for (const [n, group] of files(frames.episodes, 4 * numbers + 36).entries()) {
    const [chunk, file] = [Math.floor(n / FILES_IN_CHUNK), n % FILES_IN_CHUNK];
    const data: Record<string, unknown[]> = {
      timestamp: [],
      frame_index: [],
      episode_index: [],
      index: [],
      task_index: [],
    };
    for (const episode of group) {
      const index = written.length;
      for (let k = 0; k < episode.length; k++) {
        data.timestamp!.push(k / fps);
        data.frame_index!.push(BigInt(k));
        data.episode_index!.push(BigInt(index));
        data.index!.push(BigInt(first + k));
        data.task_index!.push(BigInt(taskOf(episode)));
      }
      written.push(episodeRow(episode, { index, chunk, file, first, task: tasks[taskOf(episode)]!, names }));
      first += episode.length;
    }
    const columns = [
      ...names.map((name) => featureColumn(name, frames.entries.get(name)!.length, group)),
      ...Object.entries(data).map(([name, values]) => column(name, name === 'timestamp' ? 'FLOAT' : 'INT64', values)),
    ];
    const path = `data/chunk-${digits(chunk)}/file-${digits(file)}.parquet`;
    await put(path, await parquet(columns, { groups: group.map(({ length }) => length) }));
  }
  await put(EPISODES, await parquet(episodeColumns(written)));
  await put('meta/tasks.parquet', await tasksTable(tasks));
  const stats = Object.fromEntries(
    names.map((name) => [name, statisticsOf(frames.episodes.flatMap((episode) => episode.rows.get(name)!))]),
  );
  await put('meta/stats.json', `${JSON.stringify(stats, null, 4)}\n`);
  const features = Object.fromEntries(
    [...frames.entries].map(([name, entries]) => [
      name,
      {
        dtype: 'float32',
        shape: [entries.length],
        names: entries.length === 1 && entries[0] === name ? null : entries,
      },
    ]),
  );
  const info = {
    ...{ codebase_version: 'v3.0', robot_type: robotType, total_episodes: written.length, total_frames: first },
    ...{ total_tasks: tasks.length, chunks_size: FILES_IN_CHUNK, data_files_size_in_mb: FILE_BYTES / 2 ** 20 },
    ...{ video_files_size_in_mb: 200, fps, splits: { train: `0:${written.length}` } },
    ...{ data_path: DATA_PATH, video_path: null, features: { ...features, ...BOOK_KEEPING } },
  };
  await put('meta/info.json', `${JSON.stringify(info, null, 4)}\n`);
}

const digits = (n: number) => String(n).padStart(3, '0');

/** Episodes by file: whole ones, as many as fit. */
function files(episodes: readonly FramedEpisode[], frameBytes: number): FramedEpisode[][] {
  const groups: FramedEpisode[][] = [];
  let room = 0;
  for (const episode of episodes) {
    const bytes = episode.length * frameBytes;
    if (groups.length === 0 || bytes > room) {
      groups.push([]);
      room = FILE_BYTES;
    }
    groups.at(-1)!.push(episode);
    room -= bytes;
  }
  return groups;
}

/** LeRobot has a vector with one number as a number. */
function featureColumn(name: string, size: number, episodes: readonly FramedEpisode[]): Column {
  const rows = episodes.flatMap((episode) => episode.rows.get(name)!);
  if (size === 1)
    return column(
      name,
      'FLOAT',
      rows.map((row) => row[0]!),
    );
  return listColumn(
    name,
    'FLOAT',
    rows.map((row) => [...row]),
  );
}

function episodeRow(
  episode: FramedEpisode,
  at: { index: number; chunk: number; file: number; first: number; task: string; names: readonly string[] },
): Record<string, unknown> {
  const row: Record<string, unknown> = {
    ...{ episode_index: at.index, tasks: [at.task], length: episode.length },
    ...{ 'data/chunk_index': at.chunk, 'data/file_index': at.file },
    ...{ dataset_from_index: at.first, dataset_to_index: at.first + episode.length },
    ...{ 'meta/episodes/chunk_index': 0, 'meta/episodes/file_index': 0 },
  };
  for (const name of at.names)
    for (const [kind, values] of Object.entries(statisticsOf(episode.rows.get(name)!)))
      row[`stats/${name}/${kind}`] = values;
  return row;
}

function episodeColumns(rows: readonly Record<string, unknown>[]): Column[] {
  const whole = (value: unknown) => BigInt(value as number);
  return Object.keys(rows[0]!).map((name) => {
    const values = rows.map((row) => row[name]);
    if (name === 'tasks') return listColumn(name, 'STRING', values as string[][]);
    if (!name.startsWith('stats/')) return column(name, 'INT64', values.map(whole));
    if (name.endsWith('/count'))
      return listColumn(
        name,
        'INT64',
        (values as number[][]).map((list) => list.map(whole)),
      );
    return listColumn(name, 'DOUBLE', values as number[][]);
  });
}

/** LeRobot reads it with pandas and finds a task by the index of the table, which is not in Parquet itself. */
function tasksTable(tasks: readonly string[]): Promise<Uint8Array> {
  const about = (name: string, pandas_type: string, numpy_type: string) => ({
    ...{ name, field_name: name, pandas_type, numpy_type, metadata: null },
  });
  const pandas = {
    index_columns: ['task'],
    column_indexes: [],
    columns: [about('task_index', 'int64', 'int64'), about('task', 'unicode', 'object')],
    pandas_version: '2.2.3',
  };
  return parquet(
    [
      column(
        'task_index',
        'INT64',
        tasks.map((_, i) => BigInt(i)),
      ),
      column('task', 'STRING', [...tasks]),
    ],
    {
      metadata: [{ key: 'pandas', value: JSON.stringify(pandas) }],
    },
  );
}
