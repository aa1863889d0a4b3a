import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../src/core/random.ts';
import { Navigation } from '../../../src/learning/environments/navigation.ts';
import { offlineNavigation } from '../../../src/learning/environments/navigation-offline.ts';

type Policy = (observation: Float64Array, action: Float64Array) => void;

const straight: Policy = (o, a) => {
  const distance = Math.hypot(o[0]!, o[1]!);
  const speed = Math.max(Math.abs(o[0]!), Math.abs(o[1]!)) / distance;
  for (let i = 0; i < 2; i++) a[i] = -o[i]! / distance / speed;
};
/** Round the box at y = 10, then to the goal. */
const detour: Policy = (o, a) => {
  const [x, y] = o as unknown as [number, number];
  a[0] = 1;
  a[1] = x < -17 ? Math.max(-1, Math.min(1, 10 - y)) : Math.max(-1, Math.min(1, (y / x) * 1));
};
const uniform = (): Policy => {
  const random = new SeededRandom(1);
  return (_, a) => {
    for (let i = 0; i < 2; i++) a[i] = random.range(-1, 1);
  };
};

function play(environment: Navigation, episodes: number, policy: Policy) {
  const observation = new Float64Array(2);
  const action = new Float64Array(2);
  const counts = { success: 0, violation: 0, steps: 0 };
  for (let seed = 0; seed < episodes; seed++) {
    environment.reset(seed, observation);
    for (let t = 0; t < environment.horizon; t++) {
      policy(observation, action);
      const { success, cost, terminated } = environment.step(action, observation);
      counts.steps++;
      if (success) counts.success++;
      if (cost > 0) counts.violation++;
      if (terminated) break;
    }
  }
  return { success: counts.success / episodes, violation: counts.violation / episodes, steps: counts.steps / episodes };
}

describe('Navigation 2 of Recovery RL', () => {
  it('one step by hand: the action clipped, noise of 0.05, the reward of the state before', () => {
    const environment = new Navigation({ map: 2 });
    const out = new Float64Array(2);
    environment.reset(1, out);
    const moves: number[] = [];
    for (let i = 0; i < 4000; i++) {
      environment.state.set([3, 40]);
      expect(environment.step(Float64Array.of(5, -0.5), out).reward).toBeCloseTo(-Math.hypot(3, 40), 12);
      moves.push(out[0]! - 4, out[1]! - 39.5);
    }
    const mean = moves.reduce((a, b) => a + b) / moves.length;
    expect(Math.abs(mean)).toBeLessThan(0.003);
    const deviation = Math.sqrt(moves.reduce((a, b) => a + (b - mean) ** 2, 0) / moves.length);
    expect(Math.abs(deviation - 0.05)).toBeLessThan(0.002);
  });

  it('ends with success where the step began within 4 of the goal, and with cost 1 in the box, where nothing moves on', () => {
    const environment = new Navigation({ map: 2 });
    const out = new Float64Array(2);
    environment.reset(1, out);
    environment.state.set([0, 3.99]);
    expect(environment.step(Float64Array.of(0, 0), out)).toMatchObject({ success: true, terminated: true, cost: 0 });
    environment.state.set([0, 4.01]);
    expect(environment.step(Float64Array.of(0, -1), out)).toMatchObject({ success: false, terminated: false });
    environment.state.set([-30.5, 0]);
    expect(environment.step(Float64Array.of(1, 0), out)).toMatchObject({ cost: 1, terminated: true, success: false });
    const stuck = Array.from(out);
    environment.step(Float64Array.of(1, 0), out);
    expect(Array.from(out)).toEqual(stuck);
  });

  it('anchors: the straight way always crashes, chance hardly ever, and a detour of about 47 steps always succeeds', () => {
    const environment = new Navigation({ map: 2 });
    expect(play(environment, 500, straight)).toMatchObject({ success: 0, violation: 1 });
    const random = play(environment, 1000, uniform());
    expect(random.success).toBe(0);
    expect(random.violation).toBeLessThan(0.005);
    const round = play(environment, 500, detour);
    expect(round).toMatchObject({ success: 1, violation: 0 });
    expect(Math.abs(round.steps - 47.5)).toBeLessThan(1.5);
  });

  it('in control steps, one decision goes as far, with the same noise, and an episode is as long', () => {
    const environment = new Navigation({ map: 2, controlSteps: 5 });
    const out = new Float64Array(2);
    environment.reset(1, out);
    expect(environment.horizon).toBe(500);
    const ends: number[] = [];
    for (let i = 0; i < 3000; i++) {
      environment.state.set([30, 30]);
      for (let k = 0; k < 5; k++) environment.step(Float64Array.of(1, 0), out);
      ends.push(out[0]! - 31, out[1]! - 30);
    }
    const deviation = Math.sqrt(ends.reduce((a, b) => a + b * b, 0) / ends.length);
    expect(Math.abs(deviation - 0.05)).toBeLessThan(0.003);
    expect(play(environment, 100, straight)).toMatchObject({ success: 0, violation: 1 });
  });
});

describe('Navigation 1 of Recovery RL', () => {
  it('anchors: the straight way always succeeds, and chance meets a wall in 71 of 100 episodes', () => {
    const environment = new Navigation({ map: 1 });
    expect(play(environment, 500, straight)).toMatchObject({ success: 1, violation: 0 });
    const random = play(environment, 2000, uniform());
    expect(random.success).toBe(0);
    expect(Math.abs(random.violation - 0.712)).toBeLessThan(0.04);
  });
});

describe('offline data of Recovery RL', () => {
  it('of map 1: 20 000 asked for are about 15 000 steps with about 880 violations', () => {
    const data = offlineNavigation(1, 20_000, 1);
    expect(Math.abs(data.length - 15_000)).toBeLessThan(500);
    expect(Math.abs(data.filter((t) => t.cost > 0).length - 880)).toBeLessThan(100);
  });

  it('of map 2: rollouts end in the box, most begin beside it, and every action is one that the robot takes', () => {
    const data = offlineNavigation(2, 20_000, 1);
    const rollouts = Math.floor(20_000 / 30) + 4 * (20_000 / 40);
    expect(data.length).toBeLessThan(rollouts * 10);
    expect(data.filter((t) => t.cost > 0).length).toBeGreaterThan(800);
    for (const t of data) {
      expect(t.terminated).toBe(t.cost > 0);
      expect(Math.max(...t.action.map(Math.abs))).toBeLessThanOrEqual(1);
      const inBox = (o: Float64Array) => o[0]! >= -30 && o[0]! <= -20 && Math.abs(o[1]!) <= 7.5;
      expect(inBox(t.nextObservation)).toBe(t.cost > 0);
      expect(inBox(t.observation)).toBe(false);
    }
  });

  it('in control steps, an action is kept for one decision', () => {
    const data = offlineNavigation(2, 600, 1, 5);
    for (let i = 0; i < 5; i++) expect(data[i]!.action).toEqual(data[0]!.action);
    expect(data[5]!.action).not.toEqual(data[0]!.action);
    expect(data[1]!.observation).toEqual(data[0]!.nextObservation);
  });
});
