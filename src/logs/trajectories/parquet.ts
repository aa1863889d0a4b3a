import { statSync } from 'node:fs';
import type { FileMetaData, SchemaElement } from 'hyparquet';
import type { ColumnSource } from 'hyparquet-writer';
import { ReflexArcError } from '../../core/errors.ts';

export interface ParquetRow {
  /** From 0. */
  readonly row: number;
  /** By column; 64-bit integers are BigInt. */
  readonly values: Record<string, unknown>;
}

/**
 * The rows of a Parquet file, row group by row group; of `columns` those that it has.
 * @throws ReflexArcError RA_LOG_DAMAGED naming the byte at which a file without its footer ends, or the row from which on it
 *   cannot be read, after the rows before
 */
export async function* readRows(path: string, columns?: readonly string[]): AsyncGenerator<ParquetRow> {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } = await import('hyparquet');
  const { compressors } = await import('hyparquet-compressors');
  const damaged = (where: string, cause: unknown) =>
    new ReflexArcError('RA_LOG_DAMAGED', {
      seen: `${path}: ${where}: ${(cause as Error).message}`,
      allowed: 'a complete Parquet file',
      cause,
    });
  let size = 0;
  let metadata: FileMetaData;
  let file: Awaited<ReturnType<typeof asyncBufferFromFile>>;
  try {
    size = statSync(path).size;
    file = await asyncBufferFromFile(path);
    metadata = await parquetMetadataAsync(file);
  } catch (cause) {
    throw damaged(`at byte ${size}, where its footer should end`, cause);
  }
  const there = new Set(metadata.schema.map(({ name }) => name));
  const wanted = columns?.filter((name) => there.has(name));
  let first = 0;
  for (const { num_rows } of metadata.row_groups) {
    const next = first + Number(num_rows);
    let rows: Record<string, unknown>[];
    try {
      const range = { rowStart: first, rowEnd: next, ...(wanted === undefined ? {} : { columns: wanted }) };
      rows = await parquetReadObjects({ file, metadata, compressors, ...range });
    } catch (cause) {
      throw damaged(`from row ${first} on`, cause);
    }
    for (const [i, values] of rows.entries()) yield { row: first + i, values };
    first = next;
  }
}

export type Scalar = 'FLOAT' | 'DOUBLE' | 'INT64' | 'STRING';

/** A column to write, with its schema. */
export interface Column {
  readonly source: ColumnSource;
  readonly schema: readonly SchemaElement[];
}

const primitive = (name: string, type: Scalar): SchemaElement =>
  type === 'STRING'
    ? { name, type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' }
    : { name, type, repetition_type: 'OPTIONAL' };

export function column(name: string, type: Scalar, data: unknown[]): Column {
  return { source: { name, data: data as ColumnSource['data'] }, schema: [primitive(name, type)] };
}

/** A list in each row, as Arrow writes them. */
export function listColumn(name: string, type: Scalar, data: unknown[][]): Column {
  const list: SchemaElement[] = [
    { name, repetition_type: 'OPTIONAL', converted_type: 'LIST', num_children: 1 },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  ];
  return { source: { name, data: data as ColumnSource['data'] }, schema: [...list, primitive('element', type)] };
}

/** The bytes of a Parquet file; `groups`: rows of each row group, the last repeated. */
export async function parquet(
  columns: readonly Column[],
  options: { groups?: number[]; metadata?: { key: string; value: string }[] } = {},
): Promise<Uint8Array> {
  const { parquetWriteBuffer } = await import('hyparquet-writer');
  const schema = [{ name: 'schema', num_children: columns.length }, ...columns.flatMap((c) => c.schema)];
  const { groups, metadata } = options;
  return new Uint8Array(
    parquetWriteBuffer({
      ...{ schema, columnData: columns.map(({ source }) => source), createdBy: 'reflexarc' },
      ...(groups === undefined ? {} : { rowGroupSize: groups }),
      ...(metadata === undefined ? {} : { kvMetadata: metadata }),
    }),
  );
}
