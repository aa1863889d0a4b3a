import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { RosServer } from '../../bridges/rosserver/server.ts';
import { MonotonicClock } from '../../src/core/clock.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { Ros1Bridge } from '../interop/ros1-bridge.ts';
import { cli } from './harness.ts';

/** From a robot that says what it is to a run file that `check` accepts, by the command line. */
const dir = mkdtempSync(join(tmpdir(), 'reflexarc-init-'));
const server = new RosServer({ host: '127.0.0.1', port: 0, clock: new MonotonicClock() });
let ros1: Ros1Bridge;
let ports: Record<1 | 2, number>;

beforeAll(async () => {
  const { port } = await server.listen();
  ros1 = await Ros1Bridge.before(port);
  ports = { 1: ros1.port, 2: port };
  const urdf = readFileSync(join(packageRoot, 'tests/cli/init/franka-like.urdf'), 'utf8');
  server.publish('/robot_description', 'std_msgs/msg/String', { data: urdf }, { latch: true });
  server.publish('/joint_states', 'sensor_msgs/msg/JointState', {});
  server.publish('/arm_controller/joint_trajectory', 'trajectory_msgs/msg/JointTrajectory', {});
});
afterAll(async () => {
  ros1?.close();
  await server.close();
  rmSync(dir, { recursive: true, force: true });
});

describe('reflexarc init before a robot', () => {
  it.each([1, 2] as const)('of ROS %i writes a run file that check accepts', async (version) => {
    const out = join(mkdtempSync(join(dir, 'out-')), `ros${version}.yaml`);
    const bridge = `ws://127.0.0.1:${ports[version]}`;
    const drafted = await cli(['init', '--robot-description', '--bridge', bridge, '--out', out, '--json']);
    expect(drafted).toMatchObject({ code: 0 });
    expect(JSON.parse(drafted.stdout)).toMatchObject({ file: out, base: 'panda_link0', tip: 'panda_link7' });
    expect(parse(readFileSync(out, 'utf8'))).toMatchObject({
      robot: {
        topics: { joint_states: '/joint_states', command: '/arm_controller/joint_trajectory' },
        interface: { type: 'joint_position', message: 'joint_trajectory' },
      },
      bridge: { url: bridge, ros_version: version },
    });
    expect(ros1.dropped).toEqual([]);
    const checked = await cli(['check', out, '--json']);
    expect(checked.code).toBe(0);
    expect(JSON.parse(checked.stdout)).toMatchObject({ ok: true, name: 'panda' });
  });
});
