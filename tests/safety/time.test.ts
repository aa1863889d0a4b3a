import { describe, expect, vi } from 'vitest';
import { MonotonicClock, VirtualClock } from '../../src/core/clock.ts';
import { FollowingClock } from '../../src/daemon/following-clock.ts';
import { MS } from '../controllers/safety/rig.ts';
import { plays } from '../interop/played.ts';
import { inMotion, MessageRig, moving, stops, Watched } from './rig.ts';
import { scenario } from './scenario.ts';

describe('time, order, freshness', () => {
  scenario(18, 'the state stream stops: STOP past 50 ms, braking goes on from the last trusted state', 'gate', () => {
    const rig = moving();
    const shown = stops(rig, () => (rig.sensing = false), {
      cause: 'state_stale',
      value: 60,
      limit: 50,
    });
    // Without a state nobody can say that it stands: after 1.5 s of STOPPING, ESTOP, and silence.
    expect(shown.outcome).toBe('STOPPING(state_stale) → ESTOP(stop_timeout)');
    const braking = rig.wire.filter((c) => c.mode === 'STOPPING').length;
    expect(braking).toBe(151);
    return shown;
  });

  scenario(19, 'frozen sensor: fresh stamps, the same values to the last bit under motion: STOP', 'gate', () => {
    const rig = moving();
    return stops(
      rig,
      () => {
        rig.following = false;
        rig.living = false;
      },
      { cause: 'frozen_sensor', value: 6, limit: 5, heal: () => (rig.living = true) },
    );
  });

  scenario(20, 'values change, stamps stand still: refused as not advancing, STOP', 'gate', () => {
    const rig = moving();
    const at = rig.nowNs;
    const sense = rig.sense.bind(rig);
    return stops(
      rig,
      () => {
        rig.sense = () => sense({ stampNs: at });
      },
      { cause: 'stamp_frozen', value: 5, limit: 4, counter: 'duplicateStates', heal: () => (rig.sense = sense) },
    );
  });

  scenario(21, 'stamps old by 10 s (a flushed backlog): refused by age, no motion comes of it', 'gate', () => {
    plays('client', 'states.backlog');
    // A single one among good ones leaves no trace; a row of them is a stop.
    const one = moving();
    const two = moving();
    one.sense({ stampNs: one.nowNs - 1e10 });
    expect(one.gate.counters.outOfOrderStates).toBe(1);
    one.state.stampNs = one.nowNs;
    two.state.seq++;
    one.tick(50);
    two.tick(50);
    expect(one.wire).toEqual(two.wire);

    // And 10 s of silence, then all of it at once: it is stopped long before, and stays so.
    const rig = moving();
    const { pose } = rig.state;
    const shown = stops(rig, () => (rig.sensing = false), { cause: 'state_stale', value: 60 });
    const from = rig.nowNs;
    rig.later(10_000);
    const held = pose.slice();
    const before = rig.wire.length;
    for (let n = 1; n <= 1000; n++) {
      rig.sense({ stampNs: from + n * 10 * MS, receivedNs: rig.nowNs + n });
      rig.think();
    }
    rig.sensing = true;
    rig.tick(100);
    expect(rig.wire.length).toBe(before);
    expect(rig.gate.mode).toBe('ESTOP');
    expect([...pose]).toEqual([...held]);

    // While something is written, a late state is refused for its lateness alone.
    const late = moving();
    const stop = stops(
      late,
      () => {
        late.sense({ receivedNs: late.nowNs + 800 * MS, stampNs: late.nowNs + 1 });
        late.sensing = false;
      },
      // 800 ms late to the nanosecond, of which half of the 800 ms of silence may be drift of the clocks.
      { cause: 'stamp_skew', value: 400 - 1e-6, limit: 250, margin: -150 + 1e-6, counter: 'skewedStates' },
    );
    return {
      ...shown,
      outcome: `${shown.outcome}; refused: stamp_skew`,
      toSafeMs: Math.max(shown.toSafeMs!, stop.toSafeMs!),
    };
  });

  scenario(22, 'a stamp 10 s in the future: refused, STOP; never fresh for 10 s', 'gate', () => {
    const rig = moving();
    const sense = rig.sense.bind(rig);
    return stops(
      rig,
      () => {
        rig.sense = () => sense({ stampNs: rig.nowNs + 1e10 });
      },
      {
        // 10 s, and the 5 ms by which the delivery of the 10 ms since the last state could have fallen behind.
        ...{ cause: 'stamp_skew', value: -10_005, limit: -1000, margin: -9005, counter: 'skewedStates' },
        heal: () => (rig.sense = sense),
      },
    );
  });

  scenario(
    23,
    'stamps of 0: refused and flagged (stricter than by age alone); without stamps nothing is engaged',
    'gate',
    () => {
      const rig = moving();
      const sense = rig.sense.bind(rig);
      const shown = stops(
        rig,
        () => {
          rig.sense = () => sense({ stampNs: 0 });
        },
        { cause: 'stamp_order', value: 5, limit: 4, counter: 'outOfOrderStates', heal: () => (rig.sense = sense) },
      );
      const never = new Watched();
      const always = never.sense.bind(never);
      never.sense = () => always({ stampNs: 0 });
      never.boot().must('arm');
      never.tick(10);
      expect(never.path[2]).toMatch(/STOPPING\((stamp_frozen|state_stale)\)/);
      return { ...shown, outcome: `${shown.outcome}; never past HOLD` };
    },
  );

  scenario(24, 'the wall clock steps by ±1 h: no trip, no missed trip, the same bits', 'gate', () => {
    const run = (stepMs: number) => {
      const wall = vi.spyOn(Date, 'now').mockImplementation(() => 1.8e12);
      const clock = new MonotonicClock();
      const before = clock.nowNs();
      const rig = moving();
      wall.mockImplementation(() => 1.8e12 + stepMs);
      const passedNs = clock.nowNs() - before;
      rig.tick(100);
      expect(rig.gate.mode).toBe('ACTIVE');
      rig.sensing = false;
      rig.tick(6);
      wall.mockRestore();
      expect(rig.transitions.at(-1)).toMatchObject({ cause: 'state_stale', value: 60 });
      expect(passedNs).toBeLessThan(60e9);
      return rig.wire;
    };
    const steady = run(0);
    expect(run(3.6e6)).toEqual(steady);
    expect(run(-3.6e6)).toEqual(steady);
    return { outcome: 'ACTIVE; the same bits, and the next stop on time' };
  });

  scenario(25, 'simulated time jumps back, or /clock stops: STOP, re-arm', 'gate', () => {
    const back = moving();
    const shown = stops(back, () => back.later(-3000), { cause: 'clock_back', value: 2990, limit: 0 });

    // The daemon's own clock never goes back: then it is the stamps that do. And when /clock falls silent it runs on.
    const wall = new VirtualClock(0);
    const following = new FollowingClock(wall);
    const rig = moving();
    following.follow(rig.nowNs);
    const from = rig.nowNs;
    rig.sensing = false;
    rig.thinking = false;
    let ms = 0;
    for (; rig.gate.mode === 'ACTIVE' && ms < 2000; ms += 10) {
      wall.advance(10 * MS);
      rig.nowNs = following.nowNs() - 10 * MS;
      rig.tick();
    }
    expect(rig.path.at(-1)).toBe('STOPPING(state_stale)');
    expect(ms).toBe(560);
    expect(rig.nowNs - from).toBe(60 * MS);
    following.follow(0);
    expect(following.nowNs()).toBeGreaterThanOrEqual(rig.nowNs);
    return { outcome: `${shown.outcome}; /clock silent: STOPPING(state_stale)`, toSafeMs: 560 };
  });

  scenario(26, 'a duplicate: counted once, integrated once, does not refresh freshness', 'gate', () => {
    const run = (twice: boolean) => {
      const rig = moving();
      rig.state.wrench[2] = 5;
      const deliver = rig.deliver.bind(rig);
      rig.deliver = (state) => {
        deliver(state);
        if (twice) deliver(state);
      };
      const { states, duplicateStates } = rig.gate.counters;
      rig.tick(50);
      expect(rig.gate.counters.states - states).toBe(50);
      expect(rig.gate.counters.duplicateStates - duplicateStates).toBe(twice ? 50 : 0);
      return { rig, wire: rig.wire };
    };
    const { rig, wire } = run(true);
    expect(wire).toEqual(run(false).wire);
    // Nothing but duplicates: stale as if nothing came.
    rig.sensing = false;
    const again = { ...rig.state };
    const from = rig.nowNs;
    while (rig.gate.mode === 'ACTIVE') {
      rig.tick();
      rig.gate.ingestState({ ...again, receivedNs: rig.nowNs });
    }
    expect(rig.path.at(-1)).toMatch(/STOPPING\((stamp_frozen|state_stale)\)/);
    return {
      outcome: 'ACTIVE; counted once. Nothing else comes: STOPPING(stamp_frozen)',
      toSafeMs: (rig.nowNs - from) / MS,
    };
  });

  scenario(27, 'messages out of order: dropped and counted, the newest wins', 'gate', () => {
    const run = (swap: boolean) => {
      const rig = moving();
      const deliver = rig.deliver.bind(rig);
      rig.deliver = (state) => {
        deliver(state);
        if (!swap) return;
        const pose = state.pose.slice();
        pose[0] = 0.4;
        rig.gate.ingestState({ ...state, pose, stampNs: state.stampNs - 15 * MS });
      };
      rig.tick(50);
      if (swap) expect(rig.gate.counters.outOfOrderStates).toBe(50);
      const { decisionSeq } = rig.gate.record;
      rig.think({ seq: 1, base: Float64Array.of(-1, -1, -1, 0) });
      expect(rig.gate.counters.refusedSeq).toBe(1);
      rig.tick();
      expect(rig.gate.record.decisionSeq).toBeGreaterThanOrEqual(decisionSeq);
      return rig.wire;
    };
    expect(run(true)).toEqual(run(false));
    return { outcome: 'ACTIVE; dropped, the same bits' };
  });

  scenario(28, 'a sequence that begins anew: taken only with a new epoch', 'gate', () => {
    const rig = moving();
    rig.thinking = false;
    const shown = stops(
      rig,
      () => {
        rig.seq = 0;
        for (let n = 0; n < 5; n++) rig.think();
        expect(rig.gate.counters.refusedSeq).toBe(5);
      },
      // As nothing new is taken, the old one ages.
      { cause: 'decision_stale', counter: 'refusedSeq', heal: () => (rig.thinking = true) },
    );
    rig.seq = 0;
    rig.restart();
    expect(rig.gate.mode).toBe('ACTIVE');
    return { ...shown, outcome: `refused; ${shown.outcome}; taken in a new epoch` };
  });

  scenario(
    29,
    'a burst of 200 states in 1 ms: the newest is kept, memory and tick stay as they are',
    'messages',
    () => {
      const rig = inMotion(new MessageRig());
      rig.sensing = false;
      const { pose } = rig.state;
      const before = rig.gate.counters.states;
      const from = rig.nowNs;
      for (let n = 1; n <= 200; n++) {
        pose[1] = 1e-5 * (n % 2);
        rig.nowNs = from + n * 5000;
        rig.sense();
      }
      expect(rig.gate.counters.states - before).toBe(200);
      rig.nowNs = from;
      const commands = rig.wire.length;
      rig.tick();
      expect(rig.wire.length - commands).toBe(1);
      expect(rig.gate.mode).toBe('ACTIVE');
      expect(rig.gate.record.stateSeq).toBe(rig.assembler.counters.complete);
      rig.sensing = true;
      rig.tick(20);
      expect(rig.gate.mode).toBe('ACTIVE');
      return { outcome: 'ACTIVE; one tick, one command, the newest state' };
    },
  );

  scenario(
    30,
    'a period of 0, of 10 times the nominal, or backwards: the limiter goes on, capped at nominal',
    'gate',
    () => {
      const rig = moving();
      const step = () => {
        const was = rig.wire.at(-1)!.setpoint;
        const is = [...rig.tick()!.setpoint];
        return Math.hypot(is[0]! - was[0]!, is[1]! - was[1]!, is[2]! - was[2]!);
      };
      rig.later(-10);
      expect(step()).toBe(0);
      rig.later(30);
      expect(step()).toBeLessThanOrEqual(0.001 + 1e-12);
      rig.later(85);
      rig.sense();
      rig.think();
      // 100 ms are ten periods: one nominal period of motion, 1 mm.
      expect(step()).toBeLessThanOrEqual(0.001 + 1e-12);
      expect(rig.gate.counters.overruns).toBeGreaterThan(0);
      const shown = stops(rig, () => rig.later(-20), { cause: 'clock_back', value: 10 });
      return { outcome: `ACTIVE; never above 1 mm a tick. Backwards: ${shown.outcome}`, toSafeMs: 10 };
    },
  );
});
