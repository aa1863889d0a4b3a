import { afterEach, describe, expect } from 'vitest';
import { Receiver } from '../../bridges/mujoco/receiver.ts';
import { VirtualClock } from '../../src/core/clock.ts';
import { client, encoder, StandIn, untilSent } from '../bridges/rosbridge/robot-stand-in.ts';
import { MS } from '../controllers/safety/rig.ts';
import { JointGate } from './joint-gate.ts';
import { moving, stops } from './rig.ts';
import { type Shown, scenario } from './scenario.ts';

const closers: { close(): unknown }[] = [];
afterEach(async () => {
  for (const c of closers.splice(0).reverse()) await c.close();
});

describe('the link and the robot behind it', () => {
  scenario(
    52,
    'an old command comes again at the robot: refused by its sequence, its epoch, its lease',
    'receiver',
    () => {
      const receiver = new Receiver(100);
      const pose = { position: { x: 0, y: 0, z: 0 }, orientation: { x: 0, y: 0, z: 0, w: 1 } };
      const header = { stamp: { sec: 0, nanosec: 0 }, frame_id: '' };
      const command = (epoch: number, seq: number) =>
        ({
          ...{ header, epoch, seq, lease_ms: 80, state_stamp: header.stamp, pose },
          ...{ stiffness: 1000, stiffness_rotation: 100, mode: 'ACTIVE', source: 'policy' },
        }) as never;
      expect(receiver.receive(command(5, 1), 0)).toBe('');
      expect(receiver.receive(command(5, 2), 10 * MS)).toBe('');
      expect(receiver.receive(command(5, 2), 20 * MS)).toBe('old sequence');
      expect(receiver.receive(command(5, 1), 20 * MS)).toBe('old sequence');
      expect(receiver.receive(command(4, 9), 20 * MS)).toBe('old epoch');
      // What was refused did not refresh the deadman; what comes of that epoch after it is refused too.
      expect(receiver.watch(91 * MS)).toBe(true);
      expect(receiver.receive(command(5, 3), 92 * MS)).toBe('held');
      expect(receiver.refused).toBe(4);
      return { outcome: 'refused: old sequence, old epoch, held' };
    },
  );

  const echo = (
    change: (seen: { epoch: number; seq: number; stampNs: number; setpoint: Float64Array }) => object,
    to: 'STOPPING' | 'ESTOP' = 'STOPPING',
  ): Shown => {
    const rig = moving();
    let changed = false;
    const tick = rig.tick.bind(rig);
    rig.tick = (count = 1) => {
      let out = null;
      for (let n = 0; n < count; n++) {
        out = tick();
        if (out) rig.gate.ingestEcho(changed ? ({ ...out, ...change(out) } as never) : out);
      }
      return out;
    };
    rig.tick(20);
    expect(rig.gate.mode).toBe('ACTIVE');
    changed = true;
    rig.tick();
    return stops(rig, () => {}, { cause: 'echo_mismatch', to, heal: () => (changed = false) });
  };

  scenario(53, 'the echo of a command has another value, or comes twice: STOP', 'gate', () => {
    const value = echo((c) => ({ setpoint: c.setpoint.map((v) => v + 1e-6) }));
    const twice = echo((c) => ({ seq: c.seq - 1, setpoint: c.setpoint }));
    expect(value).toEqual(twice);
    return value;
  });

  scenario(
    54,
    'commands are echoed but the joints do not move (drives off): STOP, and no target winds up',
    'gate',
    () => {
      const joints = new JointGate('joint_velocity').active();
      joints.decision.base.set([0.2, -0.2, 0.2]);
      joints.tick(30);
      joints.following = false;
      const from = joints.nowNs;
      while (joints.gate.mode === 'ACTIVE' && joints.nowNs - from < 5e9) joints.tick();
      expect(joints.path.at(-1)).toMatch(/STOPPING\((tracking|frozen_sensor)\)/);
      expect(joints.gate.cause).toBe('tracking');
      const toSafeMs = (joints.nowNs - from) / MS;

      // In Cartesian impedance the setpoint never runs ahead of the tip by more than Δ: there is nothing to wind up.
      const rig = moving();
      rig.following = false;
      rig.wandering = false;
      rig.decision.base.set([1, 0, 0, 0]);
      let worst = 0;
      const think = rig.think.bind(rig);
      let n = 0;
      rig.think = () => think({ base: Float64Array.of(1, 1e-6 * n++, 0, 0) });
      for (let k = 0; k < 100 && rig.gate.mode === 'ACTIVE'; k++) {
        rig.tick();
        worst = Math.max(worst, rig.gate.record.setpoint[0]! - rig.state.pose[0]!);
      }
      expect(worst).toBeLessThanOrEqual(0.01 + 1e-12);
      expect(rig.path.at(-1)).toBe('STOPPING(not_following)');
      return { outcome: 'joints: STOPPING(tracking); Cartesian: STOPPING(not_following), never beyond Δ', toSafeMs };
    },
  );

  scenario(
    55,
    'the robot moves without a command (drift, a person): STOP; arming begins where it was measured',
    'gate',
    () => {
      const rig = moving();
      rig.must('disengage');
      rig.tick(40);
      rig.gate.request({ kind: 'reset', incident: rig.gate.incident }, rig.nowNs);
      rig.tick();
      rig.arm().tick(5);
      rig.following = false;
      const from = rig.nowNs;
      while (rig.gate.mode === 'HOLD') {
        rig.state.pose[1] = rig.state.pose[1]! + 0.002;
        rig.tick();
      }
      expect(rig.transitions.at(-1)).toMatchObject({ to: 'STOPPING', cause: 'drift', limit: 0.02 });
      const toSafeMs = (rig.nowNs - from) / MS;
      rig.following = true;
      rig.tick(60);
      expect(rig.gate.request({ kind: 'reset', incident: rig.gate.incident }, rig.nowNs).accepted).toBe(true);
      const measured = [...rig.state.pose];
      rig.must('arm');
      expect([...rig.tick()!.setpoint.subarray(0, 7)]).toEqual(measured);
      return { outcome: 'STOPPING(drift); seeded from measured', toSafeMs };
    },
  );

  scenario(
    59,
    'the socket is still full at the tick: the command is skipped and counted, the third in a row is STOP',
    'bridge',
    async () => {
      const standIn = await StandIn.open();
      closers.push(standIn);
      const clock = new VirtualClock(1e9);
      // Commands of 300 kB, so that the kernel's buffers are soon full.
      const { bridge } = client(standIn.url, {}, { encoder: encoder(300_000), clock });
      closers.push(bridge);
      await bridge.open();
      await untilSent(bridge, 0);
      const rig = moving();
      const refused: { seq: number; atNs: number }[] = [];
      rig.answer = (action) => {
        clock.set(rig.nowNs);
        const result = bridge.send(action);
        if (!result.sent) refused.push({ seq: action.seq, atNs: rig.nowNs });
        return result;
      };
      rig.tick(5);
      standIn.sockets[0]!.pause();
      for (let n = 0; rig.gate.mode === 'ACTIVE' && n < 2000; n++) rig.tick();
      expect(rig.transitions.at(-1)).toMatchObject({ to: 'STOPPING', cause: 'backpressure', value: 3, limit: 2 });
      expect(rig.gate.counters.refusedSends).toBeGreaterThanOrEqual(3);
      const toSafeMs = (rig.nowNs - refused.at(-3)!.atNs) / MS;
      standIn.sockets[0]!.resume();
      await untilSent(bridge, 1e6);
      await standIn.until(() => standIn.of('publish').some((o) => (o.msg as { seq: number }).seq === 1e6));
      const arrived = standIn.of('publish').map((o) => (o.msg as { seq: number }).seq);
      expect(refused.length).toBeGreaterThanOrEqual(3);
      expect(refused.filter(({ seq }) => arrived.includes(seq))).toEqual([]);
      return { outcome: 'STOPPING(backpressure); nothing refused arrives later', toSafeMs };
    },
  );
});
