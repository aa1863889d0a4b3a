import { describe, expect } from 'vitest';
import { Receiver } from '../../bridges/mujoco/receiver.ts';
import { isEngaged } from '../../controllers/safety/ladder.ts';
import type { ApplyFilter } from '../../controllers/safety/output.ts';
import type { OperatorRequest } from '../../src/core/signals.ts';
import { MS, safetyOf } from '../controllers/safety/rig.ts';
import { JointGate } from './joint-gate.ts';
import { moving, stops, Watched } from './rig.ts';
import { scenario } from './scenario.ts';

const OUT = Float64Array.of(0, 1, 0, 0);

describe('limits and starts', () => {
  scenario(60, 'a start outside the soft limit: only inward, slowly', 'gate', () => {
    // 4 mrad past the limit of joint 0, within the half degree that may be measured.
    const joints = new JointGate('joint_velocity', [2.7477, -1.6, 0]).active();
    joints.decision.base.set([1, 0, 0]);
    let last = joints.state.position[0]!;
    for (let n = 0; n < 200; n++) {
      // Outward first, which moves nothing; then inward.
      if (n === 50) joints.decision.base.set([-1, 0, 0]);
      if (last < 2.7437) break;
      const v = joints.tick()!.setpoint[0]!;
      expect(v).toBeLessThanOrEqual(0);
      expect(v).toBeGreaterThanOrEqual(-0.05 - 1e-12);
      expect(joints.state.position[0]!).toBeLessThanOrEqual(last + 1e-12);
      last = joints.state.position[0]!;
    }
    expect(joints.gate.mode).toBe('ACTIVE');
    expect(last).toBeLessThanOrEqual(2.7437);

    const rig = new Watched();
    rig.state.pose[1] = 0.203;
    rig.active();
    rig.decision.base.set(OUT);
    rig.tick(100);
    expect(rig.state.pose[1]).toBeLessThanOrEqual(0.2 + 1e-12);
    expect(rig.gate.mode).toBe('ACTIVE');
    return { outcome: 'ACTIVE; inward at 0.05 rad/s at most' };
  });

  scenario(61, 'a start outside the hard limit: refuses to arm, and says why', 'gate', () => {
    const joints = new JointGate('joint_velocity', [2.7637, -1.6, 0]);
    expect(joints.ask('arm').reason).toMatch(/^not clear: joint_limit: /);
    const rig = new Watched();
    rig.state.pose[1] = 0.22;
    rig.boot();
    const { accepted, reason } = rig.gate.request({ kind: 'arm' }, rig.nowNs);
    expect(accepted).toBe(false);
    expect(reason).toMatch(/^not clear: workspace: /);
    expect(rig.tick(20)).toBeNull();
    return { outcome: 'DISARMED; arm refused: joint_limit, workspace' };
  });

  scenario(
    62,
    'a first command far from the measured pose: none is made, and one that is made is refused',
    'gate',
    () => {
      const honest = new Watched();
      honest.boot().arm();
      expect([...honest.tick()!.setpoint.subarray(0, 7)]).toEqual([...honest.state.pose]);
      // With a filter that lets everything through, the post-check stands alone.
      let broken = false;
      const filter: ApplyFilter = (wish, _by, _scale, out) => {
        out.set(wish);
        if (broken) out[0] = 0.65;
        return 0;
      };
      const rig = new Watched({}, { filter });
      rig.boot().arm();
      broken = true;
      const from = rig.nowNs;
      expect(rig.tick()).toMatchObject({ source: 'brake' });
      expect(rig.gate.counters.postCheckFailures).toBe(1);
      expect(rig.tick()).toBeNull();
      expect(rig.path.at(-1)).toBe('FAULT(post_check)');
      return { outcome: 'brake; FAULT(post_check)', toSafeMs: (rig.nowNs - from) / MS - 10 };
    },
  );

  scenario(63, 'full speed towards a limit: slows down so that it stops inside', 'gate', () => {
    for (const kind of ['joint_velocity', 'joint_position'] as const) {
      const joints = new JointGate(kind, [2.0, -1.6, 0]).active();
      joints.decision.base.set([1, 0, 0]);
      let worst = 0;
      for (let n = 0; n < 600; n++) {
        joints.tick();
        worst = Math.max(worst, joints.state.position[0]!);
      }
      expect(joints.gate.mode).toBe('ACTIVE');
      expect(worst).toBeLessThanOrEqual(2.7437 - 0.002 + 1e-9);
      expect(worst).toBeGreaterThan(2.7);
    }
    const rig = new Watched();
    rig.active();
    rig.decision.base.set(OUT);
    rig.tick(250);
    expect(rig.gate.mode).toBe('ACTIVE');
    expect(rig.state.pose[1]).toBe(0.2);
    return { outcome: 'ACTIVE; at rest inside the limit' };
  });

  scenario(64, 'limits in conflict (the robot is dragged away): yields, never swaps bounds, STOP', 'gate', () => {
    const rig = moving();
    const drag = rig.deliver.bind(rig);
    let dragging = true;
    return stops(
      rig,
      () => {
        rig.following = false;
        rig.deliver = (state) => {
          if (dragging) state.pose[0] = state.pose[0]! - 0.004;
          drag(state);
        };
      },
      { cause: 'conflict', value: 3, limit: 2, counter: 'conflicts', heal: () => (dragging = false) },
    );
  });

  scenario(
    65,
    'limits changed at run time: there is no way to; what is read at the start stays in force',
    'gate',
    () => {
      const run = (change: boolean) => {
        const safety = safetyOf();
        const rig = moving({}, { safety });
        if (change) {
          const open = safety as unknown as Record<string, unknown>;
          for (const key of [
            'speed',
            'reference_limit',
            'force_limit',
            'force_soft',
            'stiffness_rate',
            'residual_bound',
          ])
            open[key] = 1e6;
          open.state_age_ms = 1e9;
          open.decision_age_ms = 1e9;
          open.stop_speed = 1e6;
          safety.pose_box!.min.fill(-1e6);
          safety.pose_box!.max.fill(1e6);
          (safety.risk as { high: number }).high = 1;
        }
        const request = { kind: 'limits', speed: 10 } as unknown as OperatorRequest;
        expect(rig.gate.request(request, rig.nowNs).accepted).toBe(false);
        rig.tick(100);
        rig.critic.risk = (_row, i) => (i < 5 ? 0.36 : 0);
        rig.tick(20);
        rig.sensing = false;
        rig.tick(30);
        return { path: rig.path, wire: rig.wire };
      };
      expect(run(true)).toEqual(run(false));
      return { outcome: 'refused; the same bits' };
    },
  );
});

describe('operators and stops', () => {
  scenario(
    66,
    'e-stop in the tick of an action in flight: the stop is the last word, the action is dropped',
    'receiver',
    () => {
      const rig = moving();
      rig.think({ base: Float64Array.of(1, 0, 0, 0) });
      const from = rig.nowNs;
      const inFlight = rig.wire.at(-1)!;
      rig.must('estop');
      expect(rig.tick()).toMatchObject({ mode: 'ESTOP', source: 'brake' });
      const toSafeMs = (rig.nowNs - from) / MS;
      expect(rig.tick(100)).toBeNull();
      expect(rig.wire.at(-1)).toMatchObject({ mode: 'ESTOP', source: 'brake' });

      // At the robot the stop may overtake the action: it is refused there by its epoch.
      const receiver = new Receiver(100);
      const header = { stamp: { sec: 0, nanosec: 0 }, frame_id: '' };
      const pose = { position: { x: 0, y: 0, z: 0 }, orientation: { x: 0, y: 0, z: 0, w: 1 } };
      const command = (seq: number) =>
        ({
          ...{ header, epoch: inFlight.epoch, seq, lease_ms: 80, state_stamp: header.stamp, pose },
          ...{ stiffness: 1000, stiffness_rotation: 100, mode: 'ACTIVE', source: 'policy' },
        }) as never;
      expect(receiver.receive(command(inFlight.seq - 1), 0)).toBe('');
      receiver.stop({ header, epoch: inFlight.epoch, reason: 'e-stop' } as never);
      expect(receiver.receive(command(inFlight.seq), MS)).toBe('stopped');
      expect(receiver.holding).toBe(true);
      return { outcome: 'ESTOP(estop), one brake, silence; refused at the robot: stopped', toSafeMs };
    },
  );

  scenario(67, 'e-stop during recovery, and during stopping: it wins and is never made less', 'gate', () => {
    for (const before of ['RECOVERY', 'STOPPING'] as const) {
      const rig = moving();
      if (before === 'RECOVERY') rig.critic.risk = () => 0.9;
      else rig.must('stop');
      rig.tick();
      expect(rig.gate.mode).toBe(before);
      rig.must('estop');
      expect(rig.tick()).toMatchObject({ mode: 'ESTOP', source: 'brake' });
      rig.critic.risk = () => 0;
      rig.gate.report('brain_lost', 'gone', rig.nowNs);
      for (const kind of ['stop', 'disengage', 'arm', 'engage', 'disarm'] as const)
        rig.gate.request({ kind }, rig.nowNs);
      expect(rig.tick(200)).toBeNull();
      expect(rig.gate.mode).toBe('ESTOP');
    }
    return { outcome: 'ESTOP(estop)', toSafeMs: 10 };
  });

  scenario(68, 'the e-stop is released: latched until reset, arm and engage', 'gate', () => {
    const rig = moving();
    rig.must('estop');
    rig.tick(50);
    const reset = { kind: 'reset', incident: rig.gate.incident } as const;
    expect(rig.gate.request(reset, rig.nowNs).accepted).toBe(false);
    rig.must('estop_release');
    expect(rig.tick(100)).toBeNull();
    expect(rig.gate.mode).toBe('ESTOP');
    expect(rig.gate.request(reset, rig.nowNs).accepted).toBe(true);
    expect(rig.tick(100)).toBeNull();
    rig.arm();
    expect(rig.tick(20)!.source).toBe('hold');
    rig.engage();
    rig.tick(50);
    expect(rig.path.slice(-4)).toEqual(['DISARMED(reset)', 'HOLD(arm)', 'ENGAGING(engage)', 'ACTIVE(engaged)']);
    return { outcome: 'ESTOP until reset → DISARMED → arm → engage' };
  });

  scenario(69, 'reset before the cause is gone, and reset of an earlier incident: inert', 'gate', () => {
    const rig = moving();
    rig.must('stop');
    rig.tick(40);
    const earlier = rig.gate.incident;
    rig.restart();
    rig.state.wrench[2] = 60;
    rig.tick(60);
    expect([rig.gate.mode, rig.gate.cause]).toEqual(['STOPPED', 'force_limit']);
    const ladder = { ...rig.gate.ladder };
    const ask = (incident: number) => rig.gate.request({ kind: 'reset', incident }, rig.nowNs);
    expect(ask(rig.gate.incident).reason).toMatch(/^not clear: force_limit/);
    rig.state.wrench[2] = 0;
    rig.tick(50);
    expect(ask(earlier).reason).toContain(`incident ${earlier} is not the present one`);
    expect(ask(rig.gate.incident + 1).accepted).toBe(false);
    expect({ ...rig.gate.ladder, answer: null, transition: null }).toEqual({
      ...ladder,
      answer: null,
      transition: null,
    });
    expect(ask(rig.gate.incident).accepted).toBe(true);
    return { outcome: 'STOPPED; refused with the reason' };
  });

  scenario(70, 'reset a hundred times a second: no motion; each incident is answered once', 'gate', () => {
    const rig = moving();
    rig.must('stop');
    rig.tick(40);
    const { pose } = rig.state;
    const held = [...pose];
    const { epoch } = rig.gate;
    let accepted = 0;
    for (let n = 0; n < 1000; n++) {
      if (rig.gate.request({ kind: 'reset', incident: rig.gate.incident }, rig.nowNs).accepted) accepted++;
      rig.tick();
    }
    expect(accepted).toBe(1);
    expect(rig.gate.mode).toBe('DISARMED');
    expect(rig.gate.epoch).toBe(epoch + 1);
    expect([...pose]).toEqual(held);
    return { outcome: 'DISARMED; one accepted, 999 refused' };
  });

  scenario(71, 'disengage while moving: a controlled stop, not silence', 'gate', () => {
    const rig = moving();
    const from = rig.nowNs;
    const before = rig.wire.length;
    rig.must('disengage');
    const out = rig.tick()!;
    expect(out).toMatchObject({ mode: 'STOPPING', source: 'brake' });
    const toSafeMs = (rig.nowNs - from) / MS;
    rig.tick(60);
    expect(rig.wire.length - before).toBe(61);
    expect(rig.wire.at(-1)).toMatchObject({ mode: 'STOPPED', source: 'hold' });
    return { outcome: 'STOPPING(disengage) → STOPPED(disengage)', toSafeMs };
  });

  scenario(72, 'another mode is asked for while a stop runs: the stop ends first', 'gate', () => {
    const rig = moving();
    rig.must('stop');
    while (rig.gate.mode !== 'STOPPED') {
      for (const kind of ['arm', 'engage', 'disarm', 'disengage'] as const)
        expect(rig.gate.request({ kind }, rig.nowNs).accepted).toBe(false);
      expect(rig.gate.request({ kind: 'reset', incident: rig.gate.incident }, rig.nowNs).accepted).toBe(false);
      expect(rig.tick()!.source).toMatch(/brake|hold/);
    }
    expect(rig.path.slice(-2)).toEqual(['STOPPING(operator_stop)', 'STOPPED(operator_stop)']);
    return { outcome: 'STOPPING → STOPPED; all refused', toSafeMs: 10 };
  });

  scenario(73, 'an arm that flips its branch: the joint limiter bounds it, a full flip is STOP', 'gate', () => {
    const joints = new JointGate('joint_position', [0, -1.6, 0], { joints: { reference_limit: 0.2 } }).active();
    const flips = () => joints.decision.base.set([joints.gate.record.seq % 40 < 20 ? 1.4 : -1.4, 0, 1.4]);
    let was = joints.tick()!.setpoint;
    let before = new Float64Array(3);
    for (let n = 0; n < 400; n++) {
      flips();
      const is = joints.tick()!.setpoint;
      const v = is.map((q, i) => (q - was[i]!) / 0.01);
      for (const [i, speed] of v.entries()) {
        expect(Math.abs(speed)).toBeLessThanOrEqual(joints.robot.joints[i]!.velocity + 1e-9);
        expect(Math.abs(speed - before[i]!)).toBeLessThanOrEqual(0.1 + 1e-9);
      }
      was = is;
      before = v;
    }
    expect(joints.gate.mode).toBe('ACTIVE');
    // π of a joint in one decision, at 0.05 rad a unit.
    const from = joints.nowNs;
    joints.decision.base.set([Math.PI / 0.05, 0, 0]);
    let ticks = 0;
    while (joints.gate.mode === 'ACTIVE' && ticks < 10) {
      joints.tick();
      ticks++;
    }
    expect(joints.path.at(-1)).toBe('STOPPING(implausible_action)');
    return { outcome: 'bounded; STOPPING(implausible_action)', toSafeMs: (joints.nowNs - from) / MS };
  });

  scenario(74, 'two faults at once, then one clears: the worse remains, nothing resumes in between', 'gate', () => {
    const rig = moving({ force_filter_hz: 1000 });
    const from = rig.nowNs;
    rig.state.wrench[2] = 60;
    rig.gate.observeLink(false, 1, rig.nowNs);
    rig.tick();
    const toSafeMs = (rig.nowNs - from) / MS;
    rig.tick(60);
    expect(rig.gate.mode).toBe('STOPPED');
    const ask = () => rig.gate.request({ kind: 'reset', incident: rig.gate.incident }, rig.nowNs).reason;
    expect(ask()).toMatch(/link_down/);
    rig.gate.observeLink(true, 1, rig.nowNs);
    rig.tick();
    expect(ask()).toMatch(/force_limit/);
    // The e-stop on top of it; and the other way round its release changes nothing of the rest.
    rig.must('estop');
    rig.tick();
    rig.state.wrench[2] = 0;
    rig.tick(50);
    expect(rig.gate.mode).toBe('ESTOP');
    rig.must('estop_release');
    rig.tick(50);
    expect(rig.gate.mode).toBe('ESTOP');
    expect(rig.transitions.filter((t) => t.atNs > from).some((t) => isEngaged(t.to))).toBe(false);
    return { outcome: 'STOPPED(link_down), ESTOP(estop); neither falls by itself', toSafeMs };
  });

  scenario(75, 'a fault that comes and goes faster than a dwell: still escalates in bounded time', 'gate', () => {
    // Risk: 50 ms high, 50 ms low, where 100 ms of low would end a recovery.
    const risky = moving();
    const from = risky.nowNs;
    while (risky.gate.mode !== 'STOPPING' && risky.nowNs - from < 20e9) {
      const high = Math.floor((risky.nowNs - from) / (50 * MS)) % 2 === 0;
      risky.critic.risk = () => (high ? 0.9 : 0);
      risky.tick();
    }
    expect(risky.path.at(-1)).toBe('STOPPING(recovery_timeout)');
    expect((risky.nowNs - from) / MS).toBeLessThanOrEqual(1530);

    // A stop in which the robot never stands for the dwell of 100 ms.
    const restless = moving();
    restless.must('stop');
    const began = restless.nowNs;
    restless.following = false;
    let n = 0;
    while (restless.gate.mode === 'STOPPING') {
      restless.state.pose[1] = restless.state.pose[1]! + (n++ % 5 === 0 ? 2e-4 : 0);
      restless.tick();
    }
    expect(restless.path.at(-1)).toBe('ESTOP(stop_timeout)');
    expect((restless.nowNs - began) / MS).toBeLessThanOrEqual(1520);
    return { outcome: 'RECOVERY → STOPPING(recovery_timeout); STOPPING → ESTOP(stop_timeout)', toSafeMs: 10 };
  });
});
