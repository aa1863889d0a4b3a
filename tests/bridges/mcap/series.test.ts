import { existsSync, readdirSync, statSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { filesOfLog, incidentFile, logFileName, nextLogFile, unusedLogFile } from '../../../bridges/mcap/files.ts';
import { logMetadata } from '../../../bridges/mcap/reader.ts';
import type { RecorderOptions } from '../../../bridges/mcap/recorder.ts';
import type { Sink } from '../../../bridges/mcap/sink.ts';
import { folder, fullDisk, readAll, recording, STRING, text, turn } from './rig.ts';

const at = folder();
afterAll(() => at.remove());
const FLOAT = 'std_msgs/msg/Float64';

/** 100 messages on /s, one each 100 ms, and what stands in the files. */
async function series(name: string, options: Partial<RecorderOptions>, length = 1000) {
  const path = at.path(`${name}_00000.mcap`);
  const { recorder, errors } = await recording(path, { chunkBytes: 8_000, ...options });
  recorder.record('/latched', STRING, { data: 'said once' }, 0, 0);
  for (let i = 0; i < 100; i++) recorder.record('/s', STRING, text(length), i * 1e8, 0);
  await recorder.close();
  const files = filesOfLog(path).map((file) => file.replace(/^.*\//, ''));
  const read = await Promise.all(filesOfLog(path).map((file) => readAll(file)));
  return { path, recorder, errors, files, read };
}
const numbers = ({ messages }: { messages: { topic: string; logTimeNs: bigint }[] }) =>
  messages.filter((m) => m.topic === '/s').map((m) => Number(m.logTimeNs) / 1e8);

describe('rotation', () => {
  it('by time: a file spans no more than asked, and together they hold each message once', async () => {
    const { files, read, recorder } = await series('time', { rotateNs: 4e9 });
    expect(files).toEqual(['time_00000.mcap', 'time_00001.mcap', 'time_00002.mcap']);
    expect(read.map((r) => r.error)).toEqual([null, null, null]);
    expect(read.map((r) => numbers(r).length)).toEqual([40, 40, 20]);
    expect(read.flatMap(numbers)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(recorder.counters).toMatchObject({ written: 101, dropped: 0, queued: 0, files: 3, deleted: 0 });
  });

  it('by size: no file is larger than asked, not by a byte', async () => {
    const { path, read, recorder } = await series('size', { rotateBytes: 30_000 });
    const sizes = filesOfLog(path).map((file) => statSync(file).size);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(30_000);
    // 100 messages of about 1.06 kB on disk: four files or five.
    expect(sizes.length).toBeGreaterThanOrEqual(4);
    expect(sizes.length).toBeLessThanOrEqual(5);
    expect(read.flatMap(numbers)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(recorder.counters.bytes).toBe(sizes.reduce((a, b) => a + b));
  });

  it('each file is complete by itself: metadata, and how things stood when it was begun', async () => {
    const metadata = { config: { run: '{}' } };
    const { path, read } = await series('whole', { rotateNs: 4e9, metadata, carry: (topic) => topic === '/latched' });
    for (const [i, file] of filesOfLog(path).entries()) {
      const begun = i === 0 ? 'start' : 'time';
      const about = { log: 'whole', number: String(i), begun, repeated: i === 0 ? '0' : '1' };
      expect(await logMetadata(file)).toEqual({ ...metadata, file: about });
      // With its own time: it is older than the file.
      expect(read[i]!.messages[0]).toMatchObject({ topic: '/latched', logTimeNs: 0n, message: { data: 'said once' } });
    }
  });

  it('does not say a repeat again in the counts', async () => {
    const { recorder } = await series('counts', { rotateNs: 1e9, carry: () => true });
    expect(recorder.counters).toMatchObject({ written: 101, dropped: 0, files: 10 });
  });

  it('keeps the newest files, and counts those that it deleted', async () => {
    const { files, read, recorder } = await series('kept', { rotateNs: 1e9, keepFiles: 3 });
    expect(files).toEqual(['kept_00007.mcap', 'kept_00008.mcap', 'kept_00009.mcap']);
    expect(read.flatMap(numbers)).toEqual(Array.from({ length: 30 }, (_, i) => 70 + i));
    expect(recorder.counters).toMatchObject({ written: 101, files: 3, deleted: 7 });
  });

  it('lets old files go when all together would be larger than allowed', async () => {
    const { path, files, recorder, errors } = await series('bounded', {
      ...{ rotateBytes: 20_000, keepFiles: 100, maxBytes: 50_000 },
    });
    const sizes = filesOfLog(path).map((file) => statSync(file).size);
    expect(sizes.reduce((a, b) => a + b)).toBeLessThanOrEqual(50_000);
    expect(files.length).toBe(recorder.counters.files);
    expect(recorder.counters.deleted).toBeGreaterThan(0);
    expect(recorder.counters.dropped).toBe(0);
    expect(errors).toEqual([]);
  });

  it('without leave to delete, all files together stay inside the bound, and the rest is counted', async () => {
    const { path, recorder, errors } = await series('ends', { rotateBytes: 20_000, maxBytes: 50_000 });
    const sizes = filesOfLog(path).map((file) => statSync(file).size);
    const all = sizes.reduce((a, b) => a + b);
    expect(all).toBeLessThanOrEqual(50_000);
    expect(all).toBeGreaterThan(40_000);
    const { written, droppedBecause } = recorder.counters;
    expect(written + droppedBecause.size).toBe(101);
    expect(errors.map((e) => e.code)).toEqual(['RA_LOG_WRITE']);
    expect(errors[0]!.next).toContain('log.keep_files');
  });

  it('a message that is larger than a file goes into one of its own', async () => {
    const path = at.path('large_00000.mcap');
    const { recorder } = await recording(path, { rotateBytes: 10_000 });
    for (const length of [100, 50_000, 100]) recorder.record('/s', STRING, text(length), 0, 0);
    await recorder.close();
    const read = await Promise.all(filesOfLog(path).map((file) => readAll(file)));
    expect(read.map((r) => r.messages.map((m) => (m.message.data as string).length))).toEqual([[100], [50_000], [100]]);
  });

  it('a compressed file holds more messages in the same bytes', async () => {
    const plain = await series('plain', { rotateBytes: 30_000 });
    const packed = await series('packed', { rotateBytes: 30_000, compression: 'lz4' });
    expect(packed.files.length).toBeLessThan(plain.files.length);
    expect(packed.read.flatMap(numbers)).toEqual(plain.read.flatMap(numbers));
  });
});

describe('a disk that is full', () => {
  it('while a later file is written: the earlier ones are whole, the loss is counted, and it goes on when there is room', async () => {
    const path = at.path('disk_00000.mcap');
    const room: Record<string, number> = {};
    const openSink = (file: string): Promise<Sink> => fullDisk(file, room[file.replace(/^.*_/, '')] ?? 1e9);
    // The second file has room for its head and one chunk of 8 messages; the third for nothing.
    room['00001.mcap'] = 12_000;
    room['00002.mcap'] = 0;
    const { recorder, errors } = await recording(path, {
      ...{ openSink, chunkBytes: 8_000, rotateNs: 2e9, retryNs: 1e9 },
    });
    for (let i = 0; i < 100; i++) {
      recorder.record('/s', STRING, text(1000), i * 1e8, 0);
      await turn();
    }
    await recorder.close();
    expect(errors.map((e) => e.code)).toEqual(['RA_LOG_DISK_FULL']);
    const { written, dropped, droppedBecause } = recorder.counters;
    expect([written + dropped, droppedBecause.disk]).toEqual([100, dropped]);
    const names = filesOfLog(path).map((file) => file.replace(/^.*_/, ''));
    expect(names.slice(0, 2)).toEqual(['00000.mcap', '00001.mcap']);
    expect(names).not.toContain('00002.mcap');
    const read = await Promise.all(filesOfLog(path).map((file) => readAll(file)));
    expect(read.map((r) => r.error)).toEqual(read.map(() => null));
    // 0 to 19 in the first; 20 to 27 in the second, and the chunk up to 35 is lost; 1 s later the third cannot be made
    // (46), and 1 s after that the fourth can.
    const got = read.flatMap(numbers);
    expect(got.slice(0, 29)).toEqual([...Array.from({ length: 28 }, (_, i) => i), got[28]]);
    expect(got[28]).toBeGreaterThanOrEqual(54);
    expect(got[28]).toBeLessThanOrEqual(58);
    expect(got.at(-1)).toBe(99);
    expect(got.length).toBe(written);
  });
});

describe('names', () => {
  const first = logFileName(new Date('2026-01-31T12:05:09.042Z'), 'peg / demo');

  it('sort by time, then by number, and are safe for a file system', () => {
    expect(first).toBe('reflexarc_2026-01-31T120509.042Z_peg-demo_00000.mcap');
    let name = first;
    const names = Array.from({ length: 12 }, () => {
      const now = name;
      name = nextLogFile(name);
      return now;
    });
    expect(names.at(-1)).toBe('reflexarc_2026-01-31T120509.042Z_peg-demo_00011.mcap');
    expect([...names].sort()).toEqual(names);
  });

  it('of incidents say which and why', () => {
    expect(incidentFile(first, 3, 'force_limit')).toBe(
      'reflexarc_2026-01-31T120509.042Z_peg-demo_incident-003_force_limit.mcap',
    );
    expect(incidentFile('a.mcap', 1, '../../etc')).toBe('a_incident-001_-etc.mcap');
  });

  it('an observer that comes back goes on in the next file', async () => {
    const { path } = await series('back', { rotateNs: 5e9 });
    expect(unusedLogFile(path)).toBe(at.path('back_00002.mcap'));
    expect(unusedLogFile(at.path('new_00000.mcap'))).toBe(at.path('new_00000.mcap'));
  });

  it('of one run are found whichever of them is named, and no others', async () => {
    const { path } = await series('found', { rotateNs: 5e9 });
    await series('found_too', { rotateNs: 5e9 });
    expect(filesOfLog(at.path('found_00001.mcap'))).toEqual([path, at.path('found_00001.mcap')]);
    expect(filesOfLog(at.path('alone.mcap'))).toEqual([at.path('alone.mcap')]);
  });
});

describe('log.topics', () => {
  it('leaves out a topic, and throttles another by log time, counted apart from what is lost', async () => {
    const path = at.path('topics.mcap');
    const topics = { '/image': { record: false }, '/imu': { throttle_ms: 250 } };
    const { recorder } = await recording(path, { topics });
    for (let i = 0; i < 10; i++)
      for (const topic of ['/image', '/imu', '/other']) recorder.record(topic, FLOAT, { data: i }, i * 1e8, 0);
    await recorder.close();
    const { messages } = await readAll(path);
    const of = (topic: string) => messages.filter((m) => m.topic === topic).map((m) => m.message.data);
    expect(of('/image')).toEqual([]);
    // 0 ms, then the first at or after 250 ms, after 550 ms, after 850 ms.
    expect(of('/imu')).toEqual([0, 3, 6, 9]);
    expect(of('/other').length).toBe(10);
    expect(recorder.counters).toMatchObject({ written: 14, dropped: 0, leftOut: 16 });
  });

  it('a clock that goes back does not silence a throttled topic', async () => {
    const path = at.path('back.mcap');
    const { recorder } = await recording(path, { topics: { '/imu': { throttle_ms: 100 } } });
    for (const s of [1000, 1000.05, 1, 1.05, 1.1]) recorder.record('/imu', FLOAT, { data: s }, s * 1e9, 0);
    await recorder.close();
    expect((await readAll(path)).messages.map((m) => m.message.data)).toEqual([1000, 1, 1.1]);
  });
});

it('nothing but the files is left in the folder', async () => {
  const { path } = await series('clean', { rotateNs: 5e9, keepFiles: 2 });
  expect(readdirSync(at.path('')).filter((name) => name.startsWith('clean'))).toEqual([
    'clean_00000.mcap',
    'clean_00001.mcap',
  ]);
  expect(existsSync(path)).toBe(true);
});
