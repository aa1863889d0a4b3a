import { open } from 'node:fs/promises';
import { Channels } from '../../../bridges/mcap/channels.ts';
import { compressor } from '../../../bridges/mcap/compression.ts';
import { FileSink } from '../../../bridges/mcap/sink.ts';
import { LogWriter } from '../../../bridges/mcap/writer.ts';
import { definitionOf } from '../../../bridges/messages/definitions.ts';
import { EPISODE, TRAJECTORY } from './log.ts';
import { type Samples, untilDamage } from './trajectory.ts';

const TYPE = 'std_msgs/msg/Float64MultiArray';
const CHUNK_BYTES = 512 * 1024;

export interface Written {
  samples: number;
  episodes: number;
  channels: Record<string, number>;
  /** Of the first and the last in time; null where there is none. */
  from_ns: bigint | null;
  to_ns: bigint | null;
  /** What ended it too early; null: all of it was read. */
  damage: Error | null;
}

/**
 * Writes samples as an MCAP log, each channel a topic of Float64MultiArray whose one dimension has the entries as its label
 * (a JSON array), each episode a metadata record before its first sample. Where the source is damaged, what it gave until
 * then is a complete log, and `damage` is what it threw.
 * @throws whatever writing throws
 */
export async function writeTrajectoryLog(
  path: string,
  samples: Samples,
  about: Record<string, string>,
): Promise<Written> {
  const sink = new FileSink(await open(path, 'w'));
  const log = new LogWriter(sink, await compressor('lz4'));
  const encoders = new Channels(definitionOf);
  const ids = new Map<string, number>();
  const written: Written = { samples: 0, episodes: 0, channels: {}, from_ns: null, to_ns: null, damage: null };
  const layouts = new Map<string, unknown>();
  try {
    await log.start('ros2', 'reflexarc');
    await log.addMetadata(TRAJECTORY, about);
    let episode: unknown = null;
    for await (const sample of untilDamage(samples, (error) => (written.damage = error))) {
      const { channel, timeNs, values } = sample;
      if (sample.episode !== episode) {
        episode = sample.episode;
        written.episodes++;
        await log.flush();
        const { index, task } = sample.episode;
        const entries = { index: String(index), task, begins_ns: String(timeNs) };
        await log.addMetadata(`${EPISODE}${written.episodes - 1}`, entries);
      }
      if (!layouts.has(channel.name)) layouts.set(channel.name, layoutOf(channel.entries));
      const message = { layout: layouts.get(channel.name), data: values };
      const { data, definition, sequence } = encoders.encode(channel.name, TYPE, message, timeNs, timeNs)!;
      let channelId = ids.get(channel.name);
      if (channelId === undefined) {
        const schemaId = log.addSchema(TYPE, 'ros2msg', Buffer.from(definition));
        channelId = log.addChannel({ schemaId, topic: channel.name, messageEncoding: 'cdr', metadata: new Map() });
        ids.set(channel.name, channelId);
      }
      log.addMessage({ channelId, sequence, logTime: timeNs, publishTime: timeNs, data });
      if (log.chunkBytes >= CHUNK_BYTES) await log.flush();
      written.samples++;
      written.channels[channel.name] = (written.channels[channel.name] ?? 0) + 1;
      if (written.from_ns === null || timeNs < written.from_ns) written.from_ns = timeNs;
      if (written.to_ns === null || timeNs > written.to_ns) written.to_ns = timeNs;
    }
    await log.flush();
    await log.end();
  } finally {
    await sink.close();
  }
  return written;
}

function layoutOf(entries: readonly string[]): unknown {
  const dim = [{ label: JSON.stringify(entries), size: entries.length, stride: entries.length }];
  return { dim, data_offset: 0 };
}
