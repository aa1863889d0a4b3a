import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { History } from '../../../src/pipeline/observation/history.ts';
import { LowPass } from '../../../src/pipeline/observation/low-pass.ts';
import { normalisationOf, normalise } from '../../../src/pipeline/observation/normalise.ts';
import { runFolder } from '../../core/config/fixture.ts';

const MS = 1e6;

describe('the low pass', () => {
  /** Response at each time to a step from 0 to 1 right after time 0. */
  const step = (hz: number, timesMs: number[]) => {
    const filter = new LowPass(hz, 1);
    const value = Float64Array.of(0);
    filter.filter(0, value, 0);
    return timesMs.map((t) => {
      value[0] = 1;
      filter.filter(t * MS, value, 0);
      return value[0]!;
    });
  };

  it('answers a step with 1 - e^(-2π f t), whatever the time between samples', () => {
    const at = (t: number) => 1 - Math.exp(-2 * Math.PI * 5 * t);
    const even = step(5, [10, 20, 30, 40]);
    const uneven = step(5, [3, 40]);
    for (const [i, t] of [0.01, 0.02, 0.03, 0.04].entries()) expect(even[i]).toBeCloseTo(at(t), 12);
    expect(uneven[1]).toBeCloseTo(at(0.04), 12);
  });

  it('begins at its first sample, and anew after a gap of more than a second or when time runs backwards', () => {
    for (const nextMs of [1001, -1]) {
      const filter = new LowPass(1, 2);
      const value = Float64Array.of(3, 4);
      filter.filter(0, value, 0);
      expect([...value]).toEqual([3, 4]);
      value.set([7, 8]);
      filter.filter(nextMs * MS, value, 0);
      expect([...value]).toEqual([7, 8]);
    }
  });

  it('passes on what is not finite, and does not remember it', () => {
    const filter = new LowPass(5, 1);
    const value = Float64Array.of(0);
    filter.filter(0, value, 0);
    value[0] = Number.NaN;
    filter.filter(10 * MS, value, 0);
    expect(value[0]).toBeNaN();
    value[0] = 1;
    filter.filter(20 * MS, value, 0);
    expect(value[0]).toBeCloseTo(1 - Math.exp(-2 * Math.PI * 5 * 0.02), 12);
  });
});

describe('the history', () => {
  it('is filled with the first row, then moves on, oldest first', () => {
    const history = new History(3, 2);
    const rows = [
      [1, 2],
      [3, 4],
      [5, 6],
      [7, 8],
    ].map((row) => {
      history.push(Float64Array.from(row));
      return Array.from(history.values);
    });
    expect(rows).toEqual([
      [1, 2, 1, 2, 1, 2],
      [1, 2, 1, 2, 3, 4],
      [1, 2, 3, 4, 5, 6],
      [3, 4, 5, 6, 7, 8],
    ]);
    history.clear();
    history.push(Float64Array.of(9, 9));
    expect(Array.from(history.values)).toEqual([9, 9, 9, 9, 9, 9]);
  });
});

describe('normalisation', () => {
  const through = (config: object, ...values: number[]) => {
    const v = Float64Array.from(values);
    normalise(normalisationOf({ floor: 0, ...config }, values.length), v);
    return Array.from(v);
  };
  const file = (content: unknown) => {
    const path = `${runFolder().dir}/stats.json`;
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  };

  it('by mean and std: (x - mean) / std', () => {
    expect(through({ mean: [1, -2], std: [2, 0.5] }, 5, -1)).toEqual([2, 2]);
  });

  it('by min and max: onto [-1, 1], beyond it beyond', () => {
    expect(through({ min: [0, 0, 0, 0], max: [4, 4, 4, 4] }, 0, 4, 1, 6)).toEqual([-1, 1, -0.5, 2]);
  });

  it.each([
    ['LeRobot, whose keys hold dots', { 'observation.state': { mean: [1], std: [2] } }, 'observation.state', 3],
    ['openpi', { norm_stats: { state: { mean: [1], std: [2] } } }, 'norm_stats.state', 3],
    ['a file that is nothing else', { mean: [1], std: [2] }, undefined, 3],
    ['rows within rows', { mean: [[[1]]], std: [[[2]]] }, undefined, 3],
  ])('from a statistics file: %s', (_name, content, key, x) => {
    expect(through({ statistics: file(content), key }, x)).toEqual([1]);
  });

  it('from a statistics file by min and max, when it is told so', () => {
    const statistics = file({ mean: [9], std: [9], min: [0], max: [2] });
    expect(through({ statistics, mode: 'min_max' }, 2)).toEqual([1]);
  });

  it.each([
    [{ mean: [0, 0], std: [1, 0] }, 'has std 0 for element 1: it never changed in the data'],
    [{ min: [0, 3], max: [1, 3] }, 'has min 3 and max 3 for element 1: it never changed'],
    [{ mean: [0], std: [1] }, 'has 1 numbers of mean, but 2 elements'],
    [{ content: { a: {} }, key: 'b' }, /^finds no b in .*stats\.json; there are a$/],
    [{ content: { mean: [0, 'x'], std: [1, 1] } }, /^has no mean in .*stats\.json, or one that is no list/],
    [{ content: '{' }, /^cannot read .*stats\.json: /],
    [{ statistics: '/nowhere/stats.json' }, /^cannot read \/nowhere\/stats\.json: ENOENT/],
  ])('%j is refused: it %s', ({ content, ...config }: { content?: unknown; [key: string]: unknown }, why) => {
    const statistics = content === undefined ? {} : { statistics: file(content) };
    expect(() => normalisationOf({ floor: 0, ...statistics, ...config }, 2)).toThrow(why);
  });

  it('a floor says what a spread of nothing counts as', () => {
    expect(through({ mean: [0, 0], std: [2, 0], floor: 0.5 }, 1, 1)).toEqual([0.5, 2]);
  });
});
