import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { hasRoom, writeWhole } from '../core/whole-file.ts';
import { type Blocks, NO_BLOCKS } from './blocks.ts';

/** A version of the residual; 0 is the one that the run's config pins. */
export interface Version {
  readonly version: number;
  readonly sha256: string;
}

const CONFIGURED: Version = { version: 0, sha256: '' };
/** Accepted versions that are kept, to go back to. */
const KEPT = 20;

interface Remembered {
  /** Of this folder: ids of episodes begin with it. */
  session: string;
  /** The learner's run that the versions are of. */
  run: string;
  /** Episodes begun. */
  episodes: number;
  /** Versions that were in use, the newest last. */
  versions: Version[];
  blocks: Blocks;
  /** Newest version that was gone back from: it and older ones are not taken again. */
  fell: number;
}

/** What the actor knows beyond its own life: `actor.json` and the accepted weights, in its folder. */
export class ActorMemory {
  readonly path: string;
  /** What it knows is on the disk, which had room for it. */
  saved = true;
  #state: Remembered;

  constructor(path: string) {
    this.path = path;
    mkdirSync(join(path, 'weights'), { recursive: true });
    const fresh = (): Remembered => ({
      ...{ session: newSession(), run: '', episodes: 0, versions: [], blocks: NO_BLOCKS, fell: 0 },
    });
    const file = join(path, 'actor.json');
    this.#state = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Remembered) : fresh();
    // Files that were changed or lost are none of ours: what is left is gone back to.
    this.#state.versions = this.#state.versions.filter((v) => this.#isWhole(v));
    this.#save();
  }

  get episodes(): number {
    return this.#state.episodes;
  }

  get blocks(): Blocks {
    return this.#state.blocks;
  }

  get fell(): number {
    return this.#state.fell;
  }

  get current(): Version {
    return this.#state.versions.at(-1) ?? CONFIGURED;
  }

  /** Where the weights of a version are; empty for those of the config. */
  fileOf({ version }: Version): string {
    return version === 0 ? '' : join(this.path, 'weights', `${String(version).padStart(9, '0')}.safetensors`);
  }

  /** A new episode: its id, which no other has, also after `kill -9`. */
  nextEpisode(): string {
    this.#change({ episodes: this.#state.episodes + 1 });
    return `${this.#state.session}-${String(this.#state.episodes).padStart(6, '0')}`;
  }

  /** A learner that began anew counts its versions anew: those of another are no longer in use. True: it is another. */
  follow(run: string): boolean {
    if (run === this.#state.run) return false;
    const changed = this.#state.versions.length > 0;
    this.#change({ run, versions: [], blocks: NO_BLOCKS, fell: 0 });
    return changed;
  }

  count(blocks: Blocks): void {
    this.#change({ blocks });
  }

  /** These weights are in use from now on. False: the disk has no room for them, and they are not. */
  take(version: Version, bytes: Uint8Array): boolean {
    if (!hasRoom(() => writeWhole(this.fileOf(version), bytes))) return false;
    this.#change({ versions: [...this.#state.versions, version].slice(-KEPT) });
    const kept = this.#state.versions.map((v) => this.fileOf(v));
    for (const name of readdirSync(join(this.path, 'weights')))
      if (!kept.includes(join(this.path, 'weights', name))) rmSync(join(this.path, 'weights', name), { force: true });
    return true;
  }

  /** Back to `version`, or to the newest older one that is still here; without a number, to the one before this. */
  back(version = this.#state.versions.at(-2)?.version ?? 0): Version {
    const { current } = this;
    this.#change({
      versions: this.#state.versions.filter((v) => v.version <= version),
      fell: Math.max(this.#state.fell, current.version),
    });
    return this.current;
  }

  #isWhole(version: Version): boolean {
    const file = this.fileOf(version);
    return existsSync(file) && createHash('sha256').update(readFileSync(file)).digest('hex') === version.sha256;
  }

  #change(changes: Partial<Remembered>): void {
    this.#state = { ...this.#state, ...changes };
    this.#save();
  }

  /** Without room for it, episodes get the name of a session that no process after this one will go on with. */
  #save(): void {
    this.saved = hasRoom(() => writeWhole(join(this.path, 'actor.json'), `${JSON.stringify(this.#state)}\n`));
    if (!this.saved) this.#state = { ...this.#state, session: newSession() };
  }
}

const newSession = () => randomBytes(6).toString('hex');
