import { logMetadata, readBatches } from '../../bridges/mcap/reader.ts';
import { type EpisodeStatus, nsFromTime } from '../../bridges/messages/messages.ts';
import { commandInterface } from '../../controllers/interfaces/index.ts';
import type { RunConfig } from '../core/config-schema.ts';
import { ReflexArcError } from '../core/errors.ts';
import type { Mode, Source } from '../core/signals.ts';
import { differences, loggedConfig } from '../logs/log-config.ts';
import { type LoggedDecision, type LoggedTick, TOPIC } from '../logs/topics.ts';
import { compileObservation } from '../pipeline/observation/compile.ts';
import { faultOf, type Sizes, sharedConfig } from './episode.ts';
import type { Episode } from './protocol.ts';
import { Recording } from './recording.ts';
import { type Ending, isOn, PRACTICE_BEGIN, type PracticeEvent, practise } from './supervisor.ts';

/** The task's word, and a decision with the last observation, may come so much later than a stop; robot's time. */
const AFTERMATH_NS = 300e6;
/** Differences of two configs that are named. */
const NAMED = 6;

export interface LoggedEpisodes {
  readonly episodes: readonly Episode[];
  /** What was not used, and why. */
  readonly unused: readonly string[];
}

/**
 * The episodes of logs of `run` and `demo`, as a learner takes them: cut where the supervisor of practice would have cut them, with
 * what was decided and what was really sent, and with the task's own word for how they ended.
 * @param paths files in order; those of one recording follow each other
 * @throws ReflexArcError RA_USAGE for a log of another run than `config` (what both must have in common: `sharedConfig`), or in which the
 *   task says nothing; RA_LOG_DAMAGED
 */
export async function episodesOfLogs(paths: readonly string[], config: RunConfig): Promise<LoggedEpisodes> {
  const { type } = config.robot.interface;
  if (type !== 'cartesian_impedance')
    throw new ReflexArcError('RA_USAGE', {
      seen: `robot.interface.type: ${type}`,
      allowed: 'cartesian_impedance: of other commands it is not known which action they were',
    });
  const { residualSize: observationSize } = compileObservation(config.robot, config.task);
  const sizes = { observationSize, actionSize: commandInterface(config.robot).actionSize };
  const episodes: Episode[] = [];
  const unused: string[] = [];
  let cutter: Cutter | null = null;
  let before = { log: '', number: Number.NaN };
  for (const path of paths) {
    requireSame(path, await loggedConfig(path), config);
    const { log = path, number = '0' } = (await logMetadata(path)).file ?? {};
    const follows = log === before.log && Number(number) === before.number + 1;
    before = { log, number: Number(number) };
    if (!follows || cutter === null) {
      cutter?.end();
      cutter = new Cutter(config, sizes, episodes, unused);
    }
    await cutter.read(path);
  }
  cutter?.end();
  return { episodes, unused };
}

function requireSame(path: string, logged: RunConfig | null, config: RunConfig): void {
  if (logged === null)
    throw new ReflexArcError('RA_USAGE', { seen: `${path}: no config of a run`, allowed: 'logs of `run` and `demo`' });
  const parts = differences(sharedConfig(logged), sharedConfig(config));
  if (parts.length === 0) return;
  const more = parts.length > NAMED ? [`and ${parts.length - NAMED} more`] : [];
  throw new ReflexArcError('RA_USAGE', {
    seen: `${path}: ${[...parts.slice(0, NAMED), ...more].join('; ')}`,
    allowed:
      'a log of the same robot, task, limits, base and residual scale: what was done under others is not what this run would do',
    next: 'Give the run file that it was recorded with, or `--set` these.',
  });
}

/** Cuts the messages of one recording into episodes, as `Actor` does it on the robot. */
class Cutter {
  readonly #config: RunConfig;
  readonly #sizes: Sizes;
  readonly #episodes: Episode[];
  readonly #unused: string[];
  readonly #recording: Recording;
  readonly #limits;
  #state = PRACTICE_BEGIN;
  #closing: Ending | null = null;
  #number = 0;
  #path = '';
  #told = false;

  constructor(config: RunConfig, sizes: Sizes, episodes: Episode[], unused: string[]) {
    const { horizon_steps, decision_hz } = config.task;
    this.#config = config;
    this.#sizes = sizes;
    this.#episodes = episodes;
    this.#unused = unused;
    this.#recording = new Recording(config.robot, config.task);
    // Nobody waits here: where a robot was stuck, its log says how it ended all the same.
    this.#limits = { horizonNs: (horizon_steps / decision_hz) * 1e9, graceNs: 1e9 / decision_hz, stuck: null };
  }

  async read(path: string): Promise<void> {
    this.#path = path;
    const { episode_topic } = this.#config.task;
    const topics = new Set([TOPIC.decision, TOPIC.tick, TOPIC.transition, episode_topic]);
    for await (const { messages } of readBatches(path, topics))
      for (const { topic, message } of messages) {
        if (topic === TOPIC.decision) this.#decided(message as unknown as LoggedDecision);
        else if (topic === TOPIC.tick) this.#ticked(message as unknown as LoggedTick);
        else if (topic === TOPIC.transition) {
          const { to_mode, cause } = message as { to_mode: Mode; cause: string };
          this.#on({ kind: 'ladder', to: to_mode, cause });
        } else {
          const { header, phase, violation } = message as unknown as EpisodeStatus;
          this.#told = true;
          this.#on({ kind: 'task', stampNs: nsFromTime(header.stamp), phase, violation });
        }
      }
  }

  /** @throws ReflexArcError RA_USAGE where the task never said how an episode ended */
  end(): void {
    this.#on({ kind: 'lost', cause: 'end_of_log' });
    this.#close();
    if (this.#told) return;
    throw new ReflexArcError('RA_USAGE', {
      seen: `${this.#path}: no message on ${this.#config.task.episode_topic}`,
      allowed:
        "a log with the task's word for how an episode ended (task.episode_topic): without it no step has a reward",
    });
  }

  #decided(d: LoggedDecision): void {
    const { seq, base, residual, observation_residual: observation } = d;
    const stampNs = nsFromTime(d.observation_stamp);
    this.#recording.decided({ seq, epoch: Number(d.epoch), stampNs, observation, base, residual }, this.#isRecording);
    this.#closeWhenPast(stampNs);
  }

  #ticked(t: LoggedTick): void {
    const stampNs = nsFromTime(t.state_stamp);
    const [mode, source] = [t.mode as Mode, t.source as Source];
    this.#on({ kind: 'tick', stampNs, mode, source, position: [] });
    const { residual_fraction: residualFraction, sent, setpoint } = t;
    const tick = {
      decisionSeq: Number(t.decision_seq),
      epoch: Number(t.epoch),
      source,
      residualFraction,
      sent,
      setpoint,
    };
    this.#recording.ticked(tick, stampNs, this.#isRecording);
    this.#closeWhenPast(stampNs);
  }

  get #isRecording(): boolean {
    return isOn(this.#state) || this.#closing !== null;
  }

  #on(event: PracticeEvent): void {
    const before = this.#state;
    const { state, ending, begun } = practise(before, event, this.#limits);
    this.#state = state;
    if (begun) this.#close();
    if (ending === null) return;
    if (isOn(before)) this.#closing = ending;
    else if (this.#closing !== null) {
      this.#closing = ending;
      this.#close();
    }
  }

  #closeWhenPast(stampNs: number): void {
    const ending = this.#closing;
    if (ending === null) return;
    const isPast = ending.ended !== 'stopped' && this.#recording.isPast(ending);
    if (isPast || stampNs > ending.stampNs + AFTERMATH_NS) this.#close();
  }

  #close(): void {
    const ending = this.#closing;
    if (ending === null) return;
    this.#closing = null;
    const success = ending.ended === 'success';
    const id = `log-${++this.#number}`;
    const parts = this.#recording.cut(ending, success ? 1 : 0);
    const episode = parts && { ...parts, id, version: 0, success };
    const why = episode === null ? 'nothing was acted on, or a number is not finite' : faultOf(episode, this.#sizes);
    if (episode !== null && why === '') this.#episodes.push(episode);
    else this.#unused.push(`${this.#path}: episode ${this.#number}, ${ending.ended}: ${why}`);
  }
}
