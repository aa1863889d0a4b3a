import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { makeRobotState } from '../../../src/core/signals.ts';
import { compile, MS, stamp } from './rig.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

it('the mapping keeps nothing of 30 000 observations: 8 bytes kept of each would show', () => {
  const mapping = compile({
    topics: { '/ee_pose': { sync: 'interpolate' } },
    base: {
      features: [
        { from: '/joint_states.position[*]', low_pass_hz: 5, history: 4 },
        {
          from: '/ee_pose.pose',
          rotation: 'rot6d',
          normalise: { mean: new Array(9).fill(0), std: new Array(9).fill(2) },
        },
      ],
      history: 2,
    },
  });
  const state = makeRobotState(2);
  const joints = { header: stamp(0), name: ['j1', 'j2'], position: [1, 2] };
  const pose = { header: stamp(0), pose: { position: { x: 1, y: 2, z: 3 }, orientation: { x: 0, y: 0, z: 0, w: 1 } } };
  let n = 0;
  const growth = (times: number, each: () => void): number => {
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < times; i++) {
      const receivedNs = ++n * 10 * MS;
      joints.header.stamp.nanosec = (n % 100) * 10 * MS;
      mapping.accept({ topic: '/joint_states', type: '', message: joints, receivedNs, linkEpoch: 1 });
      pose.header.stamp.sec = Math.floor(n / 100);
      pose.header.stamp.nanosec = (n % 100) * 10 * MS;
      mapping.accept({ topic: '/ee_pose', type: '', message: pose, receivedNs, linkEpoch: 1 });
      state.stampNs = receivedNs;
      state.receivedNs = receivedNs;
      if (mapping.observe(state, n) === null) throw new Error(mapping.lastMissing);
      each();
    }
    collect();
    return process.memoryUsage().heapUsed - before;
  };
  growth(2000, () => {});
  const kept: object[] = [];
  expect(growth(30_000, () => {})).toBeLessThan(30_000 * 8);
  expect(growth(30_000, () => kept.push({ at: n }))).toBeGreaterThan(30_000 * 8);
});
