import { describe, expect, it } from 'vitest';
import { JointGate } from '../../safety/joint-gate.ts';
import { MS, Rig } from './rig.ts';

/** A rig in STOPPING whose last command is 8 mm from the tip, and has been for `silentMs`. */
function afterSilence(silentMs: number): Rig {
  const rig = new Rig({ lease_ms: 80 }).active();
  rig.gate.observeLink(true, 2, rig.nowNs);
  rig.following = false;
  rig.thinking = false;
  rig.state.pose[0] = rig.gate.record.setpoint[0]! + 0.008;
  rig.nowNs += (silentMs - 10) * MS;
  return rig;
}

describe('after a silence longer than the lease', () => {
  it('the first command is where the robot is now, at the stiffness that it had', () => {
    const rig = afterSilence(81);
    const stiffness = rig.gate.record.setpoint[7];
    const out = rig.tick()!;
    expect(out.source).toBe('brake');
    expect([...out.setpoint.subarray(0, 7)]).toEqual([...rig.state.pose]);
    expect(out.setpoint[7]).toBe(stiffness);
  });

  it('within the lease the brake goes on from the last command: 1 mm a tick', () => {
    const rig = afterSilence(80);
    const from = rig.gate.record.setpoint[0]!;
    expect(rig.tick()!.setpoint[0]).toBeCloseTo(from + 0.001, 12);
  });

  it('waits for a state that was measured since: an older one says nothing of where the robot let go', () => {
    const rig = afterSilence(81);
    rig.sensing = false;
    rig.gate.ingestState({ ...rig.state, seq: rig.state.seq + 1, stampNs: rig.nowNs, receivedNs: rig.nowNs - 20 * MS });
    expect(rig.tick()).toBeNull();
    expect(rig.gate.mode).toBe('STOPPING');
    rig.sensing = true;
    rig.nowNs += 20 * MS;
    expect(rig.tick()!.setpoint[0]).toBe(rig.state.pose[0]);
  });

  it('holds there: what STOPPED keeps is not where it was stopped before', () => {
    const rig = afterSilence(81);
    rig.tick(20);
    expect(rig.gate.mode).toBe('STOPPED');
    rig.state.pose[1] = 0.004;
    rig.nowNs += 100 * MS;
    expect(rig.tick()!.setpoint[1]).toBe(0.004);
    rig.state.pose[1] = 0.006;
    expect(rig.tick()!.setpoint[1]).toBe(0.004);
  });

  it.each(['joint_velocity', 'joint_position'] as const)('%s: no motion of before is braked any more', (kind) => {
    const rig = new JointGate(kind).active();
    rig.decision.base.fill(1);
    rig.tick(20);
    const [moving] = rig.gate.record.setpoint;
    expect(moving).not.toBe(0);
    rig.gate.observeLink(true, 2, rig.nowNs);
    rig.following = false;
    rig.state.position.set([0.3, -1.2, 0.1]);
    rig.nowNs += 100 * MS;
    const out = rig.tick()!;
    expect([...out.setpoint]).toEqual(kind === 'joint_velocity' ? [0, 0, 0] : [...rig.state.position]);
  });
});
