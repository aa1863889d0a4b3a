import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadRun } from '../../src/core/config/load.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { expectedOnRobot } from '../../src/daemon/expected.ts';

const expected = (...set: string[]) =>
  expectedOnRobot(loadRun(join(packageRoot, 'configs/runs/peg.yaml'), set).config).map(
    ({ role, topic, type }) => `${role} ${topic} ${type}`,
  );

const HEARD = [
  'publishes /joint_states sensor_msgs/msg/JointState',
  'publishes /ee_pose geometry_msgs/msg/PoseStamped',
  'publishes /wrench geometry_msgs/msg/WrenchStamped',
  'publishes /hole_estimate geometry_msgs/msg/PoseStamped',
  'publishes /robot_status reflexarc_msgs/msg/RobotStatus',
  'publishes /episode reflexarc_msgs/msg/EpisodeStatus',
];
const SAID = [
  'follows /equilibrium_command reflexarc_msgs/msg/EquilibriumCommand',
  'listens /reflexarc/lease std_msgs/msg/UInt64MultiArray',
  'follows /stop reflexarc_msgs/msg/Stop',
];
const TOLD = [
  'listens /reflexarc/state reflexarc_msgs/msg/State',
  'listens /diagnostics diagnostic_msgs/msg/DiagnosticArray',
  'listens /reflexarc/mode std_msgs/msg/String',
  'listens /reflexarc/transition reflexarc_msgs/msg/LadderTransition',
  'listens /reflexarc/intervention reflexarc_msgs/msg/Intervention',
  'listens /reflexarc/proposal reflexarc_msgs/msg/Decision',
  'listens /reflexarc/command reflexarc_msgs/msg/Command',
  'listens /reflexarc/risk std_msgs/msg/Float64',
  'listens /reflexarc/tick reflexarc_msgs/msg/TickRecord',
];

describe("what the daemon's processes expect on the robot's bridge", () => {
  it('is what they hear, what they say, and all that they answer', () => {
    const all = expected();
    expect(all.slice(0, 18)).toEqual([...HEARD, ...SAID, ...TOLD]);
    expect(all[18]).toBe('listens /reflexarc/takeover reflexarc_msgs/msg/Takeover');
    expect(all.slice(19, 21)).toEqual([
      'serves /reflexarc/arm std_srvs/srv/Trigger',
      'serves /reflexarc/engage std_srvs/srv/Trigger',
    ]);
    expect(all).toHaveLength(29);
    expect(all.at(-1)).toBe('serves /reflexarc/set_speed_scale reflexarc_msgs/srv/SetScale');
  });

  it('is as much of us as the config lets there', () => {
    expect(expected('daemon.robot_graph=topics')).toEqual([...HEARD, ...SAID, ...TOLD]);
    expect(expected('daemon.robot_graph=off')).toEqual([...HEARD, ...SAID]);
  });

  it('has the stiffness that goes beside a command, and our names where they are others', () => {
    const all = expected(
      'robot.interface.message=pose_stamped',
      'robot.interface.stiffness_topic=/k',
      'daemon.namespace=/arc',
      'daemon.robot_graph=off',
      'robot.topics.stop=/halt',
    );
    expect(all).toEqual([
      ...HEARD,
      'follows /equilibrium_command geometry_msgs/msg/PoseStamped',
      'listens /arc/lease std_msgs/msg/UInt64MultiArray',
      'follows /k geometry_msgs/msg/WrenchStamped',
      'follows /halt reflexarc_msgs/msg/Stop',
    ]);
  });

  it('is also what a robot in steps, and practice, add', () => {
    const more = expected('daemon.time=stepped', 'practice={}').filter((one) => !expected().includes(one));
    expect(more).toEqual([
      'publishes /clock rosgraph_msgs/msg/Clock',
      'serves /reflexarc/label std_srvs/srv/SetBool',
      'serves /reflexarc/roll_back std_srvs/srv/Trigger',
    ]);
  });
});
