import type { RosGraph } from '../../../bridges/bridge.ts';
import type { LogMessage } from '../../../bridges/mcap/reader.ts';
import { TYPES } from '../../../bridges/messages/messages.ts';
import { ReflexArcError } from '../../core/errors.ts';
import type { Window } from '../window.ts';
import { Pacer, type Timing } from './pacer.ts';
import { plain } from './plain.ts';
import { messagesIn, type PlayedTopic, type Survey } from './survey.ts';

export interface PlayOptions {
  readonly survey: Survey;
  readonly window: Window;
  /** Of the survey, those that are published. */
  readonly topics: readonly PlayedTopic[];
  /** Seconds of the log in a second; Infinity: as fast as those who listen take it. */
  readonly speed: number;
  /** Begins anew at its end until the signal fires. The clock goes back then, as that of `ros2 bag play --loop` does. */
  readonly loop: boolean;
  readonly timing: Timing;
  readonly signal: AbortSignal;
  /** See Pacer. */
  taken?(): boolean;
  /** `atS`: s since the first message of the log; `round` counts from 1. */
  onProgress?(atS: number, round: number): void;
}

export interface Played {
  /** Messages that went out, without a clock of ours. */
  messages: number;
  /** Times that it was begun. */
  rounds: number;
}

type Graph = Pick<RosGraph, 'advertise' | 'publish'>;

export const CLOCK_TOPIC = '/clock';
/** A clock of ours: messages closer than this share a reading, and in a silence it goes on at this rate. */
const CLOCK_APART_NS = 1_000_000n;
const CLOCK_HZ = 100;
/** A log of others may be out of order by so much: it is read on so far behind the end of the stretch. */
const UNORDERED_NS = 1_000_000_000n;

/** The topic that says the time of the log, where it holds one: then its stamps are of that clock. */
export const clockIn = (topics: readonly PlayedTopic[]): PlayedTopic | undefined =>
  topics.find(({ type }) => type === TYPES.clock);

/**
 * Publishes a log on a ROS graph at its own pace. Time on `/clock` is what the log says, and where it says none, the time at
 * which each message was recorded. Of a latched topic the last message before the stretch comes first.
 * @throws ReflexArcError RA_LOG_DAMAGED at the end of what can be read, unless it is looped
 */
export async function play(paths: readonly string[], graph: Graph, options: PlayOptions): Promise<Played> {
  const { survey, topics, loop, signal } = options;
  for (const { topic, type, latched } of topics) graph.advertise(topic, type, { latch: latched });
  if (clockIn(topics) === undefined) graph.advertise(CLOCK_TOPIC, TYPES.clock);
  const played: Played = { messages: 0, rounds: 0 };
  do {
    played.rounds++;
    await round(paths, graph, options, played);
  } while (loop && !signal.aborted);
  if (survey.damage !== null && !signal.aborted) throw survey.damage;
  return played;
}

async function round(paths: readonly string[], graph: Graph, options: PlayOptions, played: Played): Promise<void> {
  const { survey, window, speed, timing, signal, taken, onProgress } = options;
  const topics = new Map(options.topics.map((one) => [one.topic, one]));
  const at = (s: number) => survey.firstNs + BigInt(Math.round(s * 1e9));
  const fromNs = at(window.fromS);
  const toNs = at(Math.min(window.toS, survey.durationS));
  const pacer = new Pacer(speed, timing, taken);
  const clock = clockIn(options.topics) === undefined ? new SpokenClock(graph, pacer, speed) : pacer;
  const before = new Map<string, Record<string, unknown>>();
  const say = ({ topic, type, latched }: PlayedTopic, message: Record<string, unknown>) =>
    graph.publish(topic, type, message, { latch: latched });
  let begun = false;
  pacer.begin(fromNs);
  try {
    for await (const logged of messagesIn(paths)) {
      const { logTimeNs } = logged;
      if (signal.aborted || logTimeNs > toNs + UNORDERED_NS) break;
      const topic = topics.get(logged.topic);
      if (topic === undefined || topic.type !== logged.type || logTimeNs > toNs) continue;
      if (logTimeNs < fromNs) {
        if (topic.latched) before.set(topic.topic, plain(logged.message, topic.type));
        continue;
      }
      if (!begun) {
        begun = true;
        pacer.begin(fromNs);
        await clock.until(fromNs, signal);
        for (const [name, message] of before) say(topics.get(name)!, message);
      }
      await clock.until(logTimeNs, signal);
      if (signal.aborted) break;
      say(topic, plain(logged.message, topic.type));
      played.messages++;
      onProgress?.(secondsOf(logged, survey), played.rounds);
    }
    // A round is as long as its stretch, whatever is in it.
    if (options.loop) await pacer.until(toNs, signal);
  } catch (error) {
    // What was found damaged before is told once, at the end.
    if (!(error instanceof ReflexArcError) || survey.damage === null) throw error;
  }
}

const secondsOf = ({ logTimeNs }: LogMessage, { firstNs }: Survey) => Number(logTimeNs - firstNs) / 1e9;

/** A `/clock` of the log's time: said before each message, and in a silence steadily. */
class SpokenClock {
  readonly #graph: Graph;
  readonly #pacer: Pacer;
  /** Of the log; Infinity without a pace, where a silence takes no time. */
  readonly #everyNs: number;
  #saidNs: bigint | null = null;

  constructor(graph: Graph, pacer: Pacer, speed: number) {
    this.#graph = graph;
    this.#pacer = pacer;
    this.#everyNs = (1e9 / CLOCK_HZ) * Math.max(1, speed);
  }

  async until(logNs: bigint, signal: AbortSignal): Promise<void> {
    while (this.#saidNs !== null && Number(logNs - this.#saidNs) > this.#everyNs && !signal.aborted) {
      const next = this.#saidNs + BigInt(Math.round(this.#everyNs));
      await this.#pacer.until(next, signal);
      if (!signal.aborted) this.#say(next);
    }
    await this.#pacer.until(logNs, signal);
    if (!signal.aborted && (this.#saidNs === null || logNs - this.#saidNs >= CLOCK_APART_NS)) this.#say(logNs);
  }

  #say(ns: bigint): void {
    this.#saidNs = ns;
    const second = 1_000_000_000n;
    this.#graph.publish(CLOCK_TOPIC, TYPES.clock, {
      clock: { sec: Number(ns / second), nanosec: Number(ns % second) },
    });
  }
}
