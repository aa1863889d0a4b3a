import { describe, expect, it } from 'vitest';
import { cartesianImpedance } from '../../../controllers/interfaces/cartesian-impedance.ts';
import { Gate } from '../../../controllers/safety/gate.ts';
import type { ApplyFilter } from '../../../controllers/safety/output.ts';
import { MS, Rig, robot, safetyOf } from './rig.ts';

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

  it('ticks more than two periods apart are counted; above 100 ms the tick that wakes up brakes', () => {
    const rig = new Rig({ decision_age_ms: 1000 }).active();
    const before = rig.gate.counters.overruns;
    rig.nowNs += 10 * MS;
    rig.tick();
    expect(rig.gate.counters.overruns).toBe(before);
    rig.nowNs += 90 * MS;
    rig.think({ expiresNs: rig.nowNs + 1000 * MS });
    expect(rig.tick()).toMatchObject({ source: 'policy', mode: 'ACTIVE' });
    expect(rig.gate.counters.overruns).toBe(before + 1);
    rig.nowNs += 91 * MS;
    expect(rig.tick()).toMatchObject({ source: 'brake', mode: 'STOPPING' });
    expect(rig.gate.cause).toBe('overrun');
  });

  it('a target estimate that is none is refused: the robot still knows how far off the last one is', () => {
    const rig = new Rig({ approach: { distance: 0.02, speed: 0.03 } }).active();
    // 0.15 m above the target a wish is followed at full speed: 1 mm a tick.
    const moved = () => {
      const before = rig.state.pose[0]!;
      rig.think({ base: Float64Array.of(1, 0, 0, 0) });
      rig.tick();
      return rig.state.pose[0]! - before;
    };
    moved();
    expect(moved()).toBeCloseTo(0.001, 9);
    rig.gate.ingestTarget(new Float64Array(7).fill(Number.NaN), rig.nowNs);
    expect(moved()).toBeCloseTo(0.001, 9);
    expect(rig.gate.mode).toBe('ACTIVE');
    // The next one that is one is heeded again.
    rig.gate.ingestTarget(Float64Array.of(...rig.state.pose), rig.nowNs);
    expect(moved()).toBeCloseTo(0.0003, 9);
  });

  it('a command of somebody else stops, and is counted', () => {
    const rig = new Rig().active();
    rig.gate.ingestEcho({ epoch: 3, seq: 12345, stampNs: 0, setpoint: null });
    rig.tick();
    expect(rig.path.at(-1)).toBe('STOPPING(second_commander)');
    expect(rig.gate.counters.foreignCommands).toBe(1);
  });

  it('its own commands, seen on the topic, change nothing; one that stays away stops', () => {
    const rig = new Rig().active();
    for (let n = 0; n < 20; n++) {
      const out = rig.tick()!;
      rig.gate.ingestEcho(out);
    }
    expect(rig.gate.mode).toBe('ACTIVE');
    rig.tick(11);
    expect(rig.gate.mode).toBe('ACTIVE');
    rig.tick();
    expect(rig.gate.cause).toBe('not_acknowledged');
  });

  it('states and pose that stand still to the last bit under motion stop', () => {
    const rig = new Rig().active();
    rig.following = false;
    rig.living = false;
    rig.decision.base[0] = 1;
    rig.tick(10);
    expect(rig.path.at(-1)).toBe('STOPPING(frozen_sensor)');
  });

  it('a policy that says the same for three seconds is stopped', () => {
    const rig = new Rig().active();
    rig.decision.base[3] = 0.5;
    rig.tick(5 * 61);
    expect(rig.gate.mode).toBe('ACTIVE');
    expect(rig.gate.record.cause).toBe('constant_output');
    rig.tick(5);
    expect(rig.path.at(-1)).toBe('STOPPING(constant_output)');
  });
});

describe('faults inside', () => {
  /** Lets the real filter work until `broken` is called for. */
  const breakable = (spoil: (out: Float64Array) => void) => {
    const state = { broken: false };
    const filter: ApplyFilter = (wish, _by, _scale, out) => {
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
    expect(rig.transitions.at(-1)?.detail).toMatch(/^the filter broke limit \d+$/);
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

  it.each([
    ['an error', new Error('no kinematics'), 'no kinematics'],
    ['what is thrown and is no error', 'no kinematics either', 'no kinematics either'],
  ])('%s inside the tick is FAULT and silence, whoever is told of it', (_what, thrown, detail) => {
    const iface = cartesianImpedance(robot);
    let broken = false;
    const rig = new Rig(
      {},
      {
        interface: {
          ...iface,
          aim(anchor, action, out) {
            if (broken) throw thrown;
            iface.aim(anchor, action, out);
          },
        },
      },
    ).active();
    broken = true;
    expect(rig.tick()).toBeNull();
    expect(rig.path.at(-1)).toBe('FAULT(internal_error)');
    expect(rig.transitions.at(-1)!.detail).toBe(detail);
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
