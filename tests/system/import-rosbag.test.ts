import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import { noRos1, ROS1_PYTHON } from '../interop/peers.ts';
import { bits, folder, read } from '../logs/trajectories/rig.ts';

const PEER = join(packageRoot, 'tests/interop/debian_rosbag_peer.py');
const why = noRos1(['rosbag', 'sensor_msgs.msg', 'geometry_msgs.msg', 'std_msgs.msg']);

interface Line {
  time: string;
  channels: [string, string[]][];
}
const peer = (...args: string[]) => execFileSync(ROS1_PYTHON, [PEER, ...args], { encoding: 'utf8', maxBuffer: 1e9 });
let at: ReturnType<typeof folder>;
beforeEach(() => {
  at = folder();
});
afterEach(() => at.remove());

describe.skipIf(why !== '')(`a bag written by ROS 1's own rosbag${why}`, () => {
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
