import { describe, expect, it } from 'vitest';
import { twist } from '../../../../controllers/interfaces/twist.ts';
import type { Situation } from '../../../../controllers/safety/envelope.ts';
import { REFUSAL } from '../../../../controllers/safety/twist/admissible.ts';
import { TwistEnvelope } from '../../../../controllers/safety/twist/envelope.ts';
import { makeRobotState } from '../../../../src/core/signals.ts';
import { baseOf, baseSafety } from './base.ts';
import { MS, type Vector } from './table.ts';

const nothing = new Float64Array(0);

/** An envelope of 0.5 m/s, 1 rad/s, 1 m/s², 2 rad/s², 10 m/s³ and 20 rad/s³; seeded; one scanner; 100 Hz. */
function made(limits: object = {}) {
  const robot = baseOf({ footprint: { radius: 0.3 }, scale: [1, 1, 1] });
  const envelope = new TwistEnvelope(baseSafety({ delay_ms: 20, ...limits }), robot, twist(robot));
  const state = makeRobotState(0);
  const last = Float64Array.of(7, 7, 7);
  const by: { -readonly [K in keyof Situation]: Situation[K] } = {
    ...{ last, state, force: nothing, target: nothing, elapsed: 0.01, nowNs: 0 },
  };
  envelope.seed(state, last);
  const send = (setpoint: Vector, ms: number): void => {
    last.set(setpoint);
    envelope.sent(last, ms * MS);
  };
  /** Odometry whose twist is `[vx vy wz]`. */
  const sense = ([vx, vy, wz]: Vector, ms: number): void => {
    state.stampNs = ms * MS;
    state.receivedNs = ms * MS;
    state.twist.set([vx, vy, 9, 9, 9, wz]);
    envelope.observe(by);
  };
  const see = (x: number, y: number, ms = 0): boolean =>
    envelope.see({
      ...{ sensor: 0, stampNs: ms * MS, receivedNs: ms * MS, beams: 1, invalid: 0, count: 1 },
      points: Float64Array.of(x, y),
    });
  return { envelope, by, state, last, send, sense, see };
}
const close = (v: number[]): number[] => v.map((x) => expect.closeTo(x, 9));

describe('the envelope of twists', () => {
  it('begins, holds, stays and recovers at rest', () => {
    const { envelope, by, state, last } = made();
    expect([...last]).toEqual([0, 0, 0]);
    const out = new Float64Array(3);
    for (const act of [
      () => envelope.hold(state, last, out),
      () => envelope.stay(last, out),
      () => envelope.recover(by, out),
    ]) {
      out.fill(7);
      act();
      expect([...out]).toEqual([0, 0, 0]);
    }
  });

  it('has neither a target nor a workspace, and passes its self-test', () => {
    const { envelope } = made();
    const wish = Float64Array.of(5, 6, 7);
    envelope.setTarget();
    envelope.confine();
    expect([...wish]).toEqual([5, 6, 7]);
    expect(envelope.selfTest()).toBe('');
    expect(envelope.refusals).toBe(REFUSAL);
  });

  it('gives a recovery the whole speed, and a base that follows 0.3 m', () => {
    expect(made().envelope.recoverySpeed).toBe(1);
    expect(made().envelope.tracking).toEqual({ limit: 0.3, unit: 'm' });
    expect(made({ tracking: 0.2 }).envelope.tracking.limit).toBe(0.2);
  });

  it.each([
    // 0.5 m/s at 1 m/s² are 50 periods, 1 rad/s at 2 rad/s² too; and two more.
    ['both take as long', {}, 52],
    ['the translation takes longer', { speed: 1 }, 102],
    ['the turn takes longer', { speed_rotation: 1.5 }, 77],
    ['less acceleration', { acceleration: 0.5 }, 102],
    ['less acceleration of the turn', { acceleration_rotation: 0.5 }, 202],
    ['a period that is begun counts', { speed: 0.503 }, 53],
  ])('is patient for as long as a stop takes: %s', (_name, limits, ticks) => {
    expect(made(limits).envelope.patience).toBe(ticks);
  });

  it('asks for motion: the faster of translation and turn, for one period', () => {
    // 0.5 rad count as 0.3 m.
    const { envelope } = made();
    expect(envelope.asked(Float64Array.of(0.3, -0.4, 0.5))).toBeCloseTo(0.005, 12);
    expect(envelope.asked(Float64Array.of(0.1, 0, -1))).toBeCloseTo(0.006, 12);
  });
});

describe('what was sent as motion', () => {
  it('the first after seeding counts as one period, and so does one after a pause', () => {
    const { envelope, send } = made();
    send([0.005, 0, -0.01], 1000);
    expect([...envelope.motion.acceleration]).toEqual(close([0.5, 0, -1]));
    send([0.007, 0, -0.012], 1005);
    expect([...envelope.motion.acceleration]).toEqual(close([0.4, 0, -0.4]));
    send([0.01, 0, -0.02], 1045);
    expect([...envelope.motion.acceleration]).toEqual(close([0.3, 0, -0.8]));
  });

  it.each([
    ['in the same instant', 1000],
    ['at a time that went back', 990],
  ])('one %s has no acceleration of its own', (_name, ms) => {
    const { envelope, send } = made();
    send([0.005, 0, -0.01], 1000);
    send([0.4, 0, 0.8], ms);
    expect([...envelope.motion.twist]).toEqual([0.4, 0, 0.8]);
    expect([...envelope.motion.acceleration]).toEqual(close([0.5, 0, -1]));
  });

  it('is forgotten when the base is armed anew', () => {
    const { envelope, send, state, last } = made();
    send([0.2, 0, 0.1], 1000);
    envelope.seed(state, last);
    expect([...envelope.motion.twist, ...last]).toEqual([0, 0, 0, 0, 0, 0]);
    // A period again, though it is only 1 ms later.
    send([0.005, 0, 0], 1001);
    expect([...envelope.motion.acceleration]).toEqual(close([0.5, 0, 0]));
  });
});

describe('the tracking error of a base', () => {
  it('is the drift between motion asked and seen, half the delay apart', () => {
    const { envelope, send, sense } = made();
    sense([0, 0, 0], 0);
    send([0.3, 0.4, 0], 0);
    sense([0, 0, 0], 100);
    // 0.5 m/s for 90 ms, forgotten by a share of e^-0.1.
    expect(envelope.trackingError()).toBeCloseTo(0.045 * Math.exp(-0.1), 9);
    sense([0.27, 0.36, 0], 200);
    // It was asked 0.05 m more and moved 0.045 m.
    expect(envelope.trackingError()).toBeCloseTo((0.045 * Math.exp(-0.1) + 0.005) * Math.exp(-0.1), 9);
  });

  it('of a base that does as it was asked is nothing', () => {
    const { envelope, send, sense } = made({ delay_ms: 0 });
    sense([0, 0, 0], 0);
    send([0.3, -0.2, 0.5], 0);
    sense([0.3, -0.2, 0.5], 100);
    expect(envelope.trackingError()).toBeCloseTo(0, 12);
  });

  it('of a turn counts by its own limit: 0.5 rad as 0.3 m', () => {
    const { envelope, sense } = made();
    sense([0, 0, 0], 0);
    sense([0.1, 0, -0.5], 100);
    expect(envelope.trackingError()).toBeCloseTo(0.03 * Math.exp(-0.1), 9);
  });

  it('of a translation of a base that also turns a little', () => {
    const { envelope, sense } = made();
    sense([0, 0, 0], 0);
    sense([0.3, 0.4, 0.1], 100);
    expect(envelope.trackingError()).toBeCloseTo(0.05 * Math.exp(-0.1), 9);
  });

  it('is begun anew by arming, and not changed by a state of the same instant', () => {
    const { envelope, sense, state, last } = made();
    sense([0, 0, 0], 0);
    sense([0.5, 0, 0], 10);
    const before = envelope.trackingError();
    expect(before).toBeCloseTo(0.005 * Math.exp(-0.01), 9);
    sense([0.1, 0, 0], 10);
    expect(envelope.trackingError()).toBe(before);
    envelope.seed(state, last);
    expect(envelope.trackingError()).toBe(0);
    // The first state after it has no predecessor.
    sense([0.5, 0, 0], 20);
    expect(envelope.trackingError()).toBe(0);
  });
});

describe('filter and post-check of the envelope', () => {
  it('know the commands in flight, and what the sensors saw', () => {
    const { envelope, by, send, sense, see } = made();
    sense([0, 0, 0], 0);
    // 0.8 m ahead, 0.5 m of which are kept.
    expect(see(0.8, 0)).toBe(true);
    send([0.5, 0, 0], 0);
    by.nowNs = 100 * MS;
    by.elapsed = 0.1;
    const out = new Float64Array(3);
    // 0.05 m are on the way. 0.5 m/s take 0.025 m + 0.179 m with A_d = 0.7 m/s²: 0.204 m; 0.25 m are left.
    expect(envelope.judge(by.last, by)).toBe(0);
    by.nowNs = 200 * MS;
    // 0.2 m are left.
    expect(REFUSAL[envelope.judge(by.last, by)]).toBe('min_distance');
    envelope.limit(by.last, by, 1, out);
    expect(out[0]).toBeLessThan(0.5);
    expect(envelope.judge(out, by)).toBe(0);
    expect(envelope.scene.gap[0]).toBeCloseTo(0.2, 9);
  });

  it('scales the speed of a wish', () => {
    const { envelope, by } = made({ jerk: 1e4 });
    const out = new Float64Array(3);
    envelope.limit(Float64Array.of(0.01, 0, 0), by, 0.01, out);
    expect(out[0]).toBeCloseTo(0.005, 12);
  });
});

describe('the brake of the envelope', () => {
  it('is gentle where there is room: 10 m/s³ take 1 mm/s of 0.5 m/s', () => {
    const { envelope, by, last } = made();
    envelope.motion.twist.set([0.5, 0, 0]);
    envelope.brake(by, last);
    expect(last[0]).toBeCloseTo(0.499, 12);
  });

  it('is at full acceleration where there is none', () => {
    const { envelope, by, last, sense, see } = made();
    sense([0, 0, 0], 0);
    see(0.6, 0);
    envelope.motion.twist.set([0.5, 0, 0]);
    envelope.brake(by, last);
    expect(last[0]).toBeCloseTo(0.49, 12);
  });

  it.each([
    [0.02, 0.499],
    [0.005, 0.5 - 0.00025],
    [0, 0.5],
    [-1, 0.5],
    [Number.NaN, 0.5],
  ])('%d s after the last command leaves %d m/s', (elapsed, v) => {
    const { envelope, by, last } = made();
    by.elapsed = elapsed;
    envelope.motion.twist.set([0.5, 0, 0]);
    envelope.brake(by, last);
    expect(last[0]).toBeCloseTo(v, 12);
  });
});
