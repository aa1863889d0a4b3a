import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { RosServer } from '../../../bridges/rosserver/server.ts';
import { check } from '../../../src/cli/check.ts';
import { chooseCommand } from '../../../src/cli/init/command.ts';
import { askGraph, type RobotGraph } from '../../../src/cli/init/graph.ts';
import { init } from '../../../src/cli/init.ts';
import { loadRun } from '../../../src/core/config/load.ts';
import { certificate } from '../../bridges/rosbridge/robot-stand-in.ts';
import { Ros1Bridge } from '../../interop/ros1-bridge.ts';
import { drafted, errorOf, folder, here, rosServer } from './drafted.ts';

const franka = readFileSync(here('franka-like.urdf'), 'utf8');
const SERVO = '/servo_node/delta_joint_cmds';
const graphOf = (topics: [string, string][]): RobotGraph => ({ url: '', rosVersion: 2, topics: new Map(topics) });

describe('a run file from a robot that can be asked', () => {
  it('has the topics of its ROS graph, and is one that check accepts', async () => {
    const { server, url } = await rosServer();
    server.publish('/arm/joint_states', 'sensor_msgs/msg/JointState', {});
    server.publish('/servo/jog', 'control_msgs/msg/JointJog', {});
    server.publish('/a/jog', 'control_msgs/msg/JointJog', {});
    const { run, text, out } = await drafted({ urdf: here('franka-like.urdf'), bridge: url });
    expect(run.robot.topics).toMatchObject({ joint_states: '/arm/joint_states', command: '/a/jog' });
    expect(text).toContain(
      'command: /a/jog # asked of the bridge\n    # the bridge also has /servo/jog (joint_velocity)\n',
    );
    expect(run.bridge).toMatchObject({ url, ros_version: 2 });
    expect(run.task.observation?.base.features[0]?.from).toBe('/arm/joint_states.position[*]');
    expect(await check(out, { set: [] })).toBe(0);
  });

  it('takes its description from the topic', async () => {
    const { server, url } = await rosServer();
    server.publish('/robot_description', 'std_msgs/msg/String', { data: franka }, { latch: true });
    const { run, text } = await drafted({ robotDescription: true, bridge: url });
    expect(run.robot.joints).toHaveLength(7);
    expect(text).toContain(`from the robot_description behind ${url}`);
    expect(text).toContain(
      'joint_states: /joint_states # LOOK: a default: the bridge has no sensor_msgs/msg/JointState',
    );
  });

  it('takes its description from the parameter', async () => {
    const { server, url } = await rosServer();
    const asked: string[] = [];
    server.advertiseService('/rosapi/get_param', 'rosapi_msgs/srv/GetParam', (args) => {
      const { name } = args as { name: string };
      asked.push(name);
      return { value: name === '/robot_state_publisher:robot_description' ? JSON.stringify(franka) : 'null' };
    });
    const { run } = await drafted({ robotDescription: true, bridge: url });
    expect(run.robot.joints).toHaveLength(7);
    expect(asked).toEqual(['/robot_description', '/robot_state_publisher:robot_description']);
  });

  it('says so when it has no description', async () => {
    const { url } = await rosServer();
    const error = await errorOf(() => init({ robotDescription: true, bridge: url }));
    expect([error.code, error.seen]).toEqual([
      'RA_URDF',
      `${url}: no /robot_description, neither as a topic nor as a parameter`,
    ]);
  });
});

describe('the way to command an arm', () => {
  const JOG = 'control_msgs/msg/JointJog';
  const TRAJECTORY = 'trajectory_msgs/msg/JointTrajectory';
  const NUMBERS = 'std_msgs/msg/Float64MultiArray';

  it.each([
    [
      'JointJog before a trajectory',
      [
        ['/arm_controller/joint_trajectory', TRAJECTORY],
        ['/jog', JOG],
      ],
      '/jog',
    ],
    [
      "MoveIt Servo's own JointJog before another",
      [
        ['/a/jog', JOG],
        [SERVO, JOG],
      ],
      SERVO,
    ],
    [
      'a trajectory before bare numbers, and before one that no controller listens to by its name',
      [
        ['/display/path', TRAJECTORY],
        ['/position_controller/commands', NUMBERS],
        ['/x/joint_trajectory', TRAJECTORY],
      ],
      '/x/joint_trajectory',
    ],
    [
      'numbers that are positions before numbers that are velocities',
      [
        ['/a_velocity_controller/commands', NUMBERS],
        ['/position_controller/commands', NUMBERS],
      ],
      '/position_controller/commands',
    ],
    [
      'a group controller of ROS 1',
      [
        ['/joint_group_vel_controller/command', NUMBERS],
        ['/joint_group_position_controller/command', NUMBERS],
      ],
      '/joint_group_position_controller/command',
    ],
    ['nothing, of numbers that may be anything', [['/weights', NUMBERS]], null],
    ['nothing, of a robot that has none', [], null],
  ] as [string, [string, string][], string | null][])('is %s', (_what, topics, chosen) => {
    expect(chooseCommand(graphOf(topics), '').topic).toBe(chosen);
  });

  it.each([
    ['/jog', JOG, { type: 'joint_velocity', velocity_scale: 0.1 }],
    [
      '/arm/joint_trajectory',
      TRAJECTORY,
      { type: 'joint_position', message: 'joint_trajectory', position_scale: 0.01 },
    ],
    [
      '/position_controller/commands',
      NUMBERS,
      { type: 'joint_position', message: 'float64_multi_array', position_scale: 0.01 },
    ],
    [
      '/velocity_controller/commands',
      NUMBERS,
      { type: 'joint_velocity', message: 'float64_multi_array', velocity_scale: 0.1 },
    ],
  ])('by %s is written so that check accepts it', async (topic, type, interface_) => {
    const { server, url } = await rosServer();
    server.publish(topic, type, {});
    const { run, out } = await drafted({ urdf: here('franka-like.urdf'), bridge: url });
    expect([run.robot.topics.command, run.robot.interface]).toEqual([topic, interface_]);
    expect(await check(out, { set: [] })).toBe(0);
  });

  it('is said, and marked, where the robot has none; what needs more than joints is named', async () => {
    const { server, url } = await rosServer();
    server.publish('/cmd_vel', 'geometry_msgs/msg/Twist', {});
    const { text } = await drafted({ urdf: here('franka-like.urdf'), bridge: url });
    expect(text).toContain(`    command: ${SERVO} # LOOK: a default: the bridge has no topic that takes joint commands
    # the bridge also has /cmd_vel (twist: for a mobile base; needs its footprint)
`);
  });
});

describe('a bridge that wants to know who comes', () => {
  const TOKEN = 'sixteen characters or more';

  it('is shown the token, and the run file names its file from where it stands', async () => {
    const dir = folder();
    writeFileSync(join(dir, 'token'), `${TOKEN}\n`, { mode: 0o600 });
    mkdirSync(join(dir, 'runs'));
    const { server, url } = await rosServer({ token: TOKEN });
    server.publish('/jog', 'control_msgs/msg/JointJog', {});
    const tokenFile = relative(process.cwd(), join(dir, 'token'));
    const out = join(dir, 'runs', 'arm.yaml');
    const { run, text } = await drafted({ urdf: here('franka-like.urdf'), bridge: url, tokenFile, out });
    expect([run.robot.topics.command, run.bridge.token_file]).toEqual(['/jog', '../token']);
    expect(text).not.toContain(TOKEN);
    expect(loadRun(out).config.bridge.token_file).toBe(join(dir, 'token'));
    expect(await check(out, { set: [] })).toBe(0);
  });

  it('and gets another token says so, and nothing is written', async () => {
    const tokenFile = join(folder(), 'token');
    writeFileSync(tokenFile, 'another secret of somebody', { mode: 0o600 });
    const { url } = await rosServer({ token: TOKEN });
    const error = await errorOf(() => askGraph({ url, tokenFile }, 200));
    expect([error.code, error.seen]).toEqual(['RA_BRIDGE_UNREACHABLE', expect.stringContaining('401')]);
  });

  it('is trusted by its certificate, and not without; a whole path stays whole', async () => {
    const { cert, key } = certificate(folder());
    const tls = { cert: readFileSync(cert), key: readFileSync(key) };
    const { server, url } = await rosServer({ tls });
    server.publish('/robot_description', 'std_msgs/msg/String', { data: franka }, { latch: true });
    const { run, out } = await drafted({ robotDescription: true, bridge: url, caFile: cert });
    expect([run.robot.joints.length, run.bridge.url, run.bridge.ca_file]).toEqual([7, url, cert]);
    expect(await check(out, { set: [] })).toBe(0);
    const error = await errorOf(() => askGraph({ url }, 200));
    expect([error.code, error.seen]).toEqual([
      'RA_BRIDGE_UNREACHABLE',
      expect.stringContaining('self-signed certificate'),
    ]);
  });

  it.each([
    ['tokenFile', 'bridge.token_file'],
    ['caFile', 'bridge.ca_file'],
  ])('needs the file that %s names, and a bridge', async (option, named) => {
    const urdf = here('franka-like.urdf');
    const out = join(folder(), 'run.yaml');
    const bare = await errorOf(() => init({ urdf, out, [option]: '/nowhere' }));
    expect([bare.code, bare.seen]).toEqual([
      'RA_USAGE',
      'init: --token-file or --ca-file, and no bridge to show it to',
    ]);
    const missing = await errorOf(() => init({ urdf, out, bridge: 'ws://127.0.0.1:1', [option]: '/nowhere' }));
    expect([missing.code, missing.seen]).toEqual(['RA_CONFIG_MISSING', `${named}: /nowhere: ENOENT`]);
    expect(existsSync(out)).toBe(false);
  });
});

describe('a robot of ROS 1', () => {
  const ends: (() => void)[] = [];
  afterEach(() => {
    for (const end of ends.splice(0)) end();
  });
  async function ros1(): Promise<{ server: RosServer; bridge: Ros1Bridge; url: string }> {
    const { server, url } = await rosServer();
    const bridge = await Ros1Bridge.before(Number(new URL(url).port));
    ends.push(() => bridge.close());
    return { server, bridge, url: `ws://127.0.0.1:${bridge.port}` };
  }

  it('is known by how it spells its types, whose long spelling the run file has', async () => {
    const { server, bridge, url } = await ros1();
    server.publish('/joint_states', 'sensor_msgs/msg/JointState', {});
    server.publish('/arm_controller/command', 'trajectory_msgs/msg/JointTrajectory', {});
    server.publish('/robot_description', 'std_msgs/msg/String', { data: franka }, { latch: true });
    const { run, text, out } = await drafted({ robotDescription: true, bridge: url });
    expect(run.bridge.ros_version).toBe(1);
    expect(run.robot.topics).toMatchObject({ joint_states: '/joint_states', command: '/arm_controller/command' });
    expect(text).toContain('ros_version: 1 # asked of the bridge');
    // It would have been silent about any of these.
    expect(bridge.dropped).toEqual([]);
    expect(bridge.said.find(({ op }) => op === 'subscribe')?.type).toBe('std_msgs/String');
    expect(await check(out, { set: [] })).toBe(0);
  });

  it('has its description in a parameter of the master', async () => {
    const { server, url } = await ros1();
    server.advertiseService('/rosapi/get_param', 'rosapi_msgs/srv/GetParam', (args) => ({
      value: (args as { name: string }).name === '/robot_description' ? JSON.stringify(franka) : 'null',
    }));
    const { run } = await drafted({ robotDescription: true, bridge: url });
    expect([run.bridge.ros_version, run.robot.joints.length]).toEqual([1, 7]);
  });

  it('is not what one of ROS 2 is taken for whose rosapi cannot tell its version', async () => {
    const { server, url } = await rosServer();
    server.publish('/joint_states', 'sensor_msgs/msg/JointState', {});
    server.advertiseService('/rosapi/get_ros_version', 'rosapi_msgs/srv/GetROSVersion', () => {
      throw new Error('Service /rosapi/get_ros_version does not exist');
    });
    expect((await askGraph({ url })).rosVersion).toBe(2);
  });
});
