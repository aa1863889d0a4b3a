import { describe, expect } from 'vitest';
import { loadRun } from '../../src/core/config/load.ts';
import { errorOf, runFolder, SAFETY } from '../core/config/fixture.ts';
import { inMotion, MessageRig, moving, stops, type Watched } from './rig.ts';
import { scenario } from './scenario.ts';

/** Setpoints of the next `count` commands. */
const commands = (rig: Watched, count: number): number[][] =>
  Array.from({ length: count }, () => [...rig.tick()!.setpoint]);

describe('numbers and shapes', () => {
  scenario(1, 'NaN in one element of an action: the whole action is refused, STOP in the same tick', 'gate', () => {
    const rig = moving();
    return stops(rig, () => rig.think({ base: Float64Array.of(0.5, Number.NaN, 0, 0) }), {
      cause: 'non_finite',
      value: 2,
      limit: 0,
      counter: 'badDecisions',
    });
  });

  scenario(2, 'NaN for one tick, then good actions: latched, and after a reset as if it had never been', 'gate', () => {
    const run = (fault: (rig: Watched) => void) => {
      const rig = moving();
      fault(rig);
      rig.tick(40);
      expect(rig.gate.mode).toBe('STOPPED');
      rig.restart();
      return { rig, wire: commands(rig, 100) };
    };
    const dirty = run((rig) => rig.think({ base: new Float64Array(4).fill(Number.NaN) }));
    const clean = run((rig) => rig.must('stop'));
    expect(dirty.wire).toEqual(clean.wire);
    expect(dirty.rig.path).toContain('STOPPING(non_finite)');
    expect(clean.rig.path).toContain('STOPPING(operator_stop)');
    return { outcome: 'STOPPING(non_finite) → STOPPED; same bits as a run without', toSafeMs: 10 };
  });

  scenario(3, '+Infinity is refused, never clamped; 1e300 is finite and refused as implausible', 'gate', () => {
    const infinite = moving();
    const first = stops(infinite, () => infinite.think({ base: Float64Array.of(Infinity, 0, 0, 0) }), {
      cause: 'non_finite',
      value: 2,
      counter: 'badDecisions',
    });
    const huge = moving();
    huge.thinking = false;
    const second = stops(huge, () => huge.think({ base: Float64Array.of(1e300, 0, 0, 0) }), {
      cause: 'implausible_action',
      value: 1e300,
      limit: 3,
    });
    return { outcome: `${first.outcome}; ${second.outcome}`, toSafeMs: Math.max(first.toSafeMs!, second.toSafeMs!) };
  });

  scenario(4, 'null is NaN; undefined, text and true are no numbers; -0 and a subnormal are 0', 'messages', () => {
    const asNull = inMotion(new MessageRig());
    const shown = stops(
      asNull,
      () => {
        asNull.way = (m) => [{ ...m, position: [null, 0] }];
      },
      { cause: 'non_finite', value: 1, counter: 'badStates', heal: () => (asNull.way = (m) => [m]) },
    );
    for (const bad of [undefined, '0.5', true]) {
      const rig = inMotion(new MessageRig());
      rig.way = (m) => [{ ...m, position: [bad, 0] }];
      rig.tick();
      expect([rig.malformed, rig.gate.mode]).toEqual([1, 'ACTIVE']);
      rig.tick(5);
      expect(rig.gate.cause).toBe('state_stale');
    }
    for (const bad of [null, undefined, '0.5', true]) {
      const rig = moving();
      rig.think({ base: [bad, 0, 0, 0] as unknown as Float64Array });
      rig.tick();
      expect(rig.path.at(-1)).toBe('STOPPING(bad_shape)');
    }
    const of = (zero: number) => {
      const rig = moving();
      rig.thinking = false;
      rig.think({ base: Float64Array.of(zero, 0.1, 0, 0) });
      return commands(rig, 8);
    };
    expect(of(-0)).toEqual(of(0));
    expect(of(5e-324)).toEqual(of(0));
    return { ...shown, outcome: `${shown.outcome}; other types refused: bad_shape, state_stale` };
  });

  scenario(5, 'NaN or infinity in the robot state: STOP from the last trusted state', 'gate', () => {
    const rig = moving();
    const { position } = rig.state;
    const shown = stops(rig, () => position.fill(Number.NaN), {
      cause: 'non_finite',
      value: 1,
      counter: 'badStates',
      heal: () => {
        expect(rig.gate.mode).toBe('STOPPING');
        position.fill(0);
      },
    });
    const infinite = moving();
    infinite.state.velocity[1] = Infinity;
    const out = infinite.tick()!;
    expect(out.source).toBe('brake');
    expect(infinite.path.at(-1)).toBe('STOPPING(non_finite)');
    return shown;
  });

  scenario(
    6,
    'NaN from the critic is the largest risk: the setpoint stands still, the second one is STOP',
    'gate',
    () => {
      const rig = moving();
      rig.critic.risk = () => Number.NaN;
      const before = rig.state.pose.slice();
      const from = rig.nowNs;
      const first = rig.tick()!;
      expect(first).toMatchObject({ mode: 'ACTIVE', source: 'hold' });
      expect([...first.setpoint.subarray(0, 3)]).toEqual([...before.subarray(0, 3)]);
      expect(rig.gate.record).toMatchObject({ risk: 1, speedScale: 0 });
      const toSafeMs = (rig.nowNs - from) / 1e6;
      rig.tick();
      expect(rig.transitions.at(-1)).toMatchObject({ to: 'STOPPING', cause: 'critic_invalid', value: 2, limit: 1 });
      expect(rig.gate.counters.criticInvalid).toBe(2);
      expect(rig.gate.counters.badDecisions + rig.gate.counters.badStates).toBe(0);
      return { outcome: 'stands still; STOPPING(critic_invalid)', toSafeMs };
    },
  );

  scenario(
    7,
    'a limit that is NaN, negative, zero, or crosses another: refuses to start and names the key',
    'config',
    () => {
      const refused: [string, string, string][] = [
        ['force_limit: 30', 'force_limit: .nan', 'force_limit'],
        ['force_limit: 30', 'force_limit: -30', 'force_limit'],
        ['force_limit: 30', 'force_limit: 0', 'force_limit'],
        ['force_soft: 22', 'force_soft: .inf', 'force_soft'],
        ['min: [0.3, -0.3, 0.0]', 'min: [0.8, -0.3, 0.0]', 'pose_box'],
        ['risk: {}', 'risk: { high: 0.2, low: 0.5 }', 'risk'],
        ['risk: {}', 'risk: {}\nspeed: 0', 'speed'],
        ['risk: {}', 'risk: {}\nstiffness: [3000, 200]', 'stiffness'],
      ];
      for (const [good, bad, key] of refused) {
        const safety = SAFETY.replace(good, bad);
        expect(safety).not.toBe(SAFETY);
        const error = errorOf(() => loadRun(runFolder({ 'safety/arm.yaml': safety }).run, []));
        expect(error.code).toBe('RA_CONFIG_INVALID');
        expect(error.message).toContain(key);
      }
      return { outcome: 'RA_CONFIG_INVALID with the key; nothing starts' };
    },
  );

  scenario(
    8,
    'a residual 100 times the base: clipped to its own bound, counted against it, then limited',
    'gate',
    () => {
      const rig = moving();
      rig.thinking = false;
      const before = rig.gate.counters.residualClipped;
      const anchor = rig.gate.record.setpoint[0]!;
      rig.think({ base: Float64Array.of(0.01, 0, 0, 0), residual: Float64Array.of(1, 0, 0, 0) });
      rig.tick();
      expect(rig.gate.counters.residualClipped).toBeGreaterThan(before);
      // 5 mm a unit: 0.01 of base, 0.3 of residual.
      expect(rig.gate.record.aim[0]! - anchor).toBeCloseTo(0.005 * 0.31, 9);
      expect(rig.gate.mode).toBe('ACTIVE');
      return { outcome: 'ACTIVE; residual_clipped counted, sum limited' };
    },
  );

  scenario(9, 'an action one element short, or long: refused whole, STOP', 'gate', () => {
    const [short, long] = [3, 5].map((n) => {
      const rig = moving();
      return stops(rig, () => rig.think({ base: new Float64Array(n) }), {
        cause: 'bad_shape',
        value: 2,
        counter: 'badDecisions',
      });
    });
    expect(short).toEqual(long);
    return short!;
  });

  scenario(10, 'actions 57.3 times too large (degrees): STOP at once, or when they stay large', 'gate', () => {
    const rig = moving();
    rig.thinking = false;
    const shown = stops(rig, () => rig.think({ base: Float64Array.of(0.1 * 57.3, 0, 0, 0) }), {
      cause: 'implausible_action',
      value: 5.73,
      limit: 3,
    });
    // Small ones come out as 1.72, below what one decision may be: a row of those is no policy that answers in [-1, 1].
    const row = moving();
    let n = 0;
    const think = row.think.bind(row);
    row.think = () => think({ base: Float64Array.of((n++ % 2 === 0 ? 0.03 : -0.03) * 57.3, 0.001 * n, 0, 0) });
    while (row.gate.mode === 'ACTIVE' && n < 100) row.tick();
    expect(row.transitions.at(-1)).toMatchObject({ to: 'STOPPING', cause: 'implausible_action', limit: 1.5 });
    expect(n).toBe(11);
    return shown;
  });
});
