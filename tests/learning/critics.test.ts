import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../src/core/random.ts';
import { type CriticOptions, Critics } from '../../src/learning/critics.ts';
import { type Matrix, TrainingKernel } from '../../src/learning/numerics/kernel.ts';

const OPTIONS: CriticOptions = {
  ...{ hidden: [16], heads: 4, layerNorm: true, rate: 1e-3, decay: 0, clip: 0, tau: 0.1 },
};

/** Critics whose head i answers `values[i]` to everything, online and target. */
function constant(values: readonly number[], rows: number): Critics {
  const critics = new Critics(new TrainingKernel(), 2, rows, { ...OPTIONS, heads: values.length }, new SeededRandom(1));
  const tensors = critics.online.tensors();
  values.forEach((value, head) => {
    const prefix = values.length > 1 ? `head${head}.` : '';
    tensors.get(`${prefix}layer1.weight`)!.data.fill(0);
    tensors.get(`${prefix}layer1.bias`)!.data.fill(value);
  });
  critics.online.load(tensors);
  critics.target.copyFrom(critics.online);
  return critics;
}

describe('an ensemble of critics', () => {
  it('asked for all heads takes the least of all', () => {
    const critics = constant([3, -1, 2], 2);
    const out = new Float64Array(2);
    critics.minimum(3, new SeededRandom(1), out);
    expect(Array.from(out)).toEqual([-1, -1]);
  });

  it('answers with the mean of all of them, for one row', () => {
    expect(constant([3, -1, 4], 2).mean()).toBe(2);
  });

  it('asked for two of four draws each pair equally often, anew each time', () => {
    const critics = constant([1, 2, 3, 4], 1);
    const random = new SeededRandom(1);
    const out = new Float64Array(1);
    const seen = [0, 0, 0, 0, 0];
    for (let k = 0; k < 6000; k++) {
      critics.minimum(2, random, out);
      seen[out[0]!]!++;
    }
    // The least of a pair is 1 in three of the six pairs, 2 in two, 3 in one; standard deviations are below 40.
    expect(Math.abs(seen[1]! - 3000)).toBeLessThan(160);
    expect(Math.abs(seen[2]! - 2000)).toBeLessThan(160);
    expect(Math.abs(seen[3]! - 1000)).toBeLessThan(160);
    expect(seen[4]).toBe(0);
  });

  it('learns: its loss is the mean squared error over heads, and falls to zero on a target that is known', () => {
    const critics = constant([1, 3], 2);
    const y = Float64Array.of(2, 2);
    // Errors −1 and 1 in both rows.
    expect(critics.learn(y)).toEqual({ loss: 1, q: 2 });
    critics.x.set(0, 0, 1);
    critics.x.set(1, 0, -1);
    let loss = Number.NaN;
    for (let k = 0; k < 3000; k++) loss = critics.learn(Float64Array.of(2, -1)).loss;
    expect(loss).toBeLessThan(1e-3);
  });

  it.each([
    ['the mean of its heads', (critics: Critics, slope: Matrix) => critics.descend(4, slope)],
    ['the least of its heads', (critics: Critics, slope: Matrix) => critics.descendLeast(slope)],
  ])('gives an actor the slope of %s, downwards', (_, descend) => {
    const rows = 3;
    const critics = new Critics(new TrainingKernel(), 2, rows, OPTIONS, new SeededRandom(5));
    const random = new SeededRandom(2);
    for (let r = 0; r < rows; r++) for (let i = 0; i < 2; i++) critics.x.set(r, i, random.normal());
    const slope = critics.online.kernel.matrix(rows, 2);
    const unused = critics.online.kernel.matrix(rows, 2);
    descend(critics, slope);
    for (let r = 0; r < rows; r++) {
      for (let i = 0; i < 2; i++) {
        const at = critics.x.get(r, i);
        critics.x.set(r, i, at + 1e-2);
        const above = -descend(critics, unused);
        critics.x.set(r, i, at - 1e-2);
        const below = -descend(critics, unused);
        critics.x.set(r, i, at);
        expect(Math.abs((above - below) / 2e-2 - slope.get(r, i))).toBeLessThan(2e-3);
      }
    }
  });

  it('its targets follow by τ: 1 + 0.1·(2 − 1), then 1.1 + 0.1·(2 − 1.1)', () => {
    const critics = constant([1], 1);
    const tensors = critics.online.tensors();
    tensors.get('layer1.bias')!.data.fill(2);
    critics.online.load(tensors);
    const out = new Float64Array(1);
    const target = () => {
      critics.follow();
      critics.minimum(1, new SeededRandom(1), out);
      return out[0];
    };
    expect(target()).toBeCloseTo(1.1, 6);
    expect(target()).toBeCloseTo(1.19, 6);
  });
});
