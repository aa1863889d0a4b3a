import { TYPES } from '../../../bridges/messages/messages.ts';
import { longType } from '../../../bridges/messages/names.ts';
import type { RobotConfig, TaskConfig } from '../../core/config-schema.ts';
import type { ObservationConfig } from '../../core/observation-schema.ts';

/** What is on the topics that a robot description names, by its key. */
const ROBOT_TYPES: Readonly<Record<string, string>> = {
  joint_states: TYPES.jointState,
  pose: TYPES.poseStamped,
  wrench: TYPES.wrenchStamped,
  odom: TYPES.odometry,
  clock: TYPES.clock,
  robot_status: TYPES.robotStatus,
};

/** Types, long spelling, of the topics that robot and task name themselves. */
export function namedTopics(robot: RobotConfig, task: TaskConfig): Map<string, string> {
  const types = new Map<string, string>();
  for (const [key, topic] of Object.entries(robot.topics)) {
    const type = ROBOT_TYPES[key];
    if (type !== undefined) types.set(topic, type);
  }
  types.set(task.target_topic, TYPES.poseStamped);
  types.set(task.episode_topic, TYPES.episodeStatus);
  return types;
}

/**
 * The observation of a task that says nothing about it: the tip relative to the task target for the base; for the residual
 * the wrench as well. The scales bring 20 mm, 20 N and 2 Nm to about 1. The target may be said once an episode: no age.
 */
export function defaultObservation(robot: RobotConfig, task: TaskConfig): ObservationConfig {
  const { pose, wrench } = robot.topics;
  const plain = { rotation: 'quat_xyzw', quaternion_sign: 'as_sent', history: 1 } as const;
  const tip = {
    ...plain,
    name: 'tip',
    from: `${pose}.pose.position`,
    minus: `${task.target_topic}.pose.position`,
    scale: 50,
  };
  const force = { ...plain, name: 'force', from: `${wrench}.wrench.force`, scale: 0.05 };
  const torque = { ...plain, name: 'torque', from: `${wrench}.wrench.torque`, scale: 0.5 };
  return {
    topics: { [task.target_topic]: { sync: 'hold', max_age_ms: 'none', delay_ms: 0 } },
    extra_joints: [],
    base: { features: [tip], history: 1 },
    residual: { features: [tip, force, torque], history: 1 },
    images: [],
  };
}

export const observationOf = (robot: RobotConfig, task: TaskConfig): ObservationConfig =>
  task.observation ?? defaultObservation(robot, task);

/** Every topic that the observation is made of, with its type, long spelling; one without a known type is left out. */
export function observationTopics(robot: RobotConfig, task: TaskConfig): { topic: string; type: string }[] {
  const { topics, base, residual, images } = observationOf(robot, task);
  const named = namedTopics(robot, task);
  const features = [...base.features, ...(residual?.features ?? [])];
  const used = new Set([
    ...features
      .flatMap(({ from, minus }) => (minus === undefined ? [from] : [from, minus]))
      .map((path) => path.split('.')[0]!),
    ...images.map((image) => image.topic),
  ]);
  return [...used].flatMap((topic) => {
    const type = named.get(topic) ?? topics[topic]?.type;
    return type === undefined ? [] : [{ topic, type: longType(type) }];
  });
}
