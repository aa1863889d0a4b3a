import { describe, expect, it } from 'vitest';
import { BAD, Inputs } from '../../../controllers/safety/inputs.ts';
import { inputLimits } from '../../../controllers/safety/limits.ts';
import { type Decision, type Mode, makeRobotState, type RobotState } from '../../../src/core/signals.ts';
import { MS, robot, safetyOf } from './rig.ts';

const made = () => new Inputs(inputLimits(safetyOf(), robot, 4));
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
});

describe('a decision', () => {
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
    expect(inputs.ingestDecision(decision({ seq: 2, residual: Float64Array.of(0.3, -0.3, 0, 0) }), 7)).toBe(true);
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
