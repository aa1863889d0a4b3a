import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../src/core/random.ts';
import { InvertedPendulum } from '../../../src/learning/environments/inverted-pendulum.ts';
import { Reacher } from '../../../src/learning/environments/reacher.ts';
import { meanReturn } from './mean-return.ts';

let pendulum: InvertedPendulum;
let reacher: Reacher;
beforeAll(async () => {
  pendulum = await InvertedPendulum.load();
  reacher = await Reacher.load();
});
afterAll(() => {
  pendulum.dispose();
  reacher.dispose();
});

describe('InvertedPendulum-v5', () => {
  it('from rest at half the starting noise, without force, falls in 23 steps; chance makes it 5', () => {
    const none = meanReturn(pendulum, 300, () => 0);
    expect(Math.abs(none - 23)).toBeLessThan(1.5);
    const random = new SeededRandom(1);
    const chance = meanReturn(pendulum, 1000, () => random.range(-1, 1));
    expect(Math.abs(chance - 5)).toBeLessThan(0.4);
  });

  it('a hand-made PD controller keeps it up for all of 1000 steps', () => {
    const pd = (o: Float64Array) => (o[0]! + 20 * o[1]! + 1.5 * o[2]! + 3 * o[3]!) / 3;
    expect(meanReturn(pendulum, 10, pd)).toBe(1000);
  });

  it('pays nothing for the step in which it falls', () => {
    const out = new Float64Array(4);
    pendulum.begin(Float64Array.of(0, 0.19), Float64Array.of(0, 2), out);
    expect(pendulum.step(Float64Array.of(0), out)).toMatchObject({ reward: 0, terminated: true });
    pendulum.begin(Float64Array.of(0, 0), Float64Array.of(0, 0), out);
    expect(pendulum.step(Float64Array.of(0), out)).toMatchObject({ reward: 1, terminated: false });
  });
});

describe('Reacher-v5', () => {
  it('pays the distance after the step and the whole square of the action', () => {
    const out = new Float64Array(10);
    reacher.begin(Float64Array.of(0, 0, 0.1, 0.1), new Float64Array(4), out);
    // Stretched out along x: the tip is at 0.21.
    for (const [i, v] of [1, 1, 0, 0, 0.1, 0.1, 0, 0, 0.11, -0.1].entries()) expect(out[i]).toBeCloseTo(v, 12);
    const { reward, terminated } = reacher.step(Float64Array.of(0.5, -2), out);
    expect(reward).toBeCloseTo(-Math.hypot(out[8]!, out[9]!) - (0.25 + 1), 12);
    expect(out[6]).toBeGreaterThan(0);
    expect(out[7]).toBeLessThan(0);
    expect(terminated).toBe(false);
  });

  it('draws its target from a disc of 0.2 m, where it stays', () => {
    const out = new Float64Array(10);
    const area: number[] = [];
    for (let seed = 0; seed < 400; seed++) {
      reacher.reset(seed, out);
      area.push(out[4]! ** 2 + out[5]! ** 2);
    }
    expect(Math.max(...area)).toBeLessThan(0.04);
    // Uniform in the disc: the mean of r² is half of R².
    expect(Math.abs(area.reduce((a, b) => a + b) / area.length - 0.02)).toBeLessThan(0.002);
    const goal = [out[4], out[5]];
    for (let t = 0; t < 50; t++) reacher.step(Float64Array.of(1, -1), out);
    expect([out[4], out[5]]).toEqual(goal);
  });
});
