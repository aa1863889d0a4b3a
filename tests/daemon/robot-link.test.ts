import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { TopicRef } from '../../bridges/rosbridge/client.ts';
import { Subscription } from '../../bridges/rosbridge/subscription.ts';
import { loadRun } from '../../src/core/config/load.ts';
import type { RunConfig } from '../../src/core/config-schema.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { brainTopics, commandTopic, observedTopics } from '../../src/daemon/robot-link.ts';

const shipped = loadRun(join(packageRoot, 'configs/runs/peg.yaml'), []).config;
const CAMERA = '/camera/image/compressed';
const COMPRESSED = 'sensor_msgs/msg/CompressedImage';
/** The shipped run with a camera that the policy sees; the log keeps one image in 200 ms. */
const config: RunConfig = {
  ...shipped,
  task: {
    ...shipped.task,
    decision_hz: 20,
    observation: {
      topics: { [CAMERA]: { type: COMPRESSED } },
      ...{ base: { features: [] }, extra_joints: [] },
      images: [{ topic: CAMERA }],
    } as never,
  },
  log: { ...shipped.log, topics: { [CAMERA]: { record: true, throttle_ms: 200 } } as never },
};
const throttles = (topics: readonly TopicRef[], how: RunConfig['bridge']['topics'] = {}) =>
  Object.fromEntries(topics.map((ref) => [ref.topic, new Subscription(ref, how[ref.topic]).how.throttle_ms]));

describe('the topics of a process of the daemon', () => {
  it('are not throttled where they are states, and images come at twice the rate at which they are looked at', () => {
    const { [CAMERA]: seen, ...states } = throttles(brainTopics(config));
    // 20 decisions a second: one in 50 ms.
    expect(seen).toBe(25);
    expect(Object.keys(states)).toContain(config.robot.topics.joint_states);
    expect(new Set(Object.values(states))).toEqual(new Set([0]));
    // The log's pace is another.
    expect(throttles(observedTopics(config))[CAMERA]).toBe(100);
  });

  it('are throttled as bridge.topics says, where it says so', () => {
    const how = { [CAMERA]: { throttle_ms: 0 }, [config.robot.topics.joint_states]: { throttle_ms: 5 } };
    expect(throttles(brainTopics(config), how)).toMatchObject({
      [CAMERA]: 0,
      [config.robot.topics.joint_states]: 5,
    });
  });

  it('are all missed when they fall silent, but for commands and the words of the task', () => {
    const sporadic = observedTopics(config).filter((ref) => new Subscription(ref).how.sporadic);
    expect(sporadic.map(({ topic }) => topic)).toEqual([config.task.episode_topic, config.robot.topics.command]);
    expect(commandTopic(config)).toMatchObject({ topic: config.robot.topics.command, how: { sporadic: true } });
  });
});
