import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { check } from '../../../src/cli/check.ts';
import { findArm } from '../../../src/cli/init/arm.ts';
import { readJointLimits } from '../../../src/cli/init/joint-limits.ts';
import { limitsOf } from '../../../src/cli/init/limits.ts';
import { readUrdf } from '../../../src/cli/init/urdf.ts';
import { init } from '../../../src/cli/init.ts';
import { drafted, errorOf, folder, here } from './drafted.ts';

describe('a run file from a URDF', () => {
  it.each(['franka-like.urdf', 'ur-like.urdf'])('of %s is one that check accepts', async (file) => {
    const { out } = await drafted({ urdf: here(file) });
    expect(await check(out, { set: [] })).toBe(0);
  });

  it('has the joints of the arm with their limits, and those of the gripper beside them', async () => {
    const { run } = await drafted({ urdf: here('franka-like.urdf') });
    expect([run.name, run.robot.base_frame, run.robot.tip_frame]).toEqual(['panda', 'panda_link0', 'panda_link7']);
    expect(run.robot.joints.map((j) => j.name)).toEqual([1, 2, 3, 4, 5, 6, 7].map((i) => `panda_joint${i}`));
    expect(run.robot.joints[3]).toEqual({
      name: 'panda_joint4',
      position: [-3.0718, -0.0698],
      velocity: 2.175,
      acceleration: 1,
      jerk: 20,
      effort: 87,
    });
    expect(run.task.observation?.extra_joints).toEqual(['panda_finger_joint1', 'panda_finger_joint2']);
  });

  it('has policies that move nothing, of the sizes that its observation makes', async () => {
    const { run } = await drafted({ urdf: here('franka-like.urdf') });
    expect(run.policies.base).toMatchObject({ type: 'zero', observation_size: 14, action_size: 7 });
    expect(run.policies.residual).toMatchObject({ type: 'zero', scale: 0 });
  });

  it('says of every limit where it is from, and marks what nobody said', async () => {
    const { text, said } = await drafted({ urdf: here('franka-like.urdf'), jointLimits: here('joint_limits.yaml') });
    expect(text).toContain(`    - name: panda_joint1
      position: [-2.7973, 2.7973] # safety_controller
      velocity: 1.5 # joint_limits
      acceleration: 3.75 # joint_limits
      jerk: 500 # joint_limits
      effort: 87 # urdf
    - name: panda_joint2
      position: [-1.570796, 1.570796] # joint_limits
      velocity: 2.175 # urdf
      acceleration: 1 # LOOK: a default
      jerk: 20 # LOOK: a default
      effort: 87 # urdf
`);
    expect(said).toContain('panda_joint10 is no joint of panda; did you mean panda_joint1?');
    const lines = text.split('\n').filter((line) => /[#.] LOOK: a default/.test(line));
    expect(said).toContain(`${lines.length} lines are marked "LOOK: a default"`);
  });

  it('takes prismatic and continuous joints, and a name with spaces', async () => {
    const { run, text } = await drafted({ urdf: here('ur-like.urdf') });
    expect(run.name).toBe('ur5e on a rail');
    expect(run.robot.joints).toHaveLength(7);
    expect(run.robot.joints[0]).toEqual({
      name: 'rail_joint',
      position: [0, 1.5],
      velocity: 0.05,
      acceleration: 0.2,
      jerk: 4,
      effort: 20,
    });
    expect(run.robot.joints[6]!.position).toEqual([-6.283185, 6.283185]);
    expect(text).toContain('# LOOK: a default, continuous: one turn either way');
    expect(text).toContain('- name: rail_joint # prismatic');
  });

  it('never writes over a file, unless it is told to', async () => {
    const out = join(folder(), 'mine.yaml');
    writeFileSync(out, 'mine');
    const error = await errorOf(() => init({ urdf: here('ur-like.urdf'), out }));
    expect([error.code, error.exitCode, readFileSync(out, 'utf8')]).toEqual(['RA_FILE_EXISTS', 2, 'mine']);
    await drafted({ urdf: here('ur-like.urdf'), out, force: true });
    expect(readFileSync(out, 'utf8')).toContain('rail_joint');
  });

  it.each([
    [{}, 'RA_USAGE', 'init: nothing to read the joints from'],
    [{ urdf: 'a', robotDescription: true }, 'RA_USAGE', 'init: --urdf and --robot-description'],
    [{ urdf: 'a', bridge: 'localhost:9090' }, 'RA_USAGE', '--bridge localhost:9090'],
    [{ urdf: '/nowhere.urdf' }, 'RA_CONFIG_MISSING', '--urdf /nowhere.urdf: ENOENT'],
    [{ urdf: here('ur-like.urdf'), jointLimits: '/nowhere.yaml' }, 'RA_CONFIG_MISSING', '/nowhere.yaml: ENOENT'],
    [{ urdf: here('joint_limits.yaml') }, 'RA_URDF', 'joint_limits.yaml:'],
  ])('%j is refused with %s, and nothing is written', async (options, code, seen) => {
    const out = join(folder(), 'run.yaml');
    const error = await errorOf(() => init({ ...options, out }));
    expect(error.code).toBe(code);
    expect(error.seen).toContain(seen);
    expect(existsSync(out)).toBe(false);
  });
});

describe('a URDF', () => {
  const robot = (joints: string) => `<robot name="r">${joints}</robot>`;
  const joint = (name: string, parent: string, child: string, rest = '', type = 'revolute') =>
    `<joint name="${name}" type="${type}"><parent link="${parent}"/><child link="${child}"/>${rest}</joint>`;
  const limit = '<limit lower="-1" upper="1" velocity="1" effort="1"/>';
  const read = (text: string) => readUrdf(text, 'r.urdf');

  it.each([
    ['<robot xmlns:xacro="http://ros.org/wiki/xacro" name="r"/>', 'r.urdf: a xacro file, not a URDF'],
    ['<robot name="r">\n<joint></robot>', 'r.urdf:2: '],
    ['<sdf/>', 'r.urdf: no <robot> element'],
    [robot('<joint type="fixed"/>'), 'r.urdf: a joint without a name'],
    [robot(joint('j', 'a', 'b', '', 'hinge')), 'r.urdf: joint j is of type hinge'],
    [robot(joint('j', 'a', 'b', '<limit lower="low"/>')), 'r.urdf: joint j: limit lower is low'],
    [robot(joint('j', 'a', 'b') + joint('j', 'b', 'c')), 'r.urdf: joint j stands there twice'],
  ])('%s is refused', async (text, seen) => {
    const error = await errorOf(() => read(text));
    expect(error.code).toBe('RA_URDF');
    expect(error.seen.startsWith(seen)).toBe(true);
  });

  it('that is xacro is refused with what to do', async () => {
    const error = await errorOf(() => read('<robot name="r"><xacro:arm prefix="left"/></robot>'));
    expect(error.next).toContain('`xacro FILE > robot.urdf`');
  });

  it('with two arms wants to know which; a tip says it, also through a gripper', async () => {
    const urdf = read(
      robot(
        joint('l1', 'base', 'l', limit) + joint('r1', 'base', 'r', limit) + joint('grip', 'r', 'finger', '', 'fixed'),
      ),
    );
    const error = await errorOf(() => findArm(urdf, undefined));
    expect(error.next).toBe('Say where the arm ends: `--tip` with one of l, r.');
    const arm = findArm(urdf, 'finger');
    expect([arm.joints.map((j) => j.name), arm.base, arm.tip, arm.others.map((j) => j.name)]).toEqual([
      ['r1'],
      'base',
      'finger',
      ['l1'],
    ]);
    expect((await errorOf(() => findArm(urdf, 'fingr'))).seen).toContain('did you mean finger?');
  });

  it('without a joint that moves has no arm', async () => {
    const error = await errorOf(() => findArm(read(robot(joint('f', 'a', 'b', '', 'fixed'))), undefined));
    expect(error.seen).toBe('r: no moving joint');
  });

  it('that is a loop is refused, not followed for ever', async () => {
    const error = await errorOf(() => findArm(read(robot(joint('a', 'x', 'y') + joint('b', 'y', 'x'))), undefined));
    expect(error.seen).toContain('is in a loop');
  });

  it('must say how far a revolute joint goes; the joint limits may', async () => {
    const [bare] = read(robot(joint('j', 'a', 'b'))).joints;
    expect((await errorOf(() => limitsOf(bare!, undefined))).seen).toBe('joint j (revolute) has no position limits');
    const none = { velocity: undefined, acceleration: undefined, jerk: undefined, effort: undefined };
    expect(limitsOf(bare!, { position: [-1, 2], ...none }).position).toEqual({
      value: [-1, 2],
      from: 'joint_limits',
      isDefault: false,
    });
    const [narrow] = read(robot(joint('j', 'a', 'b', limit))).joints;
    expect((await errorOf(() => limitsOf(narrow!, { position: [2, 3], ...none }))).seen).toBe(
      'joint j: position limits 2 (joint_limits) to 1 (urdf) leave it no room',
    );
  });
});

describe('joint_limits.yaml', () => {
  it('counts only the limits that it says it has', () => {
    const limits = readJointLimits(here('joint_limits.yaml'));
    expect(limits.get('panda_joint2')).toEqual({
      position: [-Math.PI / 2, Math.PI / 2],
      velocity: 9,
      acceleration: undefined,
      jerk: undefined,
      effort: undefined,
    });
  });

  it.each([
    ['limits: {}', 'joint_limits: '],
    ['joint_limits: { j: { max_velocity: fast } }', 'joint_limits.j.max_velocity: '],
    ['a: [', ''],
  ])('%s is refused by its key', async (text, seen) => {
    const file = join(folder(), 'limits.yaml');
    writeFileSync(file, text);
    const error = await errorOf(() => readJointLimits(file));
    expect([error.code, error.seen.startsWith(`${file}: ${seen}`)]).toEqual(['RA_CONFIG_PARSE', true]);
  });
});
