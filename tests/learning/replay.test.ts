import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../src/core/random.ts';
import { readCheckpoint, writeCheckpoint } from '../../src/learning/checkpoint.ts';
import type { Transition } from '../../src/learning/environment.ts';
import { Batch, ReplayBuffer, type Sampling } from '../../src/learning/replay.ts';

const SIZES = { observationSize: 1, actionSize: 1, baseSize: 1 };
const SAMPLING: Sampling = { nStep: 3, gamma: 0.5, bootstrapTimeouts: true, relabelling: 'executed' };

/** Step `t` of an episode: everything in it tells of t. */
const step = (t: number, over: Partial<Transition> = {}): Transition => ({
  observation: Float64Array.of(t),
  base: Float64Array.of(t + 0.25),
  proposed: Float64Array.of(-t),
  executed: Float64Array.of(t + 0.5),
  reward: 2 ** t,
  cost: 0,
  nextObservation: Float64Array.of(t + 1),
  nextBase: Float64Array.of(t + 1.25),
  terminated: false,
  truncated: false,
  intervened: 'none',
  ...over,
});

/** The batch row of the transition whose observation is `t`: drawn until it comes. */
function rowOf(buffer: ReplayBuffer, t: number, sampling: Partial<Sampling> = {}) {
  const batch = new Batch(1, SIZES);
  const random = new SeededRandom(1);
  for (let k = 0; k < 1000; k++) {
    buffer.sample(random, { ...SAMPLING, ...sampling }, batch, 0, 1);
    if (batch.observation[0] !== t) continue;
    const [reward, discount, next, nextBase, action, base] = [
      ...[batch.reward[0], batch.discount[0], batch.nextObservation[0], batch.nextBase[0]],
      ...[batch.action[0], batch.base[0]],
    ];
    return { reward, discount, next, nextBase, action, base, terminated: batch.terminated[0] };
  }
  throw new Error(`${t} is not held`);
}

function filled(steps: readonly Transition[], capacity = 100): ReplayBuffer {
  const buffer = new ReplayBuffer({ capacity, ...SIZES });
  for (const t of steps) buffer.add(t);
  return buffer;
}

describe('n-step transitions, by hand', () => {
  it('sum three discounted rewards and look on from the third step', () => {
    const buffer = filled([0, 1, 2, 3, 4].map((t) => step(t)));
    // 1 + ½·2 + ¼·4 = 3, and γ³ = ⅛.
    expect(rowOf(buffer, 0)).toMatchObject({ reward: 3, discount: 0.125, next: 3, nextBase: 3.25, terminated: 0 });
    expect(rowOf(buffer, 0, { nStep: 1 })).toMatchObject({ reward: 1, discount: 0.5, next: 1, nextBase: 1.25 });
    expect(rowOf(buffer, 0)).toMatchObject({ action: 0.5, base: 0.25 });
  });

  it('end with their episode: no reward of the next one, and no future after a termination', () => {
    const buffer = filled([step(0), step(1, { terminated: true }), step(5), step(6), step(7)]);
    expect(rowOf(buffer, 0)).toMatchObject({ reward: 2, discount: 0, next: 2, terminated: 1 });
    expect(rowOf(buffer, 1)).toMatchObject({ reward: 2, discount: 0, next: 2, terminated: 1 });
    expect(rowOf(buffer, 5)).toMatchObject({ reward: 32 + 32 + 32, discount: 0.125, next: 8 });
  });

  it('look on from a truncated step, unless the horizon counts as an end', () => {
    const buffer = filled([step(0), step(1, { truncated: true }), step(5)]);
    expect(rowOf(buffer, 0)).toMatchObject({ reward: 2, discount: 0.25, next: 2, terminated: 0 });
    expect(rowOf(buffer, 0, { bootstrapTimeouts: false })).toMatchObject({ reward: 2, discount: 0, next: 2 });
  });

  it('end where what follows was cut off, with a future whatever the horizon counts as', () => {
    const buffer = filled([step(0), step(1)]);
    buffer.cut();
    for (const t of [5, 6]) buffer.add(step(t));
    const short = { reward: 2, discount: 0.25, next: 2, nextBase: 2.25, terminated: 0 };
    expect(rowOf(buffer, 0)).toMatchObject(short);
    expect(rowOf(buffer, 0, { bootstrapTimeouts: false })).toMatchObject(short);
    expect(rowOf(buffer, 5)).toMatchObject({ reward: 32 + 32, discount: 0.25, next: 7 });
    expect(() => filled([]).cut()).not.toThrow();
  });

  it('end at the newest transition, also where the ring has begun anew', () => {
    const buffer = filled(
      [0, 1, 2, 3, 4, 5].map((t) => step(t)),
      4,
    );
    expect(buffer.size).toBe(4);
    expect(rowOf(buffer, 4)).toMatchObject({ reward: 16 + 16, discount: 0.25, next: 6 });
    expect(rowOf(buffer, 5)).toMatchObject({ reward: 32, discount: 0.5, next: 6 });
    expect(rowOf(buffer, 2)).toMatchObject({ reward: 4 + 4 + 4, discount: 0.125, next: 5 });
    expect(() => rowOf(buffer, 1)).toThrow('1 is not held');
  });
});

describe('the action that is learned', () => {
  const buffer = filled([
    step(1, { intervened: 'safety' }),
    step(2, { intervened: 'human' }),
    step(3),
    step(4, { intervened: 'safety' }),
  ]);

  it('is the executed one, always (ResFiT)', () => {
    expect([1, 2, 3, 4].map((t) => rowOf(buffer, t).action)).toEqual([1.5, 2.5, 3.5, 4.5]);
  });

  it('or the proposed one where the safety layer acted (Recovery RL); a person’s stays what was done', () => {
    const actions = [1, 2, 3, 4].map((t) => rowOf(buffer, t, { relabelling: 'proposed' }).action);
    expect(actions).toEqual([-1, 2.5, 3.5, -4]);
  });

  it('and who acted is counted', () => {
    expect([buffer.safety, buffer.human]).toEqual([2, 1]);
  });
});

describe('drawing', () => {
  it('fills the rows that it is told to, the rest is another buffer’s', () => {
    const batch = new Batch(6, SIZES);
    const random = new SeededRandom(3);
    filled([step(1)]).sample(random, SAMPLING, batch, 0, 2);
    filled([step(9)]).sample(random, SAMPLING, batch, 2, 4);
    expect(Array.from(batch.observation)).toEqual([1, 1, 9, 9, 9, 9]);
  });

  it('is uniform over what is held', () => {
    const buffer = filled(
      [0, 1, 2, 3, 4, 5, 6].map((t) => step(t)),
      5,
    );
    const batch = new Batch(10_000, SIZES);
    buffer.sample(new SeededRandom(1), SAMPLING, batch, 0, 10_000);
    const count = new Map<number, number>();
    for (const t of batch.observation) count.set(t, (count.get(t) ?? 0) + 1);
    expect([...count.keys()].sort()).toEqual([2, 3, 4, 5, 6]);
    // 2000 each; the standard deviation is 40.
    for (const n of count.values()) expect(Math.abs(n - 2000)).toBeLessThan(200);
  });

  it('takes its share from the transitions with a cost, also after those were overwritten', () => {
    const buffer = filled(
      [0, 1, 2, 3, 4, 5].map((t) => step(t, { cost: t % 3 === 0 ? 1 : 0 })),
      4,
    );
    expect(buffer.costly).toBe(1);
    const batch = new Batch(1000, SIZES);
    buffer.sample(new SeededRandom(1), SAMPLING, batch, 0, 1000, 0.6);
    const dangerous = batch.cost.filter((c) => c === 1).length;
    // 600, and a quarter of the other 400.
    expect(Math.abs(dangerous - 700)).toBeLessThan(50);
    expect(new Set(batch.observation.subarray(0, 600))).toEqual(new Set([3]));
  });

  it('from nothing is refused', () => {
    expect(() => filled([]).sample(new SeededRandom(1), SAMPLING, new Batch(1, SIZES), 0, 1)).toThrow(RangeError);
  });
});

describe('a saved buffer', () => {
  it.each([3, 5, 8])('of capacity %d gives the same batches as the one that it was', (capacity) => {
    const steps = [0, 1, 2, 3, 4].map((t) => step(t, { cost: t === 3 ? 1 : 0, terminated: t === 3 }));
    const a = filled(steps, capacity);
    a.cut();
    const b = new ReplayBuffer({ capacity, ...SIZES });
    readCheckpoint(writeCheckpoint({ a }, {}), { a: b }, 'f');
    // Both go on: what is overwritten next must be the same as well.
    for (const buffer of [a, b]) buffer.add(step(7, { intervened: 'human' }));
    const [ours, theirs] = [a, b].map((buffer) => {
      const batch = new Batch(50, SIZES);
      buffer.sample(new SeededRandom(2), SAMPLING, batch, 0, 50, 0.3);
      return batch;
    });
    expect(theirs).toEqual(ours);
    expect([b.size, b.costly, b.human]).toEqual([a.size, a.costly, a.human]);
  });

  it('names what does not fit', () => {
    const a = filled([step(0)]);
    const bytes = writeCheckpoint({ a }, {});
    const wider = new ReplayBuffer({ capacity: 100, ...SIZES, observationSize: 2 });
    expect(() => readCheckpoint(bytes, { a: wider }, 'f')).toThrow('f: a.observation of 1 numbers; allowed: 2');
    expect(() => readCheckpoint(bytes, { b: a }, 'f')).toThrow('f: no b; it holds a');
  });
});
