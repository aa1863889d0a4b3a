import { type LogMessage, readLog } from '../../../bridges/mcap/reader.ts';
import { ReflexArcError } from '../../core/errors.ts';
import { isWithin, requireReached, type Window } from '../window.ts';

export interface PlayedTopic {
  readonly topic: string;
  readonly type: string;
  /** Within the stretch. */
  messages: number;
  /** Whoever comes late gets the last message: what a ROS 2 bag calls transient local, and topics that we know to be so. */
  readonly latched: boolean;
}

/** What is in a log to be played. */
export interface Survey {
  /** In the order in which they first speak, those with nothing in the stretch too. */
  readonly topics: readonly PlayedTopic[];
  /** Messages of a topic that has another type already: a ROS graph has one. */
  readonly otherType: number;
  readonly firstNs: bigint;
  /** s from the first message to the last. */
  readonly durationS: number;
  /** Why it could not be read to its end; null when it could. */
  readonly damage: ReflexArcError | null;
}

/** Messages of all files; those that a file repeats from the one before it are left out. */
export async function* messagesIn(paths: readonly string[]): AsyncGenerator<LogMessage> {
  let newestNs = -1n;
  let beforeNs = -1n;
  for (const path of paths) {
    beforeNs = newestNs;
    for await (const logged of readLog(path)) {
      if (logged.logTimeNs <= beforeNs) continue;
      if (logged.logTimeNs > newestNs) newestNs = logged.logTimeNs;
      yield logged;
    }
  }
}

/**
 * Reads a log once, decoding nothing.
 * @param latched topics that are latched whatever the log says
 * @throws ReflexArcError RA_LOG_DAMAGED when nothing can be read, RA_USAGE when the log ends before the stretch begins
 */
export async function survey(
  paths: readonly string[],
  window: Window,
  latched: ReadonlySet<string> = new Set(),
): Promise<Survey> {
  const topics = new Map<string, PlayedTopic>();
  let otherType = 0;
  let firstNs: bigint | null = null;
  let durationS = 0;
  let damage: ReflexArcError | null = null;
  try {
    for await (const { topic, type, logTimeNs, durable } of messagesIn(paths)) {
      firstNs ??= logTimeNs;
      const atS = Number(logTimeNs - firstNs) / 1e9;
      durationS = Math.max(durationS, atS);
      const known = topics.get(topic) ?? { topic, type, messages: 0, latched: durable || latched.has(topic) };
      topics.set(topic, known);
      if (known.type !== type) otherType++;
      else if (isWithin(window, atS)) known.messages++;
    }
  } catch (error) {
    if (!(error instanceof ReflexArcError) || firstNs === null) throw error;
    damage = error;
  }
  if (firstNs === null)
    throw new ReflexArcError('RA_LOG_DAMAGED', {
      seen: `${paths.join(', ')}: no message`,
      allowed: 'a log with messages in CDR',
    });
  requireReached(window, durationS);
  return { topics: [...topics.values()], otherType, firstNs, durationS, damage };
}
