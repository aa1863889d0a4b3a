import { type Ros, Topic } from 'roslib';
import { describe, expect, it } from 'vitest';
import type { JointState } from '../../bridges/messages/messages.ts';
import {
  callTrigger,
  listen,
  resetEpisode,
  rosClientOf,
  Sim,
  shared,
  startDaemon,
  type TestDaemon,
  until,
} from './harness.ts';

/** Stock roslib clients on the simulated robot's port and on the daemon's. */
let sim: Sim;
let t: TestDaemon;
let robot: Ros;
let daemon: Ros;

shared(
  async () => {
    sim = await Sim.start();
    t = await startDaemon(sim.port);
    await t.daemon.reflex.until((s) => s.linkUp && s.mode === 'DISARMED', 20_000);
    robot = await rosClientOf(sim.port);
    daemon = await rosClientOf(t.config.daemon.ros_port);
  },
  async () => {
    robot?.close();
    daemon?.close();
    await t?.stop();
    await sim?.stop();
  },
);

const topicsOf = (ros: Ros) =>
  new Promise<Map<string, string>>((resolve, reject) =>
    ros.getTopics(({ topics, types }) => resolve(new Map(topics.map((name, i) => [name, types[i]!]))), reject),
  );
const servicesOf = (ros: Ros) => new Promise<string[]>((resolve, reject) => ros.getServices(resolve, reject));

describe('a stock roslib client', () => {
  it('on the robot: lists its topics and services, and reads its state', async () => {
    const topics = await topicsOf(robot);
    expect(topics.get('/joint_states')).toBe('sensor_msgs/msg/JointState');
    expect(topics.get('/ee_pose')).toBe('geometry_msgs/msg/PoseStamped');
    expect(topics.get('/wrench')).toBe('geometry_msgs/msg/WrenchStamped');
    expect(topics.get('/hole_estimate')).toBe('geometry_msgs/msg/PoseStamped');
    expect(await servicesOf(robot)).toEqual(expect.arrayContaining(['/reset_episode', '/release']));
    let state: JointState | null = null;
    listen<JointState>(robot, '/joint_states', 'sensor_msgs/msg/JointState', (m) => {
      state = m;
    });
    await until(() => state !== null, 20_000, 'a joint state');
    expect(state!.name).toEqual(t.config.robot.joints.map((j) => j.name));
    expect(state!.position).toHaveLength(7);
    await resetEpisode(robot, t);
  });

  it('on the daemon: lists its topics, reads its ticks, and commands the ladder', async () => {
    const modes: string[] = [];
    new Topic<{ data: string }>({ ros: daemon, name: '/reflexarc/mode', messageType: 'std_msgs/msg/String' }).subscribe(
      ({ data }) => modes.push(data),
    );
    let ticks = 0;
    listen<{ mode: string }>(daemon, '/reflexarc/tick', 'reflexarc_msgs/msg/TickRecord', () => {
      ticks++;
    });
    await until(() => ticks > 10, 20_000, 'ticks');
    const topics = await topicsOf(daemon);
    expect(topics.get('/reflexarc/tick')).toBe('reflexarc_msgs/msg/TickRecord');
    expect(topics.get('/reflexarc/proposal')).toBe('reflexarc_msgs/msg/Decision');
    expect(await servicesOf(daemon)).toEqual(expect.arrayContaining(['/reflexarc/arm', '/reflexarc/stop']));

    expect((await callTrigger(daemon, '/reflexarc/engage')).success).toBe(false);
    expect((await callTrigger(daemon, '/reflexarc/arm')).success).toBe(true);
    await until(() => modes.includes('HOLD'), 20_000, 'HOLD');
    expect((await callTrigger(daemon, '/reflexarc/stop')).success).toBe(true);
    await until(() => modes.at(-1) === 'STOPPED', 20_000, 'STOPPED');
    expect((await callTrigger(daemon, '/reflexarc/reset')).success).toBe(true);
    await until(() => modes.at(-1) === 'DISARMED', 20_000, 'DISARMED');
  });
});
