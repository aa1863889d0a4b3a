import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { framesOf } from '../../../src/logs/trajectories/frames.ts';
import { statisticsOf } from '../../../src/logs/trajectories/lerobot-statistics.ts';
import { writeLeRobot } from '../../../src/logs/trajectories/lerobot-writer.ts';
import { column, listColumn, parquet, readRows } from '../../../src/logs/trajectories/parquet.ts';
import { Findings, type Sample } from '../../../src/logs/trajectories/trajectory.ts';
import { folder, read } from './rig.ts';

const at = folder();
afterAll(() => at.remove());
const FPS = 30;
const f32 = Math.fround;

/** Episodes 7 and 9 with 40 and 25 frames. */
async function* episodes(): AsyncGenerator<Sample> {
  const state = { name: 'observation.state', entries: ['shoulder', 'elbow'] };
  const action = { name: 'action', entries: [''] };
  for (const [index, task, length] of [
    [7, 'insert the peg', 40],
    [9, '', 25],
  ] as const) {
    const episode = { index, task };
    for (let k = 0; k < length; k++) {
      const timeNs = BigInt(index) * 1_000_000_000_000n + BigInt(Math.round((k * 1e9) / FPS));
      yield { channel: state, episode, timeNs, values: Float64Array.of(index + k / 7, -k) };
      yield { channel: action, episode, timeNs, values: Float64Array.of(k / 3) };
    }
  }
}

async function dataset(name: string): Promise<string> {
  const frames = await framesOf(episodes(), FPS, null, new Findings());
  await writeLeRobot(at.path(name), frames, { fps: FPS, task: 'wait', robotType: 'arm' });
  return at.path(name);
}
const json = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
async function table(path: string) {
  const rows: Record<string, unknown>[] = [];
  for await (const { values } of readRows(path)) rows.push(values);
  return rows;
}

describe('a LeRobot dataset', () => {
  it('has the files, the features and the counts of v3.0', async () => {
    const path = await dataset('layout');
    expect(json(join(path, 'meta/info.json'))).toMatchObject({
      ...{ codebase_version: 'v3.0', robot_type: 'arm', fps: 30, total_episodes: 2, total_frames: 65, total_tasks: 2 },
      ...{ splits: { train: '0:2' }, video_path: null },
      features: {
        'observation.state': { dtype: 'float32', shape: [2], names: ['shoulder', 'elbow'] },
        action: { dtype: 'float32', shape: [1], names: null },
        timestamp: { dtype: 'float32', shape: [1], names: null },
        frame_index: { dtype: 'int64' },
      },
    });
    const rows = await table(join(path, 'data/chunk-000/file-000.parquet'));
    expect(rows).toHaveLength(65);
    expect(rows[41]).toEqual({
      ...{ 'observation.state': [f32(9 + 1 / 7), -1], action: f32(1 / 3), timestamp: f32(1 / 30) },
      ...{ frame_index: 1n, episode_index: 1n, index: 41n, task_index: 1n },
    });
    expect(await table(join(path, 'meta/tasks.parquet'))).toEqual([
      { task_index: 0n, task: 'insert the peg' },
      { task_index: 1n, task: 'wait' },
    ]);
    const [, second] = await table(join(path, 'meta/episodes/chunk-000/file-000.parquet'));
    expect(second).toMatchObject({
      ...{ episode_index: 1n, tasks: ['wait'], length: 25n, dataset_from_index: 40n, dataset_to_index: 65n },
      ...{ 'data/chunk_index': 0n, 'data/file_index': 0n, 'stats/action/max': [8], 'stats/action/count': [25n] },
    });
    expect(json(join(path, 'meta/stats.json'))['observation.state']).toMatchObject({
      min: [7, -39],
      max: [7 + 39 / 7, 0],
      count: [65],
    });
  });

  it('reads back as it was written: episodes from 0, frames at their times, values as float32', async () => {
    const { samples, error, findings } = await read(await dataset('back'));
    expect(error).toBeNull();
    expect(findings).toEqual([]);
    const expected: unknown[] = [];
    let begin = 0n;
    let before: Sample | null = null;
    const lengths = new Map([
      [7, { index: 0, task: 'insert the peg' }],
      [9, { index: 1, task: 'wait' }],
    ]);
    let start = 0n;
    for await (const s of episodes()) {
      if (before !== null && before.episode.index !== s.episode.index) begin += before.timeNs - start + 1_000_000_000n;
      if (before?.episode.index !== s.episode.index) start = s.timeNs;
      before = s;
      expected.push([
        s.channel.name,
        lengths.get(s.episode.index),
        begin + s.timeNs - start,
        ...Array.from(s.values, f32),
      ]);
    }
    expect(samples.map((s) => [s.channel.name, s.episode, s.timeNs, ...s.values])).toEqual(expected);
    // The same frames again.
    const again = await framesOf(
      (async function* () {
        yield* samples;
      })(),
      FPS,
      null,
      new Findings(),
    );
    expect(again.episodes.map(({ length }) => length)).toEqual([40, 25]);
  });

  it('cut anywhere says at which byte, and gives the files before it', async () => {
    const path = await dataset('cut');
    const file = join(path, 'data/chunk-000/file-000.parquet');
    const bytes = readFileSync(file);
    writeFileSync(join(path, 'data/chunk-000/file-001.parquet'), bytes);
    const whole = (await read(path)).samples.length;
    for (let cut = 0; cut < bytes.length; cut += 97) {
      writeFileSync(join(path, 'data/chunk-000/file-001.parquet'), bytes.subarray(0, cut));
      const { samples, error } = await read(path);
      expect(samples.length, `cut at ${cut}`).toBe(whole / 2);
      expect(error).toMatchObject({
        code: 'RA_LOG_DAMAGED',
        seen: expect.stringContaining(`file-001.parquet: at byte ${cut}`),
      });
    }
  });

  it('with nulls, NaN and vectors of another length tells them with file and row', async () => {
    const path = at.path('odd');
    const put = (file: string, data: string | Uint8Array) => {
      mkdirSync(dirname(join(path, file)), { recursive: true });
      writeFileSync(join(path, file), data);
    };
    const features = {
      q: { dtype: 'float32', shape: [2], names: { motors: ['a', 'b'] } },
      'observation.images.top': { dtype: 'video', shape: [4, 4, 3], names: null },
    };
    put('meta/info.json', JSON.stringify({ fps: 10, features }));
    put('meta/tasks.jsonl', '{"task_index": 0, "task": "push"}\n');
    const rows = [[1, 2], null, [3], [4, null], [Number.NaN, 5], [6, 7]];
    put(
      'data/chunk-000/episode_000003.parquet',
      await parquet([
        listColumn('q', 'FLOAT', rows as number[][]),
        column('timestamp', 'FLOAT', [0, 0.1, 0.2, 0.3, 0.4, null]),
        column(
          'episode_index',
          'INT64',
          rows.map(() => 3n),
        ),
        column(
          'task_index',
          'INT64',
          rows.map(() => 0n),
        ),
      ]),
    );
    const { samples, error, findings } = await read(path);
    expect(error).toBeNull();
    expect(samples.map((s) => [s.timeNs, ...s.values])).toEqual([
      [0n, 1, 2],
      [400_000_000n, Number.NaN, 5],
    ]);
    expect(samples[0]).toMatchObject({ channel: { entries: ['a', 'b'] }, episode: { index: 3, task: 'push' } });
    const file = 'data/chunk-000/episode_000003.parquet';
    expect(findings).toEqual([
      { of: 'observation.images.top', why: 'of type video', kept: false, place: 'meta/info.json', count: 1 },
      { of: 'q', why: 'null, or no number', kept: false, place: `${file}, row 1`, count: 2 },
      { of: 'q', why: '1 numbers where there were 2', kept: false, place: `${file}, row 2`, count: 1 },
      { of: 'q', why: 'NaN', kept: true, place: `${file}, row 4`, count: 1 },
      { of: 'timestamp', why: 'no number', kept: false, place: `${file}, row 5`, count: 1 },
    ]);
  });

  it('without a readable info.json is told as that', async () => {
    const path = at.path('none');
    mkdirSync(join(path, 'meta'), { recursive: true });
    writeFileSync(join(path, 'meta/info.json'), '{"fps": 0}');
    expect((await read(path)).error).toMatchObject({ code: 'RA_LOG_DAMAGED', seen: expect.stringMatching(/fps/) });
    writeFileSync(join(path, 'meta/info.json'), '{"fps": 10, "features": {}}');
    expect((await read(path)).error).toMatchObject({
      code: 'RA_LOG_DAMAGED',
      seen: expect.stringMatching(/data: ENOENT/),
    });
    writeFileSync(join(path, 'meta/tasks.jsonl'), '{"task_index": 0, "task": "a"}\n{"task_ind');
    expect((await read(path)).error).toMatchObject({
      code: 'RA_LOG_DAMAGED',
      seen: expect.stringMatching(/jsonl: line 2:/),
    });
  });

  it('is not made of a feature whose name has a slash', async () => {
    const frames = await framesOf(episodes(), FPS, [{ name: '/q', channels: ['action'] }], new Findings());
    const writing = writeLeRobot(at.path('slash'), frames, { fps: FPS, task: '', robotType: null });
    await expect(writing).rejects.toMatchObject({ code: 'RA_USAGE', next: expect.stringContaining('--feature') });
    expect(existsSync(at.path('slash'))).toBe(false);
  });
});

describe('statistics', () => {
  it('are those of numpy', () => {
    const rows = [1, 2, 3, 10].map((v) => Float64Array.of(v));
    const { mean, std, q10, q50, q99, min, max, count } = statisticsOf(rows);
    expect([mean, q50, min, max, count]).toEqual([[4], [2.5], [1], [10], [4]]);
    // Squares of the distances from 4: 9, 4, 1, 36; their mean 12.5.
    expect(std[0]).toBeCloseTo(Math.sqrt(12.5), 12);
    // At 0.3 and 2.97 between the four.
    expect(q10[0]).toBeCloseTo(1.3, 12);
    expect(q99[0]).toBeCloseTo(3 + 0.97 * 7, 12);
  });
});
