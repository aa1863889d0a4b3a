import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../src/core/random.ts';
import { JointGate } from '../../safety/joint-gate.ts';
import { MS, Rig } from './rig.ts';

/** ACTIVE, the tip standing still 5.5 mm behind its setpoint, at 2000 N/m: 11 N are to be felt, 2.75 N suffice. */
function pulled(force: number, way = 1.1): Rig {
  const rig = new Rig({ force_filter_hz: 1e4 }).active();
  rig.following = false;
  rig.state.wrench[0] = -force;
  // In two goes: one unit of action is 5 mm, and no action is more.
  rig.thinking = false;
  for (const share of [0.6, way - 0.6]) {
    rig.think({ base: Float64Array.of(share, 0, 0, 0) });
    rig.tick(5);
  }
  return rig;
}
/** Lets the same decision stay in force; ms from the pull on until something stops. */
function lasts(rig: Rig, ms: number): string {
  const until = rig.nowNs + ms * MS;
  while (rig.nowNs < until && rig.gate.mode === 'ACTIVE') {
    rig.tick();
    rig.gate.ingestDecision({
      ...rig.decision,
      seq: ++rig.seq,
      base: new Float64Array(4),
      observedNs: rig.nowNs,
      expiresNs: rig.nowNs + 1e8,
    });
  }
  return rig.gate.mode === 'ACTIVE' ? '' : rig.gate.cause;
}

describe('following', () => {
  it('stops a tip that stands still for more than 500 ms, pulled by 11 N and held by 2.7 N', () => {
    const rig = pulled(2.7);
    expect(lasts(rig, 2000)).toBe('not_following');
    const { value, limit } = rig.transitions.at(-1)!;
    expect([value, limit]).toEqual([510, 500]);
  });

  it('lets it be held by 2.8 N', () => {
    expect(lasts(pulled(2.8), 2000)).toBe('');
  });

  it('lets a setpoint be 4.9 mm ahead, half of Δ and less', () => {
    expect(lasts(pulled(0, 0.98), 2000)).toBe('');
  });

  it('begins to count anew when the tip has moved', () => {
    const rig = pulled(0);
    for (let n = 0; n < 5; n++) {
      expect(lasts(rig, 400)).toBe('');
      // 0.1 mm in 10 ms is 10 mm/s, above the 5 mm/s of a robot at rest; back again, so that the pull stays.
      rig.state.pose[1] = rig.state.pose[1]! === 0 ? 1e-4 : 0;
    }
    expect(rig.gate.mode).toBe('ACTIVE');
  });

  it('has nothing to say of a robot without a measured wrench, or of joints', () => {
    const joints = new JointGate('joint_position').active();
    joints.following = false;
    const random = new SeededRandom(1);
    for (let n = 0; n < 100 && joints.gate.mode === 'ACTIVE'; n++) {
      joints.decision.base[0] = random.range(0.1, 0.2);
      joints.tick();
    }
    expect(joints.path).not.toContain('STOPPING(not_following)');
  });
});

describe('drift', () => {
  /** In HOLD, the tip taken to `y` m in steps of 1 mm. */
  const taken = (y: number): Rig => {
    const rig = new Rig().boot().arm();
    rig.following = false;
    for (let at = 0; at < y; at += 0.001) {
      rig.state.pose[1] = Math.min(y, at + 0.001);
      rig.tick();
    }
    rig.tick();
    return rig;
  };

  it('stops a tip that goes more than 20 mm, twice Δ, from where HOLD began', () => {
    const rig = taken(0.0201);
    expect(rig.transitions.at(-1)).toMatchObject({ to: 'STOPPING', cause: 'drift', limit: 0.02 });
    expect(rig.transitions.at(-1)!.value).toBeCloseTo(0.02, 3);
  });

  it('lets it go 19.9 mm', () => {
    expect(taken(0.0199).gate.mode).toBe('HOLD');
  });

  it('begins anew with each HOLD, and asks nothing in other modes', () => {
    const rig = taken(0.015);
    rig.must('disarm');
    rig.tick();
    rig.arm();
    for (let mm = 15; mm <= 33; mm++) {
      rig.state.pose[1] = mm / 1000;
      rig.tick();
    }
    expect(rig.gate.mode).toBe('HOLD');
    expect(rig.path.at(-1)).toBe('HOLD(arm)');
  });

  it('stops a joint that goes more than its tracking limit of 0.1 rad', () => {
    const joints = new JointGate('joint_velocity');
    joints.ask('arm');
    joints.tick(3);
    joints.following = false;
    let moved = 0;
    while (joints.gate.mode === 'HOLD' && moved < 0.2) {
      joints.state.position[0] = joints.state.position[0]! + 0.001;
      moved += 0.001;
      joints.tick();
    }
    expect(joints.path.at(-1)).toMatch(/STOPPING\((drift|tracking)\)/);
    expect(moved).toBeLessThanOrEqual(0.104);
  });
});
