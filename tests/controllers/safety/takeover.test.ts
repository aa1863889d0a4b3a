import { describe, expect, it } from 'vitest';
import { Echo } from '../../../controllers/safety/echo.ts';
import { TakeoverInput } from '../../../controllers/safety/takeover.ts';
import { MODES, type Takeover } from '../../../src/core/signals.ts';
import { MS, Rig } from './rig.ts';

const AGE = 200 * MS;

/** Commands 1 to 100 of epoch 5 went out every 10 ms, the first at 10 ms. */
function made() {
  const echo = new Echo(1);
  for (let seq = 1; seq <= 100; seq++) echo.sent(Float64Array.of(0), 5, seq, seq * 10 * MS);
  const counters = { takeovers: 0, refusedTakeovers: 0 };
  const input = new TakeoverInput(2, AGE, counters);
  const message = (changes: Partial<Takeover> = {}): Takeover => ({
    ...{ holder: 1, epoch: 5, seq: 1, commandSeq: 100, action: Float64Array.of(0.5, -1), release: false },
    ...changes,
  });
  /** At 1000 ms, in ACTIVE, unless told otherwise. */
  const ingest = (changes: Partial<Takeover> = {}, mode = 'ACTIVE' as (typeof MODES)[number], nowMs = 1000) =>
    input.ingest(message(changes), mode, 5, echo, nowMs * MS);
  return { input, echo, counters, message, ingest };
}

describe('what a person wants in the place of the policy', () => {
  it('is taken whole, and counts from when the command that it answers went out', () => {
    const { input, ingest, counters } = made();
    expect([input.held, input.age(1000 * MS), input.isFresh(1000 * MS)]).toEqual([false, Number.NaN, false]);
    expect(input.lastRefusal).toBe('');
    expect(ingest({ commandSeq: 95, seq: 4 })).toBe('');
    expect(input).toMatchObject({ held: true, holder: 1, seq: 4 });
    expect([...input.action, ...input.residual]).toEqual([0.5, -1, 0, 0]);
    expect(input.age(1000 * MS)).toBe(50 * MS);
    expect([1149, 1150, 1150.001].map((ms) => input.isFresh(ms * MS))).toEqual([true, true, false]);
    expect(counters).toEqual({ takeovers: 1, refusedTakeovers: 0 });
  });

  const NO: [string, Partial<Takeover>, string][] = [
    ['of an older epoch', { epoch: 4 }, 'old epoch'],
    ['of an epoch still to come', { epoch: 6 }, 'old epoch'],
    ['of no epoch', { epoch: Number.NaN }, 'old epoch'],
    ['with the sequence of the last one', { seq: 0 }, 'old sequence'],
    ['with an older sequence', { seq: -1 }, 'old sequence'],
    ['without a sequence', { seq: Number.NaN }, 'old sequence'],
    ['that answers a command 210 ms old', { commandSeq: 79 }, 'stale'],
    ['that answers a command that never went out', { commandSeq: 101 }, 'stale'],
    ['that answers none', { commandSeq: -1 }, 'stale'],
    ['that answers half a command', { commandSeq: 99.5 }, 'stale'],
    ['that answers NaN', { commandSeq: Number.NaN }, 'stale'],
    ['with too few numbers', { action: Float64Array.of(0.5) }, 'wrong shape'],
    ['with too many numbers', { action: new Float64Array(3) }, 'wrong shape'],
    ['with a plain array', { action: [0.5, 0.5] as unknown as Float64Array }, 'wrong shape'],
    ['with null', { action: null as unknown as Float64Array }, 'wrong shape'],
    ['with NaN', { action: Float64Array.of(0, Number.NaN) }, 'not finite'],
    ['with infinity', { action: Float64Array.of(Number.NEGATIVE_INFINITY, 0) }, 'not finite'],
    ['beyond a full deflection', { action: Float64Array.of(0, 1.00001) }, 'out of range'],
    ['beyond a full deflection backwards', { action: Float64Array.of(-1.00001, 0) }, 'out of range'],
    ['of somebody else', { holder: 2 }, 'held by another'],
    ['of somebody else who would give it back', { holder: 2, release: true }, 'held by another'],
  ];

  it.each(NO)('%s is refused whole and counted: the one before neither changes nor gets younger', (_what, bad, why) => {
    const { input, ingest, counters } = made();
    ingest({ seq: 0, commandSeq: 95, action: Float64Array.of(0.25, 0.25) });
    const before = { ...input, action: [...input.action] };
    expect(ingest(bad)).toBe(why);
    expect({ ...input, action: [...input.action] }).toEqual({ ...before, lastRefusal: why });
    expect(input.age(1000 * MS)).toBe(50 * MS);
    expect(counters).toEqual({ takeovers: 1, refusedTakeovers: 1 });
  });

  it('is taken up to the very age and the very deflection, and what a float32 adds to it', () => {
    const { ingest } = made();
    expect(ingest({ commandSeq: 80, action: Float64Array.of(1, -1) })).toBe('');
    expect(ingest({ seq: 2, action: Float64Array.of(1 + 9e-7, -1 - 9e-7) })).toBe('');
    expect(ingest({ seq: 3, action: Float64Array.of(1 + 1e-6, -1 - 1e-6) })).toBe('');
  });

  it('that answers a command before which the clock was set back is refused', () => {
    expect(made().ingest({}, 'ACTIVE', 999)).toBe('stale');
  });

  it.each(MODES)('counts in %s only where a policy has or regains a say', (mode) => {
    const engaged = ['ENGAGING', 'ACTIVE', 'RECOVERY'].includes(mode);
    const { input, ingest } = made();
    expect(ingest({}, mode)).toBe(engaged ? '' : 'not engaged');
    expect(input.held).toBe(engaged);
  });

  it('ends with a release of the same person, which needs no action; the next one then needs a newer sequence', () => {
    const { input, ingest } = made();
    expect(ingest({ release: true })).toBe('not held');
    ingest();
    expect(ingest({ seq: 2, release: true, action: new Float64Array(0) })).toBe('');
    expect(input).toMatchObject({ held: false, seq: 2 });
    expect(ingest({ seq: 2, holder: 2 })).toBe('old sequence');
    expect(ingest({ seq: 3, holder: 2 })).toBe('');
  });

  it('ends with its epoch, and sequences begin anew', () => {
    const { input, ingest } = made();
    ingest({ seq: 9 });
    input.drop(true);
    expect(input.held).toBe(false);
    expect(ingest({ seq: 0 })).toBe('');
  });
});

/** A rig and a person at it. */
class Person {
  readonly rig: Rig;
  readonly begun: string[] = [];

  constructor(changes: Record<string, unknown> = {}) {
    this.rig = new Rig(changes, { onIntervention: (cause, by) => this.begun.push(`${by} ${cause}`) });
  }

  /** What the gate says to it. */
  wants(action: number[], changes: Partial<Takeover> = {}): string {
    return this.rig.takeOver(action, changes);
  }

  releases(changes: Partial<Takeover> = {}): string {
    return this.wants([], { release: true, ...changes });
  }
}

/** The policy moves to +x, as far as it can. */
const inMotion = (changes: Record<string, unknown> = {}): Person => {
  const person = new Person(changes);
  person.rig.decision.base.set([1, 0, 0, 0]);
  person.rig.active();
  person.rig.tick(10);
  return person;
};

describe('a person at the gate', () => {
  it('has the very next command: same direction, limits and epoch, tagged in command and record', () => {
    const person = inMotion();
    const { rig } = person;
    const before = rig.tick()!;
    expect(before).toMatchObject({ source: 'policy', mode: 'ACTIVE' });
    expect(person.wants([-1, 0, 0, 0])).toBe('');
    const after = rig.tick()!;
    expect(after).toMatchObject({ source: 'takeover', mode: 'ACTIVE', seq: before.seq + 1, epoch: before.epoch });
    // 0.1 m/s at 100 Hz is 1 mm a tick, against the policy's way.
    expect(after.setpoint[0]! - before.setpoint[0]!).toBeCloseTo(-0.001, 12);
    expect(rig.gate.record).toMatchObject({ source: 'takeover', takeoverSeq: 1, residualFraction: 0 });
    expect(person.begun).toEqual(['person takeover']);
    expect(rig.gate.counters.interventions).toBe(0);
  });

  it('counts from the setpoint in force when it came, as a decision does', () => {
    const person = inMotion();
    const { rig } = person;
    const from = rig.tick()!.setpoint[1]!;
    person.wants([0, 0.5, 0, 0]);
    // 2.5 mm aside at 1 mm a tick, and there it stays.
    const way = [1, 2, 3, 4, 5].map(() => rig.tick()!.setpoint[1]! - from);
    expect(way.map((y) => Number(y.toFixed(6)))).toEqual([0.001, 0.002, 0.0025, 0.0025, 0.0025]);
  });

  it('keeps the decision by going on, whatever the policy wants meanwhile; a repeated action is no dead network', () => {
    const person = inMotion();
    const { rig } = person;
    for (let n = 0; n < 500; n++) {
      if (n % 5 === 0) person.wants([0, n % 100 < 50 ? 0.2 : -0.2, 0, 0]);
      expect(rig.tick()).toMatchObject({ source: 'takeover', mode: 'ACTIVE' });
    }
    expect(person.begun).toEqual(['person takeover']);
    expect(rig.gate.cause).toBe('engaged');
  });

  it('who is silent holds the robot: no old motion, and the policy gets nothing by it until somebody engages', () => {
    const person = inMotion();
    const { rig } = person;
    person.wants([-1, 0, 0, 0]);
    const sources = Array.from({ length: 21 }, () => rig.tick()!.source);
    expect(new Set(sources.slice(0, 20))).toEqual(new Set(['takeover']));
    expect(sources[20]).toBe('hold');
    expect(rig.path.at(-1)).toBe('HOLD(takeover_stale)');
    expect(rig.transitions.at(-1)).toMatchObject({ value: 210, limit: 200 });
    const at = rig.gate.record.setpoint[0]!;
    rig.tick(100);
    expect(rig.gate.mode).toBe('HOLD');
    expect(rig.gate.record.setpoint[0]).toBe(at);
    expect(person.wants([1, 0, 0, 0])).toBe('not engaged');
    rig.engage().tick(40);
    expect(rig.gate.record.source).toBe('policy');
  });

  it('gives the decision back by a release: the policy is engaged anew, in a new epoch, from authority zero', () => {
    const person = inMotion();
    const { rig } = person;
    person.wants([0, -1, 0, 0]);
    const last = rig.tick(2)!;
    const { epoch } = rig.gate;
    expect(person.releases()).toBe('');
    expect(rig.gate).toMatchObject({ mode: 'ENGAGING', cause: 'takeover_released', epoch: epoch + 1 });
    // A decision comes every fifth tick, the next one in this epoch; until then the setpoint stays.
    const next = rig.tick()!;
    expect([...next.setpoint.subarray(0, 3)]).toEqual([...last.setpoint.subarray(0, 3)]);
    let scale = 0;
    for (let n = 0; n < 5 || rig.gate.mode === 'ENGAGING'; n++) {
      rig.tick();
      expect(['hold', 'policy']).toContain(rig.gate.record.source);
      expect(rig.gate.record.speedScale - scale).toBeLessThanOrEqual(rig.gate.record.source === 'policy' ? 0.034 : 1);
      if (rig.gate.record.source === 'policy') scale = rig.gate.record.speedScale;
    }
    expect(rig.gate.mode).toBe('ACTIVE');
    // The old epoch's words are void, also the person's.
    expect(person.wants([0, 1, 0, 0], { epoch })).toBe('old epoch');
  });

  it('may take over while the policy is ramped up, with its authority and no more; a release begins the ramp anew', () => {
    const person = new Person();
    const { rig } = person;
    rig.boot().arm().engage();
    while (rig.gate.record.source !== 'policy') rig.tick();
    rig.tick(14);
    expect(person.wants([0, 1, 0, 0])).toBe('');
    const from = rig.gate.record.setpoint[1]!;
    rig.tick();
    expect(rig.gate.record).toMatchObject({ source: 'takeover', mode: 'ENGAGING' });
    expect(rig.gate.record.speedScale).toBeCloseTo(0.5, 9);
    expect(rig.gate.record.setpoint[1]! - from).toBeCloseTo(0.0005, 9);
    const known = rig.transitions.length;
    expect(person.releases()).toBe('');
    rig.tick(5);
    expect(rig.gate.record).toMatchObject({ mode: 'ENGAGING', takeoverSeq: -1 });
    expect(rig.gate.record.speedScale).toBeLessThan(0.2);
    expect(rig.transitions.length).toBe(known);
  });

  it('arms nothing and engages nothing', () => {
    const person = new Person();
    const { rig } = person;
    rig.boot();
    for (const mode of ['DISARMED', 'HOLD']) {
      if (mode === 'HOLD') rig.arm();
      expect(person.wants([1, 0, 0, 0])).toBe('not engaged');
      expect(person.releases()).toBe('not engaged');
      rig.tick();
      expect(rig.gate.mode).toBe(mode);
    }
    expect(rig.gate.record.source).toBe('hold');
    rig.engage();
    // Not even a fresh takeover stands for the first decision of the policy.
    rig.thinking = false;
    for (let n = 0; n < 40 && rig.gate.mode === 'ENGAGING'; n++) {
      if (n % 3 === 1) expect(person.wants([1, 0, 0, 0])).toBe('');
      if (n < 30) expect(rig.tick()!.source).toBe('hold');
      else rig.tick();
    }
    expect(rig.path.at(-1)).toBe('STOPPING(decision_missing)');
  });

  it('is judged by the critic as a base is: too risky is a recovery, after which the person still decides', () => {
    const person = inMotion();
    const { rig } = person;
    // Risky is only what goes to -y; a recovery goes up.
    rig.critic.risk = (row) => (row[10]! < -0.1 ? 0.9 : 0);
    person.wants([0, -1, 0, 0]);
    rig.tick();
    expect(rig.gate.record).toMatchObject({ mode: 'RECOVERY', source: 'recovery', risk: 0.9, takeoverSeq: 1 });
    expect(person.begun).toEqual(['person takeover', 'gate risk']);
    for (let n = 0; n < 60 && rig.gate.mode === 'RECOVERY'; n++) {
      if (n % 4 === 0) expect(person.wants([0, 0.1, 0, 0])).toBe('');
      expect(rig.tick()!.source).not.toBe('takeover');
    }
    expect(rig.gate.mode).toBe('ENGAGING');
    for (let n = 0; n < 10; n++) {
      person.wants([0, 0.1, 0, 0]);
      expect(['takeover', 'hold']).toContain(rig.tick()!.source);
    }
    expect(rig.gate.record.source).toBe('takeover');
  });

  it('who left during a recovery has left: after it the robot holds, the policy does not go on by itself', () => {
    const person = inMotion();
    const { rig } = person;
    rig.critic.risk = (row) => (row[10]! < -0.1 ? 0.9 : 0);
    person.wants([0, -1, 0, 0]);
    rig.tick(100);
    expect(rig.path.slice(-3)).toEqual(['RECOVERY(risk)', 'ENGAGING(risk_low)', 'HOLD(takeover_stale)']);
    expect(rig.gate.mode).toBe('HOLD');
  });

  it('releases in a recovery: the policy goes on where it ends', () => {
    const person = inMotion();
    const { rig } = person;
    rig.critic.risk = (row) => (row[10]! < -0.1 ? 0.9 : 0);
    person.wants([0, -1, 0, 0]);
    rig.tick(3);
    expect(person.releases()).toBe('');
    expect(rig.gate.mode).toBe('RECOVERY');
    rig.tick(100);
    expect(rig.gate.record).toMatchObject({ mode: 'ACTIVE', source: 'policy' });
  });

  it('moves nothing where the critic gives no risk, nor faster than the speed scale', () => {
    const person = inMotion();
    const { rig } = person;
    rig.gate.request({ kind: 'speed_scale', value: 0.2 }, rig.nowNs);
    const from = rig.gate.record.setpoint[1]!;
    person.wants([0, 1, 0, 0]);
    rig.tick();
    expect(rig.gate.record.setpoint[1]! - from).toBeCloseTo(0.0002, 9);
    rig.critic.risk = () => Number.NaN;
    const still = rig.gate.record.setpoint[1]!;
    expect(rig.tick()).toMatchObject({ source: 'hold' });
    expect(rig.gate.record.setpoint[1]).toBe(still);
  });

  it.each<[string, (rig: Rig) => unknown, string]>([
    ['a force', (rig) => rig.state.wrench.set([0, 40, 0]), 'force_limit'],
    ['a policy that went silent', (rig) => Object.assign(rig, { thinking: false }), 'decision_stale'],
    ['a brain that died', (rig) => rig.gate.report('brain_lost', '', rig.nowNs), 'brain_lost'],
    ['states that stop', (rig) => Object.assign(rig, { sensing: false }), 'state_stale'],
    ['an operator', (rig) => rig.must('stop'), 'operator_stop'],
  ])('is stopped by %s as the policy is, and has nothing to say then', (_what, fault, cause) => {
    const person = inMotion({ force_filter_hz: 1000 });
    const { rig } = person;
    fault(rig);
    for (let n = 0; n < 20 && rig.gate.mode === 'ACTIVE'; n++) {
      person.wants([0, 0.1, 0, 0]);
      rig.tick();
    }
    expect(rig.path.at(-1)).toBe(`STOPPING(${cause})`);
    expect(person.wants([0, 0.1, 0, 0])).toBe('not engaged');
    expect(rig.gate.takeover.held).toBe(false);
    expect(rig.tick()?.source).toBe('brake');
  });

  it('even with the rule off a stale wish moves nothing, and nobody else decides', () => {
    const person = inMotion({ off: ['takeover_age'] });
    const { rig } = person;
    person.wants([-1, 0, 0, 0]);
    rig.tick(20);
    const at = [...rig.gate.record.setpoint];
    for (let n = 0; n < 50; n++) expect(rig.tick()!.source).toBe('hold');
    expect([...rig.gate.record.setpoint]).toEqual(at);
    expect(rig.gate.mode).toBe('ACTIVE');
  });

  it('a backlog that was held up anywhere moves nothing, whenever it comes', () => {
    const person = inMotion();
    const { rig } = person;
    const answers = { epoch: rig.gate.epoch, commandSeq: rig.gate.record.commandSeq };
    rig.tick(21);
    for (let n = 0; n < 20; n++) expect(person.wants([1, 1, 1, 1], answers)).toBe('stale');
    expect(rig.tick()!.source).toBe('policy');
    expect(rig.gate.counters).toMatchObject({ takeovers: 0, refusedTakeovers: 20 });
  });
});
