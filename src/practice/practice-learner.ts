import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { DiskRoom, hasRoom, writeWhole } from '../core/whole-file.ts';
import { type Numbers, type Parts, readCheckpoint, writeCheckpoint } from '../learning/checkpoint.ts';
import type { Transition } from '../learning/environment.ts';
import { persistentCounters } from '../learning/learner.ts';
import { RESIDUAL_DEFAULTS, ResidualLearner, type ResidualOptions } from '../learning/residual.ts';
import { RunFolder, type RunRecord } from '../learning/run-folder.ts';
import type { TrainingState } from '../learning/trainer.ts';
import { faultOf, type Sizes, transitionsOf } from './episode.ts';
import { EpisodeFolder } from './episode-folder.ts';
import { decode, type Episode, type Exploration } from './protocol.ts';

/**
 * The recipe in practice. What acts is to be what is learned about: an average over a thousand updates would act where the critic has
 * never been. What is cut short, by an operator, by time, by being stuck, had a future that is bootstrapped: only a success, a failure, a broken
 * limit or a crash has none (supervisor.ts).
 */
export const PRACTICE_DEFAULTS: ResidualOptions = { ...RESIDUAL_DEFAULTS, averaging: 0, bootstrapTimeouts: true };

export interface PracticeLearnerOptions {
  /** Folder of the run: `run.json`, `curve.jsonl`, `checkpoint.safetensors`, `episodes/`, `weights/`. */
  folder: string;
  sizes: Sizes;
  residual: ResidualOptions;
  /** Episodes from one version of the weights to the next. */
  publishEvery: number;
  /** Learned episodes beyond so much are deleted, oldest first. */
  keepBytes: number;
  checkpointEveryS: number;
  record: RunRecord;
  /** Called for a run that begins: hands over demonstrations. */
  demonstrate(take: (transition: Transition) => void): void;
  onWeights(weights: PublishedWeights): void;
  onLearned(state: TrainingState, episode: Episode): void;
  /** What a person should know. */
  say?(text: string): void;
}

export interface PublishedWeights {
  /** Decisions learned from: the same version is the same bits, also of a learner that was killed and has come back. */
  readonly version: number;
  readonly sha256: string;
  readonly bytes: Uint8Array;
}

/** Episodes that the means of the progress line go over; versions whose files are kept. */
const RECENT = 20;

/**
 * The residual recipe (src/learning/residual.ts), fed by episodes instead of an environment. An episode is on disk before it is acknowledged,
 * and what is on disk is learned from in order: one that is killed goes on with its checkpoint and what came after it, to the same bits.
 */
export class PracticeLearner {
  readonly episodes: EpisodeFolder;
  /** Newest weights; null until something has been learned. */
  published: PublishedWeights | null = null;
  /** It went on with a checkpoint. */
  readonly resumed: boolean;
  readonly #options: PracticeLearnerOptions;
  readonly #learner: ResidualLearner;
  readonly #run: RunFolder;
  /** Index of the next episode to learn from, how many that were, and since the last publication. */
  #next = 0;
  #learned = 0;
  #since = 0;
  #recent: { return: number; success: number; cost: number }[] = [];
  #working: Promise<void> | null = null;
  #ended = false;
  #savedAt = performance.now();
  readonly #disk: DiskRoom;
  /** Checkpoints, versions and rows of the curve that the disk had no room for. */
  unwritten = 0;

  constructor(options: PracticeLearnerOptions) {
    const { folder, sizes, residual, record, demonstrate } = options;
    this.#options = options;
    this.#disk = new DiskRoom((_level, text) => options.say?.(text));
    this.#learner = new ResidualLearner({ ...sizes, baseSize: sizes.actionSize }, residual);
    this.episodes = new EpisodeFolder(join(folder, 'episodes'));
    mkdirSync(join(folder, 'weights'), { recursive: true });
    const resumed = RunFolder.resume(folder);
    this.resumed = resumed !== null;
    this.#run = resumed?.folder ?? new RunFolder(folder, record);
    if (resumed) {
      readCheckpoint(resumed.checkpoint, this.#parts(), join(folder, 'checkpoint.safetensors'));
      // Told to whoever comes: nobody is here yet.
      if (this.#learner.steps > residual.learningStarts) this.published = this.#weights();
    } else {
      demonstrate((t) => this.#learner.demonstrations.add(t));
      this.save();
    }
  }

  /** When the run began: one that began anew has another. */
  get run(): string {
    return this.#run.record.started;
  }

  get steps(): number {
    return this.#learner.steps;
  }

  /** Episodes learned from. */
  get learned(): number {
    return this.#learned;
  }

  get demonstrations(): number {
    return this.#learner.demonstrations.size;
  }

  /** How the actor shall explore now, on top of the residual. */
  get exploration(): Exploration {
    const { learningStarts, warmUpNoise, exploration } = this.#options.residual;
    const warm = this.steps < learningStarts;
    return { uniform: warm ? warmUpNoise : 0, normal: warm ? 0 : exploration };
  }

  /** Takes an episode and keeps it, as its message came. False: it was here before. @throws RangeError for one with a fault */
  take(episode: Episode, raw: Uint8Array): boolean {
    const fault = faultOf(episode, this.#options.sizes);
    if (fault !== '') throw new RangeError(fault);
    const added = this.episodes.add(episode.id, raw);
    if (added) void this.work();
    return added;
  }

  /** Learns from all that is there. What happens outside gets its turn after every update. */
  work(): Promise<void> {
    this.#working ??= this.#workOff().finally(() => {
      this.#working = null;
    });
    return this.#working;
  }

  async #workOff(): Promise<void> {
    for (let entry = this.episodes.from(this.#next); entry && !this.#ended; entry = this.episodes.from(this.#next)) {
      const episode = decode(entry.read()) as Episode & { kind: 'episode' };
      for (const transition of transitionsOf(episode, this.#options.sizes)) {
        for (const _ of this.#learner.observing(transition)) await setImmediate();
        await setImmediate();
      }
      this.#next = entry.index + 1;
      this.#learned++;
      this.#since++;
      this.#remember(episode);
      this.#options.onLearned(this.state(), episode);
      if (this.steps > this.#options.residual.learningStarts && this.#since >= this.#options.publishEvery)
        this.#publish();
      if (performance.now() - this.#savedAt > 1000 * this.#options.checkpointEveryS) this.save();
    }
  }

  #remember({ reward, cost, success }: Episode): void {
    const sum = (v: Float64Array) => v.reduce((a, b) => a + b, 0);
    this.#recent.push({ return: sum(reward), success: success ? 1 : 0, cost: sum(cost) });
    if (this.#recent.length > RECENT) this.#recent.shift();
  }

  #weights(): PublishedWeights {
    const bytes = this.#learner.export({ kind: 'residual', decisions: String(this.steps) });
    return { version: this.steps, sha256: createHash('sha256').update(bytes).digest('hex'), bytes };
  }

  #publish(): void {
    const { folder } = this.#options;
    this.#since = 0;
    this.published = this.#weights();
    const { bytes } = this.published;
    const name = (version: number) => `${String(version).padStart(9, '0')}.safetensors`;
    this.#write('versions', 'they are handed on all the same', () => {
      writeWhole(join(folder, 'weights', name(this.steps)), bytes);
      writeWhole(join(folder, 'residual.safetensors'), bytes);
    });
    const old = readdirSync(join(folder, 'weights')).sort().slice(0, -RECENT);
    for (const file of old) rmSync(join(folder, 'weights', file), { force: true });
    this.#write('the curve', 'it has gaps', () =>
      this.#run.row({ kind: 'training', wall_s: this.#wall(), ...this.state() }),
    );
    this.#options.onWeights(this.published);
  }

  state(): TrainingState {
    const mean = (of: 'return' | 'success' | 'cost') =>
      this.#recent.reduce((s, r) => s + r[of], 0) / Math.max(1, this.#recent.length);
    const { figures, note } = this.#learner;
    return {
      ...{ steps: this.steps, episodes: this.#learned, figures, ...(note && { note }) },
      ...{ return: mean('return'), success: mean('success'), cost: mean('cost') },
    };
  }

  save(): void {
    this.#savedAt = performance.now();
    const saved = this.#write('the checkpoint', 'the one before stays, and the episodes since then', () => {
      this.#run.checkpoint(writeCheckpoint(this.#parts(), {}));
      this.#run.update({ steps_done: this.steps, wall_s: this.#wall() });
    });
    if (!saved) return;
    // What the checkpoint holds need not be learned again: of that, the oldest may go.
    while (this.episodes.size > 1 && this.episodes.bytes > this.#options.keepBytes) {
      const oldest = this.episodes.from(0)!;
      if (oldest.index >= this.#next) break;
      this.episodes.remove(oldest.id);
    }
  }

  /** A disk that is full costs what cannot be written, not the learning. */
  #write(name: string, lost: string, write: () => void): boolean {
    const room = this.#disk.seen(name, hasRoom(write), lost);
    if (!room) this.unwritten++;
    return room;
  }

  /** Ends after the episode that it is in, and saves. */
  async end(): Promise<void> {
    this.#ended = true;
    await this.#working;
    this.save();
  }

  #wall(): number {
    return Math.round((Date.now() - Date.parse(this.#run.record.started)) / 100) / 10;
  }

  #parts(): Parts {
    const read = (): Numbers => ({
      ...{ next: this.#next, learned: this.#learned, since: this.#since },
      returns: this.#recent.map((r) => r.return),
      successes: this.#recent.map((r) => r.success),
      costs: this.#recent.map((r) => r.cost),
    });
    const write = (n: Numbers): void => {
      this.#next = n.next as number;
      this.#learned = n.learned as number;
      this.#since = n.since as number;
      const [returns, successes, costs] = [n.returns, n.successes, n.costs] as [number[], number[], number[]];
      this.#recent = returns.map((sum, i) => ({ return: sum, success: successes[i]!, cost: costs[i]! }));
    };
    return { ...this.#learner.parts(), practice: persistentCounters(read, write) };
  }
}
