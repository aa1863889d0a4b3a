import { open } from 'node:fs/promises';
import type { Channel, Episode, Samples } from './trajectory.ts';

/** A row that is being filled. */
interface Row {
  readonly episode: Episode;
  readonly timeNs: bigint;
  readonly cells: Map<string, Float64Array>;
}

/** Characters that are written at once. */
const BLOCK = 64 * 1024;
const FIRST = ['episode', 'time_ns'];

/**
 * Writes samples as CSV: `episode`, `time_ns`, and `channel[entry]` for each entry. Samples of the same time that follow one
 * another share a row; the others are empty there. Numbers are written so that they read back to the last bit. `samples` is
 * called twice, since the columns come before the rows. Returns the number of rows.
 */
export async function writeCsv(path: string, samples: () => Samples): Promise<number> {
  const channels = new Map<string, Channel>();
  for await (const { channel } of samples()) channels.set(channel.name, channel);
  const columns = [...channels.values()];
  const file = await open(path, 'w');
  try {
    return await writeRows((text) => file.appendFile(text), columns, samples());
  } finally {
    await file.close();
  }
}

async function writeRows(
  append: (text: string) => Promise<void>,
  columns: readonly Channel[],
  samples: Samples,
): Promise<number> {
  let waiting = '';
  const write = async (cells: readonly string[]) => {
    waiting += `${cells.join(',')}\n`;
    if (waiting.length < BLOCK) return;
    await append(waiting);
    waiting = '';
  };
  await write([...FIRST, ...columns.flatMap(columnNames)].map(quoted));
  let rows = 0;
  const flush = async ({ episode, timeNs, cells }: Row) => {
    rows++;
    const values = columns.flatMap(({ name, entries }) =>
      entries.map((_, i) => {
        const value = cells.get(name)?.[i];
        return value === undefined ? '' : Object.is(value, -0) ? '-0' : String(value);
      }),
    );
    await write([String(episode.index), String(timeNs), ...values]);
  };
  let row: Row | null = null;
  for await (const { channel, episode, timeNs, values } of samples) {
    if (row !== null && (row.timeNs !== timeNs || row.episode.index !== episode.index || row.cells.has(channel.name))) {
      await flush(row);
      row = null;
    }
    row ??= { episode, timeNs, cells: new Map() };
    row.cells.set(channel.name, values);
  }
  if (row !== null) await flush(row);
  await append(waiting);
  return rows;
}

function columnNames({ name, entries }: Channel): string[] {
  return entries.map((entry) => (entries.length === 1 && entry === '' ? name : `${name}[${entry}]`));
}

const quoted = (cell: string) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
