import { readLog } from '../../../bridges/mcap/reader.ts';
import type { MessageSampler } from './messages.ts';
import type { Episode, Sample } from './trajectory.ts';

/** Metadata record of a log that holds a trajectory: what it was made of. */
export const TRAJECTORY = 'trajectory';
/** Metadata records, numbered, each before the samples of its episode: index, task, begins_ns. */
export const EPISODE = 'trajectory.episode.';

/**
 * The numbers of an MCAP log of ROS 2 messages: ours, one of rosbag2, or what `writeTrajectoryLog` wrote, which reads back
 * the same. Messages of another encoding than CDR with ros2msg definitions are not there.
 * @throws ReflexArcError RA_LOG_DAMAGED after what could be read
 */
export async function* readTrajectoryLog(path: string, sampler: MessageSampler): AsyncGenerator<Sample> {
  let episode: Episode = { index: 0, task: '' };
  const onMetadata = (name: string, entries: ReadonlyMap<string, string>) => {
    if (name.startsWith(EPISODE)) episode = { index: Number(entries.get('index')), task: entries.get('task') ?? '' };
  };
  for await (const { topic, logTimeNs: timeNs, message } of readLog(path, onMetadata))
    yield* sampler.samples({ topic, timeNs, message }, episode);
}
