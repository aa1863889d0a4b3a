import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { exportLog } from '../../src/cli/export.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { readTrajectory } from '../../src/logs/trajectories/formats.ts';
import { writeTrajectoryLog } from '../../src/logs/trajectories/log-writer.ts';
import { Findings, type Sample } from '../../src/logs/trajectories/trajectory.ts';
import { lerobotLacks, needs } from '../interop/peers.ts';
import { folder, read } from '../logs/trajectories/rig.ts';

const PEER = join(packageRoot, 'tests/interop/lerobot_own_reader.py');
const PYTHON = process.env.LEROBOT_PYTHON ?? '';
const missing = lerobotLacks(PYTHON);
const at = folder();
afterAll(() => at.remove());
/** What a test makes itself. */
let own: ReturnType<typeof folder>;
beforeEach(() => {
  own = folder();
});
afterEach(() => own.remove());
const covered = (context: TestContext) => needs(context, 'lerobot', 'LeRobot', missing);
/** What it says on stderr are progress bars. */
const peer = (...args: string[]) =>
  execFileSync(PYTHON, [PEER, ...args], { encoding: 'utf8', maxBuffer: 1e9, stdio: 'pipe' }).trim();

/** 92 frames of 3 episodes and 2 tasks, by LeRobotDataset.create: channel, episode, task, frame, values. */
let lines: unknown[] = [];
beforeAll(() => {
  if (missing !== '') return;
  lines = peer('write', at.path('theirs'))
    .split('\n')
    .map((text) => JSON.parse(text));
}, 170_000);

describe('LeRobot itself', () => {
  it('writes a dataset that is imported with every number, episode, task and time', async (context) => {
    covered(context);
    const { samples, error, findings } = await read(at.path('theirs'));
    expect([error, findings]).toEqual([null, []]);
    const begins = new Map<number, bigint>();
    for (const s of samples) if (!begins.has(s.episode.index)) begins.set(s.episode.index, s.timeNs);
    // 50 Hz: 20 ms a frame.
    const frame = (s: Sample) => Number(s.timeNs - begins.get(s.episode.index)!) / 2e7;
    const ours = samples.map((s) => [s.channel.name, s.episode.index, s.episode.task, frame(s), [...s.values]]);
    expect(ours.length).toBe(3 * 92);
    expect(ours).toEqual(lines);
  });

  it('reads the dataset that is exported from it: the same numbers, tasks and statistics, in shuffled batches too', async (context) => {
    covered(context);
    const log = own.path('theirs.mcap');
    await writeTrajectoryLog(log, readTrajectory(at.path('theirs'), new Findings()), {});
    const out = own.path('ours');
    expect(await exportLog(log, { format: 'lerobot', fps: 50, feature: [], topic: [], task: '', out })).toBe(0);
    const [ours, theirs] = [out, at.path('theirs')].map((root) => JSON.parse(peer('read', root)));
    expect(ours).toMatchObject({ frames: 92, episodes: 3, fps: 50, batched: 92, last: 60, tasks: ['lift', 'place'] });
    expect(ours.data).toEqual(theirs.data);
    // Moments of float32 in another order; its quantiles are those of a histogram, and ours of the numbers.
    for (const [name, of] of Object.entries<Record<string, number[]>>(theirs.stats)) {
      const said = ours.stats[name];
      if (said === undefined) continue;
      expect([said.count, said.min, said.max]).toEqual([of.count, of.min, of.max]);
      for (const kind of ['mean', 'std'])
        for (const [i, value] of of[kind]!.entries()) expect(said[kind][i]).toBeCloseTo(value, 5);
    }
    expect(Object.keys(ours.stats)).toEqual(expect.arrayContaining(['observation.state', 'action', 'next.reward']));
  });
});
