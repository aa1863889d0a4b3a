import { readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { CsvMap } from '../../../src/logs/trajectories/csv-columns.ts';
import { writeCsv } from '../../../src/logs/trajectories/csv-writer.ts';
import { Findings, type Sample, Sampler } from '../../../src/logs/trajectories/trajectory.ts';
import { folder, line, read } from './rig.ts';

const at = folder();
afterAll(() => at.remove());

function csv(text: string, map: CsvMap = {}) {
  const path = at.path('some.csv');
  writeFileSync(path, text);
  return read(path, { csv: map });
}
const plain = (samples: readonly Sample[]) =>
  samples.map((s) => [s.channel.name, s.episode.index, s.timeNs, ...s.values]);

describe('a CSV file', () => {
  it('has a channel for each column, and one for those that share a name', async () => {
    const { samples, error, findings } = await csv('t,q[a],grip,q[b]\n0.5,1,7,2\n1.5,3,,4\n');
    expect(error).toBeNull();
    expect(findings).toEqual([]);
    expect(plain(samples)).toEqual([
      ['q', 0, 500_000_000n, 1, 2],
      ['grip', 0, 500_000_000n, 7],
      ['q', 0, 1_500_000_000n, 3, 4],
    ]);
    expect(samples[0]!.channel.entries).toEqual(['a', 'b']);
    expect(samples[1]!.channel.entries).toEqual(['']);
  });

  it('with a map has the channels, the time and the episodes that it names', async () => {
    const map = { time: 'when_ms', episode: 'run', channels: new Map([['state', ['x', 'y']]]) };
    const { samples } = await csv('y,when_ms,run,x,other\n1,2.5,3,4,5\n6,7,8,9,word\n', map);
    expect(plain(samples)).toEqual([
      ['state', 3, 2_500_000n, 4, 1],
      ['state', 8, 7_000_000n, 9, 6],
    ]);
  });

  it('keeps every nanosecond of a time that a double has no room for', async () => {
    const { samples } = await csv('time,x\n1700000000.123456789,1\n1700000000.1234567885,2\n1.7e9,3\n');
    expect(samples.map((s) => s.timeNs)).toEqual([
      1_700_000_000_123_456_789n,
      1_700_000_000_123_456_789n,
      1_700_000_000_000_000_000n,
    ]);
  });

  it('tells what is no number, too short, without time, or not finite, with the row of the first', async () => {
    const rows = [
      'time,episode,q[a],q[b]',
      '0,0,1,2',
      '1,0,,2',
      '2,0,x,2',
      '3,0,1',
      '?,0,1,2',
      '5,,1,2',
      '6,0,nan,inf',
      '7,0,,3',
    ];
    const { samples, error, findings } = await csv(`${rows.join('\n')}\n`);
    expect(error).toBeNull();
    expect(plain(samples)).toEqual([
      ['q', 0, 0n, 1, 2],
      ['q', 0, 6_000_000_000n, Number.NaN, Number.POSITIVE_INFINITY],
    ]);
    expect(findings).toEqual([
      { of: 'q[a]', why: 'an empty cell', kept: false, place: 'row 3', count: 2 },
      { of: 'q[a]', why: 'no number', kept: false, place: 'row 4', count: 1 },
      { of: 'row', why: 'fewer cells than the first row has', kept: false, place: 'row 5', count: 1 },
      { of: 'time', why: 'no time', kept: false, place: 'row 6', count: 1 },
      { of: 'episode', why: 'no episode number', kept: false, place: 'row 7', count: 1 },
      { of: 'q', why: 'NaN', kept: true, place: 'row 8', count: 1 },
    ]);
  });

  it('cut anywhere gives the rows before the cut, and says that it may be cut', async () => {
    const rows = Array.from({ length: 30 }, (_, i) => `${i},${i / 7},"${-i}"`);
    const text = `time,a,b\n${rows.join('\n')}\n`;
    const whole = (await csv(text)).samples.map(line);
    for (let cut = 9; cut < text.length; cut++) {
      const { samples, error, findings } = await csv(text.slice(0, cut));
      const lines = text.slice(9, cut).split('\n').length - 1;
      expect(samples.slice(0, 2 * lines).map(line), `cut at ${cut}`).toEqual(whole.slice(0, 2 * lines));
      const told = error !== null || findings.some((f) => f.why.includes('may be cut'));
      expect(told, `cut at ${cut}`).toBe(text[cut - 1] !== '\n');
    }
  });

  it('that ends inside quotes is damaged, at a byte and a row', async () => {
    const { samples, error } = await csv('time,a\n0,1\n1,"2\n');
    expect(samples).toHaveLength(1);
    expect(error).toMatchObject({ code: 'RA_LOG_DAMAGED', seen: expect.stringMatching(/at byte 11, in row 3:/) });
  });

  it('without the columns that the map names, or without a time, says which it has', async () => {
    expect((await csv('time,a\n', { time: 'stamp' })).error).toMatchObject({
      code: 'RA_USAGE',
      seen: expect.stringContaining('no column stamp'),
      allowed: 'time, a',
    });
    expect((await csv('a,b\n')).error).toMatchObject({
      code: 'RA_USAGE',
      seen: expect.stringContaining('no column of time'),
    });
    expect((await csv('time,a,a\n')).error).toMatchObject({ seen: expect.stringContaining('two columns a') });
    expect((await csv('')).error).toMatchObject({ code: 'RA_LOG_DAMAGED' });
  });

  it('that was written reads back to the last bit: channels, entries, times and values', async () => {
    const double = fc.double();
    const row = fc.record({ time: fc.bigInt(0n, 2n ** 62n), pose: fc.tuple(double, double), force: fc.option(double) });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(row, { minLength: 1, maxLength: 5 }), { maxLength: 3 }), async (episodes) => {
        const sampler = new Sampler(new Findings());
        const samples = episodes.flatMap((rows, index) => {
          const where = { episode: { index, task: '' }, place: () => '' };
          return rows.flatMap(({ time, pose, force }) => [
            sampler.sample('/arm.pose', ['x "m"', 'y,z'], Float64Array.from(pose), { ...where, timeNs: time })!,
            ...(force === null
              ? []
              : [sampler.sample('force', [''], Float64Array.of(force), { ...where, timeNs: time })!]),
          ]);
        });
        const path = at.path('written.csv');
        await writeCsv(path, async function* () {
          yield* samples;
        });
        const back = await read(path);
        expect(back.error).toBeNull();
        expect(back.samples.map(line), readFileSync(path, 'utf8')).toEqual(samples.map(line));
      }),
      { numRuns: 100 },
    );
  });
});
