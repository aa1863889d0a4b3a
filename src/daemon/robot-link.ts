import type { Bridge } from '../../bridges/bridge.ts';
import { type ClockMessage, nsFromTime, TYPES } from '../../bridges/messages/messages.ts';
import { type RosbridgeContext, rosbridge, type TopicRef } from '../../bridges/rosbridge/client.ts';
import { BULKY } from '../../bridges/rosbridge/subscription.ts';
import { commandInterface } from '../../controllers/interfaces/index.ts';
import { withLease } from '../../controllers/interfaces/lease.ts';
import type { Clock } from '../core/clock.ts';
import type { RobotConfig, RunConfig } from '../core/config-schema.ts';
import { named as plugin } from '../core/plugin.ts';
import { SeededRandom } from '../core/random.ts';
import type { CommandEncoder } from '../core/signals.ts';
import { observationTopics } from '../pipeline/observation/topics.ts';
import { named, TOPICS } from './citizen/interface.ts';
import type { FollowingClock } from './following-clock.ts';
import type { DaemonProcess } from './process.ts';

/** Every bridge that reaches a robot from another process. To add one: write its folder, name it here. */
export const robotBridges = [rosbridge] as const;

const IMAGES: readonly string[] = ['sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage'];

/** The bridge that the run names. @throws ReflexArcError RA_CONFIG_INVALID */
export const robotBridge = (config: RunConfig) => plugin('bridge.type', robotBridges, config.bridge.type);

const SOURCE_TYPES: Readonly<Record<RobotConfig['sources'][number], string>> = {
  joint_states: TYPES.jointState,
  pose: TYPES.poseStamped,
  wrench: TYPES.wrenchStamped,
  odom: TYPES.odometry,
};

const RANGING_TYPES: Readonly<Record<RobotConfig['ranging'][number]['type'], string>> = {
  scan: TYPES.laserScan,
  range: TYPES.range,
};

/** State, what sees obstacles, and task target: what reflex and brain need. The clock comes first, so that it is set before the state. */
export function lowDimensionalTopics({ robot, task, daemon }: RunConfig): TopicRef[] {
  const { topics } = robot;
  return [
    ...(daemon.time === 'stepped' ? [{ topic: topics.clock, type: TYPES.clock }] : []),
    ...robot.sources.map((source) => ({ topic: topics[source], type: SOURCE_TYPES[source] })),
    ...robot.ranging.map(({ topic, type }) => ({ topic, type: RANGING_TYPES[type] })),
    { topic: task.target_topic, type: TYPES.poseStamped },
  ];
}

/** What anybody tells the robot. It may be silent for long: a robot that is not moved is told nothing. */
export function commandTopic({ robot }: RunConfig): TopicRef {
  return { topic: robot.topics.command, type: commandInterface(robot).codec.type, how: { sporadic: true } };
}

/** What the brain listens to: that, and whatever else the task's observation is made of. */
export function brainTopics(config: RunConfig): TopicRef[] {
  const topics = lowDimensionalTopics(config);
  const more = observationTopics(config.robot, config.task).filter((ref) => !topics.some((t) => t.topic === ref.topic));
  return [...topics, ...more.map((ref) => ({ ...ref, ...paced(ref, 1000 / config.task.decision_hz) }))];
}

/**
 * States come at their own rate, for the gate judges each. What is bulky comes no faster than who wants it looks at it:
 * twice as fast, for at its very rate every other one would miss its turn, and be old by as much.
 */
function paced({ type }: TopicRef, lookedAtMs: number): Pick<TopicRef, 'how'> {
  return BULKY.has(type) ? { how: { throttle_ms: Math.floor(lookedAtMs / 2) } } : {};
}

/** All of that, and the robot's and the task's own words: what the log and the console show. Images where `log.topics` names them. */
export function observedTopics(config: RunConfig): TopicRef[] {
  const { topics } = config.log;
  const shown = ({ topic, type }: TopicRef) => !IMAGES.includes(type) || topics[topic]?.record === true;
  const seen = brainTopics(config)
    .filter(shown)
    .map((ref) => ({ ...ref, ...paced(ref, topics[ref.topic]?.throttle_ms ?? 0) }));
  const more = [
    { topic: config.robot.topics.robot_status, type: TYPES.robotStatus },
    { topic: config.task.episode_topic, type: TYPES.episodeStatus, how: { sporadic: true } },
    commandTopic(config),
  ];
  return [...seen, ...more.filter(({ topic }) => !seen.some((ref) => ref.topic === topic))];
}

/** How the reflex commands: by the interface's own message, with our heartbeat before it. */
export function robotEncoder({ robot, daemon }: RunConfig): CommandEncoder {
  return withLease(commandInterface(robot).codec, named(TOPICS.lease.name, daemon.namespace));
}

/**
 * By the sentinel, which has no rosapi and no time to ask. Drivers that take a twist need not know our stop: it says a twist of
 * zero to them as well.
 */
export const stopTopic = ({ robot }: RunConfig) => ({
  topic: robot.topics.stop,
  type: TYPES.stop,
  optional: robot.interface.type === 'twist' || robot.interface.type === 'tip_twist',
});

/** Where a process listens to our own commands: that nobody says any yet is no fault of the robot's. */
function ownCommands(config: RunConfig, topics: readonly TopicRef[]) {
  const command = commandTopic(config);
  return topics.some(({ topic }) => topic === command.topic) ? [{ ...command, optional: true }] : [];
}

/** A client on the robot's bridge for a process of the daemon. */
export function connectRobot(
  self: DaemonProcess,
  clock: Clock,
  encoder: CommandEncoder | null,
  topics: readonly TopicRef[],
  pingMs = self.run.config.bridge.ping_ms,
): Bridge {
  const { log } = self;
  const config = { ...self.run.config, bridge: { ...self.run.config.bridge, ping_ms: pingMs } };
  const bridge = robotClient(config, clock, topics, encoder, {
    log: (error) => log.warn({ code: error.code }, error.message),
    cleared: ({ code, about, seen }) => log.info({ code, about }, `well again: ${seen}`),
  });
  bridge.link$.subscribe((link) => log.info(link, link.up ? 'link to the robot is up' : 'link to the robot is down'));
  return bridge;
}

export function robotClient(
  config: RunConfig,
  clock: Clock,
  topics: readonly TopicRef[],
  encoder: CommandEncoder | null = null,
  told: Pick<RosbridgeContext, 'log' | 'cleared'> = { log: () => {} },
): Bridge {
  // Jitter of reconnection only: that clients of one robot do not come back all at once.
  const random = new SeededRandom(config.seed ^ process.pid);
  return robotBridge(config).create(config.bridge, {
    ...{ clock, random, topics, encoder, ...told },
    said: encoder === null ? ownCommands(config, topics) : [stopTopic(config)],
  });
}

/** Sets the clock from /clock, before the frames that follow it are looked at. */
export function followClock(bridge: Bridge, config: RunConfig, clock: FollowingClock): void {
  bridge.frames$.subscribe((frame) => {
    if (frame.topic === config.robot.topics.clock) clock.follow(nsFromTime((frame.message as ClockMessage).clock));
  });
}
