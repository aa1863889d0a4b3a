import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { CsvError, parse } from 'csv-parse';
import { ReflexArcError } from '../../core/errors.ts';
import { type CsvMap, columnPlan } from './csv-columns.ts';
import { type Episode, type Findings, type Sample, Sampler } from './trajectory.ts';

interface Row {
  readonly record: string[];
  readonly info: { readonly bytes: number; readonly lines: number };
}

/**
 * The samples of a CSV file whose first row names its columns. A channel whose cells are all empty has no sample in that
 * row; one with some empty, or with a text in it, is left out and told with its row (the header is row 1).
 * @throws ReflexArcError RA_USAGE where the map names columns that are not there, RA_LOG_DAMAGED naming byte and row where
 *   the file is no CSV, after what could be read
 */
export async function* readCsv(path: string, map: CsvMap, findings: Findings): AsyncGenerator<Sample> {
  const parser = parse({ bom: true, info: true, relax_column_count: true, skip_empty_lines: true });
  const stream = createReadStream(path);
  stream.on('error', (error) => parser.destroy(error));
  const rows = stream.pipe(parser) as AsyncIterable<Row>;
  let reader: RowReader | null = null;
  let row = 0;
  let bytes = 0;
  try {
    for await (const { record, info } of rows) {
      row++;
      if (reader === null) reader = new RowReader(path, record, map, findings);
      else yield* reader.samples(record, row);
      bytes = info.bytes;
    }
  } catch (cause) {
    if (cause instanceof CsvError) {
      const seen = `${path}: at byte ${bytes}, in row ${row + 1}: ${cause.message}`;
      throw new ReflexArcError('RA_LOG_DAMAGED', { seen, allowed: 'a CSV file', cause });
    }
    const { code } = cause as NodeJS.ErrnoException;
    if (cause instanceof ReflexArcError || code === undefined) throw cause;
    const seen = `${path}: ${code}`;
    throw new ReflexArcError('RA_LOG_DAMAGED', { seen, allowed: 'a CSV file', next: 'Check the path.', cause });
  } finally {
    stream.destroy();
  }
  if (!(await endsWithLineBreak(path)))
    findings.tell('row', 'the file ends without a line break: it may be cut', true, `row ${row}`);
  if (reader === null) {
    const seen = `${path}: at byte 0: an empty file`;
    throw new ReflexArcError('RA_LOG_DAMAGED', { seen, allowed: 'a CSV file whose first row names its columns' });
  }
}

async function endsWithLineBreak(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const last = Buffer.alloc(1);
    await file.read(last, 0, 1, Math.max(0, size - 1));
    return size === 0 || last[0] === 0x0a || last[0] === 0x0d;
  } finally {
    await file.close();
  }
}

class RowReader {
  readonly #columns: number;
  readonly #plan: ReturnType<typeof columnPlan>;
  readonly #findings: Findings;
  readonly #sampler: Sampler;
  readonly #episodes = new Map<number, Episode>();

  constructor(path: string, header: readonly string[], map: CsvMap, findings: Findings) {
    this.#columns = header.length;
    this.#plan = columnPlan(path, header, map);
    this.#findings = findings;
    this.#sampler = new Sampler(findings);
  }

  *samples(record: readonly string[], row: number): Generator<Sample> {
    const left = (of: string, why: string) => this.#findings.tell(of, why, false, `row ${row}`);
    if (record.length !== this.#columns) {
      left('row', `${record.length < this.#columns ? 'fewer' : 'more'} cells than the first row has`);
      return;
    }
    const { time, episode, channels } = this.#plan;
    const timeNs = nanoseconds(record[time.column]!, time.digits);
    if (timeNs === null) {
      left(time.name, 'no time');
      return;
    }
    const index = episode === null ? 0 : Number(record[episode.column]!.trim() || Number.NaN);
    if (!Number.isSafeInteger(index) || index < 0) {
      left(episode!.name, 'no episode number');
      return;
    }
    const at = { timeNs, episode: this.#episode(index), place: () => `row ${row}` };
    for (const { name, entries, columns } of channels) {
      const cells = columns.map((column) => record[column]!.trim());
      if (cells.every((cell) => cell === '')) continue;
      const values = cells.map(number);
      const bad = values.indexOf(null);
      if (bad >= 0) {
        left(
          entries[bad] === '' ? name : `${name}[${entries[bad]}]`,
          cells[bad] === '' ? 'an empty cell' : 'no number',
        );
        continue;
      }
      const sample = this.#sampler.sample(name, entries, Float64Array.from(values as number[]), at);
      if (sample !== null) yield sample;
    }
  }

  #episode(index: number): Episode {
    const known = this.#episodes.get(index);
    if (known !== undefined) return known;
    const episode = { index, task: '' };
    this.#episodes.set(index, episode);
    return episode;
  }
}

/** As Python, R and spreadsheets write them. */
const WORDS: Readonly<Record<string, number>> = {
  ...{ nan: Number.NaN, inf: Number.POSITIVE_INFINITY, infinity: Number.POSITIVE_INFINITY },
  ...{ '-inf': Number.NEGATIVE_INFINITY, '-infinity': Number.NEGATIVE_INFINITY, true: 1, false: 0 },
};
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function number(cell: string): number | null {
  if (NUMBER.test(cell)) return Number(cell);
  return WORDS[cell.toLowerCase()] ?? null;
}

/** Exact: 1700000000.123456789 s has more digits than a double. `digits`: of a nanosecond behind the point. */
function nanoseconds(cell: string, digits: number): bigint | null {
  const found = /^\+?(\d+)(?:\.(\d*))?$/.exec(cell.trim());
  if (found !== null) {
    const behind = (found[2] ?? '').padEnd(digits + 1, '0');
    const rounded = behind[digits]! >= '5' ? 1n : 0n;
    return BigInt(found[1]! + behind.slice(0, digits)) + rounded;
  }
  const value = NUMBER.test(cell.trim()) ? Number(cell) * 10 ** digits : Number.NaN;
  return value >= 0 && value < 2 ** 63 ? BigInt(Math.round(value)) : null;
}
