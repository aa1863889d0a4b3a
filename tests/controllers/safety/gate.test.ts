import { describe, expect, it } from 'vitest';
import { MS, Rig } from './rig.ts';

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
    expect(rig.path.at(-1)).toBe('STOPPING(backpressure)');
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
  const base = (): number[][] => commands(() => {});

  it('a residual of zeros, of either sign, gives the commands of the base', () => {
    expect(commands((rig) => rig.decision.residual.fill(-0))).toEqual(base());
  });

  it('residual scale 0 gives the commands of the base, whatever the residual', () => {
    const scaled = commands((rig) => {
      rig.gate.request({ kind: 'residual_scale', value: 0 }, rig.nowNs);
      rig.decision.residual.fill(0.3);
    });
    expect(scaled).toEqual(base());
  });

  it('a residual changes them (so that the tests above can fail)', () => {
    expect(commands((rig) => rig.decision.residual.fill(0.3))).not.toEqual(base());
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

describe('the walls of the pose box', () => {
  it.each([
    ['down', [0, 0, -1, 0], 2, -0.002],
    ['up', [0, 0, 1, 0], 2, 0.002],
    ['left', [-1, 0, 0, 0], 0, -0.002],
  ] as const)('no policy walks out %s, not even a servo’s error at a time', (_way, action, axis, error) => {
    const rig = new Rig({ pose_box: { min: [0.45, -0.2, 0.15], max: [0.55, 0.2, 0.25] } }).active();
    rig.following = false;
    rig.decision.base.set(action);
    for (let n = 0; n < 300; n++) {
      rig.tick();
      rig.state.pose.set(rig.gate.record.setpoint.subarray(0, 7));
      rig.state.pose[axis] = rig.state.pose[axis]! + error;
    }
    const wall = [0.45, 0, error < 0 ? 0.15 : 0.25][axis]!;
    expect(rig.gate.mode).toBe('ACTIVE');
    expect(rig.gate.record.setpoint[axis]).toBe(wall);
  });

  it('a hold does not pull on a robot that was pushed out', () => {
    const rig = new Rig({ pose_box: { min: [0.45, -0.2, 0.15], max: [0.55, 0.2, 0.25] } }).active();
    rig.following = false;
    rig.state.pose[2] = 0.13;
    rig.tick(30);
    expect(rig.gate.mode).toBe('STOPPED');
    expect(rig.tick()!.setpoint[2]).toBe(0.13);
  });
});
