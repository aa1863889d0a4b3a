import { describe, expect, it } from 'vitest';
import { tipTwist } from '../../../../controllers/interfaces/tip-twist.ts';
import type { Situation } from '../../../../controllers/safety/envelope.ts';
import { REFUSAL } from '../../../../controllers/safety/tip/admissible.ts';
import { TipEnvelope } from '../../../../controllers/safety/tip/envelope.ts';
import { makeRobotState } from '../../../../src/core/signals.ts';
import { armOf, tipSafety } from './arm.ts';
import { close, MS, poseOf, type Twist, type Vector } from './table.ts';

/** 0.1 m/s, 0.5 rad/s, 0.5 m/s², 2 rad/s², 20 m/s³ and 80 rad/s³ in a box of ±0.2 m; seeded at its middle; 100 Hz. */
function made(limits: object = {}, changes: object = {}) {
  const robot = armOf();
  const envelope = new TipEnvelope(tipSafety({ delay_ms: 20, ...limits }, changes), robot, tipTwist(robot));
  const state = makeRobotState(0);
  const last = new Float64Array(6).fill(7);
  const by: { -readonly [K in keyof Situation]: Situation[K] } = {
    ...{ last, state, force: new Float64Array(3), target: new Float64Array(7), elapsed: 0.01, nowNs: 0 },
  };
  state.pose.set(poseOf());
  envelope.seed(state, last);
  const send = (twist: Twist, ms: number): void => {
    last.set(twist);
    envelope.sent(last, ms * MS);
  };
  const sense = (ms: number, position: Vector = [0, 0, 0], turn: Vector = [0, 0, 0]): void => {
    state.receivedNs = ms * MS;
    by.nowNs = ms * MS;
    state.pose.set(poseOf(position, turn));
    envelope.observe(by);
  };
  const out = new Float64Array(6);
  return { envelope, by, state, last, send, sense, out };
}
const rest = [0, 0, 0, 0, 0, 0];

describe('the envelope of tip twists', () => {
  it('begins, holds and stays at rest', () => {
    const { envelope, state, last, out } = made();
    expect([...last]).toEqual(rest);
    for (const act of [() => envelope.hold(state, last, out), () => envelope.stay(last, out)]) {
      out.fill(7);
      act();
      expect([...out]).toEqual(rest);
    }
    expect(envelope.see()).toBe(false);
    expect(envelope.selfTest()).toBe('');
  });

  it('leaves a wish as it is before it is filtered', () => {
    const wish = Float64Array.of(9, 8, 7, 6, 5, 4);
    made().envelope.confine();
    expect([...wish]).toEqual([9, 8, 7, 6, 5, 4]);
  });

  it('is patient for as long as a stop takes, and two ticks', () => {
    // 0.1/0.5 s is less than 0.5/2 s.
    expect(made().envelope.patience).toBe(27);
    expect(made({ acceleration: 0.25 }).envelope.patience).toBe(42);
  });

  it('filters from where commands in flight have it', () => {
    const { envelope, by, sense, send, out } = made({ delay_ms: 0 });
    // 0.1 m/s is on its way for 10 ms to a wall that is 1 mm away.
    for (let ms = 0; ms < 100; ms += 10) send([0.1, 0, 0, 0, 0, 0], ms);
    sense(90, [0.199, 0, 0]);
    by.nowNs = 100 * MS;
    envelope.limit(Float64Array.of(0.1, 0, 0, 0, 0, 0), by, 1, out);
    expect([...out]).toEqual(close([0.095, 0, 0, 0, 0, 0]));
    expect(REFUSAL[envelope.judge(Float64Array.of(0.1, 0, 0, 0, 0, 0), by)]).toBe('pose_box');
    expect(REFUSAL[envelope.judge(out, by)]).toBe('');
  });

  it('keeps within the box around the target, once that is known', () => {
    const near = { target_box: { min: [-0.1, -0.1, -0.1], max: [0.01, 0.1, 0.1] } };
    const { envelope, by, out } = made({ delay_ms: 0 }, near);
    const wish = Float64Array.of(0.004, 0.004, 0, 0, 0, 0);
    expect(envelope.limit(wish, by, 1, out)).toBe(256 | 512);
    envelope.setTarget(Float64Array.of(-0.01, 0, 0, 0, 0, 0, 1));
    envelope.limit(wish, by, 1, out);
    expect(out[0]).toBeCloseTo(0, 12);
    expect(out[1]).toBeGreaterThan(0.001);
    expect(REFUSAL[envelope.judge(Float64Array.of(0.002, 0, 0, 0, 0, 0), by)]).toBe('target_box');
  });

  it('brakes gently where there is room, and at full acceleration where there is none', () => {
    const { envelope, by, send, sense, out } = made({ delay_ms: 0 });
    for (let ms = 0; ms < 100; ms += 10) send([0.1, 0, 0, 0, 0, 0], ms);
    sense(100);
    // The jerk lets it slow down by 0.002 m/s in the first tick.
    envelope.brake(by, out);
    expect([...out]).toEqual(close([0.098, 0, 0, 0, 0, 0]));
    sense(100, [0.199, 0, 0]);
    envelope.brake(by, out);
    expect([...out]).toEqual(close([0.095, 0, 0, 0, 0, 0]));
    by.elapsed = 1;
    envelope.brake(by, out);
    expect(out[0]).toBeCloseTo(0.095, 9);
  });
});

describe('the recovery of a tip', () => {
  it('retreats upwards where nothing is felt', () => {
    const { envelope, by, out } = made();
    by.force.set([1.9, 0, 0]);
    out.fill(7);
    envelope.recover(by, out);
    expect([...out]).toEqual(close([0, 0, 0.02, 0, 0, 0]));
  });

  it('and along the force that is', () => {
    const { envelope, by, out } = made();
    by.force.set([3, 0, 0]);
    envelope.recover(by, out);
    expect([...out]).toEqual(close([0.02 * Math.SQRT1_2, 0, 0.02 * Math.SQRT1_2, 0, 0, 0]));
  });

  it('leads back into the box where the tip is outside', () => {
    const { envelope, by, sense, out } = made();
    sense(0, [0.21, -0.25, 0]);
    envelope.recover(by, out);
    expect([...out]).toEqual(close([-0.02 * Math.SQRT1_2, 0.02 * Math.SQRT1_2, 0, 0, 0, 0]));
    sense(0, [0.2, 0.1, 0.1]);
    envelope.recover(by, out);
    expect(out[2]).toBeCloseTo(0.02, 9);
  });

  it('turns back into the cone, and stays where it is', () => {
    const { envelope, by, sense, out } = made();
    sense(0, [0, 0, 0], [0, 0.3, -0.4]);
    envelope.recover(by, out);
    expect([...out]).toEqual(close([0, 0, 0, 0, -0.06, 0.08]));
  });

  it('both at once', () => {
    const { envelope, by, sense, out } = made();
    sense(0, [0, 0, 0.3], [0.5, 0, 0]);
    envelope.recover(by, out);
    expect([...out]).toEqual(close([0, 0, -0.02, -0.1, 0, 0]));
  });
});

describe('the tracking error of a tip', () => {
  it('is the drift between motion asked and motion seen', () => {
    const { envelope, send, sense } = made({ delay_ms: 0 });
    sense(0);
    send([0.1, 0, 0, 0, 0, 0], 0);
    send([0.1, 0, 0, 0, 0, 0], 90);
    sense(100, [0.006, 0, 0]);
    // 0.01 m were asked.
    expect(envelope.trackingError()).toBeCloseTo(0.004 * Math.exp(-0.1), 9);
    send([0, 0, 0, 0, 0, 0], 100);
    sense(200, [0.006, 0, 0]);
    expect(envelope.trackingError()).toBeCloseTo(0.004 * Math.exp(-0.2), 9);
    expect(envelope.tracking).toEqual({ limit: 0.03, unit: 'm' });
  });

  it('counts a rotation by its own limit: 0.15 rad are 0.03 m', () => {
    const { envelope, send, sense } = made({ delay_ms: 0 });
    sense(0);
    send([0, 0, 0, 0, 0, 0.5], 0);
    sense(100, [0, 0, 0], [0, 0, 0.02]);
    expect(envelope.trackingError()).toBeCloseTo(0.2 * 0.03 * Math.exp(-0.1), 9);
  });

  it('reckons with half the delay', () => {
    const { envelope, send, sense } = made({ delay_ms: 40 });
    sense(0);
    send([0.1, 0, 0, 0, 0, 0], 0);
    sense(100, [0.008, 0, 0]);
    expect(envelope.trackingError()).toBeCloseTo(0, 9);
  });

  it('begins anew with the tip at rest; the cone stays where it was armed', () => {
    const { envelope, by, state, last, send, sense, out } = made({ delay_ms: 0 });
    sense(0);
    send([0.1, 0, 0, 0, 0, 0], 0);
    sense(100, [0, 0, 0], [0.3, 0, 0]);
    envelope.rejoin(state, last);
    expect([envelope.trackingError(), ...last, ...envelope.motion.twist]).toEqual([0, ...rest, ...rest]);
    sense(200, [0.1, 0, 0], [0.3, 0, 0]);
    expect(envelope.trackingError()).toBe(0);
    // Tilted by 0.3 of 0.2 rad: no further.
    envelope.limit(Float64Array.of(0, 0, 0, 0.001, 0, 0), by, 1, out);
    expect([...out]).toEqual(rest);
    envelope.seed(state, last);
    envelope.limit(Float64Array.of(0, 0, 0, 0.001, 0, 0), by, 1, out);
    expect([...out]).toEqual([0, 0, 0, 0.001, 0, 0]);
  });

  it('a state that comes twice, or late, changes nothing', () => {
    const { envelope, sense } = made({ delay_ms: 0 });
    sense(100);
    sense(100, [0.5, 0, 0]);
    expect(envelope.trackingError()).toBe(0);
  });

  it('motion asked is speed times a period', () => {
    const { envelope } = made();
    expect(envelope.asked(Float64Array.of(0.06, 0, 0.08, 0, 0, 0))).toBeCloseTo(0.001, 12);
    expect(envelope.asked(Float64Array.of(0, 0, 0, 0, 0.5, 0))).toBeCloseTo(0.001, 12);
  });
});

describe('the acceleration of the last command', () => {
  it.each([
    ['after a period', 10, 2],
    ['after two periods, of which one counts', 20, 2],
    ['after half a period', 5, 4],
    ['in the same moment as before', 0, 0],
    ['before the last one', -5, 0],
  ])('%s', (_what, ms, slope) => {
    const { envelope, send } = made({ acceleration: 10 });
    send([0.01, 0, 0, 0, 0, 0], 100);
    send([0.01, 0, 0, 0, 0, 0], 110);
    send([0.03, 0, 0, 0, 0, 0], 110 + ms);
    expect(envelope.motion.acceleration[0]).toBeCloseTo(slope, 6);
  });

  it('of the first is over a period', () => {
    const { envelope, send } = made({ acceleration: 10 });
    send([0.02, 0, 0, 0, 0, 0], 100);
    expect(envelope.motion.acceleration[0]).toBeCloseTo(2, 9);
  });
});
