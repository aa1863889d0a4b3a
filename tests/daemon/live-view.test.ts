import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../src/cli/ports.ts';
import { loadRun } from '../../src/core/config/load.ts';
import type { RunConfig } from '../../src/core/config-schema.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { makeRobotState } from '../../src/core/signals.ts';
import { LiveView, parametersOf } from '../../src/daemon/live-view.ts';
import type { Status } from '../../src/daemon/wire.ts';
import { Viewer } from '../bridges/foxglove/viewer.ts';

const NOW = 1_700_000_000_000_000_000;
const state = makeRobotState(7);
state.pose.set([0.5, 0, 0.2, 0, 1, 0, 0]);
state.wrench.set([0, 0, 5, 0, 0, 0]);
const target = [0.5, 0.01, 0.05, 0, 0, 0, 1];
const setpoint = [0.5, 0, 0.19, 0, 1, 0, 0, 2000, 150];

let config: RunConfig;
let view: LiveView;
let viewer: Viewer;
let url: string | null;

async function show(set: string[] = []): Promise<void> {
  ({ config } = loadRun(join(packageRoot, 'configs/runs/peg.yaml'), set));
  if (config.daemon.foxglove_port !== null) config.daemon.foxglove_port = await freePort();
  view = new LiveView(config, { nowNs: () => NOW, logger: { warn: () => {} }, onMessage: () => {} });
  url = await view.open();
  if (url !== null) viewer = await Viewer.open(config.daemon.foxglove_port!);
}
beforeEach(() => show());
afterEach(async () => {
  viewer.close();
  await view.close();
});

describe('the live view of a run', () => {
  it('says where it is, and shows at once what it will hear of the robot, with the config as parameters', async () => {
    expect(url).toBe(`ws://127.0.0.1:${config.daemon.foxglove_port}`);
    expect(viewer.info?.name).toBe('reflexarc peg');
    expect([...viewer.channels].map(([topic, { schemaName }]) => `${topic} ${schemaName}`)).toEqual([
      '/joint_states sensor_msgs/msg/JointState',
      '/ee_pose geometry_msgs/msg/PoseStamped',
      '/wrench geometry_msgs/msg/WrenchStamped',
      '/hole_estimate geometry_msgs/msg/PoseStamped',
      '/robot_status reflexarc_msgs/msg/RobotStatus',
      '/episode reflexarc_msgs/msg/EpisodeStatus',
      '/equilibrium_command reflexarc_msgs/msg/EquilibriumCommand',
      '/tf tf2_msgs/msg/TFMessage',
      '/reflexarc/scene visualization_msgs/msg/MarkerArray',
    ]);
    viewer.client.getParameters(['safety.force_limit', 'robot.interface.type', 'robot.joints'], 'p');
    viewer.client.subscribeConnectionGraph();
    await viewer.settled();
    const read = Object.fromEntries(
      viewer.parameters.find(({ id }) => id === 'p')!.parameters.map(({ name, value }) => [name, value]),
    );
    expect(read['safety.force_limit']).toBe(config.safety.force_limit);
    expect(read['robot.interface.type']).toBe('cartesian_impedance');
    expect(read['robot.joints']).toHaveLength(7);
    expect(viewer.graphs[0]?.publishedTopics).toContainEqual({
      name: '/equilibrium_command',
      publisherIds: ['reflex'],
    });
    expect(viewer.graphs[0]?.subscribedTopics).toContainEqual({
      name: '/joint_states',
      subscriberIds: ['reflex', 'brain', 'observer'],
    });
  });

  it('is a graph for the daemon itself: its topics are there before it speaks, and its services', async () => {
    const graph = view.graph!;
    graph.advertise('/reflexarc/tick', 'reflexarc_msgs/msg/TickRecord');
    graph.advertiseService('/reflexarc/arm', 'std_srvs/srv/Trigger', () => ({ success: true, message: '' }));
    await viewer.settled();
    expect(viewer.channels.get('/reflexarc/tick')?.schemaName).toBe('reflexarc_msgs/msg/TickRecord');
    expect([...viewer.services.keys()]).toContain('/reflexarc/arm');
  });

  it('shows frames of tip, setpoint and target, and the scene, to who looks at them', async () => {
    view.frames(state, setpoint, target);
    viewer.subscribe('/tf');
    viewer.subscribe('/reflexarc/scene');
    await viewer.settled();
    view.frames(state, setpoint, target);
    view.scene(state, target);
    await viewer.settled();
    expect(viewer.shown.map(({ topic, timeNs }) => [topic, timeNs])).toEqual([
      ['/tf', BigInt(NOW)],
      ['/reflexarc/scene', BigInt(NOW)],
    ]);
    const { transforms } = viewer.of('/tf')[0] as { transforms: { child_frame_id: string; transform: unknown }[] };
    expect(transforms.map(({ child_frame_id }) => child_frame_id)).toEqual(['tip', 'target', 'setpoint']);
    expect(transforms[2]?.transform).toEqual({
      translation: { x: 0.5, y: 0, z: 0.19 },
      rotation: { x: 0, y: 1, z: 0, w: 0 },
    });
    const { markers } = viewer.of('/reflexarc/scene')[0] as { markers: { ns: string }[] };
    expect(markers.map(({ ns }) => ns)).toEqual(['workspace', 'force']);
  });

  it('tells of a link that is down, a reflex that is silent and a stop that holds, until they are over', async () => {
    const status = { mode: 'STOPPED', residualScale: 0.3, speedScale: 1 } as Status;
    view.link(false, 'ws://robot:9090');
    view.status(null, '');
    view.status(status, 'force_limit 31 N');
    view.link(true, 'ws://robot:9090');
    view.status({ ...status, mode: 'DISARMED', speedScale: 0.5 }, '');
    await viewer.settled();
    expect(viewer.statuses.map(({ id, level, message }) => `${id} ${level} ${message}`)).toEqual([
      'link 1 no link to the robot at ws://robot:9090',
      'reflex 2 the reflex process does not answer',
      'ladder 2 STOPPED: force_limit 31 N',
    ]);
    expect(viewer.removedStatuses).toEqual(['reflex', 'link', 'ladder']);
    viewer.client.getParameters(['reflex.speed_scale'], 'now');
    await viewer.settled();
    expect(viewer.parameters.find(({ id }) => id === 'now')?.parameters[0]?.value).toBe(0.5);
  });
});

describe('the live view of a simulation that is followed', () => {
  beforeEach(async () => {
    viewer.close();
    await view.close();
    await show(['daemon.time=stepped']);
  });

  it('is in the time of the simulator', async () => {
    viewer.subscribe('/joint_states');
    await viewer.settled();
    view.publish('/clock', 'rosgraph_msgs/msg/Clock', { clock: { sec: 12, nanosec: 500_000_000 } });
    view.publish('/joint_states', 'sensor_msgs/msg/JointState', { name: ['a'] });
    await viewer.settled();
    expect(viewer.times).toEqual([12_500_000_000n]);
    expect(viewer.shown.map(({ timeNs }) => timeNs)).toEqual([12_500_000_000n]);
  });
});

describe('no live view', () => {
  beforeEach(async () => {
    viewer.close();
    await view.close();
    await show(['daemon.foxglove_port=null']);
  });

  it('opens no port, and costs nothing', () => {
    expect([url, view.server]).toEqual([null, null]);
    view.publish('/x', 'std_msgs/msg/String', { data: '' });
    view.frames(state, setpoint, target);
    view.link(false, '');
    view.status(null, '');
  });
});

describe('a config as parameters', () => {
  it('has a name for each value, by its keys; lists stay whole, and what is not set is not there', () => {
    expect(parametersOf({ a: { b: 1, c: { d: 'x' } }, e: [{ f: 1 }], g: null, h: undefined, i: false })).toEqual([
      ['a.b', 1],
      ['a.c.d', 'x'],
      ['e', [{ f: 1 }]],
      ['i', false],
    ]);
  });
});
