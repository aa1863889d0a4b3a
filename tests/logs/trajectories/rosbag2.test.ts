import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Database } from 'node-sqlite3-wasm';
import { afterAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../../src/core/paths.ts';
import { folder, line, read } from './rig.ts';

/** Written by Python's `rosbags`: tests/interop/bag_peer.py. The same messages as in the ROS 1 bags. */
const BAGS = join(packageRoot, 'tests/logs/trajectories/bags');
const DB = join(BAGS, 'sqlite3/sqlite3.db3');

const at = folder();
afterAll(() => at.remove());
const lines = async (path: string) => (await read(path)).samples.map(line);

/** A copy of the bag, changed by SQL. */
function changed(name: string, sql: string): string {
  copyFileSync(DB, at.path(name));
  const db = new Database(at.path(name));
  db.exec(sql);
  db.close();
  return at.path(name);
}

describe.each(['sqlite3/sqlite3.db3', 'sqlite3', 'mcap/mcap.mcap', 'mcap'])('a ROS 2 bag, %s', (path) => {
  it('has the numbers, names and times of the ROS 1 bag with the same messages, to the last bit', async () => {
    const { samples, error, findings } = await read(join(BAGS, path));
    expect(error).toBeNull();
    expect(samples).toHaveLength(200);
    expect(samples.map(line)).toEqual(await lines(join(BAGS, 'none.bag')));
    expect(findings.map(({ of, why }) => `${of}: ${why}`)).toEqual(['/wrench.wrench.force: NaN', '/said: no numbers']);
  });
});

describe('a ROS 2 bag in SQLite', () => {
  it('cut anywhere gives what was before the cut, and says at which byte it ends', async () => {
    const bytes = readFileSync(DB);
    const whole = await lines(DB);
    const counts = new Set<number>();
    for (let cut = 0; cut < bytes.length; cut += 1361) {
      writeFileSync(at.path('cut.db3'), bytes.subarray(0, cut));
      const { samples, error } = await read(at.path('cut.db3'), { format: 'rosbag2' });
      expect(error, `cut at ${cut}`).toMatchObject({ code: 'RA_LOG_DAMAGED' });
      expect(Number(/at byte (\d+):/.exec(error!.seen)![1]), error!.seen).toBeLessThanOrEqual(cut);
      expect(samples.map(line), `cut at ${cut}`).toEqual(whole.slice(0, samples.length));
      counts.add(samples.length);
    }
    expect([...counts].some((n) => n > 0 && n < 200)).toBe(true);
  });

  it('with a message that cannot be decoded says which row, and gives those before it', async () => {
    const path = changed('row.db3', "UPDATE messages SET data = x'00010000ff' WHERE id = 5");
    const { samples, error } = await read(path);
    expect(samples.map(line)).toEqual((await lines(DB)).slice(0, samples.length));
    // Messages 1 to 4: two joint states with two vectors each, a force with two, and a command.
    expect(samples).toHaveLength(7);
    expect(error).toMatchObject({ code: 'RA_LOG_DAMAGED', seen: expect.stringContaining('after message 4:') });
  });

  it('written before Iron has no definitions: the standard types are known without', async () => {
    expect(await lines(changed('humble.db3', 'DROP TABLE message_definitions'))).toEqual(await lines(DB));
  });

  it('that was written with a write-ahead log is read', async () => {
    const path = at.path('wal.db3');
    const bytes = readFileSync(DB);
    // Read and write version 2 of the file format: a write-ahead log (SQLite file format 1.3).
    bytes[18] = 2;
    bytes[19] = 2;
    writeFileSync(path, bytes);
    expect(await lines(path)).toEqual(await lines(DB));
  });

  it('tells the topics whose type nobody knows, or that are not CDR', async () => {
    const sql = `DROP TABLE message_definitions;
      UPDATE topics SET type = 'my_msgs/msg/Own' WHERE name = '/wrench';
      UPDATE topics SET serialization_format = 'json' WHERE name = '/command'`;
    const { samples, error, findings } = await read(changed('unknown.db3', sql));
    expect(error).toBeNull();
    expect(samples).toHaveLength(120);
    expect(findings.filter(({ of }) => of !== '/said')).toEqual([
      { of: '/wrench', why: 'no definition of my_msgs/msg/Own', kept: false, place: 'topic 2', count: 1 },
      { of: '/command', why: 'messages as json', kept: false, place: 'topic 3', count: 1 },
    ]);
  });

  it('that is no SQLite file is told as that', async () => {
    writeFileSync(at.path('no.db3'), 'x'.repeat(200));
    expect((await read(at.path('no.db3'))).error).toMatchObject({
      code: 'RA_LOG_DAMAGED',
      seen: expect.stringContaining('at byte 100: no SQLite file'),
    });
  });
});

describe('the folder of a ROS 2 bag', () => {
  function bag(name: string, metadata: string): string {
    mkdirSync(at.path(name));
    writeFileSync(join(at.path(name), 'metadata.yaml'), metadata);
    return at.path(name);
  }
  const files = (...paths: string[]) =>
    `rosbag2_bagfile_information: { relative_file_paths: ${JSON.stringify(paths)} }`;

  it('with several files has all of them, in the order that it says', async () => {
    const path = bag('two', files('b.db3', 'a.db3'));
    for (const [name, part] of [
      ['b.db3', '<='],
      ['a.db3', '>'],
    ] as const)
      copyFileSync(changed(name, `DELETE FROM messages WHERE NOT id ${part} 30`), join(path, name));
    expect(await lines(path)).toEqual(await lines(DB));
  });

  it.each([
    ['compressed', files('a.db3.zstd'), /decompress it first/],
    ['empty', '', /metadata\.yaml/],
    ['outside', files('../a.db3'), /outside the bag/],
  ])('that is %s is refused, with what to do', async (name, metadata, why) => {
    const { error } = await read(bag(name, metadata));
    expect(error).toMatchObject({ code: 'RA_LOG_DAMAGED', seen: expect.stringMatching(why) });
  });
});
