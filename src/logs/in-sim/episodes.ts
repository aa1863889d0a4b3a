import { type EpisodeStatus, nsFromTime, type RobotStatus } from '../../../bridges/messages/messages.ts';
import type { RunConfig } from '../../core/config-schema.ts';
import { copyRobotState, makeRobotState, type RobotState } from '../../core/signals.ts';
import { StateAssembler, stampOf, writePose } from '../../pipeline/assemble.ts';
import { plain } from '../playback/plain.ts';
import { messagesIn } from '../playback/survey.ts';
import { type LoggedTick, TOPIC } from '../topics.ts';

/** A command that went out, by the tick that made it. */
export interface LoggedCommand {
  /** When the robot had it, ns of the robot's clock. */
  readonly atNs: number;
  readonly epoch: number;
  readonly seq: number;
  readonly setpoint: Float64Array;
}

export interface LoggedState extends RobotState {
  /** s since the first message of the log. */
  readonly atS: number;
}

/** What a log holds of one episode. Times are ns of the robot's clock. */
export interface LoggedEpisode {
  /** As the task numbers it, and its seed; null where the log says none. */
  readonly index: number | null;
  readonly seed: number | null;
  /** When the world was put to its start; null where the log did not see it. */
  readonly resetNs: number | null;
  readonly states: readonly LoggedState[];
  readonly commands: readonly LoggedCommand[];
  /** When the robot said that it was stopped, and of which epoch. */
  readonly stops: readonly { readonly atNs: number; readonly epoch: number; readonly reason: string }[];
  /** Pose of the target as the robot was told it; NaN where nobody said it. */
  readonly target: Float64Array;
  /** The task's last word; null without one. */
  readonly result: EpisodeStatus | null;
}

type Draft = {
  -readonly [K in keyof LoggedEpisode]: LoggedEpisode[K] extends readonly (infer T)[] ? T[] : LoggedEpisode[K];
};

/** Without a word of the task an episode ends when nothing was commanded for so long. */
const PAUSE_NS = 1e9;
/** What is kept of one; what is longer goes on as a further one. */
const MOST_STATES = 100_000;

/**
 * The episodes of a log, one after another, those without a command left out. A state counts when all its parts are there; a command takes effect
 * at the state that it answers, a further one that answers the same state one period of the states later: then the next state was late.
 * @param periodNs of the states
 */
export async function* episodesIn(
  paths: readonly string[],
  { robot, task }: Pick<RunConfig, 'robot' | 'task'>,
  periodNs: number,
): AsyncGenerator<LoggedEpisode> {
  const assembler = new StateAssembler(robot);
  /** What is said of the target, and what was said before: at a reset that comes before the word of the task. */
  const target = { now: new Float64Array(7).fill(Number.NaN), sinceNs: Number.NaN, before: new Float64Array(7) };
  let stopped = '';
  let answeredNs = Number.NaN;
  let again = 0;
  let firstNs: bigint | null = null;
  let draft: Draft = empty(null, null, null, target.now);

  /** What was begun ends at `atNs`: what is later is of the next one. */
  const split = (atNs: number, next: Draft): LoggedEpisode => {
    const { states, commands, stops, ...rest } = draft;
    const before = <T>(list: readonly T[], of: (one: T) => number, into: T[]): T[] => {
      into.push(...list.filter((one) => of(one) > atNs));
      return list.filter((one) => of(one) <= atNs);
    };
    draft = next;
    return {
      ...{ ...rest, target: target.sinceNs >= atNs ? target.before : target.now },
      states: before(states, (s) => s.stampNs, next.states),
      commands: before(commands, (c) => c.atNs, next.commands),
      stops: before(stops, (s) => s.atNs, next.stops),
    };
  };

  for await (const { topic, type, logTimeNs, ...logged } of lazily(paths)) {
    firstNs ??= logTimeNs;
    let ended: LoggedEpisode | null = null;
    if (topic === task.episode_topic) {
      const status = logged.message() as unknown as EpisodeStatus;
      if (status.episode !== draft.index) {
        const atNs = nsFromTime(status.header.stamp);
        // The first word in the log may come in the middle of an episode.
        const seen = draft.index !== null;
        ended = split(atNs, empty(status.episode, status.seed, seen ? atNs : null, target.now));
      }
      draft.result = status;
    } else if (topic === task.target_topic) {
      const said = logged.message();
      const pose = new Float64Array(7);
      writePose(said.pose as never, pose);
      if (pose.some((v, i) => !Object.is(v, target.now[i])))
        Object.assign(target, { before: target.now, now: pose, sinceNs: stampOf(said) });
      draft.target = target.now;
    } else if (topic === robot.topics.robot_status) {
      const { header, reason, epoch } = logged.message() as unknown as RobotStatus;
      if (reason !== stopped && reason.startsWith('stop'))
        draft.stops.push({ atNs: nsFromTime(header.stamp), epoch: Number(epoch), reason });
      stopped = reason;
    } else if (topic === TOPIC.tick) {
      const tick = logged.message() as unknown as LoggedTick & { state_stamp: { sec: number; nanosec: number } };
      if (!tick.sent) continue;
      const stateNs = nsFromTime(tick.state_stamp);
      again = stateNs === answeredNs ? again + 1 : 0;
      answeredNs = stateNs;
      const atNs = stateNs + again * periodNs;
      const last = draft.commands.at(-1);
      if (draft.index === null && last !== undefined && atNs - last.atNs > PAUSE_NS)
        ended = split(last.atNs, empty(null, null, null, target.now));
      const setpoint = Float64Array.from(tick.setpoint);
      draft.commands.push({ atNs, epoch: Number(tick.epoch), seq: tick.command_seq, setpoint });
    } else {
      const state = assembler.accept({ topic, type, message: logged.message(), receivedNs: 0, linkEpoch: 0 });
      if (state !== null) {
        const atS = Number(logTimeNs - firstNs) / 1e9;
        const kept = { ...makeRobotState(robot.joints.length), atS };
        copyRobotState(state, kept);
        draft.states.push(kept);
        if (draft.states.length >= MOST_STATES)
          ended = split(state.stampNs, empty(draft.index, draft.seed, null, target.now));
      }
    }
    if (ended !== null && ended.commands.length > 0) yield ended;
  }
  if (draft.commands.length > 0) yield draft;

  async function* lazily(files: readonly string[]) {
    const topics = new Set([
      ...[task.episode_topic, task.target_topic, robot.topics.robot_status, TOPIC.tick],
      ...robot.sources.map((source) => robot.topics[source]),
    ]);
    for await (const one of messagesIn(files)) {
      if (!topics.has(one.topic)) continue;
      yield {
        ...{ topic: one.topic, type: one.type, logTimeNs: one.logTimeNs },
        message: () => plain(one.message, one.type),
      };
    }
  }
}

const empty = (index: number | null, seed: number | null, resetNs: number | null, target: Float64Array): Draft => ({
  ...{ index, seed, resetNs, states: [], commands: [], stops: [], target, result: null },
});
