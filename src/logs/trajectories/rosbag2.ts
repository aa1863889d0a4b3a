import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { parse } from '@foxglove/rosmsg';
import { MessageReader } from '@foxglove/rosmsg2-serialization';
import type { Database } from 'node-sqlite3-wasm';
import { definitionsFor, loadStandardTypes } from '../../../bridges/messages/types.ts';
import { ReflexArcError } from '../../core/errors.ts';
import type { TimedMessage } from './messages.ts';
import type { Findings } from './trajectory.ts';

interface Topic {
  readonly name: string;
  readonly reader: MessageReader;
}

/**
 * The messages of a ROS 2 bag in SQLite (a `.db3` of rosbag2), in the order in which they were written. Types that the bag
 * does not define (before Iron none is) are taken from the standard ones; topics of a type that is not among them, or that
 * are not CDR, are left out and told.
 * @throws ReflexArcError RA_LOG_DAMAGED naming the byte at which the file ends, or the row that cannot be read, after what
 *   could be read
 */
export async function* readBagDatabase(path: string, findings: Findings): AsyncGenerator<TimedMessage> {
  const damaged = (seen: string, cause?: unknown) =>
    new ReflexArcError('RA_LOG_DAMAGED', { seen: `${path}: ${seen}`, allowed: 'a complete bag of rosbag2', cause });
  const short = await missingEnd(path);
  const { Database } = await import('node-sqlite3-wasm');
  await loadStandardTypes();
  let db: Database;
  try {
    db = new Database(path, { readOnly: true, fileMustExist: true });
  } catch (cause) {
    throw damaged(`at byte 0: ${(cause as Error).message}`, cause);
  }
  let last = 'before the first message';
  try {
    // rosbag2 writes with a write-ahead log; without shared memory SQLite reads such a file only alone.
    db.exec('PRAGMA locking_mode = EXCLUSIVE');
    const topics = topicsOf(db, findings);
    const rows = db.prepare('SELECT id, topic_id, timestamp, data FROM messages ORDER BY id');
    try {
      for (const row of rows.iterate() as IterableIterator<Record<string, number | bigint | Uint8Array>>) {
        const topic = topics.get(Number(row.topic_id));
        if (topic !== undefined) yield decode(topic, row);
        last = `after message ${row.id}`;
      }
    } finally {
      rows.finalize();
    }
  } catch (cause) {
    throw damaged(`${short ?? last}: ${(cause as Error).message}`, cause);
  } finally {
    db.close();
  }
  if (short !== null) throw damaged(`${short}: its messages are all there`);
}

function decode(topic: Topic, row: Record<string, number | bigint | Uint8Array>): TimedMessage {
  // Of the module's memory, which the next row is written to.
  const data = (row.data as Uint8Array).slice();
  const message = topic.reader.readMessage<Record<string, unknown>>(data);
  return { topic: topic.name, timeNs: BigInt(row.timestamp as number | bigint), message };
}

/** By id, those that can be decoded. */
function topicsOf(db: Database, findings: Findings): Map<number, Topic> {
  const found = new Map<number, Topic>();
  const defined = new Map<string, string>();
  const tables = db.all("SELECT name FROM sqlite_master WHERE name = 'message_definitions'");
  if (tables.length > 0)
    for (const row of db.all("SELECT * FROM message_definitions WHERE encoding = 'ros2msg'") as Record<
      string,
      string
    >[])
      defined.set(row.topic_type!, row.encoded_message_definition!);
  for (const { id, name, type, serialization_format } of db.all('SELECT * FROM topics') as Record<string, string>[]) {
    const place = `topic ${id}`;
    if (serialization_format !== 'cdr') {
      findings.tell(name!, `messages as ${serialization_format}`, false, place);
      continue;
    }
    const text = defined.get(type!);
    const definitions = text === undefined ? definitionsFor(type!) : parse(text, { ros2: true });
    if (definitions === null) findings.tell(name!, `no definition of ${type}`, false, place);
    else found.set(Number(id), { name: name!, reader: new MessageReader(definitions) });
  }
  return found;
}

/**
 * Where the file ends, if that is before its last page as its first one says (SQLite file format 1.3); null where it does not,
 * or where pages are still in the write-ahead log. @throws ReflexArcError RA_LOG_DAMAGED where it is no SQLite file
 */
async function missingEnd(path: string): Promise<string | null> {
  const head = Buffer.alloc(100);
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const { bytesRead } = await file.read(head, 0, 100, 0);
    if (bytesRead < 100 || head.toString('latin1', 0, 16) !== 'SQLite format 3\0') {
      const seen = `${path}: at byte ${Math.min(size, 100)}: ${size < 100 ? 'ends in its head' : 'no SQLite file'}`;
      throw new ReflexArcError('RA_LOG_DAMAGED', { seen, allowed: 'a complete bag of rosbag2' });
    }
    // 1 stands for 65536, which has no room in two bytes.
    const pageBytes = head.readUInt16BE(16) === 1 ? 65_536 : head.readUInt16BE(16);
    const promised = pageBytes * head.readUInt32BE(28);
    if (existsSync(`${path}-wal`) || size >= promised) return null;
    return `at byte ${size}: ends before byte ${promised}`;
  } finally {
    await file.close();
  }
}
