import { readdirSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { logMetadata } from '../../../bridges/mcap/reader.ts';
import type { RecorderOptions } from '../../../bridges/mcap/recorder.ts';
import { folder, fullDisk, readAll, recording, STRING, text } from './rig.ts';

const at = folder();
afterAll(() => at.remove());
const FLOAT = 'std_msgs/msg/Float64';
const BOX = { beforeNs: 2e9, afterNs: 1e9, maxBytes: 10_000_000, maxFiles: 10 };
const why = (cause: string) => ({ cause, entries: { detail: `${cause} was seen` } });

/** Ten messages a second on /n for `seconds`, numbered; `at` runs just before the message of that number. */
async function drive(
  name: string,
  options: Partial<RecorderOptions>,
  seconds: number,
  events: Record<number, (recorder: Awaited<ReturnType<typeof recording>>['recorder']) => void>,
) {
  const path = at.path(`${name}.mcap`);
  const { recorder, errors } = await recording(path, { log: false, blackBox: BOX, ...options });
  for (let i = 0; i < 10 * seconds; i++) {
    events[i]?.(recorder);
    recorder.record('/n', FLOAT, { data: i }, i * 1e8, 0);
  }
  await recorder.close();
  const files = readdirSync(at.path(''))
    .filter((file) => file.startsWith(`${name}_incident`))
    .sort();
  const read = await Promise.all(files.map((file) => readAll(at.path(file))));
  const numbers = read.map(({ messages }) =>
    messages.filter((m) => m.topic === '/n').map((m) => m.message.data as number),
  );
  return { recorder, errors, files, read, numbers };
}
const upTo = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe('the black box', () => {
  it('writes what was before an incident and what comes after it, without a log', async () => {
    const { recorder, files, read, numbers } = await drive('one', {}, 10, {
      50: (r) => r.incident(why('force_limit'), 5e9),
    });
    expect(files).toEqual(['one_incident-001_force_limit.mcap']);
    expect(read[0]!.error).toBeNull();
    // The newest before it is 49, at 4.9 s: from 2.9 s on; after it up to 6.0 s.
    expect(numbers[0]).toEqual(upTo(29, 60));
    expect(recorder.counters).toMatchObject({
      written: 0,
      files: 0,
      blackBox: { incidents: 1, files: 1, unwritten: 0 },
    });
    expect(readdirSync(at.path(''))).not.toContain('one.mcap');
    expect((await logMetadata(at.path(files[0]!))).incident).toEqual({
      ...{ cause: 'force_limit', detail: 'force_limit was seen', number: '1', at_ns: '5000000000' },
    });
  });

  it('beside a log that leaves things out, keeps all of them', async () => {
    const topics = { '/n': { throttle_ms: 1000 } };
    const { recorder, numbers } = await drive('beside', { log: true, topics }, 10, {
      50: (r) => r.incident(why('risk'), 5e9),
    });
    expect(numbers[0]).toEqual(upTo(29, 60));
    expect((await readAll(recorder.path)).messages.map((m) => m.message.data)).toEqual([
      0, 10, 20, 30, 40, 50, 60, 70, 80, 90,
    ]);
  });

  it('an incident soon after another is in the same file, which goes on for it', async () => {
    const { recorder, files, numbers } = await drive('two', {}, 10, {
      50: (r) => r.incident(why('recovery'), 5e9),
      55: (r) => r.incident(why('force_limit'), 5.5e9),
    });
    expect(files).toEqual(['two_incident-001_recovery.mcap']);
    expect(numbers[0]).toEqual(upTo(29, 65));
    expect(recorder.counters.blackBox).toMatchObject({ incidents: 2, files: 1 });
  });

  it('an incident later than that has a file of its own', async () => {
    const { files, numbers } = await drive('later', {}, 12, {
      30: (r) => r.incident(why('risk'), 3e9),
      80: (r) => r.incident(why('risk'), 8e9),
    });
    expect(files).toEqual(['later_incident-001_risk.mcap', 'later_incident-002_risk.mcap']);
    expect(numbers).toEqual([upTo(9, 40), upTo(59, 90)]);
  });

  it('an incident that never ends fills no disk: the file ends after twelve times its time', async () => {
    const again: Parameters<typeof drive>[3] = {};
    for (const i of upTo(30, 399)) again[i] = (r) => r.incident(why('risk'), i * 1e8);
    const { numbers } = await drive('endless', { blackBox: { ...BOX, maxFiles: 1 } }, 40, again);
    // From 0.9 s (2 s before 2.9 s) to 3 s + 12 × 1 s.
    expect(numbers[0]).toEqual(upTo(9, 150));
  });

  it('says how things stood before, where that was said longer ago', async () => {
    const { read } = await drive('stood', { carry: (topic) => topic === '/latched' }, 10, {
      0: (r) => r.record('/latched', STRING, { data: 'said once' }, 0, 0),
      50: (r) => r.incident(why('risk'), 5e9),
    });
    expect(read[0]!.messages[0]).toMatchObject({ topic: '/latched', logTimeNs: 0n, message: { data: 'said once' } });
  });

  it('is bounded in bytes: the oldest goes before its time, and is counted', async () => {
    const path = at.path('bytes.mcap');
    const { recorder } = await recording(path, { log: false, blackBox: { ...BOX, maxBytes: 10_000 } });
    for (let i = 0; i < 20; i++) recorder.record('/s', STRING, text(1000), i, 0);
    recorder.incident(why('risk'), 20);
    await recorder.close();
    const { messages } = await readAll(at.path('bytes_incident-001_risk.mcap'));
    // A message of 1009 bytes and what holds it, 300, in 10 000: seven.
    expect(messages.map((m) => Number(m.logTimeNs))).toEqual(upTo(13, 19));
    expect(recorder.counters.blackBox?.shortened).toBe(13);
  });

  it('is bounded in files: more incidents are counted', async () => {
    const { files, recorder } = await drive('many', { blackBox: { ...BOX, afterNs: 0, maxFiles: 2 } }, 10, {
      20: (r) => r.incident(why('a'), 2e9),
      40: (r) => r.incident(why('b'), 4e9),
      60: (r) => r.incident(why('c'), 6e9),
    });
    expect(files).toEqual(['many_incident-001_a.mcap', 'many_incident-002_b.mcap']);
    expect(recorder.counters.blackBox).toMatchObject({ incidents: 3, files: 2, unwritten: 1 });
  });

  it('on a full disk says so once, counts, and keeps for the next', async () => {
    const openSink = (path: string) => fullDisk(path, path.includes('_a.mcap') ? 0 : 1e9);
    const { errors, files, numbers, recorder } = await drive('full', { openSink }, 10, {
      20: (r) => r.incident(why('a'), 2e9),
      60: (r) => r.incident(why('b'), 6e9),
    });
    expect(errors.map((e) => e.code)).toEqual(['RA_LOG_DISK_FULL']);
    expect(files).toEqual(['full_incident-001_b.mcap']);
    expect(numbers).toEqual([upTo(39, 70)]);
    expect(recorder.counters.blackBox).toMatchObject({ incidents: 2, files: 1, unwritten: 1 });
  });

  it('never writes over the incidents of an observer that was there before', async () => {
    await drive('before', {}, 3, { 20: (r) => r.incident(why('risk'), 2e9) });
    const { files } = await drive('before', {}, 3, { 20: (r) => r.incident(why('risk'), 2e9) });
    expect(files).toEqual(['before_incident-001_risk.mcap', 'before_incident-002_risk.mcap']);
  });
});
