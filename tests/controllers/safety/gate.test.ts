import { describe, expect, it } from 'vitest';
import { cartesianImpedance } from '../../../controllers/interfaces/cartesian-impedance.ts';
import { Gate } from '../../../controllers/safety/gate.ts';
import type { ApplyFilter } from '../../../controllers/safety/output.ts';
import type { OperatorRequest } from '../../../src/core/signals.ts';
import { MS, Rig, robot, safetyOf } from './rig.ts';

const DOWN = Float64Array.of(0, 0, -1, 0);
const SIDE = Float64Array.of(1, 0, 0, 0);

describe('from boot to motion', () => {
  it('writes nothing before arm, holds the measured pose after it, moves only after engage and a decision', () => {
    const rig = new Rig();
    expect(rig.tick()).toBeNull();
    rig.boot();
    expect(rig.tick()).toBeNull();
    rig.decision.base.set(DOWN);
    rig.arm();
    const held = rig.tick(20)!;
    expect(held).toMatchObject({ mode: 'HOLD', source: 'hold', epoch: 11 });
    expect([...held.setpoint]).toEqual([0.5, 0, 0.2, 0, 0, 0, 1, 2000, 150]);
    rig.engage();
    rig.thinking = false;
    expect(rig.tick(10)).toMatchObject({ mode: 'ENGAGING', source: 'hold', epoch: 12 });
    expect(rig.tick()!.setpoint[2]).toBe(0.2);
    rig.thinking = true;
    rig.tick(60);
    expect(rig.gate.mode).toBe('ACTIVE');
    expect(rig.gate.record).toMatchObject({ source: 'policy', speedScale: 1 });
    expect(rig.path).toEqual(['DISARMED(boot_ok)', 'HOLD(arm)', 'ENGAGING(engage)', 'ACTIVE(engaged)']);
    const z = rig.state.pose[2]!;
    expect(z).toBeLessThan(0.19);
    expect(rig.tick()!.setpoint[2]).toBeCloseTo(z - 0.001, 9);
  });

  it('ramps the policy’s speed from 0 to 1 in 300 ms', () => {
    const rig = new Rig().boot().arm().engage();
    rig.decision.base.set(SIDE);
    const scales: number[] = [];
    while (rig.gate.mode === 'ENGAGING') {
      rig.tick();
      scales.push(rig.gate.record.speedScale);
    }
    const moved = scales.filter((_, i) => i > 0 && scales[i - 1]! < scales[i]!);
    expect(Math.min(...scales)).toBe(0);
    expect(moved.length).toBeGreaterThanOrEqual(29);
    expect(scales.at(-1)).toBe(1);
  });

  it('every command has an epoch, a growing sequence, a lease and an expiry', () => {
    const rig = new Rig().active();
    const a = rig.tick()!;
    expect(a).toMatchObject({ epoch: 12, leaseMs: 100, stampNs: rig.nowNs, stateStampNs: rig.nowNs });
    expect(a.expiresNs).toBe(rig.nowNs + 100 * MS);
    expect(rig.tick()!.seq).toBe(a.seq + 1);
  });

  it('holds its hold: the pose captured at arm, not a creeping one', () => {
    const rig = new Rig().boot().arm();
    rig.following = false;
    for (let n = 0; n < 50; n++) {
      rig.state.pose[2] = 0.2 - 0.0001 * n;
      rig.tick();
    }
    expect(rig.tick()!.setpoint[2]).toBe(0.2);
  });

  it('begins a new arming at the measured pose, and brings stiffness into its range', () => {
    const rig = new Rig({ stiffness: [200, 1500], stiffness_rotation: [10, 100] }).boot();
    rig.state.pose[0] = 0.45;
    rig.tick();
    rig.arm();
    expect([...rig.tick()!.setpoint]).toEqual([0.45, 0, 0.2, 0, 0, 0, 1, 1500, 100]);
  });

  it('disarm goes silent', () => {
    const rig = new Rig().boot().arm();
    rig.must('disarm');
    expect(rig.tick()).toBeNull();
  });
});

describe('the anchor of a decision', () => {
  it('is the setpoint in force when it came: the aim does not run away while the setpoint walks', () => {
    const rig = new Rig().active();
    rig.decision.base.set(SIDE);
    rig.sense();
    rig.think();
    rig.thinking = false;
    const x = rig.gate.record.setpoint[0]!;
    rig.tick(8);
    expect(rig.gate.record.aim[0]).toBeCloseTo(x + 0.005, 9);
    expect(rig.gate.record.setpoint[0]).toBeCloseTo(x + 0.005, 9);
  });

  it('moves on only with what was really sent', () => {
    const rig = new Rig().active();
    rig.decision.base.set(SIDE);
    rig.tick(5);
    rig.sending = false;
    const x = rig.state.pose[0]!;
    const first = rig.tick()!;
    const second = rig.tick()!;
    expect(rig.state.pose[0]).toBe(x);
    // 10 ms, then 20 ms since the last SENT command: but never more than one nominal period of motion.
    expect(first.setpoint[0]! - x).toBeCloseTo(0.001, 9);
    expect(second.setpoint[0]! - x).toBeCloseTo(0.001, 9);
    expect(rig.gate.record).toMatchObject({ sent: false, refused: true });
    rig.tick(2);
    expect(rig.path.at(-1)).toBe('STOPPING(not_sent)');
    expect(rig.gate.counters.refusedSends).toBeGreaterThanOrEqual(3);
  });

  it('an outcome of another command moves nothing', () => {
    const rig = new Rig().boot();
    rig.must('arm');
    rig.nowNs += 10 * MS;
    rig.sense();
    const a = rig.gate.tick(rig.nowNs)!;
    const result = { sent: true, refused: null, sentNs: rig.nowNs };
    rig.gate.sent({ ...result, epoch: a.epoch, seq: a.seq + 1 });
    rig.gate.sent({ ...result, epoch: a.epoch + 1, seq: a.seq });
    expect(rig.gate.record.sent).toBe(false);
    rig.gate.sent({ ...result, epoch: a.epoch, seq: a.seq });
    expect(rig.gate.record.sent).toBe(true);
  });
});

describe('bit for bit', () => {
  const commands = (change: (rig: Rig) => void): number[][] => {
    const rig = new Rig().active();
    const out: number[][] = [];
    for (let n = 0; n < 60; n++) {
      rig.decision.base.set([Math.sin(n), Math.cos(n), -0.3, -0]);
      change(rig);
      out.push([...rig.tick()!.setpoint]);
    }
    return out;
  };
  const base = commands(() => {});

  it('a residual of zeros, of either sign, gives the commands of the base', () => {
    expect(commands((rig) => rig.decision.residual.fill(-0))).toEqual(base);
  });

  it('residual scale 0 gives the commands of the base, whatever the residual', () => {
    const scaled = commands((rig) => {
      rig.gate.request({ kind: 'residual_scale', value: 0 }, rig.nowNs);
      rig.decision.residual.fill(0.3);
    });
    expect(scaled).toEqual(base);
  });

  it('a residual changes them (so that the tests above can fail)', () => {
    expect(commands((rig) => rig.decision.residual.fill(0.3))).not.toEqual(base);
  });

  it('the same inputs give the same commands, and time may begin anywhere (P9, P10)', () => {
    const run = (startNs: number): number[][] => {
      const rig = new Rig();
      rig.nowNs = startNs;
      rig.active();
      rig.decision.base.set([0.3, -0.2, -0.7, 0.5]);
      return Array.from({ length: 40 }, () => [...rig.tick()!.setpoint]);
    };
    expect(run(1e9)).toEqual(run(1e9));
    // A power of two, so that seconds since the last command round the same.
    expect(run(1e9 + 2 ** 40 * 1000)).toEqual(run(1e9));
  });
});

describe('a bad decision', () => {
  const bad: [string, (rig: Rig) => void, string][] = [
    ['NaN in one element', (r) => r.think({ base: Float64Array.of(0, Number.NaN, 0, 0) }), 'non_finite'],
    ['the wrong length', (r) => r.think({ base: new Float64Array(3) }), 'bad_shape'],
    ['a huge value', (r) => r.think({ base: Float64Array.of(0, 0, 0, 1e300) }), 'implausible_action'],
  ];
  it.each(bad)(
    'with %s stops in the next tick, latched, and good ones after it change nothing',
    (_name, act, cause) => {
      const rig = new Rig().active();
      act(rig);
      rig.think();
      if (cause === 'implausible_action') act(rig);
      rig.tick();
      expect(rig.gate.mode).toBe('STOPPING');
      expect(rig.gate.cause).toBe(cause);
      rig.tick(100);
      expect(rig.gate.mode).toBe('STOPPED');
      for (const t of rig.transitions) expect(t.detail).not.toContain('{');
    },
  );

  it('while holding is no business of the ladder', () => {
    const rig = new Rig().boot().arm();
    rig.think({ base: new Float64Array(3) });
    rig.tick(5);
    expect(rig.gate.mode).toBe('HOLD');
  });

  it('of the epoch before engage is dropped: nothing old moves the robot', () => {
    const rig = new Rig().boot().arm();
    const { epoch } = rig.gate;
    rig.engage();
    rig.thinking = false;
    rig.think({ epoch, base: DOWN });
    rig.tick(3);
    expect(rig.gate.record).toMatchObject({ source: 'hold', decisionSeq: -1 });
    expect(rig.gate.counters.refusedEpoch).toBe(1);
  });

  it('that is stale does not begin an engagement; a fresh one does', () => {
    const rig = new Rig().boot().arm().engage();
    rig.thinking = false;
    rig.think({ observedNs: rig.nowNs - 200 * MS });
    rig.tick(3);
    expect(rig.gate.record).toMatchObject({ mode: 'ENGAGING', source: 'hold' });
    rig.think();
    rig.tick();
    expect(rig.gate.record.source).toBe('policy');
  });
});

describe('a late policy', () => {
  it('keeps its last aim up to 100 ms, and is a latched stop after', () => {
    const rig = new Rig().active();
    rig.decision.base.set(SIDE);
    rig.think();
    rig.thinking = false;
    const at = rig.nowNs;
    while (rig.nowNs - at < 100 * MS) rig.tick();
    expect(rig.gate.mode).toBe('ACTIVE');
    rig.tick();
    expect(rig.path.at(-1)).toBe('STOPPING(decision_stale)');
    expect(rig.transitions.at(-1)).toMatchObject({ value: 110, limit: 100 });
    rig.thinking = true;
    rig.tick(200);
    expect(rig.gate.mode).toBe('STOPPED');
    expect(rig.gate.counters.interventionsBy).toEqual({ decision_stale: 1 });
  });

  it('that never answers an engage is a stop after three decision ages', () => {
    const rig = new Rig().boot().arm().engage();
    rig.thinking = false;
    rig.tick(31);
    expect(rig.path.at(-1)).toBe('STOPPING(decision_missing)');
  });
});

describe('states', () => {
  it('that stop coming stop the robot after 50 ms; without any the stop becomes ESTOP after 1500 ms', () => {
    const rig = new Rig().active();
    rig.sensing = false;
    rig.tick(5);
    expect(rig.gate.mode).toBe('ACTIVE');
    rig.tick();
    expect(rig.path.at(-1)).toBe('STOPPING(state_stale)');
    rig.tick(151);
    expect(rig.path.at(-1)).toBe('ESTOP(stop_timeout)');
    expect(rig.tick()).toBeNull();
  });

  it('with NaN stop in the same tick, and the brake goes on from the last trusted one', () => {
    const rig = new Rig().active();
    rig.following = false;
    rig.state.position[0] = Number.NaN;
    const braked = rig.tick()!;
    expect(rig.path.at(-1)).toBe('STOPPING(non_finite)');
    expect(braked.source).toBe('brake');
    expect(braked.setpoint.every(Number.isFinite)).toBe(true);
  });

  it('above the force limit stop, with the force', () => {
    const rig = new Rig({ force_filter_hz: 1000 }).active();
    rig.state.wrench[2] = 31;
    rig.tick();
    expect(rig.transitions.at(-1)).toMatchObject({ to: 'STOPPING', cause: 'force_limit', limit: 30 });
    expect(rig.transitions.at(-1)!.detail).toBe('external force 31 N, allowed 30 N');
  });

  it('a clock that goes back stops', () => {
    const rig = new Rig().active();
    rig.nowNs -= 20 * MS;
    rig.tick();
    expect(rig.path.at(-1)).toBe('STOPPING(clock_back)');
  });
});

describe('the critic', () => {
  const risky = (threshold: number) => (row: Float64Array) => (row[9]! > threshold ? 0.9 : 0);
  /** Base 0, residual 0.3 in x: the aim is 1.5 mm ahead at fraction 1, so row[9] is 0.15. */
  const withResidual = (): Rig => {
    const rig = new Rig().active();
    rig.following = false;
    rig.decision.residual.set([0.3, 0, 0, 0]);
    rig.tick(5);
    return rig;
  };

  it('is asked once a tick, for six candidates', () => {
    const rig = new Rig().active();
    const { calls } = rig.critic;
    rig.tick();
    expect([rig.critic.calls - calls, rig.critic.rows]).toEqual([1, 6]);
  });

  it.each([
    [0.2, 1],
    [0.13, 0.75],
    [0.1, 0.5],
    [0.05, 0.25],
    [0.01, 0],
  ])('that objects beyond a reach of %d leaves the share %d of the residual', (threshold, fraction) => {
    const rig = withResidual();
    const anchor = rig.gate.record.setpoint[0]!;
    rig.think();
    rig.thinking = false;
    rig.critic.risk = risky(threshold + (anchor - rig.state.pose[0]!) / 0.01);
    rig.tick();
    expect(rig.gate.mode).toBe('ACTIVE');
    expect(rig.gate.record.residualFraction).toBe(fraction);
    expect(rig.gate.record.aim[0]).toBeCloseTo(anchor + 0.0015 * fraction, 9);
  });

  it('counts a rising edge of attenuation, not its ticks', () => {
    const rig = withResidual();
    rig.critic.risk = (_row, i) => (i < 2 ? 0.9 : 0);
    rig.tick(10);
    rig.critic.risk = () => 0;
    rig.tick();
    rig.critic.risk = (_row, i) => (i < 4 ? 0.9 : 0);
    rig.tick(10);
    expect(rig.gate.counters).toMatchObject({ interventions: 2, interventionsBy: { attenuated: 1, base_alone: 1 } });
  });

  it('at the threshold itself passes', () => {
    const rig = withResidual();
    rig.critic.risk = () => 0.35;
    rig.tick(3);
    expect(rig.gate.record).toMatchObject({ mode: 'ACTIVE', residualFraction: 1, risk: 0.35, riskBase: 0.35 });
  });

  it('that rejects even the base leads to RECOVERY: up, soft, at half speed; and back by ENGAGING when calm', () => {
    const rig = new Rig().active();
    rig.tick(5);
    rig.critic.risk = () => 0.36;
    const retreat = rig.tick()!;
    expect(retreat).toMatchObject({ mode: 'RECOVERY', source: 'recovery' });
    expect(retreat.setpoint[2]! - 0.2).toBeCloseTo(0.0005, 9);
    expect(retreat.setpoint[7]).toBe(1900);
    expect(rig.transitions.at(-1)).toMatchObject({ cause: 'risk', value: 0.36, limit: 0.35 });
    rig.critic.risk = () => 0.2;
    rig.tick(10);
    expect(rig.gate.mode).toBe('RECOVERY');
    rig.thinking = false;
    const back = rig.tick()!;
    expect(back).toMatchObject({ mode: 'ENGAGING', source: 'hold' });
    // Stays where the recovery left it until a new decision comes.
    expect(rig.tick()!.setpoint[2]).toBe(back.setpoint[2]);
    rig.thinking = true;
    rig.tick(40);
    expect(rig.gate.mode).toBe('ACTIVE');
    expect(rig.gate.counters.interventionsBy).toEqual({ risk: 1 });
  });

  it('does not let a recovery end while the policy would do the risky thing again', () => {
    const rig = new Rig().active();
    rig.critic.risk = (_row, i) => (i === 5 ? 0 : 0.9);
    rig.tick(120);
    expect(rig.gate.mode).toBe('RECOVERY');
    rig.tick(40);
    expect(rig.gate.cause).toBe('recovery_timeout');
  });

  it('has a budget of recoveries: the sixth is a stop', () => {
    const rig = new Rig().active();
    for (let n = 0; n < 5; n++) {
      rig.critic.risk = () => 0.9;
      rig.tick(5);
      expect(rig.gate.mode).toBe('RECOVERY');
      rig.critic.risk = () => 0;
      rig.tick(60);
      expect(rig.gate.mode).toBe('ACTIVE');
    }
    rig.critic.risk = () => 0.9;
    rig.tick();
    expect(rig.path.at(-1)).toBe('STOPPING(recovery_exhausted)');
  });

  const invalid: [string, () => number][] = [
    ['NaN', () => Number.NaN],
    ['1.01', () => 1.01],
    ['-0.01', () => -0.01],
    [
      'an exception',
      () => {
        throw new Error('kernel');
      },
    ],
  ];
  it.each(invalid)('that answers %s: the setpoint stands still for one tick, then a stop', (_name, risk) => {
    const rig = new Rig().active();
    rig.decision.base.set(SIDE);
    rig.tick(5);
    rig.critic.risk = risk;
    const x = rig.state.pose[0]!;
    const still = rig.tick()!;
    expect(still).toMatchObject({ mode: 'ACTIVE', source: 'hold' });
    expect(still.setpoint[0]).toBe(x);
    expect(rig.gate.record).toMatchObject({ risk: 1, residualFraction: 0, speedScale: 0 });
    rig.tick();
    expect(rig.path.at(-1)).toBe('STOPPING(critic_invalid)');
    expect(rig.gate.counters.criticInvalid).toBe(2);
  });

  it('that is invalid now and then is a stop at the second time, and the count begins anew at engage', () => {
    const rig = new Rig().active();
    const once = () => {
      rig.critic.risk = () => Number.NaN;
      rig.tick();
      rig.critic.risk = () => 0;
      rig.tick(10);
    };
    once();
    expect(rig.gate.mode).toBe('ACTIVE');
    once();
    expect(rig.gate.cause).toBe('critic_invalid');
  });

  it('that does not answer in HOLD forbids engage; its risk of holding is shown', () => {
    const rig = new Rig().boot().arm();
    rig.critic.risk = () => 0.4;
    rig.tick();
    expect(rig.gate.record).toMatchObject({ risk: 0.4, mode: 'HOLD' });
    rig.critic.risk = () => Number.NaN;
    rig.tick();
    expect(rig.gate.request({ kind: 'engage' }, rig.nowNs).reason).toMatch(/critic_invalid/);
    rig.critic.risk = () => 0;
    rig.tick();
    rig.must('engage');
  });

  it('of the wrong size refuses to start', () => {
    const critic = { inputSize: 12, sha256: '', evaluate: () => {} };
    expect(() => new Rig({}, { critic })).toThrow(/12 inputs; allowed: 13/);
  });
});

describe('the operator', () => {
  it('disengages: a controlled stop, STOPPED at the measured pose with the stiffness in force', () => {
    const rig = new Rig().active();
    rig.decision.base.set([0, 0, 0, -1]);
    rig.tick(20);
    const k = rig.gate.record.setpoint[7]!;
    expect(k).toBe(600);
    rig.must('disengage');
    expect(rig.tick()).toMatchObject({ mode: 'STOPPING', source: 'brake' });
    rig.tick(30);
    expect(rig.tick()).toMatchObject({ mode: 'STOPPED', source: 'hold' });
    expect(rig.gate.record.setpoint[7]).toBe(600);
    expect(rig.gate.counters.interventions).toBe(0);
  });

  it('presses the e-stop: one stop goes out, then silence, until release, reset, arm', () => {
    const rig = new Rig().active();
    rig.must('estop');
    expect(rig.tick()).toMatchObject({ mode: 'ESTOP', source: 'brake' });
    expect(rig.tick()).toBeNull();
    expect(rig.tick(50)).toBeNull();
    const reset = { kind: 'reset', incident: rig.gate.incident } as const;
    expect(rig.gate.request(reset, rig.nowNs).accepted).toBe(false);
    rig.must('estop_release');
    expect(rig.tick(50)).toBeNull();
    expect(rig.gate.request(reset, rig.nowNs).accepted).toBe(true);
    expect(rig.gate.mode).toBe('DISARMED');
    expect(rig.tick()).toBeNull();
    rig.arm();
    rig.must('estop');
    expect(rig.tick()).toMatchObject({ source: 'brake' });
  });

  it('presses the e-stop while disarmed: nothing goes out', () => {
    const rig = new Rig().boot();
    rig.must('estop');
    expect(rig.tick()).toBeNull();
    expect(rig.gate.mode).toBe('ESTOP');
  });

  it('cannot arm, engage or reset while something is wrong, and is told what', () => {
    const rig = new Rig({ force_filter_hz: 1000 }).boot();
    const ask = (request: OperatorRequest) => rig.gate.request(request, rig.nowNs);
    rig.state.wrench[0] = 40;
    rig.tick();
    expect(ask({ kind: 'arm' })).toEqual({
      accepted: false,
      reason: 'not clear: force_limit: external force 40 N, allowed 30 N',
    });
    rig.state.wrench[0] = 0;
    rig.tick();
    rig.arm();
    rig.gate.observeLink(false, 1, rig.nowNs);
    expect(ask({ kind: 'engage' }).reason).toBe('not clear: link_down: the link to the robot is down');
    rig.tick();
    expect(rig.path.at(-1)).toBe('STOPPING(link_down)');
    rig.tick(30);
    expect(rig.gate.mode).toBe('STOPPED');
    expect(ask({ kind: 'reset', incident: 1 }).reason).toMatch(/link_down/);
    rig.gate.observeLink(true, 1, rig.nowNs);
    expect(ask({ kind: 'reset', incident: 1 }).accepted).toBe(true);
  });

  it('cannot arm without a robot state, even with the rule off, nor engage without a target', () => {
    const rig = new Rig({ off: ['state_age'] });
    rig.gate.boot(rig.nowNs);
    rig.gate.observeLink(true, 1, rig.nowNs);
    expect(rig.gate.request({ kind: 'arm' }, rig.nowNs).reason).toMatch(/no robot state/);
    rig.tick();
    rig.arm();
    expect(rig.gate.request({ kind: 'engage' }, rig.nowNs).reason).toMatch(/target_missing/);
    const off = new Rig({ off: ['target'] });
    off.gate.boot(off.nowNs);
    off.gate.observeLink(true, 1, off.nowNs);
    off.tick();
    off.arm().engage();
    expect([off.gate.mode, off.gate.off]).toEqual(['ENGAGING', ['target']]);
    // Engaged all the same, the row of the critic holds NaN: whatever it answers to that, a NaN is not a pass.
    off.critic.risk = (row) => row[0]! * 0;
    off.tick(3);
    expect(off.gate.cause).toBe('critic_invalid');
  });

  it('scales the speed: down at once, up by half a unit a second', () => {
    const rig = new Rig().active();
    const ask = (value: number) => rig.gate.request({ kind: 'speed_scale', value }, rig.nowNs).accepted;
    expect(ask(0.1)).toBe(true);
    rig.tick();
    expect(rig.gate.record.speedScale).toBe(0.1);
    ask(1);
    rig.tick(20);
    expect(rig.gate.speedScale).toBeCloseTo(0.2, 9);
    rig.tick(300);
    expect(rig.gate.speedScale).toBe(1);
    for (const bad of [-0.1, 1.1, Number.NaN, '1' as unknown as number]) expect(ask(bad)).toBe(false);
    expect(rig.gate.speedScale).toBe(1);
  });

  it('scales the residual', () => {
    const rig = new Rig().active();
    rig.decision.residual.set([0.3, 0, 0, 0]);
    expect(rig.gate.request({ kind: 'residual_scale', value: 0.5 }, rig.nowNs).accepted).toBe(true);
    expect(rig.gate.residualScale).toBe(0.5);
    rig.tick(3);
    expect(rig.gate.record.residualFraction).toBe(0.5);
    expect(rig.gate.request({ kind: 'residual_scale', value: 2 }, rig.nowNs).accepted).toBe(false);
  });

  it('who asks for something unheard of is refused, not obeyed', () => {
    const rig = new Rig().active();
    const answer = rig.gate.request({ kind: 'dance' } as unknown as OperatorRequest, rig.nowNs);
    expect(answer.accepted).toBe(false);
    expect(rig.gate.mode).toBe('ACTIVE');
  });
});

describe('the link', () => {
  it('made anew in mid-motion is a stop and a new epoch; decisions of before are dropped', () => {
    const rig = new Rig().active();
    const { epoch } = rig.gate;
    rig.gate.observeLink(true, 2, rig.nowNs);
    expect(rig.gate).toMatchObject({ mode: 'STOPPING', cause: 'link_changed', epoch: epoch + 1 });
    rig.think({ epoch });
    expect(rig.gate.counters.refusedEpoch).toBe(1);
    expect(rig.tick()).toMatchObject({ source: 'brake', epoch: epoch + 1 });
  });

  it('that was never up forbids arming, and its first connection is no change', () => {
    const rig = new Rig();
    rig.gate.boot(rig.nowNs);
    rig.tick();
    expect(rig.gate.linkUp).toBe(false);
    expect(rig.gate.request({ kind: 'arm' }, rig.nowNs).reason).toMatch(/link_down/);
    rig.gate.observeLink(true, 5, rig.nowNs);
    expect(rig.gate).toMatchObject({ epoch: 10, linkUp: true });
  });
});

describe('faults from outside', () => {
  it('reported stop at once, with cause and detail', () => {
    const rig = new Rig().active();
    rig.gate.report('brain_lost', 'the brain process is gone', rig.nowNs);
    expect(rig.gate.mode).toBe('STOPPING');
    expect(rig.transitions.at(-1)).toMatchObject({ cause: 'brain_lost', detail: 'the brain process is gone' });
    expect(rig.tick()!.source).toBe('brake');
  });

  it('reported as estop or fault go there', () => {
    const rig = new Rig().active();
    rig.gate.report('echo', 'mismatch at speed', rig.nowNs, 'estop');
    expect(rig.gate.mode).toBe('ESTOP');
    rig.gate.report('digest', 'the model changed', rig.nowNs, 'fault');
    expect(rig.gate.mode).toBe('FAULT');
    expect(rig.tick()).toBeNull();
  });

  it('an overrun is counted, and a stop above 100 ms', () => {
    const rig = new Rig().active();
    rig.gate.overrun(100, rig.nowNs);
    expect(rig.gate.mode).toBe('ACTIVE');
    rig.gate.overrun(101, rig.nowNs);
    expect(rig.gate.cause).toBe('overrun');
    expect(rig.gate.counters.overruns).toBe(2);
  });
});

describe('faults inside', () => {
  /** Lets the real filter work until `broken` is called for. */
  const breakable = (spoil: (out: Float64Array) => void) => {
    const state = { broken: false };
    const filter: ApplyFilter = (wish, _last, _pose, _force, _elapsed, _scale, out) => {
      out.set(wish);
      if (state.broken) spoil(out);
      return 0;
    };
    return { state, filter };
  };

  it('a filter that lets something through: the brake has this tick, the next one is FAULT', () => {
    const { state, filter } = breakable((out) => {
      out[0] = 99;
    });
    const rig = new Rig({}, { filter }).boot().arm();
    state.broken = true;
    const out = rig.tick()!;
    expect(out).toMatchObject({ source: 'brake', mode: 'HOLD' });
    expect(out.setpoint[0]).toBe(0.5);
    expect(rig.gate.record.refusal).toBeGreaterThan(0);
    expect(rig.tick()).toBeNull();
    expect(rig.path.at(-1)).toBe('FAULT(post_check)');
    expect(rig.gate.counters.postCheckFailures).toBe(1);
  });

  it('a filter and a brake that both fail: nothing goes out', () => {
    const { state, filter } = breakable((out) => out.fill(Number.NaN));
    const rig = new Rig({ target_box: { min: [-0.05, -1, -1], max: [0.05, 1, 1] } }, { filter }).boot().arm();
    // The target box now begins at 0.55: a robot outside may only go in, and it went 4 mm ahead of its setpoint.
    rig.gate.ingestTarget(Float64Array.of(0.6, 0, 0.2, 0, 0, 0, 1), rig.nowNs);
    rig.following = false;
    rig.state.pose[0] = 0.504;
    state.broken = true;
    expect(rig.tick()).toBeNull();
    expect(rig.gate.record).toMatchObject({ source: 'none', mode: 'HOLD', refusal: 1, commandSeq: 0 });
    expect(rig.tick()).toBeNull();
    expect(rig.path.at(-1)).toBe('FAULT(post_check)');
  });

  it('an error inside the tick is FAULT and silence, whoever is told of it', () => {
    const iface = cartesianImpedance(robot);
    let broken = false;
    const rig = new Rig(
      {},
      {
        interface: {
          ...iface,
          aim(anchor, action, out) {
            if (broken) throw new Error('no kinematics');
            iface.aim(anchor, action, out);
          },
        },
      },
    ).active();
    broken = true;
    expect(rig.tick()).toBeNull();
    expect(rig.path.at(-1)).toBe('FAULT(internal_error)');
    expect(rig.transitions.at(-1)!.detail).toBe('no kinematics');
    expect(rig.gate.record).toMatchObject({ mode: 'FAULT', cause: 'internal_error', source: 'none' });
  });

  it('an onTransition that throws does not get an action out', () => {
    let calls = 0;
    const rig = new Rig(
      {},
      {
        onTransition(t) {
          if (t.to === 'ACTIVE' || t.to === 'FAULT') {
            calls++;
            throw new Error('log is gone');
          }
        },
      },
    )
      .boot()
      .arm()
      .engage();
    rig.tick(60);
    expect(rig.gate.mode).toBe('FAULT');
    expect(calls).toBe(2);
  });

  it('something thrown that is no error, and a clock that is no number, are FAULT too', () => {
    const rig = new Rig().boot();
    expect(rig.gate.tick(Number.NaN)).toBeNull();
    expect(rig.gate.mode).toBe('FAULT');
    const thrower = new Rig(
      {},
      {
        onTransition() {
          throw 'text';
        },
      },
    );
    expect(() => thrower.gate.boot(0)).toThrow('text');
  });

  it('limits under which the brake cannot keep its word do not pass boot', () => {
    const rig = new Rig();
    expect(rig.gate.boot(rig.nowNs)).toEqual({ accepted: true, reason: '' });
    const tiny = new Gate({
      safety: { ...safetyOf(), speed_rotation: Number.NaN },
      robot,
      interface: cartesianImpedance(robot),
      critic: rig.critic,
      epochBase: 1,
      onTransition: () => {},
    });
    expect(tiny.boot(0).accepted).toBe(false);
    expect(tiny.mode).toBe('FAULT');
    expect(tiny.cause).toBe('boot_failed');
  });
});
