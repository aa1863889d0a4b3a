import { describe, expect, it } from 'vitest';
import { jointInterface } from '../../../../controllers/interfaces/joint.ts';
import type { Situation } from '../../../../controllers/safety/envelope.ts';
import { JointEnvelope } from '../../../../controllers/safety/joint/envelope.ts';
import { jointLimits } from '../../../../controllers/safety/joint/limits.ts';
import { makeRobotState } from '../../../../src/core/signals.ts';
import { armOf, jointSafety, type Kind } from './arm.ts';
import { MS } from './table.ts';

/** Two joints within ±1 rad, 2 rad/s, 10 rad/s² and 400 rad/s³. */
const PAIR = [1, 2].map(() => ({ position: [-1, 1], velocity: 2, acceleration: 10, jerk: 400 }));
const nothing = new Float64Array(0);

/** An envelope seeded at (0.1, -0.2) rad, and its situation. */
function made(kind: Kind, joints: object = {}) {
  const robot = armOf(kind, PAIR);
  const envelope = new JointEnvelope(jointSafety({ joints }), robot, jointInterface(robot));
  const state = makeRobotState(2);
  state.position.set([0.1, -0.2]);
  const last = new Float64Array(2);
  const by: { -readonly [K in keyof Situation]: Situation[K] } = {
    ...{ last, state, force: nothing, target: nothing, elapsed: 0.01, nowNs: 0 },
  };
  envelope.seed(state, last);
  const send = (setpoint: number[], ms: number): void => {
    last.set(setpoint);
    envelope.sent(last, ms * MS);
  };
  const see = (position: number[], ms: number): void => {
    state.position.set(position);
    state.receivedNs = ms * MS;
    envelope.observe(by);
  };
  return { envelope, by, state, last, send, see };
}

describe('the envelope of joint setpoints', () => {
  it('begins where the robot is', () => {
    expect([...made('joint_position').last]).toEqual([0.1, -0.2]);
    expect([...made('joint_velocity').last].map(Math.abs)).toEqual([0, 0]);
  });

  it('holds the measured position, or no velocity', () => {
    const out = Float64Array.of(7, 7);
    const { envelope, state, last } = made('joint_position');
    state.position.set([0.3, 0.4]);
    envelope.hold(state, last, out);
    expect([...out]).toEqual([0.3, 0.4]);
    made('joint_velocity').envelope.hold(state, last, out);
    expect([...out]).toEqual([0, 0]);
  });

  it.each(['stay', 'recover'] as const)('%s: the last position, or no velocity', (what) => {
    const out = Float64Array.of(7, 7);
    for (const kind of ['joint_position', 'joint_velocity'] as const) {
      const { envelope, by } = made(kind);
      by.last.set([0.5, 0.6]);
      out.fill(7);
      if (what === 'stay') envelope.stay(by.last, out);
      else envelope.recover(by, out);
      expect([...out]).toEqual(kind === 'joint_position' ? [0.5, 0.6] : [0, 0]);
    }
  });

  it('a recovery may use the whole speed, and a robot that follows is within 0.1 rad', () => {
    const { envelope } = made('joint_velocity');
    expect(envelope.recoverySpeed).toBe(1);
    expect(envelope.tracking).toEqual({ limit: 0.1, unit: 'rad' });
    expect(made('joint_velocity', { tracking: 0.3 }).envelope.tracking.limit).toBe(0.3);
  });

  it('a joint has no target and no workspace of the tip', () => {
    const { envelope } = made('joint_velocity');
    const wish = Float64Array.of(5, 6);
    envelope.setTarget();
    envelope.confine();
    expect([...wish]).toEqual([5, 6]);
    expect(envelope.see()).toBe(false);
    expect(envelope.selfTest()).toBe('');
  });
});

describe('what was sent as motion', () => {
  it('of velocities is what it says; of positions, the step over its time', () => {
    const velocity = made('joint_velocity');
    velocity.send([0.05, -0.1], 1000);
    expect([...velocity.envelope.motion.velocity]).toEqual([0.05, -0.1]);
    const position = made('joint_position');
    position.send([0.101, -0.202], 1000);
    // The first one after seeding counts as one period.
    expect(position.envelope.motion.velocity[0]).toBeCloseTo(0.1, 9);
    expect(position.envelope.motion.velocity[1]).toBeCloseTo(-0.2, 9);
    position.send([0.102, -0.202], 1005);
    expect(position.envelope.motion.velocity[0]).toBeCloseTo(0.2, 9);
    expect(position.envelope.motion.acceleration[0]).toBeCloseTo(20, 6);
    // 40 ms later: a rate knows one period only.
    position.send([0.103, -0.202], 1045);
    expect(position.envelope.motion.velocity[0]).toBeCloseTo(0.1, 9);
  });

  it('a second one in the same instant has no velocity of its own', () => {
    const { envelope, send } = made('joint_position');
    send([0.101, -0.2], 10);
    send([0.102, -0.2], 10);
    expect(envelope.motion.velocity[0]).toBeCloseTo(0.1, 9);
    // And what it moved is not counted again.
    send([0.102, -0.2], 20);
    expect(envelope.motion.velocity[0]).toBe(0);
  });

  it('is forgotten when the robot is armed anew', () => {
    const { envelope, send, by, state, last } = made('joint_position');
    send([0.101, -0.2], 10);
    state.position.set([0.5, 0.5]);
    envelope.seed(state, last);
    expect([...envelope.motion.velocity]).toEqual([0, 0]);
    send([0.501, 0.5], 11);
    expect(envelope.motion.velocity[0]).toBeCloseTo(0.1, 9);
    expect(envelope.asked(Float64Array.of(0.5, 0.5), by.last)).toBeCloseTo(0.001, 12);
  });

  it('asks for motion: the longest step of a joint, or the fastest joint for one period', () => {
    const last = Float64Array.of(0.1, 0.2);
    expect(made('joint_position').envelope.asked(Float64Array.of(0.11, 0.17), last)).toBeCloseTo(0.03, 12);
    expect(made('joint_velocity').envelope.asked(Float64Array.of(0.5, -0.7), last)).toBeCloseTo(0.007, 12);
  });
});

describe('the tracking error', () => {
  it('of positions is the largest distance from the setpoint', () => {
    const { envelope, by, state } = made('joint_position');
    by.last.set([0.1, 0.2]);
    state.position.set([0.11, 0.17]);
    expect(envelope.trackingError(by)).toBeCloseTo(0.03, 12);
  });

  it('of velocities is the drift between motion asked and seen, half the delay apart', () => {
    const { envelope, by, send, see } = made('joint_velocity');
    see([0.3, 0.1], 0);
    send([0.5, 0], 0);
    see([0.3, 0.1], 100);
    // 0.5 rad/s for 90 ms, forgotten by a share of e^-0.1.
    const first = 0.045 * Math.exp(-0.1);
    expect(envelope.trackingError(by)).toBeCloseTo(first, 9);
    see([0.39, 0.1], 200);
    // It was asked 0.05 rad more and moved 0.09 rad.
    expect(envelope.trackingError(by)).toBeCloseTo(Math.abs(-first + 0.04) * Math.exp(-0.1), 9);
  });

  it('of a robot that does as it was asked is nothing', () => {
    const { envelope, by, send, see } = made('joint_velocity', { delay_ms: 0 });
    see([0, 0], 0);
    send([0.5, -0.2], 0);
    see([0.05, -0.02], 100);
    expect(envelope.trackingError(by)).toBeCloseTo(0, 12);
  });

  it('of the worst joint, and of one that drifts by itself', () => {
    const { envelope, by, see } = made('joint_velocity');
    see([0, 0], 0);
    see([0.01, -0.03], 10);
    expect(envelope.trackingError(by)).toBeCloseTo(0.03 * Math.exp(-0.01), 12);
  });

  it('is begun anew by arming, and is not changed by a state of the same instant', () => {
    const { envelope, by, state, last, see } = made('joint_velocity');
    see([0, 0], 0);
    see([0.05, 0], 10);
    const before = envelope.trackingError(by);
    see([0.07, 0], 10);
    expect(envelope.trackingError(by)).toBe(before);
    envelope.seed(state, last);
    expect(envelope.trackingError(by)).toBe(0);
    // The first state after it has no predecessor.
    see([0.9, 0], 20);
    expect(envelope.trackingError(by)).toBe(0);
  });
});

describe('the brake of an envelope', () => {
  it('is gentle where there is room: 400 rad/s³ take 0.04 rad/s of 1 rad/s', () => {
    const { envelope, by } = made('joint_velocity');
    envelope.motion.velocity.set([1, -1]);
    envelope.brake(by, by.last);
    expect(by.last[0]).toBeCloseTo(0.96, 12);
    expect(by.last[1]).toBeCloseTo(-0.96, 12);
  });

  it('is at full acceleration where there is none', () => {
    const { envelope, by, state } = made('joint_velocity');
    state.position[0] = 0.99;
    envelope.motion.velocity.set([1, -1]);
    envelope.brake(by, by.last);
    expect(by.last[0]).toBeCloseTo(0.9, 12);
    expect(by.last[1]).toBeCloseTo(-0.9, 12);
  });

  it('of positions goes on from the last one', () => {
    const { envelope, by, state } = made('joint_position');
    envelope.motion.velocity.set([1, -1]);
    by.last.set([0.1, -0.2]);
    const out = new Float64Array(2);
    envelope.brake(by, out);
    expect(out[0]).toBeCloseTo(0.1096, 12);
    expect(out[1]).toBeCloseTo(-0.2096, 12);
    by.last.set([0.99, -0.2]);
    state.position.set([0.99, -0.2]);
    envelope.brake(by, out);
    expect(out[0]).toBeCloseTo(0.999, 12);
    expect(out[1]).toBeCloseTo(-0.209, 12);
  });

  it.each([
    [0.02, 0.96],
    [0.005, 0.99],
    [0, 1],
    [-1, 1],
    [Number.NaN, 1],
  ])('%d s after the last command leaves %d rad/s of 1 rad/s', (elapsed, v) => {
    const { envelope, by } = made('joint_velocity');
    by.elapsed = elapsed;
    envelope.motion.velocity.set([1, 0]);
    envelope.brake(by, by.last);
    expect(by.last[0]).toBeCloseTo(v, 12);
  });
});

it.each([0, -1, Number.NaN])('the brake of positions moves nothing in %d s', (elapsed) => {
  const { envelope, by } = made('joint_position');
  by.elapsed = elapsed;
  envelope.motion.velocity.set([1, -1]);
  const out = new Float64Array(2);
  envelope.brake(by, out);
  expect([...out]).toEqual([0.1, -0.2]);
});

describe('the limits of joints', () => {
  it('are those of the robot, less a margin, and derated', () => {
    const l = jointLimits(jointSafety({ joints: { margin: 0.01 } }), armOf('joint_velocity', PAIR));
    expect(l).toMatchObject({ joints: 2, position: false, period: 0.01, delayNs: 20e6, reference: 0.05, inward: 0.05 });
    expect([...l.min, ...l.max]).toEqual([-0.99, -0.99, 0.99, 0.99]);
    expect([l.velocity[1], l.acceleration[1], l.jerk[1], l.deceleration[1]]).toEqual([2, 10, 400, 7]);
    // 30 ms, and 2.5 ramps of 10/400 s.
    expect(l.reaction[0]).toBeCloseTo(0.0925, 12);
    expect(jointLimits(jointSafety(), armOf('joint_position', PAIR)).position).toBe(true);
  });

  it('that cannot be met together are refused with what is allowed', () => {
    const arm = armOf('joint_velocity', PAIR);
    expect(() => jointLimits(jointSafety(), { ...arm, joints: [] })).toThrow(
      /a joint interface without joints; allowed: robot.joints with at least one/,
    );
    expect(() => jointLimits(jointSafety({ joints: { reaction_ms: 9.9 } }), arm)).toThrow(
      /safety.joints.reaction_ms = 9.9; allowed: at least the control period, 10 ms/,
    );
    expect(() => jointLimits(jointSafety({ joints: { reaction_ms: 10 } }), arm)).not.toThrow();
    expect(() => jointLimits(jointSafety({ joints: { margin: 1 } }), arm)).toThrow(
      /robot.joints j0: position \[-1,1\]; allowed: wider than twice the margin 1 rad/,
    );
    expect(() => jointLimits(jointSafety({ joints: { margin: 0.999 } }), arm)).not.toThrow();
  });
});
