import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { logMetadata } from '../../../bridges/mcap/reader.ts';
import { packageRoot } from '../../../src/core/paths.ts';
import { readTrajectory } from '../../../src/logs/trajectories/formats.ts';
import { writeTrajectoryLog } from '../../../src/logs/trajectories/log-writer.ts';
import { Findings } from '../../../src/logs/trajectories/trajectory.ts';
import { recording } from '../../bridges/mcap/rig.ts';
import { folder, line, read } from './rig.ts';

const at = folder();
afterAll(() => at.remove());
const BAG = join(packageRoot, 'tests/logs/trajectories/bags/bz2.bag');

describe('a trajectory in a log', () => {
  it('reads back as it came from the bag, to the last bit', async () => {
    const out = at.path('bag.mcap');
    const written = await writeTrajectoryLog(out, readTrajectory(BAG, new Findings()), { source: 'a bag' });
    expect(written).toMatchObject({ samples: 200, episodes: 1, damage: null, from_ns: 1_700_000_000_123_456_789n });
    const back = await read(out);
    expect(back.error).toBeNull();
    expect(back.samples.map(line)).toEqual((await read(BAG)).samples.map(line));
    expect(await logMetadata(out)).toMatchObject({ trajectory: { source: 'a bag' } });
  });

  it('keeps the episodes, and the order in which they came', async () => {
    const from = at.path('episodes.csv');
    writeFileSync(from, 'time,episode,q[a],q[b],r\n0,4,1,2,3\n1,4,5,6,\n0,2,7,8,9\n');
    await writeTrajectoryLog(at.path('episodes.mcap'), readTrajectory(from, new Findings()), {});
    const { samples } = await read(at.path('episodes.mcap'));
    expect(samples.map((s) => s.episode.index)).toEqual([4, 4, 4, 2, 2]);
    expect(samples.map(line)).toEqual((await read(from)).samples.map(line));
  });

  it('of a bag that is cut is a complete log of what could be read, and says where the bag ends', async () => {
    const cut = at.path('cut.bag');
    writeFileSync(cut, readFileSync(BAG).subarray(0, 7_000));
    const written = await writeTrajectoryLog(at.path('cut.mcap'), readTrajectory(cut, new Findings()), {});
    expect(written.damage).toMatchObject({ code: 'RA_LOG_DAMAGED', seen: expect.stringMatching(/at byte \d+/) });
    const back = await read(at.path('cut.mcap'));
    expect(back.error).toBeNull();
    expect(back.samples.length).toBeGreaterThan(0);
    expect(back.samples.map(line)).toEqual((await read(cut)).samples.map(line));
  });

  it('that is itself cut gives what is before the cut', async () => {
    const whole = at.path('whole.mcap');
    await writeTrajectoryLog(whole, readTrajectory(BAG, new Findings()), {});
    const bytes = readFileSync(whole);
    const expected = (await read(whole)).samples.map(line);
    for (let size = 20; size < bytes.length; size += 1009) {
      writeFileSync(at.path('part.mcap'), bytes.subarray(0, size));
      const { samples, error } = await read(at.path('part.mcap'));
      expect(error?.code, `cut at ${size}`).toBe('RA_LOG_DAMAGED');
      expect(samples.map(line)).toEqual(expected.slice(0, samples.length));
    }
  });
});

describe('a log of ROS messages', () => {
  it('has numbers side by side as one channel, arrays as their own, and tells what has no fixed shape', async () => {
    const path = at.path('messages.mcap');
    const { recorder } = await recording(path);
    const header = { stamp: { sec: 9, nanosec: 8 }, frame_id: 'base' };
    const joints = { header, name: ['a', 'b'], position: [1, 2], velocity: [], effort: [] };
    recorder.record('/joints', 'sensor_msgs/msg/JointState', joints, 1_000, 0);
    recorder.record('/joints', 'sensor_msgs/msg/JointState', { ...joints, name: ['b', 'a'] }, 2_000, 0);
    recorder.record('/joints', 'sensor_msgs/msg/JointState', { ...joints, position: [1] }, 3_000, 0);
    const point = { positions: [1], velocities: [], accelerations: [], effort: [] };
    const time_from_start = { sec: 0, nanosec: 0 };
    const trajectory = { header, joint_names: ['a'], points: [{ ...point, time_from_start }] };
    recorder.record('/trajectory', 'trajectory_msgs/msg/JointTrajectory', trajectory, 4_000, 0);
    recorder.record('/flag', 'std_msgs/msg/Bool', { data: true }, 5_000, 0);
    await recorder.close();
    const { samples, error, findings } = await read(path);
    expect(error).toBeNull();
    expect(samples.map((s) => [s.channel.name, s.channel.entries.join(), s.timeNs, ...s.values])).toEqual([
      ['/joints.position', 'a,b', 1_000n, 1, 2],
      ['/flag', 'data', 5_000n, 1],
    ]);
    expect(findings.map(({ of, why, place }) => `${of}: ${why}, ${place}`)).toEqual([
      '/joints.position: entries b, a where there were a, b, message 2',
      '/joints.position: 1 numbers where there were 2, message 3',
      '/trajectory.points: a list of messages, message 4',
      '/trajectory: no numbers, message 4',
    ]);
  });
});
