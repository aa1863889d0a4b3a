import { describe, expect, it } from 'vitest';
import { RosServer } from '../../../bridges/rosserver/server.ts';
import { VirtualClock } from '../../../src/core/clock.ts';
import { HumanLabel } from '../../../src/learning/rewards/human-label.ts';
import { ProgressReward, valueOrder } from '../../../src/learning/rewards/progress.ts';
import type { Moment } from '../../../src/learning/rewards/reward.ts';
import { successReward } from '../../../src/learning/rewards/success.ts';

const moment = (x: number, success = false): Moment => ({ observation: Float64Array.of(x), success });
const never = new Promise<void>(() => {});

describe('success as a reward', () => {
  it('is the task’s own word, or a predicate’s', () => {
    expect(successReward().step(moment(0, true))).toEqual({ reward: 1, done: true });
    expect(successReward().step(moment(9))).toEqual({ reward: 0, done: false });
    const near = successReward(({ observation }) => Math.abs(observation[0]!) < 1);
    expect([near.step(moment(2)).reward, near.step(moment(0.5)).reward]).toEqual([0, 1]);
  });
});

describe('a human label', () => {
  it('said while the episode goes on ends it, once', () => {
    const label = new HumanLabel();
    expect(label.say(true)).toEqual({ success: false, message: 'no episode has begun' });
    label.begin();
    expect(label.step()).toEqual({ reward: 0, done: false });
    expect(label.say(true)).toEqual({ success: true, message: 'success' });
    expect(label.step()).toEqual({ reward: 1, done: true });
    expect(label.step()).toEqual({ reward: 0, done: false });
    expect(label.say(false)).toEqual({ success: false, message: 'this episode is labelled success' });
    label.begin();
    label.say(false);
    expect(label.step()).toEqual({ reward: 0, done: true });
  });

  it('said after the episode reaches who waits for it; nothing said in time is no label', async () => {
    const label = new HumanLabel();
    label.begin();
    const said = label.label(never);
    label.say(false);
    expect(await said).toBe('failure');
    expect(await label.label(never)).toBe('failure');
    label.begin();
    expect(await label.label(Promise.resolve())).toBe('none');
    const late = label.label(never);
    label.begin();
    expect(await late).toBe('none');
  });

  it('comes by a ROS service, std_srvs/SetBool', async () => {
    const label = new HumanLabel();
    const server = new RosServer({ port: 0, clock: new VirtualClock() });
    await server.listen();
    server.advertiseService('/reflexarc/label', 'std_srvs/SetBool', label.service);
    label.begin();
    expect(await server.callService('/reflexarc/label', {})).toMatchObject({ success: false });
    expect(await server.callService('/reflexarc/label', { data: true })).toEqual({ success: true, message: 'success' });
    expect(label.step()).toEqual({ reward: 1, done: true });
    await server.close();
  });
});

describe('a critic of progress', () => {
  it('compares the moment before with the one after, though they share a buffer', () => {
    const seen: number[][] = [];
    const reward = new ProgressReward({
      name: 'test',
      compare(before, now) {
        seen.push([before.observation[0]!, now.observation[0]!]);
        return { progress: (before.observation[0]! - now.observation[0]!) / 10, done: now.observation[0]! < 1 };
      },
    });
    const observation = Float64Array.of(5);
    const at = (x: number) => {
      observation[0] = x;
      return { observation, success: false };
    };
    reward.begin(at(5));
    expect(reward.step(at(3))).toEqual({ reward: 0.2, done: false });
    expect(reward.step(at(0))).toEqual({ reward: expect.closeTo(0.3, 12), done: true });
    expect(seen).toEqual([
      [5, 3],
      [3, 0],
    ]);
    expect(reward.name).toBe('progress by test');
  });

  it('that answers with no progress is counted and trains nobody', () => {
    const answers = [Number.NaN, 1.5, -1];
    const reward = new ProgressReward({ name: 'broken', compare: () => ({ progress: answers.shift()!, done: true }) });
    reward.begin(moment(0));
    expect(reward.step(moment(1))).toEqual({ reward: 0, done: false });
    expect(reward.step(moment(1))).toEqual({ reward: 0, done: false });
    expect(reward.step(moment(1))).toEqual({ reward: -1, done: true });
    expect(reward.refused).toBe(2);
  });

  it('the order of values tells an expert from somebody lost', () => {
    expect(valueOrder([0.1, 0.2, 0.1])).toBe(1);
    expect(valueOrder([-0.1, -0.2])).toBe(-1);
    // Values 0, 1, 0, 1, 0 against time: by hand, ranks 2, 4.5, 2, 4.5, 2.
    expect(valueOrder([1, -1, 1, -1])).toBeCloseTo(0, 12);
    expect(valueOrder([0, 0])).toBeNaN();
  });
});
