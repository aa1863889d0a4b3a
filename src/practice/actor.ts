import type { ResidualPolicy } from '../../policies/policy.ts';
import type { RunConfig } from '../core/config-schema.ts';
import type { PracticeConfig } from '../core/practice-schema.ts';
import type { LadderTransition, Mode, RobotState } from '../core/signals.ts';
import { DiskRoom, hasRoom } from '../core/whole-file.ts';
import { HumanLabel } from '../learning/rewards/human-label.ts';
import type { RewardSource } from '../learning/rewards/reward.ts';
import type { ActorMemory } from './actor-memory.ts';
import type { ActedTick, DecidedStep } from './assemble.ts';
import { countEpisode } from './blocks.ts';
import type { EpisodeFolder } from './episode-folder.ts';
import type { HeldOutMoments } from './held-out.ts';
import { type Exploration, encode, type MessageOf, type Verdict } from './protocol.ts';
import { Recording } from './recording.ts';
import {
  type Ending,
  isOn,
  PRACTICE_BEGIN,
  type PracticeEvent,
  type PracticeLimits,
  type PracticeState,
  practise,
} from './supervisor.ts';
import { vet } from './vetting.ts';

/** How the brain shall act in the next episode. */
export interface Preparation {
  readonly episode: number;
  /** Of the weights; 0 with no file: those of the run's config. */
  readonly version: number;
  readonly path: string;
  readonly sha256: string;
  readonly exploration: Exploration;
}

export interface ActorParts {
  readonly config: RunConfig;
  readonly practice: PracticeConfig;
  readonly sizes: { observationSize: number; actionSize: number };
  readonly memory: ActorMemory;
  readonly spool: EpisodeFolder;
  readonly heldOut: HeldOutMoments;
  /** The critic of progress, where that is the reward. */
  readonly progress: RewardSource | null;
  /** The residual of a version that is in use. */
  load(version: { version: number; sha256: string }): ResidualPolicy;
  prepare(preparation: Preparation): void;
  disengage(): void;
  /** There is something new in the spool. */
  spooled(): void;
  verdict(version: number, verdict: Verdict, why: string): void;
  say(level: 'info' | 'warn', what: string, fields?: Record<string, unknown>): void;
  /** Runs `what` after `ms`, unless it is called off. */
  after(ms: number, what: () => void): () => void;
}

const NONE: Exploration = { uniform: 0, normal: 0 };
/** A decision may be waited for so long after the end: it has the last observation. */
const AFTERMATH_MS = 300;
/** Held-out moments without which weights are not judged. */
const AT_LEAST = 40;

interface Episode {
  readonly id: string;
  readonly version: number;
  /** Flown without noise, and kept from the learner. */
  readonly heldOut: boolean;
  readonly exploration: Exploration;
}

/**
 * The actor: what brain, reflex and task say, cut into labelled episodes for the learner; and weights of the learner, vetted, given to the
 * brain between two episodes, and taken back when episodes say so. It decides nothing that moves the robot.
 */
export class Actor {
  /** Since this process began. */
  readonly counts = { episodes: 0, heldOut: 0, successes: 0, violations: 0, unlabelled: 0, dropped: 0 };
  readonly label = new HumanLabel();
  readonly #parts: ActorParts;
  readonly #limits: PracticeLimits;
  readonly #live: RewardSource | null;
  readonly #recording: Recording;
  #state: PracticeState = PRACTICE_BEGIN;
  #episode: Episode | null = null;
  /** What the brain has said that it does. */
  #prepared: Preparation | null = null;
  #exploration: Exploration = NONE;
  #rewarded = false;
  #closing: { ending: Ending; episode: Episode; callOff(): void } | null = null;
  #pending: MessageOf<'weights'> | null = null;
  #waits = '';
  #current: ResidualPolicy;
  readonly #disk: DiskRoom;

  constructor(parts: ActorParts) {
    this.#parts = parts;
    this.#disk = new DiskRoom(parts.say);
    const { horizon_steps, decision_hz } = parts.config.task;
    const { stuck } = parts.practice;
    this.#limits = {
      horizonNs: (horizon_steps / decision_hz) * 1e9,
      graceNs: 1e9 / decision_hz,
      stuck: stuck ? { distance: stuck.distance, forNs: stuck.seconds * 1e9 } : null,
    };
    this.#recording = new Recording(parts.config.robot, parts.config.task);
    this.#live = parts.practice.reward === 'label' ? this.label : parts.progress;
    this.#current = parts.load(parts.memory.current);
  }

  get phase(): PracticeState['phase'] {
    return this.#state.phase;
  }

  get version(): number {
    return this.#parts.memory.current.version;
  }

  /** The brain is there, maybe anew: it is told what to do. */
  brainIsHere(): void {
    this.#prepared = null;
    this.#prepare();
  }

  /** The brain does it from now on; `why` not, where it does not. */
  brainIsReady(preparation: Preparation, why: string): void {
    if (why === '') this.#prepared = preparation;
    else this.#parts.say('warn', `the brain does not take version ${preparation.version}: ${why}`);
  }

  state(measured: RobotState): void {
    this.#parts.heldOut.state(measured);
  }

  decided(step: DecidedStep, target: Float64Array): void {
    this.#recording.decided(step, this.#isRecording);
    this.#closeWhenPast();
    if (!isOn(this.#state) || this.#episode === null) return;
    const { setpoint } = this.#recording;
    if (this.#episode.heldOut && setpoint) this.#parts.heldOut.keep(step, target, setpoint);
    this.#reward(step);
  }

  get #isRecording(): boolean {
    return isOn(this.#state) || this.#closing !== null;
  }

  /** Of one that was stopped the task may still say that it was done: its word is on its way. */
  #closeWhenPast(): void {
    const ending = this.#closing?.ending;
    if (ending && ending.ended !== 'stopped' && this.#recording.isPast(ending)) this.#close();
  }

  #reward({ seq, observation, stampNs }: DecidedStep): void {
    if (this.#live === null) return;
    const moment = { observation, success: false };
    if (!this.#rewarded) {
      this.#rewarded = true;
      this.#live.begin(moment);
      return;
    }
    const { reward: worth, done } = this.#live.step(moment);
    this.#recording.rewarded(seq, worth);
    if (done) this.#on({ kind: 'judged', stampNs, success: worth > 0 });
  }

  ticked(tick: ActedTick & { mode: Mode; stateStampNs: number }, position: ArrayLike<number>): void {
    const { mode, source, stateStampNs } = tick;
    this.#on({ kind: 'tick', stampNs: stateStampNs, mode, source, position });
    this.#recording.ticked(tick, stateStampNs, this.#isRecording);
    this.#closeWhenPast();
  }

  ladder({ to, cause }: Pick<LadderTransition, 'to' | 'cause'>): void {
    this.#on({ kind: 'ladder', to, cause });
  }

  task(stampNs: number, phase: string, violation: boolean): void {
    this.#on({ kind: 'task', stampNs, phase, violation });
  }

  lost(cause: string): void {
    this.#on({ kind: 'lost', cause });
  }

  /** The learner is there. */
  welcome({ run, exploration }: MessageOf<'welcome'>): void {
    this.#exploration = exploration;
    if (this.#parts.memory.follow(run)) this.#use('the learner has begun anew');
    else this.#between();
  }

  /** Weights come in; the newest are looked at between two episodes. */
  weights(weights: MessageOf<'weights'>): void {
    this.#exploration = weights.exploration;
    const { memory } = this.#parts;
    if (weights.version > memory.current.version && weights.version > memory.fell) this.#pending = weights;
    this.#between();
  }

  /** A person's wish, or what episodes have shown. To the version before, or to `version`. */
  rollBack(why: string, version?: number): string {
    const { memory, verdict } = this.#parts;
    const from = memory.current.version;
    if (from === 0) return 'the residual of the config is in use: there is nothing to go back to';
    const to = memory.back(version);
    verdict(from, 'rolled_back', why);
    this.#use(`back from version ${from} to ${to.version}: ${why}`, 'warn');
    return '';
  }

  #on(event: PracticeEvent): void {
    const before = this.#state;
    const { state, ending, begun, disengage } = practise(before, event, this.#limits);
    this.#state = state;
    if (begun) this.#begin();
    if (state.phase !== before.phase) this.#parts.say('info', `practice: ${state.phase}`);
    if (ending !== null) isOn(before) ? this.#end(ending) : this.#amend(ending);
    if (disengage) this.#parts.disengage();
    // A brain that was in the middle of an episode took nothing then.
    if (state.phase === 'waiting' && before.phase !== 'waiting') this.#between();
  }

  #begin(): void {
    if (this.#closing) this.#close();
    const { memory, practice } = this.#parts;
    const prepared = this.#prepared;
    const id = memory.nextEpisode();
    this.#disk.seen('what the actor knows', memory.saved, 'a process after this one would not know it');
    // What the brain does is not known: nothing is to be learned from that.
    this.#episode =
      prepared === null
        ? null
        : {
            ...{ id, version: prepared.version, exploration: prepared.exploration },
            heldOut: this.#isHeldOut(prepared.episode, practice),
          };
    this.#rewarded = false;
  }

  #isHeldOut = (episode: number, { held_out_every }: PracticeConfig) => episode % held_out_every === 0;

  #end(ending: Ending): void {
    const episode = this.#episode;
    this.#episode = null;
    if (episode === null) {
      this.#parts.say('warn', 'an episode is not used: the brain had not said what it does');
      this.#prepare();
      return;
    }
    const callOff = this.#parts.after(AFTERMATH_MS, () => this.#close());
    this.#closing = { ending, episode, callOff };
  }

  /** It ended otherwise than was thought, unless that is known too late. */
  #amend(ending: Ending): void {
    if (this.#closing === null) return;
    this.#closing = { ...this.#closing, ending };
    this.#close();
  }

  #close(): void {
    const closing = this.#closing;
    if (closing === null) return;
    this.#closing = null;
    closing.callOff();
    const { practice } = this.#parts;
    const { ending, episode } = closing;
    const success = ending.ended === 'success';
    const parts = this.#recording.cut(ending, success && practice.reward === 'success' ? 1 : 0);
    if (parts === null) {
      this.counts.dropped++;
      this.#parts.say('warn', `episode ${episode.id} is not used: nothing was acted on, or a number is not finite`);
    } else if (practice.reward === 'label' && ending.cause !== 'judged') {
      this.#label(episode, parts);
    } else this.#submit(episode, { ...parts, id: episode.id, version: episode.version, success });
    this.#between();
  }

  /** A person may still say how it was: until then, or until the next episode, it waits. */
  #label(episode: Episode, parts: NonNullable<ReturnType<Recording['cut']>>): void {
    const { after, practice, say } = this.#parts;
    const deadline = new Promise<void>((resolve) => void after(practice.label_wait_s * 1000, resolve));
    void this.label.label(deadline).then((label) => {
      if (label === 'none') {
        this.counts.unlabelled++;
        say('warn', `episode ${episode.id} is not used: nobody labelled it`);
      } else {
        const success = label === 'success';
        if (success) parts.reward[parts.reward.length - 1]! += 1;
        const label_ = { ended: label, terminated: true, truncated: false };
        this.#submit(episode, { ...parts, ...label_, id: episode.id, version: episode.version, success });
      }
      this.#between();
    });
  }

  #submit(episode: Episode, whole: Omit<MessageOf<'episode'>, 'kind'>): void {
    const { spool, spooled, practice, memory, say } = this.#parts;
    const { success, violation, ended } = whole;
    this.counts.episodes++;
    if (success) this.counts.successes++;
    if (violation) this.counts.violations++;
    const { version, heldOut, exploration } = episode;
    say('info', `episode ${episode.id}: ${ended}`, {
      version,
      heldOut,
      exploration,
      success,
      violation,
      decisions: whole.reward.length,
    });
    if (heldOut) this.counts.heldOut++;
    else {
      const message = encode({ kind: 'episode', ...whole });
      const kept = hasRoom(() => void spool.add(episode.id, message));
      if (!this.#disk.seen('episodes', kept, 'they are let go')) this.counts.dropped++;
      const gone = spool.keepWithin(practice.keep_bytes);
      this.counts.dropped += gone;
      if (gone > 0) say('warn', `the spool is full: ${gone} episodes were let go`);
      spooled();
    }
    // An episode of a version that is no longer in use says nothing of the one that is.
    if (version !== memory.current.version) return;
    const { blocks, worse } = countEpisode(memory.blocks, { version, success, violation }, practice.block);
    memory.count(blocks);
    if (worse !== '') this.rollBack(worse, blocks.best!.version);
  }

  /** Between two episodes: new weights, where there are some that pass; and the brain is told of the next episode. */
  #between(): void {
    if (isOn(this.#state) || this.#closing) return;
    const weights = this.#pending;
    if (weights !== null) this.#vet(weights);
    this.#prepare();
  }

  #vet({ version, sha256, bytes }: MessageOf<'weights'>): void {
    const { sizes, config, practice, heldOut, memory, verdict, say } = this.#parts;
    const options = { sizes, scale: config.policies.residual.scale, current: this.#current, atLeast: AT_LEAST };
    const { high } = config.safety.risk;
    const vetted = vet(bytes, sha256, heldOut.moments, { ...options, high, margin: practice.risk_margin });
    if (vetted.why === null) {
      // Without room they wait: the next episode asks again.
      const room = memory.take({ version, sha256 }, bytes);
      if (!this.#disk.seen('weights', room, 'those before stay in use')) return;
      this.#pending = null;
      this.#current = vetted.policy;
      verdict(version, 'accepted', `mean risk ${vetted.risk.mean.toFixed(4)}, before ${vetted.now.mean.toFixed(4)}`);
      say('info', `version ${version} is in use`, { risk: vetted.risk, before: vetted.now });
    } else if (vetted.waits) {
      if (this.#waits !== vetted.why) say('info', `version ${version} waits: ${vetted.why}`);
      this.#waits = vetted.why;
    } else {
      this.#pending = null;
      verdict(version, 'refused', vetted.why);
      say('warn', `version ${version} is refused: ${vetted.why}`);
    }
  }

  /** Another version than the one that was. */
  #use(what: string, level: 'info' | 'warn' = 'info'): void {
    const { memory, load, say } = this.#parts;
    this.#current = load(memory.current);
    say(level, what);
    if (!isOn(this.#state)) this.#prepare();
  }

  #prepare(): void {
    const { memory, prepare, practice } = this.#parts;
    const { current, episodes: episode } = memory;
    const exploration = this.#isHeldOut(episode, practice) ? NONE : this.#exploration;
    const was = this.#prepared;
    const same =
      was?.episode === episode &&
      was.version === current.version &&
      was.exploration.uniform === exploration.uniform &&
      was.exploration.normal === exploration.normal;
    if (same) return;
    prepare({ episode, version: current.version, path: memory.fileOf(current), sha256: current.sha256, exploration });
  }
}
