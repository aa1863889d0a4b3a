import { distinctUntilChanged, filter, map } from 'rxjs';
import { type EpisodeStatus, nsFromTime } from '../../bridges/messages/messages.ts';
import type { Mode } from '../core/signals.ts';
import type { ReflexClient } from '../daemon/operator.ts';

/** The simulated robot as the script sees it. */
export interface EpisodeSource {
  /** Latest word of the robot on its episode; null before the first. */
  readonly latest: EpisodeStatus | null;
  /** Starts a new episode; resolves when the robot has answered. */
  reset(): Promise<void>;
}

export interface EpisodeResult {
  episode: EpisodeStatus | null;
  /** How it ended: the task's phase, or the cause of the ladder's stop. */
  ended: string;
  /** True when a person must look before anything moves again. */
  needsPerson: boolean;
}

const STOPPED: readonly Mode[] = ['STOPPING', 'STOPPED', 'ESTOP', 'FAULT'];
const RESTING: readonly Mode[] = ['STOPPED', 'ESTOP', 'FAULT', 'DISARMED'];

/**
 * What the demo's operator may not decide: stops that a person asked for, and processes or ladders that failed.
 * Anything that the policy brought about (force, risk, lateness) is an ordinary end of an episode here.
 */
const PERSON = ['operator_stop', 'estop', 'disengage', 'disarm', 'brain_lost'];

/** In this many states filters forget that the arm was put elsewhere. */
const SETTLED_STATES = 5;

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Plays the operator for one episode: reset the task, arm, engage, watch, disengage, reset. Abortable. */
export class OperatorScript {
  readonly #reflex: ReflexClient;
  readonly #source: EpisodeSource;
  readonly #signal: AbortSignal;

  constructor(reflex: ReflexClient, source: EpisodeSource, signal: AbortSignal) {
    this.#reflex = reflex;
    this.#source = source;
    this.#signal = signal;
  }

  async episode(): Promise<EpisodeResult> {
    await this.clear();
    // A task that nobody works at runs out of time, in stepped time at once.
    await this.#until(() => this.#reflex.status$.value?.brainDecides === true, 30_000, 'the brain to decide');
    const index = await this.#begin();
    await this.#insist('arm', 'HOLD');
    await this.#insist('engage', 'ENGAGING');
    for (;;) {
      await pause(2);
      if (this.#signal.aborted) return { episode: this.#source.latest, ended: 'interrupted', needsPerson: false };
      const status = this.#reflex.status$.value;
      const episode = this.#source.latest;
      const over = episode !== null && episode.episode === index && episode.phase !== 'running';
      if (status === null) return { episode, ended: 'reflex_lost', needsPerson: true };
      if (status.mode === 'STOPPING') continue;
      if (RESTING.includes(status.mode)) {
        const ended = over ? episode.phase : status.cause;
        return { episode, ended, needsPerson: !over && PERSON.includes(status.cause) };
      }
      if (over) {
        await this.#reflex.request({ kind: 'disengage' });
        await this.#until(() => RESTING.includes(this.#mode), 5000, 'the robot to stop');
        return { episode, ended: episode.phase, needsPerson: false };
      }
    }
  }

  /** A new episode, whose number is returned, and nobody armed before the reflex has measured where it begins. */
  async #begin(): Promise<number | undefined> {
    const source = this.#source;
    await this.#until(() => source.latest !== null, 15_000, 'a word of the robot on its episode');
    const before = source.latest?.episode;
    await source.reset();
    const begun = () => source.latest?.episode !== before && source.latest?.phase === 'running';
    await this.#until(begun, 5000, 'the robot to begin an episode');
    const { latest } = source;
    if (latest !== null) await settled(this.#reflex, nsFromTime(latest.header.stamp), this.#signal);
    return latest?.episode;
  }

  /** From any resting mode to DISARMED, answering the incident that led there. */
  async clear(): Promise<void> {
    await this.#until(
      () => this.#reflex.status$.value?.linkUp === true,
      60_000,
      'the reflex and its link to the robot',
    );
    for (let tries = 0; this.#mode !== 'DISARMED'; tries++) {
      if (this.#signal.aborted) return;
      if (tries > 200) throw new Error(`the ladder stays in ${this.#mode}: ${this.#reflex.status$.value?.cause}`);
      const incident = this.#reflex.status$.value?.incident ?? 0;
      const mode = this.#mode;
      if (mode === 'ESTOP') await this.#reflex.request({ kind: 'estop_release' });
      if (mode === 'HOLD') await this.#reflex.request({ kind: 'disarm' });
      else await this.#reflex.request({ kind: 'reset', incident });
      // Where it stopped may be what stopped it (outside the workspace): a person would bring the arm home.
      if (tries % 50 === 40) await this.#source.reset();
      await pause(5);
    }
  }

  get #mode(): Mode {
    return this.#reflex.status$.value?.mode ?? 'BOOT';
  }

  /** Asks until it is accepted: right after a reset, state and policies may need a moment to be fresh again. */
  async #insist(kind: 'arm' | 'engage', reached: Mode): Promise<void> {
    let reason = '';
    for (let tries = 0; tries < 200; tries++) {
      if (this.#signal.aborted) return;
      const answer = await this.#reflex.request({ kind });
      // A ladder that has stopped meanwhile is seen, with its cause, by the caller.
      if (answer.accepted || answer.mode === reached || STOPPED.includes(answer.mode)) return;
      reason = answer.reason;
      await pause(25);
    }
    throw new Error(`${kind} was refused for 5 s: ${reason}`);
  }

  #until(test: () => boolean, withinMs: number, what: string): Promise<void> {
    return until(test, withinMs, what, this.#signal);
  }
}

async function until(test: () => boolean, withinMs: number, what: string, signal?: AbortSignal): Promise<void> {
  const end = performance.now() + withinMs;
  while (!test()) {
    if (signal?.aborted) return;
    if (performance.now() > end) throw new Error(`waited ${withinMs / 1000} s for ${what}`);
    await pause(2);
  }
}

/**
 * After the world has put the arm elsewhere at `stampNs` of its time: until the reflex itself, on a connection of its own, has
 * measured it there. One that is armed before takes the step for a fault of the robot, as it must.
 */
export async function settled(
  reflex: Pick<ReflexClient, 'status$'>,
  stampNs: number,
  signal?: AbortSignal,
): Promise<void> {
  let states = 0;
  const counting = reflex.status$
    .pipe(
      map((status) => status?.stateStampNs ?? 0),
      distinctUntilChanged(),
      filter((ns) => ns > stampNs),
    )
    .subscribe(() => states++);
  const enough = () => states >= SETTLED_STATES;
  await until(enough, 15_000, 'the reflex to measure where the episode begins', signal).finally(() =>
    counting.unsubscribe(),
  );
}
