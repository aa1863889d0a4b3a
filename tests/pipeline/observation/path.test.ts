import { describe, expect, it } from 'vitest';
import { parsePath } from '../../../src/pipeline/observation/path.ts';

const selected = (text: string) => parsePath(text).steps.at(-1)!.select;

describe('a path', () => {
  it('is a topic and fields', () => {
    expect(parsePath('/arm/ee_pose.pose.position')).toEqual({
      text: '/arm/ee_pose.pose.position',
      topic: '/arm/ee_pose',
      steps: [
        { field: 'pose', select: null },
        { field: 'position', select: null },
      ],
    });
  });

  it.each([
    ['/j.position[3]', { kind: 'indices', indices: [3] }],
    ['/j.position[0..2, 5]', { kind: 'indices', indices: [0, 1, 2, 5] }],
    ['/j.position[elbow]', { kind: 'names', names: ['elbow'] }],
    ['/j.position[panda_joint1..3]', { kind: 'names', names: ['panda_joint1', 'panda_joint2', 'panda_joint3'] }],
    ['/j.position[joint09..joint11]', { kind: 'names', names: ['joint09', 'joint10', 'joint11'] }],
    ['/j.position[a2, a1]', { kind: 'names', names: ['a2', 'a1'] }],
    ['/j.position[*]', { kind: 'joints' }],
  ])('%s takes %j', (text, select) => {
    expect(selected(text)).toEqual(select);
  });

  it('may go on after an element', () => {
    expect(parsePath('/tf.transforms[0].transform.rotation').steps[0]).toEqual({
      field: 'transforms',
      select: { kind: 'indices', indices: [0] },
    });
  });

  it.each([
    ['position', 'is not a topic and a field, like /ee_pose.pose.position'],
    ['/ee_pose', 'is not a topic and a field, like /ee_pose.pose.position'],
    ['/ee_pose.', 'is not a topic and a field, like /ee_pose.pose.position'],
    ['/j..position', 'has `` where a field belongs, like position or position[0..6]'],
    ['/j.position[1', 'has `position[1` where a field belongs, like position or position[0..6]'],
    ['/j.position[]', 'has an empty place between [ ]; allowed: indices, names, ranges, or *'],
    ['/j.position[1, a]', 'mixes indices and names in [1, a]'],
    ['/j.position[0..2, 1]', 'names 1 twice in [0..2, 1]'],
    ['/j.position[3..1]', 'has the range 3..1, which runs backwards'],
    ['/j.position[a..c]', 'has the range a..c; allowed: 0..6, or names that end in a number, joint1..7'],
    ['/j.position[a1..b3]', 'has the range a1..b3; allowed: 0..6, or names that end in a number, joint1..7'],
    ['/j.position[0..999999999]', 'has the range 0..999999999: at most 256 elements are taken'],
  ])('%s is refused: it %s', (text, why) => {
    expect(() => parsePath(text)).toThrow(why);
  });
});
