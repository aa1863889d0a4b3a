import { describe, expect, it } from 'vitest';
import { cartesianImpedance } from '../../../controllers/interfaces/cartesian-impedance.ts';
import { CartesianEnvelope } from '../../../controllers/safety/cartesian/envelope.ts';
import { rotateBy } from '../../../src/core/geometry.ts';
import { makeRobotState } from '../../../src/core/signals.ts';
import { limitsOf } from './arbitrary.ts';
import { MS, robot, safetyOf } from './rig.ts';

const made = () => {
  const envelope = new CartesianEnvelope(safetyOf(), robot, cartesianImpedance(robot));
  const state = makeRobotState(2);
  state.pose.set([0.5, 0.1, 0.2, -0.3, 0.2, 0.1, Math.sqrt(0.86)]);
  const last = new Float64Array(9);
  envelope.seed(state, last);
  const by = { last, state, force: new Float64Array(3), target: new Float64Array(3).fill(Number.NaN) };
  return { envelope, state, last, by: { ...by, elapsed: 0.01, nowNs: 10 * MS } };
};

describe('the envelope of Cartesian setpoints', () => {
  it('follows within twice Δ, in m, and sees nothing', () => {
    expect(made().envelope.tracking).toEqual({ limit: 0.02, unit: 'm' });
    expect(made().envelope.see()).toBe(false);
  });

  it('has the largest of its three axes for a tracking error, however it is turned', () => {
    const { envelope, last, by } = made();
    by.state.pose.set([0.503, 0.104, 0.198, 0.5, 0.5, 0.5, 0.5]);
    last.set([0.5, 0.1, 0.2]);
    expect(envelope.trackingError(by)).toBeCloseTo(0.004, 12);
  });

  it('asks for motion by the way between two setpoints: 2, 3 and 6 mm are 7 mm', () => {
    const { envelope, last } = made();
    const next = last.slice();
    next.set([0.502, 0.103, 0.206]);
    expect(envelope.asked(next, last)).toBeCloseTo(0.007, 12);
  });

  it('judges the tilt from the orientation at which it was armed, not from level', () => {
    const { envelope, state, last, by } = made();
    const armed = last.slice();
    expect(envelope.refusals[envelope.judge(last, by)]).toBe('');
    // Towards level and away from it, about the same axis: measured 0.25 rad, asked 0.3 rad from where it was armed.
    for (const side of [1, -1]) {
      const axis = [-0.3, 0.2, 0.1].map((v) => (-side * v) / Math.sqrt(0.14));
      const turn = (angle: number, out: Float64Array) => rotateBy(Float64Array.from(axis), 0, angle, armed, 3, out, 3);
      turn(0.25, state.pose);
      turn(0.3, last);
      expect(envelope.refusals[envelope.judge(last, by)]).toBe('tilt');
      turn(0.24, last);
      expect(envelope.refusals[envelope.judge(last, by)]).toBe('');
    }
  });

  it('rejoins where the robot is, at the stiffness in force; the tilt cone stays where it was armed', () => {
    const { envelope, state, last, by } = made();
    const armed = last.slice();
    const axis = Float64Array.of(1, 0, 0);
    state.pose.set([0.51, 0.09, 0.21]);
    rotateBy(axis, 0, 0.15, armed, 3, state.pose, 3);
    last[7] = 700;
    envelope.rejoin(state, last);
    expect([...last.subarray(0, 7)]).toEqual([...state.pose]);
    expect(last[7]).toBe(700);
    // 0.15 rad of 0.2 are used up: 0.06 rad more are too many, though near where it rejoined.
    const next = last.slice();
    rotateBy(axis, 0, 0.06, last, 3, next, 3);
    expect(envelope.refusals[envelope.judge(next, { ...by, last: next })]).toBe('tilt');
  });

  it('knows the box around the target once it has one', () => {
    const box = { target_box: { min: [-0.06, -0.06, -0.03], max: [0.06, 0.06, 0.0602] } };
    const envelope = new CartesianEnvelope(safetyOf(box), robot, cartesianImpedance(robot));
    const { state, last, by } = made();
    envelope.seed(state, last);
    const wish = last.slice();
    wish[2] = last[2]! + 0.0009;
    const out = new Float64Array(9);
    envelope.limit(wish, by, 1, out);
    expect(out[2]).toBe(wish[2]);
    envelope.setTarget(Float64Array.of(0.5, 0.1, 0.14, 0, 0, 0, 1));
    envelope.limit(wish, by, 1, out);
    expect(out[2]).toBeCloseTo(0.2002, 12);
  });
});

describe('limits of the tip that cannot be met', () => {
  it.each<[object, RegExp]>([
    [
      { pose_box: undefined },
      /no safety.pose_box; allowed: the workspace of the tip, which a Cartesian interface needs/,
    ],
    [{ planes: [{ normal: [0, 0, 0], offset: 1 }] }, /the normal \[0,0,0\]; allowed: a direction/],
    [
      { pose_box: { min: [0.3, 0, 0], max: [0.3, 1, 1] } },
      /safety.pose_box axis 0: \[0.3, 0.3\]; allowed: min below max/,
    ],
    [{ target_box: { min: [0, 0, 1], max: [1, 1, 1] } }, /safety.target_box axis 2: \[1, 1\]; allowed: min below max/],
    [{ force_soft: 30 }, /safety.force_soft = 30; allowed: below force_limit = 30 N/],
    [{ tilt: 1.6 }, /safety.tilt = 1.6; allowed: below π\/2 rad/],
    [{ stiffness: [2000, 3000] }, /√3 = 34.6 N; allowed: at most force_limit = 30 N/],
  ])('%j is refused with what is allowed', (changes, message) => {
    expect(() => limitsOf(changes as Record<string, unknown>)).toThrow(message);
  });
});
