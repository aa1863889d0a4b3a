import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { writeWhole } from '../core/whole-file.ts';

interface Entry {
  readonly index: number;
  readonly id: string;
  readonly bytes: number;
}

const NAME = /^(\d{8})-([\w.-]+)\.cbor$/;

/**
 * Episodes on disk, one file each, in the order in which they came: `00000012-<id>.cbor`. The actor keeps what the learner has not
 * acknowledged in one, the learner all that it has acknowledged in another, so that a process that is killed loses none. A file that was
 * being written then is none.
 */
export class EpisodeFolder {
  readonly path: string;
  readonly #entries: Entry[];
  #next: number;

  constructor(path: string) {
    this.path = path;
    mkdirSync(path, { recursive: true });
    const files = readdirSync(path);
    for (const file of files) if (file.endsWith('.new')) rmSync(join(path, file), { force: true });
    this.#entries = files
      .flatMap((file) => {
        const [, index, id] = NAME.exec(file) ?? [];
        return id === undefined ? [] : [{ index: Number(index), id, bytes: statSync(join(path, file)).size }];
      })
      .sort((a, b) => a.index - b.index);
    this.#next = (this.#entries.at(-1)?.index ?? -1) + 1;
  }

  get size(): number {
    return this.#entries.length;
  }

  get bytes(): number {
    return this.#entries.reduce((sum, e) => sum + e.bytes, 0);
  }

  /** Index that the next one gets. */
  get next(): number {
    return this.#next;
  }

  get ids(): string[] {
    return this.#entries.map((e) => e.id);
  }

  /** False where one of this id is there already. @throws ENOSPC: then it is not kept */
  add(id: string, bytes: Uint8Array): boolean {
    if (this.#entries.some((e) => e.id === id)) return false;
    const entry = { index: this.#next++, id, bytes: bytes.length };
    writeWhole(this.#file(entry), bytes);
    this.#entries.push(entry);
    return true;
  }

  /** The oldest from `index` on; null where there is none. */
  from(index: number): { index: number; id: string; read(): Buffer } | null {
    const entry = this.#entries.find((e) => e.index >= index);
    return entry ? { index: entry.index, id: entry.id, read: () => readFileSync(this.#file(entry)) } : null;
  }

  remove(id: string): boolean {
    const at = this.#entries.findIndex((e) => e.id === id);
    if (at < 0) return false;
    rmSync(this.#file(this.#entries[at]!), { force: true });
    this.#entries.splice(at, 1);
    return true;
  }

  /** Lets the oldest go while there is more than `bytes`; the newest stays. Says how many went. */
  keepWithin(bytes: number): number {
    let gone = 0;
    for (let sum = this.bytes; sum > bytes && this.#entries.length > 1; gone++) {
      sum -= this.#entries[0]!.bytes;
      this.remove(this.#entries[0]!.id);
    }
    return gone;
  }

  #file({ index, id }: Pick<Entry, 'index' | 'id'>): string {
    return join(this.path, `${String(index).padStart(8, '0')}-${id}.cbor`);
  }
}
