import { describe, expect, it } from 'vitest';
import { Echo } from '../../../controllers/safety/echo.ts';
import { Inputs } from '../../../controllers/safety/inputs.ts';
import { SEVERITY } from '../../../controllers/safety/ladder.ts';
import { inputLimits } from '../../../controllers/safety/limits.ts';
import { makeContext, type RuleContext } from '../../../controllers/safety/rule.ts';
import { drift } from '../../../controllers/safety/rules/drift.ts';
import { following } from '../../../controllers/safety/rules/following.ts';
import { SeededRandom } from '../../../src/core/random.ts';
import { JointGate } from '../../safety/joint-gate.ts';
import { MS, Rig, robot, safetyOf } from './rig.ts';

/** What a rule looks at, its robot measured, and its setpoint at 2000 N/m, in the origin. */
function looked(changes: Partial<RuleContext> = {}): RuleContext {
  const inputs = new Inputs(inputLimits(safetyOf(), robot, 4));
  inputs.hasState = true;
  const { state, force, target } = inputs;
  const last = Float64Array.of(0, 0, 0, 0, 0, 0, 1, 2000, 150);
  const context = makeContext(inputs, new Echo(9), { last, state, force, target, elapsed: 0, nowNs: 0 });
  return Object.assign(context, changes);
}

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

  /** Whether it stops a tip in the origin 600 ms after its setpoint went to `y` m: then 10 N are asked of it for 5 mm. */
  function stops(change: (c: RuleContext) => void, y = 0.006, on: object = {}): boolean {
    const setup = { safety: safetyOf(), robot: { ...robot, ...on } };
    const rule = following.create({ distance: 0.5, force: 0.25, ms: 500 }, setup as never);
    const c = looked({ mode: 'ACTIVE', writing: true, hasSent: true });
    c.situation.last[1] = y;
    change(c);
    const answers = [0, 600].map((ms) => rule.evaluate(Object.assign(c, { nowNs: ms * MS })));
    expect(answers[0]).toBe(SEVERITY.pass);
    return answers[1] === SEVERITY.stop;
  }
  const nothing = () => {};

  it('is about more than half of Δ, a speed below that of rest, and less than a quarter of the pull', () => {
    expect(stops(nothing)).toBe(true);
    expect([0.005, 0.0051].map((y) => stops(nothing, y))).toEqual([false, true]);
    const speed = (v: number) => (c: RuleContext) => Object.assign(c.inputs, { speed: v });
    expect([0.005, 0.0049].map((v) => stops(speed(v)))).toEqual([false, true]);
    // 2000 N/m over 6 mm are 12 N.
    const force = (n: number) => (c: RuleContext) => Object.assign(c.inputs, { forceNorm: n });
    expect([0.25 * 2000 * 0.006, 2.99].map((n) => stops(force(n)))).toEqual([false, true]);
  });

  it('measures the way from the tip on every axis', () => {
    const tip = (i: number) => (c: RuleContext) => {
      c.situation.last.fill(0.3, 0, 3);
      c.inputs.state.pose.fill(0.3, 0, 3);
      c.inputs.state.pose[i] = 0.306;
    };
    for (const i of [0, 1, 2]) expect(stops(tip(i))).toBe(true);
    const there = (c: RuleContext) => {
      tip(0)(c);
      c.inputs.state.pose[0] = 0.3;
    };
    expect(stops(there)).toBe(false);
  });

  it.each(['writing', 'hasSent'] as const)('counts nothing while not %s', (what) => {
    expect(stops((c) => Object.assign(c, { [what]: false }))).toBe(false);
  });

  it('counts nothing without a state', () => {
    expect(stops((c) => Object.assign(c.inputs, { hasState: false }))).toBe(false);
  });

  it('looks at no joints, and at no robot that cannot feel what holds it', () => {
    expect(stops(nothing, 0.006, { interface: { type: 'joint_position' }, sources: ['joints', 'wrench'] })).toBe(false);
    expect(stops(nothing, 0.006, { sources: ['joints', 'pose'] })).toBe(false);
    expect(stops(nothing, 0.006, { sources: ['wrench'] })).toBe(true);
  });

  it('takes a share of Δ above 0, a share of the pull from 0 on, and neither above 1', () => {
    const takes = (options: object) => following.options.safeParse(options).success;
    expect([0, 0.001, 1, 1.001].map((distance) => takes({ distance }))).toEqual([false, true, true, false]);
    expect([-0.001, 0, 0.5, 1, 1.001].map((force) => takes({ force }))).toEqual([false, true, true, true, false]);
    expect([0, 1].map((ms) => takes({ ms }))).toEqual([false, true]);
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

  /** What a fresh rule with a limit of 0.25 says in HOLD, first here and then there. */
  function says(unit: string, sources: string[], here: (c: RuleContext) => void, there: (c: RuleContext) => void) {
    const setup = { envelope: { tracking: { unit, limit: 0.25 } }, robot: { ...robot, sources } };
    const rule = drift.create({ factor: 1 }, setup as never);
    const c = looked({ mode: 'HOLD' });
    return [here, there].map((move) => {
      move(c);
      return rule.evaluate(c);
    });
  }
  const { pass, stop } = SEVERITY;
  const tip = (x: number) => (c: RuleContext) => c.inputs.state.pose.fill(x, 0, 1);
  const joint = (q: number) => (c: RuleContext) => c.inputs.state.position.fill(q, 1, 2);

  it('counts from where HOLD began, wherever that was, and lets it go exactly so far', () => {
    expect(says('m', ['pose'], tip(0.5), tip(0.75))).toEqual([pass, pass]);
    expect(says('m', ['pose'], tip(0.5), tip(0.7501))).toEqual([pass, stop]);
    expect(says('rad', ['joints'], joint(-0.5), joint(-0.7501))).toEqual([pass, stop]);
  });

  it('looks at the joints of an arm of joints that measures its tip too, and at the tip of one of poses', () => {
    expect(says('rad', ['joints', 'pose'], tip(0), tip(9))).toEqual([pass, pass]);
    expect(says('rad', ['joints', 'pose'], joint(0), joint(0.3))).toEqual([pass, stop]);
    expect(says('m', ['joints', 'pose'], joint(0), joint(9))).toEqual([pass, pass]);
  });

  it('has nothing to say in m where no tip is measured', () => {
    expect(says('m', ['joints'], tip(0), tip(9))).toEqual([pass, pass]);
    expect(says('m', ['joints'], joint(0), joint(9))).toEqual([pass, pass]);
  });

  it('takes a factor from 0.1 on', () => {
    const takes = (factor: number) => drift.options.safeParse({ factor }).success;
    expect([0.09, 0.1, 2].map(takes)).toEqual([false, true, true]);
  });
});
