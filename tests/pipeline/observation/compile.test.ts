import { describe, expect, it } from 'vitest';
import { ReflexArcError } from '../../../src/core/errors.ts';
import { compileObservation } from '../../../src/pipeline/observation/compile.ts';
import { complaints, robot, task } from './rig.ts';

const of = (...features: object[]) => ({ base: { features } });
const from = (path: string, rest: object = {}) => of({ from: path, ...rest });

describe('what a mapping says that is not there', () => {
  it.each([
    ['/joint_states.posittion[*]', 'has no field posittion in sensor_msgs/msg/JointState; did you mean position?'],
    [
      '/joint_states.colour',
      'has no field colour in sensor_msgs/msg/JointState; it has header, name, position, velocity, effort',
    ],
    ['/joint_states.position[j3]', 'names joint j3, which is not there; did you mean j1?'],
    [
      '/joint_states.position[panda_joint1..7]',
      'names joint panda_joint1, which is not in robot.joints (j1, j2) or observation.extra_joints',
    ],
    [
      '/joint_states.position',
      'ends at sensor_msgs/msg/JointState.position, an array of float64: say which elements, [0..6], [joint1..7], or [*] for all joints of the robot',
    ],
    ['/joint_states.name[0]', 'ends at sensor_msgs/msg/JointState.name, which is string, not a number'],
    [
      '/joint_states.header',
      'ends at sensor_msgs/msg/JointState.header, a std_msgs/Header, which is no number: go on with one of stamp, frame_id',
    ],
    [
      '/joint_states.header.stamp',
      'ends at std_msgs/Header.stamp, a builtin_interfaces/Time, which is no number: go on with one of sec, nanosec',
    ],
    ['/ee_pose.pose.position.x.y', 'goes on after geometry_msgs/Point.x, which is a single float64'],
    ['/ee_pose.pose[0]', 'takes elements of geometry_msgs/msg/PoseStamped.pose, which is a single geometry_msgs/Pose'],
    ['/ee_pose.pose.orientation.q', 'has no field q in geometry_msgs/Quaternion; it has x, y, z, w'],
    ['/ee_posse.pose', 'no such topic; did you mean /ee_pose?'],
    ['/lidar.ranges[0]', 'its type is not known: say `/lidar: { type: pkg/msg/Type }` under observation.topics'],
  ])('%s', (path, why) => {
    expect(complaints(from(path))).toBe(`task.observation.base.features[0] ${path}: ${why}`);
  });

  it.each([
    [
      '/imu.orientation_covariance[9]',
      'has index 9, but sensor_msgs/msg/Imu.orientation_covariance has elements 0 to 8',
    ],
    [
      '/imu.orientation_covariance[a]',
      'takes elements of sensor_msgs/msg/Imu.orientation_covariance by name, but nothing names them: take indices, [0..6]',
    ],
  ])('%s', (path, why) => {
    const topics = { '/imu': { type: 'sensor_msgs/Imu' } };
    expect(complaints({ topics, ...from(path) })).toBe(`task.observation.base.features[0] ${path}: ${why}`);
    expect(complaints({ topics, ...from('/imu.orientation_covariance') })).toBe('');
  });

  it('takes joints that the robot publishes beside its own', () => {
    expect(complaints({ extra_joints: ['finger'], ...from('/joint_states.position[finger, j1]') })).toBe('');
  });
});

describe('what does not fit together', () => {
  const imu = { topics: { '/imu': { type: 'sensor_msgs/msg/Imu' } } };
  it.each([
    [
      from('/ee_pose.pose', { minus: '/hole_estimate.pose.position' }),
      '/ee_pose.pose: has 7 numbers of a pose, but minus /hole_estimate.pose.position has 3 of a vector',
    ],
    [
      from('/ee_pose.pose.orientation', { unit: 'deg' }),
      '/ee_pose.pose.orientation: is a rotation, which has no unit deg',
    ],
    [
      from('/ee_pose.pose', { low_pass_hz: 5 }),
      '/ee_pose.pose: low_pass_hz filters numbers, not rotations: take the position by itself',
    ],
    [from('/ee_pose.pose', { rotation: 'rot6d', scale: [1, 1, 1] }), 'has 3 numbers of scale, but 9 elements'],
    [from('/ee_pose.pose.position', { normalise: { mean: [0], std: [1] } }), 'has 1 numbers of mean, but 3 elements'],
    [
      { topics: { '/ee_pose': { delay_ms: 5 } }, ...from('/ee_pose.pose') },
      '/ee_pose.pose: delay_ms 5 needs sync nearest or interpolate, by stamp',
    ],
    [
      { topics: { '/a': { type: 'std_msgs/Float64', sync: 'nearest' } }, ...from('/a.data') },
      '/a.data: sync nearest goes by stamps, and std_msgs/msg/Float64 has none: allowed is hold',
    ],
  ])('%j', (observation, why) => {
    expect(complaints(observation)).toBe(`task.observation.base.features[0] ${why}`);
  });

  it.each([
    [{ ...imu, ...from('/ee_pose.pose') }, 'task.observation.topics./imu is used by no feature'],
    [
      { topics: { '/ee_pos': {} }, ...from('/ee_pose.pose') },
      'task.observation.topics./ee_pos is used by no feature; did you mean /ee_pose?',
    ],
    [
      { topics: { '/ee_pose': { type: 'geometry_msgs/Pose' } }, ...from('/ee_pose.pose') },
      'task.observation.topics./ee_pose.type = geometry_msgs/Pose: robot and task say that /ee_pose is geometry_msgs/msg/PoseStamped',
    ],
    [
      { base: { features: [{ from: '/ee_pose.pose', history: 64 }], history: 64 } },
      'task.observation.base has 28672 numbers; at most 2048',
    ],
  ])('%j', (observation, why) => {
    expect(complaints(observation)).toBe(why);
  });

  it('everything is said at once, with the place where it was written', () => {
    const observation = {
      ...of({ from: '/ee_pose.pos' }, { from: '/joint_states.position[j9]' }),
      residual: { features: [{ from: '/x' + '.y' }] },
    };
    let error: unknown;
    try {
      compileObservation(robot, task(observation), (path) => `task.yaml:${path.length}`);
    } catch (thrown) {
      error = thrown;
    }
    expect((error as ReflexArcError).seen.split('\n').map((line) => line.slice(0, 52))).toEqual([
      'task.yaml:5: task.observation.base.features[0] /ee_p',
      'task.yaml:5: task.observation.base.features[1] /join',
      'task.yaml:5: task.observation.residual.features[0] /',
    ]);
    expect(error).toBeInstanceOf(ReflexArcError);
  });
});
