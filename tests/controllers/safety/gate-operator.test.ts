import { describe, expect, it } from 'vitest';
import type { OperatorRequest } from '../../../src/core/signals.ts';
import { Rig } from './rig.ts';

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
