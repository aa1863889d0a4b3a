import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { exportLog } from '../../src/cli/export.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { readTrajectory } from '../../src/logs/trajectories/formats.ts';
import { framesOf } from '../../src/logs/trajectories/frames.ts';
import { writeLeRobot } from '../../src/logs/trajectories/lerobot-writer.ts';
import { writeTrajectoryLog } from '../../src/logs/trajectories/log-writer.ts';
import { Findings } from '../../src/logs/trajectories/trajectory.ts';
import { needs } from '../interop/peers.ts';
import { venv } from '../interop/venv.ts';
import { folder, read } from '../logs/trajectories/rig.ts';

const PACKAGES = ['pyarrow==26.0.1', 'pandas==3.1.1'];
const { python: PYTHON, prepare } = venv('pyarrow-1', PACKAGES, 'pyarrow, pandas');
const PEER = join(packageRoot, 'tests/interop/lerobot_peer.py');

let missing = '';
beforeAll(() => {
  missing = prepare();
});
let at: ReturnType<typeof folder>;
beforeEach(() => {
  at = folder();
});
afterEach(() => at.remove());
const covered = (context: TestContext) => needs(context, 'pypi', PACKAGES.join(', '), missing);
const peer = (...args: string[]) => execFileSync(PYTHON, [PEER, ...args], { encoding: 'utf8', maxBuffer: 1e9 });

describe('a LeRobot dataset', () => {
  it('written by pyarrow is read with every number, episode, task and time', async (context) => {
    covered(context);
    const lines = peer('write', at.path('theirs'))
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text));
    const { samples, error, findings } = await read(at.path('theirs'));
    expect(error).toBeNull();
    expect(findings).toEqual([]);
    const begins = new Map<number, bigint>();
    for (const s of samples) if (!begins.has(s.episode.index)) begins.set(s.episode.index, s.timeNs);
    const ours = samples.map((s) => {
      const frame = Number(s.timeNs - begins.get(s.episode.index)!) / 2e7;
      return [s.channel.name, s.episode.index, s.episode.task, frame, [...s.values]];
    });
    expect(ours).toHaveLength(4 * 151);
    expect(ours).toEqual(lines);
  });

  it('written by us is what pyarrow and pandas read, with LeRobot types, bounds and statistics', async (context) => {
    covered(context);
    peer('write', at.path('source'));
    const log = at.path('source.mcap');
    await writeTrajectoryLog(log, readTrajectory(at.path('source'), new Findings()), {});
    const given = { format: 'lerobot', fps: 50, feature: [], topic: [], task: '' } as const;
    expect(await exportLog(log, { ...given, feature: [], topic: [], out: at.path('ours') })).toBe(0);
    const said = JSON.parse(peer('read', at.path('ours')));
    expect(said.tasks).toEqual({ lift: 0, place: 1 });
    expect(said.data).toHaveLength(151);
    const source = (await read(at.path('source'))).samples;
    for (const name of ['observation.state', 'action', 'next.reward', 'next.done'])
      expect(said.data.map((row: Record<string, unknown>) => [row[name]].flat())).toEqual(
        source.filter((s) => s.channel.name === name).map((s) => [...s.values]),
      );
    const frame = said.data.map((row: Record<string, number>) => [row.episode_index, row.frame_index, row.task_index]);
    expect(frame[30]).toEqual([1, 0, 1]);
    expect(frame[150]).toEqual([2, 119, 0]);
  });

  it('of a bag, at a rate of its own, is read by pyarrow', async (context) => {
    covered(context);
    const bag = join(packageRoot, 'tests/logs/trajectories/bags/none.bag');
    const wanted = [
      { name: 'observation.state', channels: ['/joint_states.position', '/wrench.wrench.torque'] },
      { name: 'action', channels: ['/command'] },
    ];
    const frames = await framesOf(readTrajectory(bag, new Findings()), 25, wanted, new Findings());
    await writeLeRobot(at.path('bag'), frames, { fps: 25, task: 'peg', robotType: null });
    const { data } = JSON.parse(peer('read', at.path('bag')));
    // Commands until 0.57 s: frames at 0, 0.04 … 0.56.
    expect(data).toHaveLength(15);
    // 40 ms after the first command: the fourth joint state (30 ms), torque and command of 20 ms and 30 ms.
    expect(data[1]['observation.state'][0]).toBeCloseTo(0.3, 6);
    expect(data[1].action[0]).toBeCloseTo(3 / 7, 6);
  });
});
