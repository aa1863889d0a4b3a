import type { RobotConfig, TaskConfig } from '../core/config-schema.ts';
import { type ActedTick, assembleEpisode, type DecidedStep } from './assemble.ts';
import type { Ending } from './supervisor.ts';

/** Decisions, and ticks of each, that an episode may have beyond its horizon: what is more is left out, the oldest first. */
const SPARE = 50;
const TICKS_PER_DECISION = 50;
/** Of what was before an episode only the newest decisions and the setpoint count. */
const DECISIONS_BEFORE = 2;
const TICKS_BEFORE = 1;

/** What brain and reflex have said of the episode that is on, bounded, as it comes in on two ways. */
export class Recording {
  #decisions: DecidedStep[] = [];
  #ticks: ActedTick[] = [];
  #rewards = new Map<number, number>();
  #tickedNs = Number.NEGATIVE_INFINITY;
  readonly #robot: RobotConfig;
  readonly #most: number;

  constructor(robot: RobotConfig, { horizon_steps }: Pick<TaskConfig, 'horizon_steps'>) {
    this.#robot = robot;
    this.#most = horizon_steps + SPARE;
  }

  /** Setpoint that was sent last; null before the first. */
  get setpoint(): Float64Array | null {
    return this.#ticks.findLast((t) => t.sent)?.setpoint ?? null;
  }

  /** `on`: it is of an episode, or of what came right after one. */
  decided(step: DecidedStep, on: boolean): void {
    this.#decisions.push(step);
    trim(this.#decisions, on ? this.#most : DECISIONS_BEFORE);
  }

  ticked(tick: ActedTick, stampNs: number, on: boolean): void {
    this.#tickedNs = stampNs;
    this.#ticks.push(tick);
    trim(this.#ticks, on ? this.#most * TICKS_PER_DECISION : TICKS_BEFORE);
  }

  rewarded(seq: number, reward: number): void {
    this.#rewards.set(seq, reward);
  }

  /** Brain and reflex have both come past the end. */
  isPast({ stampNs }: Ending): boolean {
    return this.#tickedNs >= stampNs && (this.#decisions.at(-1)?.stampNs ?? Number.NaN) >= stampNs;
  }

  /** The episode, and on to the next. */
  cut(ending: Ending, endReward: number): ReturnType<typeof assembleEpisode> {
    const episode = assembleEpisode(this.#robot, this.#decisions, this.#ticks, ending, this.#rewards, endReward);
    trim(this.#decisions, DECISIONS_BEFORE);
    trim(this.#ticks, TICKS_BEFORE);
    this.#rewards = new Map();
    return episode;
  }
}

function trim(list: unknown[], most: number): void {
  if (list.length > most) list.splice(0, list.length - most);
}
