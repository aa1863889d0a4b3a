import { describe, expect, it } from 'vitest';
import { Rig } from './rig.ts';

const SIDE = Float64Array.of(1, 0, 0, 0);
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

  it.each([
    [10, 2, { attenuated: 1, base_alone: 1 }],
    [9, 1, { attenuated: 1 }],
  ])('counts rising edges, after %d quiet ticks %d of them: one that hovers is one intervention', (quiet, n, by) => {
    const rig = withResidual();
    rig.critic.risk = (_row, i) => (i < 2 ? 0.9 : 0);
    rig.tick(10);
    rig.critic.risk = () => 0;
    rig.tick(quiet);
    rig.critic.risk = (_row, i) => (i < 4 ? 0.9 : 0);
    rig.tick(10);
    expect(rig.gate.counters).toMatchObject({ interventions: n, interventionsBy: by });
  });

  it('that warns slows the policy in the same tick, and lets it be fast again by a half in a second', () => {
    const rig = new Rig().active();
    rig.decision.base.set(SIDE);
    rig.tick(5);
    const step = () => {
      const x = rig.gate.record.setpoint[0]!;
      rig.tick();
      expect(rig.gate.record).toMatchObject({ mode: 'ACTIVE', source: 'policy', residualFraction: 1 });
      return [rig.gate.record.speedScale, rig.gate.record.setpoint[0]! - x].map((v) => Number(v.toFixed(9)));
    };
    expect(step()).toEqual([1, 0.001]);
    rig.critic.risk = () => 0.275;
    expect(step()).toEqual([0.6, 0.0006]);
    rig.critic.risk = () => 0.35;
    expect(step()).toEqual([0.2, 0.0002]);
    rig.critic.risk = () => 0.1;
    expect(step()).toEqual([0.205, 0.000205]);
    rig.tick(99);
    expect(step()).toEqual([0.705, 0.000705]);
    expect(rig.gate.counters.interventions).toBe(0);
  });

  it('whose warning is over is no concern of the next engagement: that begins at full speed, but for its ramp', () => {
    const rig = new Rig().active();
    rig.critic.risk = () => 0.35;
    rig.tick();
    expect(rig.gate.record.speedScale).toBe(0.2);
    rig.critic.risk = () => 0;
    rig.must('disengage');
    rig.tick(40);
    expect(rig.gate.mode).toBe('STOPPED');
    expect(rig.gate.request({ kind: 'reset', incident: rig.gate.incident }, rig.nowNs).accepted).toBe(true);
    rig.active();
    expect(rig.gate.record.speedScale).toBe(1);
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
