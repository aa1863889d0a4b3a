import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import { bits, folder, read } from '../logs/trajectories/rig.ts';

/** The distribution's own Python: ROS 1 is packaged for that one. */
const PYTHON = '/usr/bin/python3';
const PEER = join(packageRoot, 'tests/interop/debian_rosbag_peer.py');
const has = spawnSync(PYTHON, ['-c', 'import rosbag, sensor_msgs.msg, geometry_msgs.msg, std_msgs.msg']).status === 0;
const why = has
  ? ''
  : ': NOT TESTED, no rosbag here (Debian: python3-rosbag python3-sensor-msgs python3-geometry-msgs python3-std-msgs)';

interface Line {
  time: string;
  channels: [string, string[]][];
}
const peer = (...args: string[]) => execFileSync(PYTHON, [PEER, ...args], { encoding: 'utf8', maxBuffer: 1e9 });
const at = folder();
afterAll(() => at.remove());

describe.skipIf(!has)(`a bag written by ROS 1's own rosbag${why}`, () => {
  it.for(['none', 'bz2', 'lz4'])(
    '%s: counts, times and values equal those that rosbag reads, to the last bit',
    async (kind) => {
      const bag = at.path(`${kind}.bag`);
      peer('write', kind, bag);
      const expected = peer('read', bag)
        .trim()
        .split('\n')
        .map((text) => JSON.parse(text) as Line)
        .flatMap(({ time, channels }) => channels.map(([name, values]) => [name, time, ...values].join(' ')));
      const { samples, error } = await read(bag);
      expect(error).toBeNull();
      const ours = samples.map((s) => [s.channel.name, s.timeNs, ...Array.from(s.values, bits)].join(' '));
      // 60 positions and efforts, 30 forces and torques, 20 commands.
      expect(ours).toHaveLength(200);
      // Vectors of the same message have no order of their own.
      expect(ours.sort()).toEqual(expected.sort());
    },
  );
});
