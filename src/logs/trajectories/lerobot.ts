import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ReflexArcError } from '../../core/errors.ts';
import { frameNs } from './frames.ts';
import { readRows } from './parquet.ts';
import { type Episode, type Findings, type Sample, Sampler } from './trajectory.ts';

const FEATURE = z.object({ dtype: z.string(), shape: z.array(z.number().int().positive()), names: z.unknown() });
const INFO = z.object({ fps: z.number().positive(), features: z.record(z.string(), FEATURE) });

const TASK = z.object({ task_index: z.number(), task: z.string() });

/** Columns that say which frame it is. */
const BOOK_KEEPING = new Set(['timestamp', 'frame_index', 'episode_index', 'index', 'task_index']);
const NUMBERS = /^(float|int|uint|bool)/;
/** How far from k / fps a time may be to be that of frame k, as in LeRobot, s. */
const TOLERANCE_S = 1e-4;
/** Between two episodes, which all begin at 0 in the dataset, ns. */
const PAUSE_NS = 1_000_000_000n;

/**
 * The samples of a LeRobot dataset (v2.0, v2.1 and v3.0: the columns are the same), feature by feature; images and videos are
 * left out and told. Episodes are laid out one after another, a second apart; frame k is k / fps after the first.
 * @throws ReflexArcError RA_LOG_DAMAGED naming file and row, or the byte at which a file ends, after what could be read
 */
export async function* readLeRobot(folder: string, findings: Findings): AsyncGenerator<Sample> {
  const { fps, features } = await readInfo(folder);
  const tasks = await readTasks(folder);
  const wanted = Object.entries(features).flatMap(([name, { dtype, shape, names }]) => {
    if (BOOK_KEEPING.has(name)) return [];
    if (NUMBERS.test(dtype))
      return [
        {
          name,
          entries: entriesOf(
            names,
            shape.reduce((a, b) => a * b, 1),
          ),
        },
      ];
    findings.tell(name, `of type ${dtype}`, false, 'meta/info.json');
    return [];
  });
  const sampler = new Sampler(findings);
  const columns = ['timestamp', 'episode_index', 'task_index', ...wanted.map(({ name }) => name)];
  let episode = null as Episode | null;
  let begin = 0n;
  let newest = -PAUSE_NS;
  for (const file of dataFiles(folder)) {
    for await (const { row, values } of readRows(join(folder, file), columns)) {
      const place = () => `${file}, row ${row}`;
      const index = Number(values.episode_index ?? Number.NaN);
      const timestamp = Number(values.timestamp ?? Number.NaN);
      if (!Number.isSafeInteger(index) || !(timestamp >= 0 && timestamp < 1e9)) {
        findings.tell(Number.isSafeInteger(index) ? 'timestamp' : 'episode_index', 'no number', false, place());
        continue;
      }
      if (episode?.index !== index) {
        episode = { index, task: tasks.get(Number(values.task_index)) ?? '' };
        begin = newest + PAUSE_NS;
      }
      const k = Math.round(timestamp * fps);
      const onFrame = Math.abs(k / fps - timestamp) <= TOLERANCE_S;
      const timeNs = begin + (onFrame ? frameNs(k, fps) : BigInt(Math.round(timestamp * 1e9)));
      if (timeNs > newest) newest = timeNs;
      for (const { name, entries } of wanted) {
        const numbers = numbersOf(values[name]);
        if (numbers === null) findings.tell(name, 'null, or no number', false, place());
        else {
          const sample = sampler.sample(name, entries, numbers, { timeNs, episode, place });
          if (sample !== null) yield sample;
        }
      }
    }
  }
}

/** Null where a part of it is null or a text. */
function numbersOf(value: unknown): Float64Array | null {
  const flat = ArrayBuffer.isView(value) ? Array.from(value as Float64Array) : [value].flat(Number.POSITIVE_INFINITY);
  const fit = flat.every((v) => typeof v === 'number' || typeof v === 'bigint' || typeof v === 'boolean');
  return fit ? Float64Array.from(flat, Number) : null;
}

/** `names` is a list, a list under one or several keys, a dictionary from name to place, or null. */
function entriesOf(names: unknown, size: number): string[] {
  const lists = Array.isArray(names) ? names : names !== null && typeof names === 'object' ? Object.values(names) : [];
  const flat = lists.flat(Number.POSITIVE_INFINITY);
  if (flat.length === size && flat.every((name) => typeof name === 'string')) return flat;
  const keys = names !== null && typeof names === 'object' && !Array.isArray(names) ? Object.keys(names) : [];
  if (keys.length === size && flat.every((v) => typeof v === 'number')) return keys;
  return size === 1 ? [''] : Array.from({ length: size }, (_, i) => String(i));
}

async function readInfo(folder: string): Promise<z.infer<typeof INFO>> {
  const path = join(folder, 'meta/info.json');
  try {
    return INFO.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    throw damaged(path, cause);
  }
}

function damaged(where: string, cause: unknown): ReflexArcError {
  const why = cause instanceof z.ZodError ? z.prettifyError(cause) : (cause as Error).message;
  return new ReflexArcError('RA_LOG_DAMAGED', {
    seen: `${where}: ${why}`,
    allowed: 'that of a LeRobot dataset',
    cause,
  });
}

/** By task_index; of v3 in Parquet, of v2 in lines of JSON. */
async function readTasks(folder: string): Promise<Map<number, string>> {
  const tasks = new Map<number, string>();
  const table = join(folder, 'meta/tasks.parquet');
  const lines = join(folder, 'meta/tasks.jsonl');
  if (existsSync(table)) {
    for await (const { values } of readRows(table)) {
      const { task_index, ...rest } = values;
      tasks.set(Number(task_index), String(Object.values(rest).find((value) => typeof value === 'string') ?? ''));
    }
  } else if (existsSync(lines)) {
    for (const [i, line] of (await readFile(lines, 'utf8')).split('\n').entries()) {
      if (line.trim() === '') continue;
      try {
        const { task_index, task } = TASK.parse(JSON.parse(line));
        tasks.set(task_index, task);
      } catch (cause) {
        throw damaged(`${lines}: line ${i + 1}`, cause);
      }
    }
  }
  return tasks;
}

/** In the order of chunks and files. */
function dataFiles(folder: string): string[] {
  let files: string[];
  try {
    files = readdirSync(join(folder, 'data'), { recursive: true, encoding: 'utf8' });
  } catch (cause) {
    throw damaged(join(folder, 'data'), cause);
  }
  return files
    .filter((file) => file.endsWith('.parquet'))
    .sort()
    .map((file) => join('data', file));
}
