import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../src/core/random.ts';
import { MountainCar } from '../../../src/learning/environments/mountain-car.ts';
import { Pendulum } from '../../../src/learning/environments/pendulum.ts';
import { PipelineDelay } from '../../../src/learning/environments/pipeline-delay.ts';
import { meanReturn } from './mean-return.ts';

describe('Pendulum-v1', () => {
  it('by hand: a quarter turn from upright at 2 rad/s with half the torque', () => {
    const pendulum = new Pendulum();
    const out = new Float64Array(3);
    pendulum.state.set([Math.PI / 2, 2]);
    // θ̇ = 2 + (15·1 + 3·1)·0.05 = 2.9, θ = π/2 + 2.9·0.05; the reward is that of before: (π/2)² + 0.1·4 + 0.001·1.
    const { reward, terminated } = pendulum.step(Float64Array.of(0.5), out);
    expect(reward).toBeCloseTo(-(Math.PI ** 2 / 4 + 0.401), 12);
    expect(pendulum.state[1]).toBeCloseTo(2.9, 12);
    expect(pendulum.state[0]).toBeCloseTo(Math.PI / 2 + 0.145, 12);
    expect(out[0]).toBeCloseTo(Math.cos(Math.PI / 2 + 0.145), 12);
    expect(terminated).toBe(false);
  });

  it('costs the angle to upright the shorter way round, however often it has turned, and is never faster than 8 rad/s', () => {
    const pendulum = new Pendulum();
    const out = new Float64Array(3);
    pendulum.state.set([2 * Math.PI * 3 - 0.5, 0]);
    expect(pendulum.step(Float64Array.of(0), out).reward).toBeCloseTo(-0.25, 10);
    pendulum.state.set([-2 * Math.PI * 2 + 0.5, 0]);
    expect(pendulum.step(Float64Array.of(0), out).reward).toBeCloseTo(-0.25, 10);
    pendulum.state.set([Math.PI / 2, 7.9]);
    // An action beyond 1 is 1: its torque costs 0.001·2².
    const { reward } = pendulum.step(Float64Array.of(9), out);
    expect(reward).toBeCloseTo(-(Math.PI ** 2 / 4 + 0.1 * 7.9 ** 2 + 0.004), 12);
    expect(out[2]).toBe(8);
  });

  it('random torque brings −1231 ± 285 and none −1199, as measured on the original', () => {
    const random = new SeededRandom(1);
    const uniform = meanReturn(new Pendulum(), 1000, () => random.range(-1, 1));
    // Standard error of 1000 episodes: 9.
    expect(Math.abs(uniform + 1231)).toBeLessThan(30);
    expect(Math.abs(meanReturn(new Pendulum(), 1000, () => 0) + 1199)).toBeLessThan(35);
  });

  it('is the same episode for the same seed, and another for another', () => {
    const first = (seed: number) => {
      const out = new Float64Array(3);
      new Pendulum().reset(seed, out);
      return Array.from(out);
    };
    expect(first(3)).toEqual(first(3));
    expect(first(4)).not.toEqual(first(3));
  });
});

describe('MountainCarContinuous-v0', () => {
  it('by hand: full force at the bottom, the wall, and the goal', () => {
    const car = new MountainCar();
    const out = new Float64Array(2);
    car.state.set([-Math.PI / 6, 0]);
    // cos(−π/2) = 0, so only the force counts.
    expect(car.step(Float64Array.of(1), out).reward).toBeCloseTo(-0.1, 12);
    expect(out[1]).toBeCloseTo(0.0015, 12);
    car.state.set([-1.19, -0.07]);
    car.step(Float64Array.of(0), out);
    expect(Array.from(out)).toEqual([-1.2, 0]);
    car.state.set([0.42, 0.06]);
    const there = car.step(Float64Array.of(0.5), out);
    expect(there).toMatchObject({ terminated: true, success: true });
    expect(there.reward).toBeCloseTo(100 - 0.025, 12);
  });

  it('pushing with the motion climbs the hill and pushing one way does not', () => {
    expect(meanReturn(new MountainCar(), 20, (o) => (o[1]! >= 0 ? 1 : -1))).toBeGreaterThan(85);
    // 999 steps of full force for nothing.
    expect(meanReturn(new MountainCar(), 20, () => 1)).toBeCloseTo(-99.9, 6);
  });
});

describe('Pipeline of NeoRL-2', () => {
  it('what the gate lets in comes out at the twentieth step, and the history tells what is under way', () => {
    const pipe = new PipelineDelay({ history: true });
    const out = new Float64Array(52);
    pipe.reset(1, out);
    const flow = out[0]!;
    expect(flow).toBeGreaterThanOrEqual(80);
    expect(Array.from(out.subarray(2, 27))).toEqual(new Array(25).fill(flow));
    expect(Array.from(out.subarray(27))).toEqual(new Array(25).fill(0));
    for (let t = 1; t <= 19; t++) {
      const { reward } = pipe.step(Float64Array.of(1), out);
      expect(out[0]).toBe(flow);
      // The formula, of what comes out and the target of now.
      expect(reward).toBeCloseTo(((200 - Math.abs(flow - out[1]!)) / 100) ** 2 - 3, 12);
    }
    pipe.step(Float64Array.of(-0.5), out);
    expect(out[0]).toBeCloseTo(flow + 1, 10);
    // Newest first: the last action, then nineteen ones, then the zeros of before.
    expect(Array.from(out.subarray(27))).toEqual([-0.5, ...new Array(19).fill(1), ...new Array(5).fill(0)]);
    expect(out[2]).toBe(flow);
    pipe.step(Float64Array.of(0), out);
    expect(out[2]).toBeCloseTo(flow + 1, 10);
  });

  it('never lets in less than nothing nor more than 200', () => {
    const pipe = new PipelineDelay({ history: false });
    const out = new Float64Array(2);
    const most = (a: number) => {
      pipe.reset(1, out);
      for (let t = 0; t < 400; t++) pipe.step(Float64Array.of(a), out);
      return out[0];
    };
    expect([most(-5), most(5)]).toEqual([0, 200]);
  });

  it('draws a target of four, and another about three times in a thousand steps', () => {
    const pipe = new PipelineDelay({ history: false });
    const out = new Float64Array(2);
    const seen = new Map<number, number>();
    let changes = 0;
    for (let seed = 0; seed < 60; seed++) {
      pipe.reset(seed, out);
      let before = out[1]!;
      for (let t = 0; t < 1000; t++) {
        pipe.step(Float64Array.of(0), out);
        if (out[1] !== before) changes++;
        before = out[1]!;
        seen.set(before, (seen.get(before) ?? 0) + 1);
      }
    }
    expect([...seen.keys()].sort((a, b) => a - b)).toEqual([50, 80, 110, 140]);
    // Of 60 000 steps 180 draw anew and 135 of those draw another; four standard deviations are 46.
    expect(Math.abs(changes - 135)).toBeLessThan(46);
  });
});
