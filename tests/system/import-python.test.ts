import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import { needs } from '../interop/peers.ts';
import { venv } from '../interop/venv.ts';
import { bits, folder, read } from '../logs/trajectories/rig.ts';

const PACKAGES = ['mcap==1.6.0', 'mcap-ros2-support==0.6.0', 'rosbags==0.11.9'];
const { python: PYTHON, prepare } = venv('mcap-python-1', PACKAGES, 'mcap, mcap_ros2, rosbags');
const PEER = join(packageRoot, 'tests/interop/bag_peer.py');

let missing = '';
beforeAll(() => {
  missing = prepare();
});
let at: ReturnType<typeof folder>;
beforeEach(() => {
  at = folder();
});
afterEach(() => at.remove());

interface Line {
  time: string;
  channels: [string, string[]][];
}
const peer = (...args: string[]) => execFileSync(PYTHON, [PEER, ...args], { encoding: 'utf8', maxBuffer: 1e9 });

describe('a bag written by rosbags', () => {
  it.for(['none', 'bz2', 'lz4', 'sqlite3', 'mcap'])(
    '%s: counts, times and values equal those of rosbags, to the last bit',
    async (kind, context) => {
      needs(context, 'pypi', PACKAGES.join(', '), missing);
      const two = kind === 'sqlite3' || kind === 'mcap';
      const bag = at.path(two ? kind : `${kind}.bag`);
      peer(two ? 'write2' : 'write', kind, bag);
      const expected = peer('read', bag)
        .trim()
        .split('\n')
        .map((text) => JSON.parse(text) as Line)
        .flatMap(({ time, channels }) => channels.map(([name, values]) => [name, time, ...values].join(' ')));
      const { samples, error } = await read(bag);
      expect(error).toBeNull();
      const ours = samples.map((s) => [s.channel.name, s.timeNs, ...Array.from(s.values, bits)].join(' '));
      expect(ours.length).toBe(200);
      // Vectors of the same message have no order of their own.
      expect(ours.sort()).toEqual(expected.sort());
    },
  );
});
