// long: every way in which an input can be refused, read side by side
import { describe, expect, it } from 'vitest';
import { BAD, type InputLimits, Inputs } from '../../../controllers/safety/inputs.ts';
import { inputLimits, ladderLimits } from '../../../controllers/safety/limits.ts';
import { type Decision, type Mode, makeRobotState, type RobotState } from '../../../src/core/signals.ts';
import { MS, robot, safetyOf } from './rig.ts';
import { armOf } from './tip/arm.ts';
import { baseOf } from './twist/base.ts';

const made = (changes: Partial<InputLimits> = {}) => new Inputs({ ...inputLimits(safetyOf(), robot, 4), ...changes });
const state = (changes: Partial<RobotState> = {}): RobotState => ({ ...makeRobotState(2), ...changes });
/** A state stamped and received at `ms`. */
const at = (ms: number, changes: Partial<RobotState> = {}): RobotState =>
  state({ seq: ms, stampNs: ms * MS, receivedNs: ms * MS, ...changes });
const decision = (changes: Partial<Record<keyof Decision, unknown>> = {}): Decision =>
  ({
    epoch: 7,
    seq: 1,
    observationSeq: 1,
    observationStampNs: 0,
    observedNs: 0,
    expiresNs: 100 * MS,
    base: new Float64Array(4),
    residual: new Float64Array(4),
    ...changes,
  }) as Decision;

describe('a robot state', () => {
  it('is copied: what the caller does to it afterwards changes nothing', () => {
    const inputs = made();
    const s = at(10);
    s.pose[0] = 0.5;
    expect(inputs.ingestState(s, 'ACTIVE')).toBe(true);
    s.pose[0] = 9;
    expect(inputs.state.pose[0]).toBe(0.5);
  });

  const wrong: Record<string, [Partial<Record<keyof RobotState, unknown>>, number]> = {
    'a NaN position': [{ position: Float64Array.of(0, Number.NaN) }, BAD.nonFinite],
    'an infinite velocity': [{ velocity: Float64Array.of(Infinity, 0) }, BAD.nonFinite],
    'a NaN effort': [{ effort: Float64Array.of(0, Number.NaN) }, BAD.nonFinite],
    'a NaN pose': [{ pose: Float64Array.of(Number.NaN, 0, 0, 0, 0, 0, 1) }, BAD.nonFinite],
    'a NaN twist': [{ twist: Float64Array.of(0, 0, 0, 0, 0, Number.NaN) }, BAD.nonFinite],
    'a twist of three': [{ twist: new Float64Array(3) }, BAD.shape],
    'a NaN wrench': [{ wrench: Float64Array.of(0, 0, 0, 0, 0, Number.NaN) }, BAD.nonFinite],
    'a NaN stamp': [{ stampNs: Number.NaN }, BAD.nonFinite],
    'a NaN time of arrival': [{ receivedNs: Number.NaN }, BAD.nonFinite],
    'a sequence that is text': [{ seq: '3' }, BAD.nonFinite],
    'one joint too few': [{ position: new Float64Array(1) }, BAD.shape],
    'one velocity too many': [{ velocity: new Float64Array(3) }, BAD.shape],
    'no effort': [{ effort: new Float64Array(0) }, BAD.shape],
    'a plain array with null in it': [{ position: [0, null] }, BAD.shape],
    'a pose of six': [{ pose: new Float64Array(6) }, BAD.shape],
    'a wrench of three': [{ wrench: new Float64Array(3) }, BAD.shape],
    'an undefined wrench': [{ wrench: undefined }, BAD.shape],
    'a quaternion of zeros': [{ pose: new Float64Array(7) }, BAD.shape],
    'a quaternion of length 1.01': [{ pose: Float64Array.of(0, 0, 0, 0, 0, 0, 1.01) }, BAD.shape],
  };
  it.each(Object.keys(wrong))('with %s is refused whole, and the last good one stays', (name) => {
    const [changes, bad] = wrong[name]!;
    const inputs = made();
    inputs.ingestState(at(10), 'ACTIVE');
    expect(inputs.ingestState(at(20, changes as Partial<RobotState>), 'ACTIVE')).toBe(false);
    expect(inputs.badState).toBe(bad);
    expect(inputs.state.stampNs).toBe(10 * MS);
    expect(inputs.counters).toMatchObject({ states: 1, badStates: 1 });
    inputs.clearFlags();
    expect(inputs.badState).toBe(BAD.none);
  });

  it('with -0 and subnormal numbers is a good one', () => {
    expect(made().ingestState(at(10, { position: Float64Array.of(-0, 5e-324) }), 'ACTIVE')).toBe(true);
  });

  it('P8: a run with refused states is the run without them', () => {
    const clean = made();
    const dirty = made();
    for (let ms = 10; ms <= 100; ms += 10) {
      const s = at(ms, { wrench: Float64Array.of(ms, 0, 0, 0, 0, 0) });
      clean.ingestState(s, 'ACTIVE');
      dirty.ingestState(s, 'ACTIVE');
      dirty.ingestState(at(ms + 5, { wrench: new Float64Array(6).fill(Number.NaN) }), 'ACTIVE');
    }
    expect([...dirty.force]).toEqual([...clean.force]);
    expect(dirty.speed).toBe(clean.speed);
    expect(dirty.state).toEqual(clean.state);
  });
});

describe('order and time', () => {
  it('a duplicate is counted once and does not refresh freshness', () => {
    const inputs = made();
    inputs.ingestState(at(10), 'ACTIVE');
    expect(inputs.ingestState(at(10, { receivedNs: 20 * MS }), 'ACTIVE')).toBe(false);
    expect(inputs.ingestState(at(10, { receivedNs: 30 * MS }), 'ACTIVE')).toBe(false);
    expect(inputs.state.receivedNs).toBe(10 * MS);
    expect(inputs.frozenStates).toBe(2);
    inputs.ingestState(at(40), 'ACTIVE');
    expect(inputs.frozenStates).toBe(0);
    expect(inputs.counters.duplicateStates).toBe(2);
  });

  it('an older one is dropped, by stamp and by arrival', () => {
    const inputs = made();
    inputs.ingestState(at(20), 'ACTIVE');
    expect(inputs.ingestState(at(10, { receivedNs: 30 * MS }), 'ACTIVE')).toBe(false);
    expect(inputs.ingestState(at(30, { receivedNs: 10 * MS }), 'ACTIVE')).toBe(false);
    expect(inputs.counters.outOfOrderStates).toBe(2);
  });

  it('states out of order are counted in a row, until one is in order', () => {
    const inputs = made();
    inputs.ingestState(at(20), 'ACTIVE');
    inputs.ingestState(at(10, { receivedNs: 30 * MS }), 'ACTIVE');
    inputs.ingestState(at(15, { receivedNs: 30 * MS }), 'ACTIVE');
    expect(inputs.disorderedStates).toBe(2);
    inputs.ingestState(at(40), 'ACTIVE');
    expect(inputs.disorderedStates).toBe(0);
  });

  it('two states that arrive in one instant are both taken', () => {
    const inputs = made();
    inputs.ingestState(at(10), 'ACTIVE');
    expect(inputs.ingestState(at(12, { receivedNs: 10 * MS }), 'ACTIVE')).toBe(true);
  });

  it('a stamp may be late by 250 ms, and not by more', () => {
    // After 520 ms of silence, of which half may be drift: 530 - 20 - 260 ms.
    const inputs = made();
    inputs.ingestState(at(10), 'ACTIVE');
    expect(inputs.ingestState(at(20, { receivedNs: 530 * MS + 2 }), 'ACTIVE')).toBe(false);
    expect(inputs.ingestState(at(20, { receivedNs: 530 * MS }), 'ACTIVE')).toBe(true);
  });

  it('a stamp may be early by 1000 ms, and not by more', () => {
    const inputs = made();
    inputs.ingestState(at(10), 'ACTIVE');
    expect(inputs.ingestState(at(20, { stampNs: 1015 * MS + 1 }), 'ACTIVE')).toBe(false);
    expect(inputs.ingestState(at(20, { stampNs: 1015 * MS }), 'ACTIVE')).toBe(true);
  });

  it('delivery that falls behind faster than half of real time is refused once it is 250 ms behind', () => {
    // Every 50 ms a stamp 1 ms younger: 24 ms further behind than a drift of clocks explains.
    const inputs = made();
    for (let n = 1; n <= 11; n++) expect(inputs.ingestState(at(n, { receivedNs: n * 50 * MS }), 'ACTIVE')).toBe(true);
    expect(inputs.ingestState(at(12, { receivedNs: 600 * MS }), 'ACTIVE')).toBe(false);
    expect(inputs.skewNs / MS).toBeCloseTo(264, 6);
  });

  it('a stamp of any epoch will do: only differences count', () => {
    const inputs = made();
    const wall = 1.8e18;
    inputs.ingestState(at(10, { stampNs: wall }), 'ACTIVE');
    expect(inputs.ingestState(at(20, { stampNs: wall + 10 * MS }), 'ACTIVE')).toBe(true);
  });

  it('a backlog of 10 s ago is refused by its lateness', () => {
    const inputs = made();
    inputs.ingestState(at(10), 'ACTIVE');
    inputs.ingestState(at(20), 'ACTIVE');
    expect(inputs.ingestState(at(30, { receivedNs: 10_000 * MS }), 'ACTIVE')).toBe(false);
    expect(inputs.counters.skewedStates).toBe(1);
    // 9970 ms late, of which half of the 9980 ms of silence may be drift of the clocks.
    expect(inputs.skewNs / MS).toBeCloseTo(9970 - 4990, 6);
  });

  it('a stamp 10 s in the future is refused, and the next in time clears the flag', () => {
    const inputs = made();
    inputs.ingestState(at(10), 'ACTIVE');
    expect(inputs.ingestState(at(20, { stampNs: 10_020 * MS }), 'ACTIVE')).toBe(false);
    expect(inputs.skewNs / MS).toBeCloseTo(-10_005, 6);
    expect(inputs.ingestState(at(30), 'ACTIVE')).toBe(true);
    expect(inputs.skewNs).toBe(0);
  });

  it('delivery that slows down by a third of real time is followed, not refused', () => {
    const inputs = made();
    for (let n = 1; n <= 1000; n++) {
      expect(inputs.ingestState(at(n * 10, { receivedNs: n * 13 * MS }), 'ACTIVE')).toBe(true);
    }
  });

  it.each(['BOOT', 'DISARMED', 'STOPPED', 'ESTOP', 'FAULT'] as Mode[])(
    'in %s, after silence, the source may begin a new time base',
    (mode) => {
      const inputs = made();
      inputs.ingestState(at(10_000), mode);
      expect(inputs.ingestState(at(5, { receivedNs: 10_040 * MS }), mode)).toBe(false);
      expect(inputs.ingestState(at(5, { receivedNs: 10_060 * MS }), mode)).toBe(true);
      expect(inputs.ingestState(at(15, { receivedNs: 10_070 * MS }), mode)).toBe(true);
      // And when our own clock was set back with it.
      expect(inputs.ingestState(at(2), mode)).toBe(true);
    },
  );

  it('silence begins after 50 ms: before, and in the same instant, no time base may begin anew', () => {
    const inputs = made();
    inputs.ingestState(at(10_000), 'BOOT');
    expect(inputs.ingestState(at(5, { receivedNs: 10_000 * MS }), 'BOOT')).toBe(false);
    expect(inputs.ingestState(at(5, { receivedNs: 10_050 * MS }), 'BOOT')).toBe(false);
    expect(inputs.ingestState(at(5, { receivedNs: 10_050 * MS + 1 }), 'BOOT')).toBe(true);
  });

  it.each([10_000, 5])('over a new time base nothing is measured: stamp %d ms after 10 000 ms', (stamp) => {
    const inputs = made();
    inputs.ingestState(at(10_000), 'BOOT');
    const pose = Float64Array.of(1, 1, 1, 1, 0, 0, 0);
    const moved = { pose, position: Float64Array.of(1, 1), receivedNs: 10_060 * MS };
    expect(inputs.ingestState(at(stamp, moved), 'BOOT')).toBe(true);
    expect(inputs).toMatchObject({ speed: 0, turnSpeed: 0, jointSpeed: 0, stepSeconds: 0 });
    expect([...inputs.steps]).toEqual([0, 0]);
  });

  it.each(['HOLD', 'ENGAGING', 'ACTIVE', 'RECOVERY', 'STOPPING'] as Mode[])('in %s it may not', (mode) => {
    const inputs = made();
    inputs.ingestState(at(10_000), mode);
    expect(inputs.ingestState(at(5, { receivedNs: 10_060 * MS }), mode)).toBe(false);
    expect(inputs.ingestState(at(2), mode)).toBe(false);
  });
});

describe('what is measured from states', () => {
  it('speed is the way between two states over the time between their stamps: 1 mm in 10 ms is 0.1 m/s', () => {
    const inputs = made();
    inputs.ingestState(at(10), 'ACTIVE');
    expect(inputs.speed).toBe(0);
    inputs.ingestState(at(20, { pose: Float64Array.of(0.0006, 0, -0.0008, 0, 0, 0, 1) }), 'ACTIVE');
    expect(inputs.speed).toBeCloseTo(0.1, 12);
  });

  it('speed knows all three directions: 2, 3 and 6 mm are 7 mm', () => {
    const inputs = made();
    inputs.ingestState(at(10, { pose: Float64Array.of(0.1, 0.2, 0.3, 0, 0, 0, 1) }), 'ACTIVE');
    inputs.ingestState(at(20, { pose: Float64Array.of(0.102, 0.203, 0.306, 0, 0, 0, 1) }), 'ACTIVE');
    expect(inputs.speed).toBeCloseTo(0.7, 9);
  });

  it('the pose turns by the angle between two orientations, whichever sign they have', () => {
    const inputs = made();
    inputs.ingestState(at(10, { pose: Float64Array.of(0, 0, 0, 0.5, 0.5, 0.5, 0.5) }), 'ACTIVE');
    expect(inputs.turnSpeed).toBe(0);
    inputs.ingestState(at(20, { pose: Float64Array.of(0, 0, 0, 0.5, 0.5, 0.5, -0.5) }), 'ACTIVE');
    expect(inputs.turnSpeed).toBeCloseTo((2 * Math.acos(0.5)) / 0.01, 6);
    inputs.ingestState(at(30, { pose: Float64Array.of(0, 0, 0, -0.5, -0.5, -0.5, 0.5) }), 'ACTIVE');
    expect(inputs.turnSpeed).toBe(0);
  });

  it('each joint has its step, and the fastest its speed: 0.05 rad in 10 ms is 5 rad/s', () => {
    const inputs = made();
    inputs.ingestState(at(10, { position: Float64Array.of(0.1, -0.2) }), 'ACTIVE');
    expect(inputs).toMatchObject({ jointSpeed: 0, stepSeconds: 0 });
    inputs.ingestState(at(20, { position: Float64Array.of(0.13, -0.25) }), 'ACTIVE');
    expect(inputs.jointSpeed).toBeCloseTo(5, 9);
    expect(inputs.stepSeconds).toBeCloseTo(0.01, 12);
    expect(inputs.steps[0]).toBeCloseTo(0.03, 12);
    expect(inputs.steps[1]).toBeCloseTo(0.05, 12);
  });

  it('states that are the same to the last bit are counted, and what was asked meanwhile with them', () => {
    const inputs = made();
    const see = (ms: number, changes: Partial<RobotState> = {}) => {
      inputs.askedMotion = 1;
      inputs.ingestState(at(ms, changes), 'ACTIVE');
      return [inputs.unchangedStates, inputs.askedMotion];
    };
    expect(see(10)).toEqual([0, 0]);
    expect(see(20)).toEqual([1, 1]);
    expect(see(30)).toEqual([2, 1]);
    expect(see(40, { position: Float64Array.of(0, 1e-12) })).toEqual([0, 0]);
    const stands = { position: Float64Array.of(0, 1e-12) };
    expect(see(50, stands)).toEqual([1, 1]);
    const turned = { ...stands, pose: Float64Array.of(0, 0, 0, 0, 0, 0, -1) };
    expect(see(60, turned)).toEqual([0, 0]);
    expect(see(70, turned)).toEqual([1, 1]);
    expect(see(80, { ...stands, pose: Float64Array.of(1e-9, 0, 0, 0, 0, 0, -1) })).toEqual([0, 0]);
  });

  it.each([
    ['restSpeed', 'speed'],
    ['restJointSpeed', 'jointSpeed'],
    ['restTurnSpeed', 'turnSpeed'],
  ] as const)('at rest is below %s, not at it', (limit, speed) => {
    const infinite = { restSpeed: Infinity, restJointSpeed: Infinity, restTurnSpeed: Infinity };
    const inputs = made({ ...infinite, [limit]: 0.01 });
    inputs.ingestState(at(10), 'ACTIVE');
    inputs[speed] = 0.0099;
    expect(inputs.isAtRest(10 * MS)).toBe(true);
    inputs[speed] = 0.01;
    expect(inputs.isAtRest(10 * MS)).toBe(false);
  });

  it('at rest needs a fresh state, below 5 mm/s', () => {
    const inputs = made();
    expect(inputs.isAtRest(0)).toBe(false);
    inputs.ingestState(at(10), 'ACTIVE');
    expect(inputs.isAtRest(60 * MS)).toBe(true);
    expect(inputs.isAtRest(61 * MS)).toBe(false);
    inputs.ingestState(at(20, { pose: Float64Array.of(0.00005, 0, 0, 0, 0, 0, 1) }), 'ACTIVE');
    expect(inputs.isAtRest(20 * MS)).toBe(false);
  });

  it('the force passes a 30 Hz low pass: 84.8 % of a step after 10 ms, and all of the first value', () => {
    const inputs = made();
    const pressed = Float64Array.of(0, 0, 20, 0, 0, 0);
    inputs.ingestState(at(10), 'ACTIVE');
    inputs.ingestState(at(20, { wrench: pressed }), 'ACTIVE');
    expect(inputs.forceNorm).toBeCloseTo(20 * (1 - Math.exp(-0.6 * Math.PI)), 9);
    const fresh = made();
    fresh.ingestState(at(10, { wrench: pressed }), 'ACTIVE');
    expect(fresh.forceNorm).toBe(20);
  });

  it('the norm of the force is of all three directions: 2, 3 and 6 N are 7 N', () => {
    const inputs = made();
    inputs.ingestState(at(10, { wrench: Float64Array.of(2, -3, 6, 9, 9, 9) }), 'ACTIVE');
    expect(inputs.forceNorm).toBe(7);
  });
});

describe('a decision', () => {
  it('is not there before the first: no sequence is smaller', () => {
    const inputs = made();
    expect(inputs).toMatchObject({ hasDecision: false, decisionSeq: -1, observationSeq: -1, linkEpoch: -1 });
    expect(inputs.ingestDecision(decision({ seq: 0 }), 7)).toBe(true);
    expect(inputs.counters.decisions).toBe(1);
  });

  it.each<[string, Partial<Decision>]>([
    ['of the base alone', { base: Float64Array.of(1, 1, 1, 1), residual: new Float64Array(4) }],
    ['of the residual alone', { base: new Float64Array(4), residual: Float64Array.of(0.1, 0.1, 0.1, 0.1) }],
    ['of one number in it', { base: Float64Array.of(0, 0, 0, 1e-9), residual: new Float64Array(4) }],
  ])('that repeats an action %s is counted', (_what, action) => {
    const inputs = made();
    const same = (seq: number, changes: Partial<Decision> = {}) => {
      inputs.ingestDecision(decision({ seq, ...action, ...changes }), 7);
      return inputs.sameDecisions;
    };
    expect([same(1), same(2), same(3)]).toEqual([0, 1, 2]);
    expect(same(4, { residual: Float64Array.of(0, 0, 0, 0.2) })).toBe(0);
    expect(same(5)).toBe(0);
    expect(same(6)).toBe(1);
    expect(same(7, { base: Float64Array.of(2, 2, 2, 2) })).toBe(0);
    expect([same(8), same(9)]).toEqual([0, 1]);
    // What was dropped is no predecessor.
    inputs.dropDecision(false);
    expect(same(10)).toBe(0);
  });

  it('that asks for nothing, again and again, repeats nothing', () => {
    const inputs = made();
    for (let seq = 1; seq <= 3; seq++) inputs.ingestDecision(decision({ seq }), 7);
    expect(inputs.sameDecisions).toBe(0);
  });

  it('is copied and becomes the newest', () => {
    const inputs = made();
    const d = decision({ base: Float64Array.of(1, 0, 0, 0), observedNs: 5, observationSeq: 9 });
    expect(inputs.ingestDecision(d, 7)).toBe(true);
    d.base[0] = 0;
    expect(inputs).toMatchObject({ hasDecision: true, decisionSeq: 1, observationSeq: 9, observedNs: 5 });
    expect(inputs.base[0]).toBe(1);
  });

  it.each([6, 8, Number.NaN, null])('of epoch %s is dropped and counted when the epoch is 7', (epoch) => {
    const inputs = made();
    expect(inputs.ingestDecision(decision({ epoch }), 7)).toBe(false);
    expect(inputs).toMatchObject({ hasDecision: false, badDecision: BAD.none });
    expect(inputs.counters.refusedEpoch).toBe(1);
  });

  it('of an old sequence is dropped and counted; a sequence may begin anew only with an epoch', () => {
    const inputs = made();
    inputs.ingestDecision(decision({ seq: 5 }), 7);
    expect(inputs.ingestDecision(decision({ seq: 5 }), 7)).toBe(false);
    expect(inputs.ingestDecision(decision({ seq: 4 }), 7)).toBe(false);
    expect(inputs.counters.refusedSeq).toBe(2);
    inputs.dropDecision(false);
    expect(inputs.hasDecision).toBe(false);
    expect(inputs.ingestDecision(decision({ seq: 1 }), 7)).toBe(false);
    inputs.dropDecision(true);
    expect(inputs.ingestDecision(decision({ seq: 0 }), 7)).toBe(true);
  });

  it('of a person ends with its epoch, and only with that its sequences may begin anew', () => {
    const inputs = made();
    Object.assign(inputs.takeover, { held: true, seq: 9 });
    inputs.dropDecision(false);
    expect(inputs.takeover).toMatchObject({ held: true, seq: 9 });
    inputs.dropDecision(true);
    expect(inputs.takeover).toMatchObject({ held: false, seq: -1 });
  });

  const wrong: Record<string, [Partial<Record<keyof Decision, unknown>>, number]> = {
    'NaN in one element of the base': [{ base: Float64Array.of(0, 0, Number.NaN, 0) }, BAD.nonFinite],
    'infinity in the residual': [{ residual: Float64Array.of(0, 0, 0, -Infinity) }, BAD.nonFinite],
    'a NaN expiry': [{ expiresNs: Number.NaN }, BAD.nonFinite],
    'a NaN time of observation': [{ observedNs: Number.NaN }, BAD.nonFinite],
    'a NaN sequence': [{ seq: Number.NaN }, BAD.nonFinite],
    'a base of three': [{ base: new Float64Array(3) }, BAD.shape],
    'a residual of five': [{ residual: new Float64Array(5) }, BAD.shape],
    'null for a base': [{ base: null }, BAD.shape],
    'text in a plain array': [{ base: ['0.5', 0, 0, 0] }, BAD.shape],
    'true in a plain array': [{ residual: [true, 0, 0, 0] }, BAD.shape],
  };
  it.each(Object.keys(wrong))('with %s is refused whole and leaves no trace but a flag', (name) => {
    const [changes, bad] = wrong[name]!;
    const inputs = made();
    inputs.ingestDecision(decision({ base: Float64Array.of(0.5, 0, 0, 0) }), 7);
    expect(inputs.ingestDecision(decision({ seq: 2, ...changes }), 7)).toBe(false);
    expect([...inputs.base]).toEqual([0.5, 0, 0, 0]);
    expect(inputs).toMatchObject({ badDecision: bad, decisionSeq: 1 });
    expect(inputs.counters.badDecisions).toBe(1);
    inputs.clearFlags();
    expect(inputs.badDecision).toBe(BAD.none);
  });

  it('is fresh for 100 ms after its observation, not after its expiry, and not before its time', () => {
    const inputs = made();
    expect(inputs.hasFreshDecision(0)).toBe(false);
    inputs.ingestDecision(decision({ observedNs: 1000 * MS, expiresNs: 9000 * MS }), 7);
    expect(inputs.hasFreshDecision(1100 * MS)).toBe(true);
    expect(inputs.hasFreshDecision(1101 * MS)).toBe(false);
    expect(inputs.hasFreshDecision(999 * MS)).toBe(true);
    expect(inputs.hasFreshDecision(998 * MS)).toBe(false);
    inputs.ingestDecision(decision({ seq: 2, observedNs: 1000 * MS, expiresNs: 1050 * MS }), 7);
    expect(inputs.hasFreshDecision(1050 * MS)).toBe(true);
    expect(inputs.hasFreshDecision(1051 * MS)).toBe(false);
  });

  it('with a residual beyond its bound is taken, and counted once', () => {
    const inputs = made();
    expect(inputs.ingestDecision(decision({ residual: Float64Array.of(9, -9, 0, 0) }), 7)).toBe(true);
    expect(
      inputs.ingestDecision(decision({ seq: 2, residual: Float64Array.of(0.3, -0.3 * (1 + 1e-9), 0, 0) }), 7),
    ).toBe(true);
    expect(inputs.counters.residualClipped).toBe(1);
  });
});

describe('the target and the bridge', () => {
  it('takes a pose of seven finite numbers and nothing else', () => {
    const inputs = made();
    for (const bad of [new Float64Array(6), new Float64Array(7).fill(Number.NaN), [0, 0, 0, 0, 0, 0, 1]]) {
      expect(inputs.ingestTarget(bad as Float64Array)).toBe(false);
    }
    expect(inputs.hasTarget).toBe(false);
    expect(inputs.ingestTarget(Float64Array.of(1, 2, 3, 0, 0, 0, 1))).toBe(true);
    expect(inputs.target[2]).toBe(3);
  });

  it('counts commands refused in a row', () => {
    const inputs = made();
    const result = (sent: boolean) => ({ sent, refused: null, epoch: 1, seq: 1, sentNs: 0 });
    inputs.observeSend(result(false));
    inputs.observeSend(result(false));
    expect(inputs.refusedSends).toBe(2);
    inputs.observeSend(result(true));
    expect(inputs.refusedSends).toBe(0);
  });
});

describe('the limits from a config', () => {
  it('rest is judged by the tip of a Cartesian robot, by the joints of any other', () => {
    const limits = inputLimits(safetyOf(), robot, 4);
    expect(limits).toEqual({
      ...{ joints: 2, sources: 3, actionSize: 4, residualBound: 0.3, forceFilterHz: 30 },
      ...{
        stateAgeNs: 50 * MS,
        decisionAgeNs: 100 * MS,
        takeoverAgeNs: 200 * MS,
        oldStampNs: 250 * MS,
        futureStampNs: 1000 * MS,
      },
      ...{ restSpeed: 0.005, restJointSpeed: Infinity, restTurnSpeed: Infinity, ranging: [] },
    });
    const joints = { ...robot, interface: { type: 'joint_velocity', velocity_scale: 1 } } as typeof robot;
    expect(inputLimits(safetyOf(), joints, 4)).toMatchObject({ restSpeed: Infinity, restJointSpeed: 0.01 });
    const base = baseOf({}, { ranging: [{ type: 'range', topic: '/sonar', age_ms: 80, invalid_share: 0 }] });
    expect(inputLimits(safetyOf(), base, 3)).toMatchObject({
      ...{ restSpeed: 0.005, restJointSpeed: Infinity, restTurnSpeed: 0.02 },
      ranging: [{ ageNs: 80 * MS, invalidShare: 0 }],
    });
    const tip = safetyOf({ tip_twist: { stop_speed_rotation: 0.03 } });
    expect(inputLimits(tip, armOf(), 6)).toMatchObject({
      ...{ restSpeed: 0.005, restJointSpeed: Infinity, restTurnSpeed: 0.03 },
    });
  });

  it('times of the ladder are in ns, and a first decision may take three decision ages', () => {
    expect(ladderLimits(safetyOf())).toEqual({
      ...{ engageRampNs: 300 * MS, firstDecisionNs: 300 * MS, stopDwellNs: 100 * MS, stopTimeoutNs: 1500 * MS },
      ...{ riskLow: 0.2, riskDwellNs: 100 * MS, recoveryBudget: 5, recoveryNs: 1500 * MS },
    });
  });
});
