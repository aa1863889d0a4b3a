import { renameSync, rmSync, writeFileSync } from 'node:fs';

/** Writes a file whole or not at all: cut off or without room it leaves the old one, and nothing beside it. @throws what the disk says */
export function writeWhole(file: string, content: string | Uint8Array): void {
  try {
    writeFileSync(`${file}.new`, content);
    renameSync(`${file}.new`, file);
  } catch (error) {
    rmSync(`${file}.new`, { force: true });
    throw error;
  }
}

/** Runs `write`; false where the disk, or our share of it, has no room. @throws everything else */
export function hasRoom(write: () => void): boolean {
  try {
    write();
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOSPC' || code === 'EDQUOT') return false;
    throw error;
  }
}

/** What has no room on the disk, by name: said once, and once when there is room again. */
export class DiskRoom {
  readonly #without = new Set<string>();
  readonly #say: (level: 'info' | 'warn', text: string) => void;

  constructor(say: (level: 'info' | 'warn', text: string) => void) {
    this.#say = say;
  }

  /** Answers `room`. `lost`: what comes of it. */
  seen(name: string, room: boolean, lost: string): boolean {
    if (room && this.#without.delete(name)) this.#say('info', `the disk has room for ${name} again`);
    if (room || this.#without.has(name)) return room;
    this.#without.add(name);
    this.#say('warn', `the disk is full: no room for ${name}; ${lost}`);
    return false;
  }
}
