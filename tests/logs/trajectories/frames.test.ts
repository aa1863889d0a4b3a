import { describe, expect, it } from 'vitest';
import { framesOf } from '../../../src/logs/trajectories/frames.ts';
import { type Channel, Findings, type Sample } from '../../../src/logs/trajectories/trajectory.ts';

const MS = 1_000_000n;
const q: Channel = { name: 'q', entries: ['a', 'b'] };
const u: Channel = { name: 'u', entries: [''] };
const at = (channel: Channel, ms: number, values: number[], index = 0): Sample => ({
  channel,
  episode: { index, task: '' },
  timeNs: BigInt(ms) * MS,
  values: Float64Array.from(values),
});
async function* stream(...samples: Sample[]) {
  yield* samples;
}
const rows = (of: readonly Float64Array[]) => of.map((row) => [...row]);

describe('frames', () => {
  it('have the last value at or before their time, from the first that all have to the first that ends', async () => {
    const samples = stream(
      ...[at(q, 0, [0, 1]), at(q, 150, [2, 3]), at(q, 400, [4, 5])],
      ...[at(u, 100, [7]), at(u, 199, [8]), at(u, 200, [9]), at(u, 390, [10])],
    );
    const { episodes, entries } = await framesOf(samples, 10, null, new Findings());
    // At 100, 200 and 300 ms; 400 would be after the end of u.
    expect(episodes).toHaveLength(1);
    expect(rows(episodes[0]!.rows.get('q')!)).toEqual([
      [0, 1],
      [2, 3],
      [2, 3],
    ]);
    expect(rows(episodes[0]!.rows.get('u')!)).toEqual([[7], [9], [9]]);
    expect([...entries]).toEqual([
      ['q', ['a', 'b']],
      ['u', ['u']],
    ]);
  });

  it('put samples in the order of time, and channels one after another', async () => {
    const samples = stream(at(q, 100, [3, 4]), at(u, 0, [9]), at(q, 0, [1, 2]), at(u, 100, [8]));
    const { episodes, entries } = await framesOf(samples, 10, [{ name: 's', channels: ['u', 'q'] }], new Findings());
    expect(rows(episodes[0]!.rows.get('s')!)).toEqual([
      [9, 1, 2],
      [8, 3, 4],
    ]);
    expect(entries.get('s')).toEqual(['u', 'q.a', 'q.b']);
  });

  it('leave out an episode with a number that is not finite or without a channel, and tell which and where', async () => {
    const findings = new Findings();
    const samples = stream(
      ...[
        at(u, 0, [1], 3),
        at(u, 100, [Number.NaN], 3),
        at(u, 200, [1], 3),
        at(q, 0, [1, 1], 3),
        at(q, 200, [1, 1], 3),
      ],
      ...[at(u, 0, [1], 4), at(u, 0, [2], 5), at(q, 0, [1, 2], 5)],
    );
    const { episodes } = await framesOf(samples, 10, null, findings);
    expect(episodes.map(({ index, length }) => [index, length])).toEqual([[5, 1]]);
    expect(findings.all.map(({ of, why, place }) => `${place}: ${of}: ${why}`)).toEqual([
      'episode 3: u: a number that is not finite, at frame 1',
      'episode 4: q: no samples in an episode',
    ]);
  });

  it('tell where one value was held for long', async () => {
    const findings = new Findings();
    const samples = stream(at(u, 0, [1]), at(u, 1100, [2]), at(q, 0, [1, 1]), at(q, 1100, [1, 1]));
    await framesOf(samples, 10, [{ name: 'u', channels: ['u'] }], findings);
    expect(findings.all).toMatchObject([{ of: 'u', kept: true, why: 'one value for more than 10 frames' }]);
  });

  it('refuse a channel that is not there, and a source of which nothing is left', async () => {
    const wanted = [{ name: 's', channels: ['w'] }];
    await expect(framesOf(stream(at(u, 0, [1])), 10, wanted, new Findings())).rejects.toMatchObject({
      code: 'RA_USAGE',
      seen: 'no channel w',
    });
    await expect(framesOf(stream(at(u, 0, [Number.NaN])), 10, null, new Findings())).rejects.toMatchObject({
      code: 'RA_USAGE',
      seen: 'episode 0: u: a number that is not finite, at frame 0',
    });
  });

  it('of a source that is damaged are what it gave, and say so', async () => {
    const cut = (async function* () {
      yield at(u, 0, [1]);
      throw new Error('cut');
    })();
    const { episodes, damage } = await framesOf(cut, 10, null, new Findings());
    expect(episodes).toHaveLength(1);
    expect(damage?.message).toBe('cut');
  });
});
