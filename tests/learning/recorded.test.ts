import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { BasePolicy } from '../../policies/policy.ts';
import { loadRun } from '../../src/core/config/load.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { SeededRandom } from '../../src/core/random.ts';
import { BC_DEFAULTS, trainBc } from '../../src/learning/behaviour-cloning.ts';
import type { Transition } from '../../src/learning/environment.ts';
import { demonstrationsOf, residualEpisodesOf, sortedOut, transitionsOf } from '../../src/learning/recorded.ts';
import { Batch, ReplayBuffer } from '../../src/learning/replay.ts';
import type { Frames } from '../../src/logs/trajectories/frames.ts';

const dir = mkdtempSync(join(tmpdir(), 'reflexarc-recorded-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** Episodes of 3 and 2 frames: observation [episode, k, 1], action [k / 10, 0, 0, 0], reward k, done in the first one's last frame. */
function frames(scale = 0.1): Frames {
  const entries = new Map([
    ['o', ['e', 'k', 'one']],
    ['a', ['0', '1', '2', '3']],
    ['r', ['r']],
    ['d', ['d']],
  ]);
  const episodes = [3, 2].map((length, index) => {
    const rows = (of: (k: number) => number[]) => Array.from({ length }, (_, k) => Float64Array.from(of(k)));
    return {
      ...{ index, task: '', length },
      rows: new Map([
        ['o', rows((k) => [index, k, 1])],
        ['a', rows((k) => [scale * k, 0, 0, 0])],
        ['r', rows((k) => [k])],
        ['d', rows((k) => [index === 0 && k === length - 1 ? 1 : 0])],
      ]),
    };
  });
  return { entries, episodes, damage: null };
}
const features = { observation: 'o', action: 'a', reward: 'r', done: 'd' };
const sizes = { observationSize: 3, actionSize: 4 };

describe('recorded trajectories', () => {
  it('are demonstrations, an episode each', () => {
    const [first, second] = demonstrationsOf(frames(), features, sizes);
    expect([first!.observations.length, second!.observations.length]).toEqual([3, 2]);
    expect([...second!.observations[1]!, ...second!.actions[1]!]).toEqual([1, 1, 1, 0.1, 0, 0, 0]);
  });

  it('are transitions from frame to frame, ended by what says so and cut short by what does not', () => {
    const all = [...transitionsOf(frames(), features, sizes)];
    const ends = all.map((t) => [t.observation[1], t.nextObservation[1], t.reward, t.terminated, t.truncated]);
    expect(ends).toEqual([
      [0, 1, 0, false, false],
      [1, 2, 1, false, false],
      [2, 2, 2, true, false],
      [0, 1, 0, false, false],
      [1, 1, 1, false, true],
    ]);
  });

  it('go into a replay buffer, whose batches have their rewards and their ends', () => {
    const buffer = new ReplayBuffer({ capacity: 10, ...sizes, baseSize: 0 });
    for (const t of transitionsOf(frames(), features, sizes)) buffer.add(t);
    expect(buffer.size).toBe(5);
    const batch = new Batch(200, { ...sizes, baseSize: 0 });
    const sampling = { nStep: 2, gamma: 0.5, bootstrapTimeouts: true, relabelling: 'executed' } as const;
    buffer.sample(new SeededRandom(1).fork('batch'), sampling, batch, 0, 200);
    const seen = new Set<string>();
    for (let i = 0; i < 200; i++)
      seen.add([batch.observation[3 * i], batch.observation[3 * i + 1], batch.reward[i], batch.discount[i]].join(' '));
    // Two rewards of steps 0 and 1: 0 + 0.5; of 1 and 2: 1 + 1; an end has no future; the second episode was cut short.
    expect([...seen].sort()).toEqual(['0 0 0.5 0.25', '0 1 2 0', '0 2 2 0', '1 0 0.5 0.25', '1 1 1 0.5']);
  });

  it('of another size, or with actions beyond the units of the policy, are refused with their place', () => {
    expect(() => demonstrationsOf(frames(), features, { observationSize: 5, actionSize: 4 })).toThrow(
      /feature o with 3 numbers; allowed: 5 numbers/,
    );
    expect(() => demonstrationsOf(frames(), { observation: 'o', action: 'x' }, sizes)).toThrow(
      /feature x with 0 numbers/,
    );
    expect(() => [...transitionsOf(frames(2), features, sizes)]).toThrow(/a of 2 in episode 0, frame 1/);
  });

  it('for a residual have what the base would have done, asked for as often as by the daemon, and are sorted by success', async () => {
    // Two actions a chunk: a hundredth of the frame, and that and a half.
    const base: BasePolicy = {
      ...{ observationSize: 3, actionSize: 4, horizon: 2, sha256: '' },
      infer: ([, k], chunk) => void chunk.fill(0).set([k! / 100, 0, 0, 0, k! / 100 + 0.5]),
    };
    const given = frames();
    (given.episodes[1]!.rows as Map<string, Float64Array[]>).set('r', [Float64Array.of(0), Float64Array.of(0)]);
    const episodes = [];
    for await (const e of residualEpisodesOf(given, { ...features, baseObservation: 'o' }, sizes, base, 2))
      episodes.push(e);
    const { demonstrations, online, successes, failures } = sortedOut(episodes);
    expect([successes, failures]).toEqual([1, 1]);
    const seen = (t: Transition) => [t.base[0], t.nextBase[0], t.executed[0], t.reward, t.terminated];
    // Chunks at frames 0 and 2; behind the last frame its second action.
    expect(demonstrations.map(seen)).toEqual([
      [0, 0.5, 0, 0, false],
      [0.5, 0.02, 0.1, 1, false],
      [0.02, 0.52, 0.2, 2, true],
    ]);
    expect(online.map(seen)).toEqual([
      [0, 0.5, 0, 0, false],
      [0.5, 0.01, 0.1, 0, false],
    ]);
    // The second episode, as it came, ends with a reward and no `done`: it is over all the same, and not worth that for ever.
    const ends = [];
    for await (const e of residualEpisodesOf(frames(), { ...features, baseObservation: 'o' }, sizes, base, 2))
      ends.push(e.transitions.map((t) => [t.reward, t.terminated, t.truncated]));
    expect(ends[1]).toEqual([
      [0, false, false],
      [1, true, false],
    ]);
    const none = residualEpisodesOf(given, { observation: 'o', action: 'a', baseObservation: 'o' }, sizes, base, 2);
    await expect(none.next()).rejects.toThrow(/no rewards; allowed: a channel with the reward/);
    const other = residualEpisodesOf(given, { ...features, baseObservation: 'd' }, sizes, base, 2);
    await expect(other.next()).rejects.toThrow(/feature d with 1 numbers; allowed: 3 numbers/);
  });

  it('are cloned in place of the scripted expert, and the manifest says what they were', async () => {
    const { config } = loadRun(`${packageRoot}/configs/runs/peg.yaml`, []);
    const demonstrations = demonstrationsOf(frames(), features, sizes);
    const options = { ...BC_DEFAULTS, epochs: 2, hidden: 8, onProgress: () => {}, out: dir };
    const made = await trainBc(config, { ...options, recorded: { demonstrations, source: 'a.mcap' } });
    expect(made).toMatchObject({ demonstrations: 2, transitions: 5 });
    const manifest = JSON.parse(readFileSync(join(dir, 'base.manifest.json'), 'utf8'));
    expect(manifest).toMatchObject({
      data: '2 demonstrations of a.mcap',
      made_by: expect.stringContaining('--from a.mcap'),
    });
  });
});
