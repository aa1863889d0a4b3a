import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DiskRoom, hasRoom } from '../../src/core/whole-file.ts';
import { readRun } from '../../src/learning/run-folder.ts';
import { ActorMemory } from '../../src/practice/actor-memory.ts';
import { PracticeLearner } from '../../src/practice/practice-learner.ts';
import { encode } from '../../src/practice/protocol.ts';
import { episode, learnerIn } from './make.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'reflexarc-full-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

/** The next write of this file finds no room (ENOSPC, of the kernel's own), the one after it does. */
const noRoomFor = (file: string) => symlinkSync('/dev/full', `${file}.new`);

describe('a full disk under what the actor knows', () => {
  it('costs no process its life and no episode its name, also where the next process knows less', () => {
    const folder = join(dir, 'memory');
    const memory = new ActorMemory(folder);
    const ids = [memory.nextEpisode()];
    noRoomFor(join(folder, 'actor.json'));
    ids.push(memory.nextEpisode());
    expect(memory.saved).toBe(false);
    // Killed here: what was not saved is not known.
    const next = new ActorMemory(folder);
    ids.push(next.nextEpisode(), next.nextEpisode());
    expect(new Set(ids).size).toBe(4);
    ids.push(memory.nextEpisode());
    expect([memory.saved, memory.episodes]).toEqual([true, 3]);
  });

  it('keeps weights from being used that are not on it', () => {
    const memory = new ActorMemory(join(dir, 'weights'));
    const [version, bytes] = [{ version: 8, sha256: '' }, Buffer.from('w')];
    noRoomFor(memory.fileOf(version));
    expect([memory.take(version, bytes), memory.current.version]).toEqual([false, 0]);
    expect([memory.take(version, bytes), memory.current.version]).toEqual([true, 8]);
    expect(readFileSync(memory.fileOf(version), 'utf8')).toBe('w');
  });
});

describe('a full disk under the learner', () => {
  it('costs versions, checkpoints and rows, which are counted and said once; it learns, hands on and saves when there is room', async () => {
    const folder = join(dir, 'learner');
    const [said, versions]: [string[], number[]] = [[], []];
    const options = learnerIn(folder, {
      say: (text) => void said.push(text),
      onWeights: ({ version }) => void versions.push(version),
    });
    const learner = new PracticeLearner(options);
    for (const version of [8, 16]) noRoomFor(join(folder, `weights/${String(version).padStart(9, '0')}.safetensors`));
    rmSync(join(folder, 'curve.jsonl'));
    symlinkSync('/dev/full', join(folder, 'curve.jsonl'));
    for (let k = 0; k < 6; k++) {
      const e = episode(`e-${k}`, 4, {}, 10 * k);
      learner.take(e, encode({ kind: 'episode', ...e }));
    }
    await learner.work();
    noRoomFor(join(folder, 'checkpoint.safetensors'));
    learner.save();
    expect(versions).toEqual([8, 16, 24]);
    // Two versions, three rows, one checkpoint.
    expect(learner.unwritten).toBe(6);
    expect(said).toEqual([
      'the disk is full: no room for versions; they are handed on all the same',
      'the disk is full: no room for the curve; it has gaps',
      'the disk has room for versions again',
      'the disk is full: no room for the checkpoint; the one before stays, and the episodes since then',
    ]);
    rmSync(join(folder, 'curve.jsonl'));
    await learner.end();
    expect(said.at(-1)).toBe('the disk has room for the checkpoint again');
    expect(readRun(folder)!.record.steps_done).toBe(24);
    expect(new PracticeLearner(options)).toMatchObject({ resumed: true, steps: 24, learned: 6 });
  });
});

describe('what has no room', () => {
  it('is told from what fails otherwise, which is thrown', () => {
    const fails = (code: string) => () =>
      hasRoom(() => {
        throw Object.assign(new Error(code), { code });
      });
    expect([fails('ENOSPC')(), fails('EDQUOT')(), hasRoom(() => {})]).toEqual([false, false, true]);
    expect(fails('EACCES')).toThrow('EACCES');
  });

  it('is said once for each name, and once when there is room again', () => {
    const said: string[] = [];
    const disk = new DiskRoom((level, text) => void said.push(`${level} ${text}`));
    const seen = [true, false, false, true, true].map((room) => disk.seen('a', room, 'b'));
    expect(seen).toEqual([true, false, false, true, true]);
    expect(said).toEqual(['warn the disk is full: no room for a; b', 'info the disk has room for a again']);
  });
});
