import { describe, expect, it } from 'vitest';
import { guardSummary, makeGateCounters } from '../../../controllers/safety/counters.ts';
import type { Situation } from '../../../controllers/safety/envelope.ts';
import { FORESEEN, type Foresight, type Guard } from '../../../controllers/safety/guard.ts';
import { Lookahead } from '../../../controllers/safety/lookahead.ts';
import { VirtualClock } from '../../../src/core/clock.ts';
import type { SafeAction } from '../../../src/core/signals.ts';
import { Rig } from './rig.ts';

/** A guard that answers what `answer` says, `us` later. */
class ScriptedGuard implements Guard {
  readonly clock = new VirtualClock(0);
  readonly asked: number[][] = [];
  us = 100;
  answer: (out: Foresight) => void = (out) => {
    out.what = 0;
  };

  check: Guard['check'] = (setpoint, by, budget, out) => {
    this.asked.push(Array.from(setpoint));
    if (by.state.pose.length !== 7) throw new Error('no situation');
    this.clock.advance(this.us * 1e3);
    if (!budget.isUp()) this.answer(out);
  };
}

const BUDGET_US = 500;

function guarded(changes: Record<string, unknown> = {}): { rig: Rig; guard: ScriptedGuard } {
  const guard = new ScriptedGuard();
  const rig = new Rig(changes, { lookahead: { guard, clock: guard.clock, budgetUs: BUDGET_US } });
  return { rig, guard };
}
const sees = (what: (typeof FORESEEN)[number], value: number, limit: number) => (out: Foresight) => {
  Object.assign(out, { what: FORESEEN.indexOf(what), value, limit, after: 0.03 });
};
const xOf = (action: SafeAction | null) => action!.setpoint[0]!;

describe('the guard', () => {
  it('that foresees nothing changes no bit of what goes out', () => {
    const { rig, guard } = guarded();
    const plain = new Rig();
    for (const r of [rig, plain]) {
      r.active();
      r.decision.base[0] = 0.7;
    }
    for (let n = 0; n < 50; n++) expect(rig.tick()).toEqual(plain.tick());
    expect(guard.asked.length).toBeGreaterThan(50);
    expect(rig.gate.counters).toMatchObject({
      guardForeseen: 0,
      guardOverruns: 0,
      guardFailures: 0,
      guardWorstUs: 100,
    });
    expect(rig.gate.counters.guardChecks).toBe(guard.asked.length);
    const checks = guard.asked.length;
    expect(guardSummary(rig.gate.counters)).toEqual({ checks, foreseen: 0, overruns: 0, failures: 0, worst_us: 100 });
  });

  it('that foresees nothing has nothing filtered anew', () => {
    const guard = new ScriptedGuard();
    let filtered = 0;
    const rig = new Rig(
      {},
      {
        lookahead: { guard, clock: guard.clock, budgetUs: BUDGET_US },
        filter: (wish, _by, _scale, out) => {
          filtered++;
          out.set(wish);
          return 0;
        },
      },
    );
    rig.active();
    filtered = 0;
    rig.tick(10);
    expect(rig.gate.record.source).toBe('policy');
    expect(filtered).toBe(10);
  });

  it('that foresees a breach has nothing go out where somebody who hears of the stop calls it a fault', () => {
    const guard = new ScriptedGuard();
    const rig: Rig = new Rig(
      {},
      {
        lookahead: { guard, clock: guard.clock, budgetUs: BUDGET_US },
        onTransition: ({ to }) => {
          if (to === 'STOPPING') rig.gate.report('internal_error', 'no log', rig.nowNs, 'fault');
        },
      },
    );
    rig.active();
    guard.answer = sees('force', 41.5, 30);
    const { commands } = rig.gate.counters;
    expect(rig.tick()).toBeNull();
    expect(rig.gate.mode).toBe('FAULT');
    expect(rig.gate.record.source).toBe('none');
    expect(rig.gate.counters).toMatchObject({ commands, guardForeseen: 1 });
  });

  it.each([
    ['limit', 2.31, 2.3093, 'a joint would come to 2.31 rad, its limit is 2.309 rad'],
    ['workspace', 0.712, 0.7, 'the tip would come to 0.712 m, wall of the workspace at 0.7 m'],
    ['force', 41.5, 30, 'the contact force would rise to 41.5 N, allowed 30 N'],
  ] as const)(
    'that foresees a breach of %s has the braking law write in the same tick, and stops',
    (what, value, limit, detail) => {
      const { rig, guard } = guarded();
      rig.active();
      rig.decision.base[0] = 1;
      rig.tick(5);
      rig.following = false;
      const before = rig.gate.counters.commands;
      const ahead = xOf(rig.tick());
      guard.answer = sees(what, value, limit);
      const out = rig.tick();
      expect(guard.asked.at(-1)![0]).toBeGreaterThan(ahead);
      expect(out).toMatchObject({ source: 'brake', mode: 'STOPPING' });
      // The braking law leads the setpoint back to the measured tip: not one millimetre further.
      expect(xOf(out)).toBeLessThan(ahead);
      expect(rig.gate.counters.commands).toBe(before + 2);
      expect(rig.transitions.at(-1)).toMatchObject({ to: 'STOPPING', cause: `foreseen_${what}`, detail, value, limit });
      expect(rig.gate.record).toMatchObject({
        mode: 'STOPPING',
        source: 'brake',
        cause: `foreseen_${what}`,
        value,
        limit,
      });
      expect(rig.gate.counters.guardForeseen).toBe(1);
      expect(rig.gate.counters.interventionsBy[`foreseen_${what}`]).toBe(1);
    },
  );

  it('stops latched: what it would say afterwards moves nothing, and only a reset leads back', () => {
    const { rig, guard } = guarded();
    rig.active();
    guard.answer = sees('force', 40, 30);
    rig.tick();
    guard.answer = sees('', 0, 0);
    rig.tick(50);
    expect(rig.gate.mode).toBe('STOPPED');
    expect(rig.gate.request({ kind: 'reset', incident: rig.gate.incident }, rig.nowNs).accepted).toBe(true);
    expect(rig.gate.mode).toBe('DISARMED');
  });

  it('that takes longer than its budget stops, however good its answer would have been', () => {
    const { rig, guard } = guarded();
    rig.active();
    guard.us = BUDGET_US;
    expect(rig.tick()!.source).toBe('policy');
    guard.us = BUDGET_US + 1;
    expect(rig.tick()).toMatchObject({ source: 'brake', mode: 'STOPPING' });
    const detail = 'the guard took 501 µs, allowed 500 µs';
    expect(rig.transitions.at(-1)).toMatchObject({ cause: 'guard_overrun', detail, value: 501, limit: 500 });
    expect(rig.gate.counters).toMatchObject({ guardOverruns: 1, guardForeseen: 0, guardWorstUs: 501 });
  });

  it('that answers too late says what it saw, if it saw something', () => {
    const { rig, guard } = guarded();
    rig.active();
    guard.check = (_setpoint, _by, budget, out) => {
      guard.clock.advance(BUDGET_US * 2e3);
      expect(budget.isUp()).toBe(true);
      sees('force', 40, 30)(out);
    };
    rig.tick();
    expect(rig.gate.cause).toBe('foreseen_force');
  });

  it.each([
    ['a clock that is none', Number.NaN],
    ['a clock without end', Number.POSITIVE_INFINITY],
  ])('with %s has no time left', (_, ns) => {
    const { rig, guard } = guarded();
    rig.active();
    guard.check = (_setpoint, _by, _budget, out) => {
      guard.clock.set(ns);
      out.what = 0;
    };
    rig.tick();
    expect(rig.gate.cause).toBe('guard_overrun');
  });

  it.each<[string, (out: Foresight) => void]>([
    [
      'throws',
      () => {
        throw new Error('no convergence');
      },
    ],
    ['says nothing', () => {}],
    [
      'says NaN',
      (out) => {
        out.what = Number.NaN;
      },
    ],
    [
      'says what there is not',
      (out) => {
        out.what = FORESEEN.length;
      },
    ],
    [
      'says less than nothing',
      (out) => {
        out.what = -1;
      },
    ],
    [
      'says a half',
      (out) => {
        out.what = 0.5;
      },
    ],
    [
      'says text',
      (out) => {
        (out as { what: unknown }).what = '0';
      },
    ],
  ])('that %s stops in the same tick', (what, answer) => {
    const { rig, guard } = guarded();
    rig.active();
    guard.answer = answer;
    expect(rig.tick()).toMatchObject({ source: 'brake', mode: 'STOPPING' });
    expect(rig.gate.cause).toBe('guard_failed');
    if (what !== 'throws') expect(rig.transitions.at(-1)!.detail).toBe('the guard gave no answer');
    expect(rig.gate.counters.guardFailures).toBe(1);
    expect(rig.tick()!.source).toBe('brake');
  });

  it.each([
    ['an error', new Error('mj_step: unstable')],
    ['what is none', 'mj_step: unstable'],
  ])('tells of %s that it throws', (_, thrown) => {
    const { rig, guard } = guarded();
    rig.active();
    guard.check = () => {
      throw thrown;
    };
    rig.tick();
    expect(rig.transitions.at(-1)!.detail).toBe('the guard failed: mj_step: unstable');
  });

  it('that foresees a breach with numbers that are none stops all the same', () => {
    const { rig, guard } = guarded();
    rig.active();
    guard.answer = sees('force', Number.NaN, Number.NaN);
    const out = rig.tick()!;
    expect(out.source).toBe('brake');
    expect(Array.from(out.setpoint).every(Number.isFinite)).toBe(true);
    expect(rig.gate.mode).toBe('STOPPING');
  });
});

describe('the answer of the guard', () => {
  const by = { state: { pose: new Float64Array(7) } } as unknown as Situation;
  const made = () => {
    const guard = new ScriptedGuard();
    const counters = makeGateCounters();
    const ahead = new Lookahead({ guard, clock: guard.clock, budgetUs: BUDGET_US }, counters);
    return { guard, counters, ahead, admits: () => ahead.admits(new Float64Array(1), by) };
  };

  it('is a yes, without a verdict, when it foresees nothing', () => {
    const { ahead, admits } = made();
    expect(admits()).toBe(true);
    expect(ahead.verdict).toMatchObject({ severity: 0, cause: '' });
  });

  it('is a no to what breaks a limit, with 0 for the numbers that it does not give', () => {
    const { ahead, guard, admits } = made();
    guard.answer = (out) => Object.assign(out, { what: 1 });
    expect(admits()).toBe(false);
    expect(ahead.verdict).toMatchObject({ cause: 'foreseen_limit', value: 0, limit: 0 });
  });

  it('that took longest is remembered', () => {
    const { guard, counters, admits } = made();
    const worst = [300, 400, 200].map((us) => {
      guard.us = us;
      admits();
      return counters.guardWorstUs;
    });
    expect(worst).toEqual([300, 400, 400]);
  });
});

describe('the guard is asked', () => {
  it('only about what a policy or a recovery wants: not in HOLD, not while braking, not when stopped', () => {
    const { rig, guard } = guarded();
    guard.answer = sees('force', 99, 30);
    rig.boot().arm();
    rig.tick(20);
    expect([rig.gate.mode, guard.asked.length]).toEqual(['HOLD', 0]);
    rig.thinking = false;
    rig.engage();
    rig.tick(3);
    expect([rig.gate.mode, guard.asked.length]).toEqual(['ENGAGING', 0]);
    rig.gate.request({ kind: 'disengage' }, rig.nowNs);
    rig.tick(50);
    expect([rig.gate.mode, guard.asked.length]).toEqual(['STOPPED', 0]);
  });

  it('from the first tick of the ramp on', () => {
    const { rig, guard } = guarded();
    rig.boot().arm().engage();
    guard.answer = sees('workspace', 0.8, 0.7);
    rig.ticks = 0;
    const out = rig.tick();
    expect(guard.asked.length).toBe(1);
    expect(out).toMatchObject({ source: 'brake', mode: 'STOPPING' });
  });

  it('about a recovery too', () => {
    const { rig, guard } = guarded();
    rig.active();
    rig.critic.risk = () => 1;
    rig.tick();
    expect(rig.gate.mode).toBe('RECOVERY');
    const asked = guard.asked.length;
    guard.answer = sees('limit', 1.2, 1);
    expect(rig.tick()).toMatchObject({ source: 'brake', mode: 'STOPPING' });
    expect(guard.asked.length).toBe(asked + 1);
  });

  it('about the very setpoint that goes out, filtered', () => {
    const { rig, guard } = guarded();
    rig.active();
    rig.decision.base[0] = 1;
    for (let n = 0; n < 10; n++) {
      const out = rig.tick()!;
      expect(guard.asked.at(-1)).toEqual(Array.from(out.setpoint));
    }
  });

  it('not when the filter was refused: the braking law writes already', () => {
    const guard = new ScriptedGuard();
    let broken = false;
    const rig: Rig = new Rig(
      {},
      {
        lookahead: { guard, clock: guard.clock, budgetUs: BUDGET_US },
        filter: (wish, _by, _scale, out) => {
          out.set(wish);
          if (broken) out[0] = 99;
          return 0;
        },
      },
    );
    rig.active();
    const asked = guard.asked.length;
    broken = true;
    expect(rig.tick()!.source).toBe('brake');
    expect(guard.asked.length).toBe(asked);
  });
});
