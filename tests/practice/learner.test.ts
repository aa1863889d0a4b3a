import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EpisodeFolder } from '../../src/practice/episode-folder.ts';
import { PracticeLearner, type PublishedWeights } from '../../src/practice/practice-learner.ts';
import { type Episode, encode } from '../../src/practice/protocol.ts';
import { sharedToken } from '../../src/practice/token.ts';
import { episode, learnerIn, RESIDUAL } from './make.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'reflexarc-practice-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

const raw = (e: Episode) => encode({ kind: 'episode', ...e });
const give = (learner: PracticeLearner, e: Episode) => learner.take(e, raw(e));
const some = (n: number) => Array.from({ length: n }, (_, k) => episode(`e-${k}`, 4, {}, 10 * k));

describe('episodes on disk', () => {
  it('keep their order, once each, through a process that was killed while it wrote', () => {
    const path = join(dir, 'folder');
    const folder = new EpisodeFolder(path);
    for (const id of ['b', 'a', 'b']) folder.add(id, Buffer.from(id));
    expect(folder.ids).toEqual(['b', 'a']);
    writeFileSync(join(path, '00000002-c.cbor.new'), 'half of');
    const again = new EpisodeFolder(path);
    expect(again.ids).toEqual(['b', 'a']);
    expect(readdirSync(path)).toHaveLength(2);
    again.remove('b');
    again.add('c', Buffer.from('c'));
    expect(new EpisodeFolder(path).ids).toEqual(['a', 'c']);
    expect(again.from(0)!.read().toString()).toBe('a');
    expect(again.from(2)!.id).toBe('c');
  });

  it('are bounded: the oldest go, the newest stays whatever it weighs', () => {
    const folder = new EpisodeFolder(join(dir, 'bounded'));
    for (const id of ['a', 'b', 'c']) folder.add(id, Buffer.alloc(100));
    expect(folder.keepWithin(250)).toBe(1);
    expect(folder.ids).toEqual(['b', 'c']);
    expect(folder.keepWithin(10)).toBe(1);
    expect(folder.ids).toEqual(['c']);
  });
});

describe('a learner that is fed by episodes', () => {
  it('makes weights of them, whose version is the decisions behind them', async () => {
    const versions: number[] = [];
    const learner = new PracticeLearner(
      learnerIn(join(dir, 'plain'), { onWeights: ({ version }) => void versions.push(version) }),
    );
    for (const e of some(6)) expect(give(learner, e)).toBe(true);
    await learner.work();
    expect(versions).toEqual([8, 16, 24]);
    expect(learner).toMatchObject({ steps: 24, learned: 6 });
    expect(learner.exploration).toEqual({ uniform: 0, normal: 0.1 });
    expect(readdirSync(join(dir, 'plain/weights'))).toHaveLength(3);
  });

  it('explores by noise on the base until it learns', () => {
    const learner = new PracticeLearner(learnerIn(join(dir, 'warm')));
    expect(learner.exploration).toEqual({ uniform: 0.2, normal: 0 });
  });

  it('listens between any two updates, also while the critic is warmed up', async () => {
    const residual = { ...RESIDUAL, criticWarmUp: 200 };
    const learner = new PracticeLearner(learnerIn(join(dir, 'listens'), { residual }));
    let turns = 0;
    let working = true;
    const listen = () => {
      turns++;
      if (working) setImmediate(listen);
    };
    setImmediate(listen);
    for (const e of some(2)) give(learner, e);
    await learner.work();
    working = false;
    // 200 of the warm-up; 3 decisions from the sixth on, with one update each; and one more for each of the 8 decisions.
    expect(turns).toBeGreaterThanOrEqual(200 + 3 + 8 - 1);
  });

  it('takes an episode once, however often it comes', async () => {
    const learner = new PracticeLearner(learnerIn(join(dir, 'twice')));
    const [one] = some(1);
    expect([give(learner, one!), give(learner, one!)]).toEqual([true, false]);
    await learner.work();
    expect(learner.learned).toBe(1);
  });

  it('refuses one of another robot, and keeps nothing of it', () => {
    const learner = new PracticeLearner(learnerIn(join(dir, 'other')));
    expect(() => give(learner, episode('x', 3, { base: new Float64Array(9) }))).toThrow(/base of 9/);
    expect(learner.episodes.size).toBe(0);
  });

  it('killed after any episode goes on to the same bits, with every episode', async () => {
    const run = async (name: string, dies: number[]) => {
      const published = new Map<number, string>();
      const onWeights = ({ version, sha256 }: PublishedWeights) => {
        const before = published.get(version) ?? sha256;
        expect(before, `version ${version}`).toBe(sha256);
        published.set(version, sha256);
      };
      const open = () => new PracticeLearner(learnerIn(join(dir, name), { onWeights }));
      let learner = open();
      for (const [k, e] of some(8).entries()) {
        give(learner, e);
        await learner.work();
        if (k === 3) learner.save();
        // Without a word: what was learned since the checkpoint is gone, the episodes are not.
        if (dies.includes(k)) learner = open();
        await learner.work();
      }
      expect(learner).toMatchObject({ learned: 8, steps: 32 });
      return published;
    };
    const whole = await run('whole', []);
    const killed = await run('killed', [2, 3, 6]);
    expect([...whole.keys()]).toEqual([8, 16, 24, 32]);
    for (const [version, sha256] of whole) expect(killed.get(version), `version ${version}`).toBe(sha256);
  });

  it('has its weights again as soon as it is back, for whoever comes, and tells nobody before', async () => {
    const first = new PracticeLearner(learnerIn(join(dir, 'back')));
    for (const e of some(2)) give(first, e);
    await first.work();
    first.save();
    const told: number[] = [];
    const again = new PracticeLearner(learnerIn(join(dir, 'back'), { onWeights: (w) => void told.push(w.version) }));
    expect(again.resumed).toBe(true);
    expect(again.published).toMatchObject({ version: 8, sha256: first.published!.sha256 });
    expect(told).toEqual([]);
  });

  it('lets go of old episodes only when its checkpoint holds them', async () => {
    const learner = new PracticeLearner(learnerIn(join(dir, 'bound'), { keepBytes: 10 }));
    for (const e of some(3)) give(learner, e);
    await learner.work();
    expect(learner.episodes.size).toBe(3);
    learner.save();
    expect(learner.episodes.ids).toEqual(['e-2']);
    const again = new PracticeLearner(learnerIn(join(dir, 'bound'), { keepBytes: 10 }));
    give(again, episode('later', 4));
    await again.work();
    expect(again).toMatchObject({ learned: 4, steps: 16 });
  });
});

describe('the token', () => {
  it('is made once, for its owner alone, and is the same for both', () => {
    const file = join(dir, 'secret/token');
    const token = sharedToken(file);
    expect(token).toMatch(/^[0-9a-f]{64}$/);
    expect(sharedToken(file)).toBe(token);
    expect(statSync(file).mode & 0o077).toBe(0);
    expect(readFileSync(file, 'utf8').trim()).toBe(token);
  });

  it('that others can read, or that is short, is refused', () => {
    const file = join(dir, 'open');
    writeFileSync(file, 'x'.repeat(40), { mode: 0o600 });
    chmodSync(file, 0o644);
    expect(() => sharedToken(file)).toThrow(/can be read by others/);
    const short = join(dir, 'short');
    writeFileSync(short, 'abc\n', { mode: 0o600 });
    expect(() => sharedToken(short)).toThrow(/of 3 characters/);
  });
});
