// long: one table of faults, a row for each cause of each rule, read top to bottom
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { cartesianImpedance } from '../../../controllers/interfaces/cartesian-impedance.ts';
import { Echo } from '../../../controllers/safety/echo.ts';
import { makeEnvelope } from '../../../controllers/safety/envelopes.ts';
import { BAD, Inputs } from '../../../controllers/safety/inputs.ts';
import { SEVERITY } from '../../../controllers/safety/ladder.ts';
import { inputLimits } from '../../../controllers/safety/limits.ts';
import {
  evaluateRules,
  fail,
  makeContext,
  PASS,
  type Rule,
  type RuleContext,
  type RulePlugin,
  type RuleSetup,
  Verdict,
} from '../../../controllers/safety/rule.ts';
import { makeRules, RULES } from '../../../controllers/safety/rules/index.ts';
import { defineRule } from '../../../src/core/plugin.ts';
import { MS, robot, safetyOf } from './rig.ts';

const setup = (changes: Record<string, unknown> = {}) => ({
  safety: safetyOf(changes),
  robot,
  interface: cartesianImpedance(robot),
  envelope: makeEnvelope(safetyOf(changes), robot, cartesianImpedance(robot)),
});

/** A context in which every rule passes: ACTIVE at t = 1 s, robot at its setpoint, decision 10 ms old. */
function healthy(): RuleContext {
  const inputs = new Inputs(inputLimits(safetyOf(), robot, 4));
  const last = Float64Array.of(0.5, 0, 0.2, 0, 0, 0, 1, 2000, 150);
  const { state, force, target } = inputs;
  const c = makeContext(inputs, new Echo(9), { last, state, force, target, elapsed: 0, nowNs: 0 });
  Object.assign(c, { nowNs: 1000 * MS, mode: 'ACTIVE', writing: true, engaged: true, deciding: true, hasSent: true });
  inputs.state.pose.set(last.subarray(0, 7));
  Object.assign(inputs.state, { stampNs: 990 * MS, receivedNs: 990 * MS });
  Object.assign(inputs, { hasState: true, hasTarget: true, hasDecision: true, linkUp: true });
  Object.assign(inputs, { observedNs: 990 * MS, decisionExpiresNs: 1090 * MS });
  return c;
}
/** The one rule under test and what it says of a context. */
function judge(name: string, c: RuleContext, changes: Record<string, unknown> = {}) {
  const rule = makeRules(setup(changes)).find((r) => r.name === name)!;
  c.verdict.value = 0;
  c.verdict.limit = 0;
  return { severity: rule.evaluate(c), ...c.verdict };
}

/** One rule from the parts of a setup that it looks at. */
const create = (name: string, options: object, parts: RuleSetup): Rule =>
  RULES.find((r) => r.name === name)!.create(options, parts);

it('every rule passes in health, is documented and has a cause of its own', () => {
  const rules = makeRules(setup());
  expect(rules.length).toBe(RULES.length);
  for (const rule of rules) {
    expect([rule.name, rule.evaluate(healthy())]).toEqual([rule.name, SEVERITY.pass]);
    expect(rule.says).not.toBe('');
  }
  expect(new Set(rules.map((r) => r.cause)).size).toBe(rules.length);
  expect(rules.map((r) => r.name)).toEqual(RULES.map((p) => p.name));
});

it('every rule declares the cause that scripts match on, what it asks for, and how it ends', () => {
  const declared = Object.fromEntries(makeRules(setup()).map((r) => [r.name, [r.cause, r.action, r.clears].join(' ')]));
  expect(declared).toEqual({
    acknowledgement: 'not_acknowledged stop latched',
    backpressure: 'backpressure stop latched',
    clock: 'clock_back stop latched',
    command_echo: 'echo_mismatch stop latched',
    conflict: 'conflict stop latched',
    constant_output: 'constant_output stop latched',
    critic_health: 'critic_invalid stop latched',
    decision_age: 'decision_stale stop latched',
    drift: 'drift stop latched',
    effort: 'effort_limit stop latched',
    finite: 'non_finite stop latched',
    following: 'not_following stop latched',
    force_limit: 'force_limit stop latched',
    frozen_sensor: 'frozen_sensor stop latched',
    implausible_step: 'implausible_step stop latched',
    joint_limit: 'joint_limit stop latched',
    link: 'link_down stop latched',
    obstacles: 'obstacles_stale stop latched',
    overrun: 'overrun stop latched',
    plausible_action: 'implausible_action stop latched',
    risk: 'risk recover dwell',
    second_commander: 'second_commander stop latched',
    sending: 'not_sent stop latched',
    shape: 'bad_shape stop latched',
    stamp_frozen: 'stamp_frozen stop latched',
    stamp_order: 'stamp_order stop latched',
    stamp_skew: 'stamp_skew stop latched',
    state_age: 'state_stale stop latched',
    takeover_age: 'takeover_stale hold auto',
    target: 'target_missing stop latched',
    tracking: 'tracking stop latched',
    workspace: 'workspace stop latched',
  });
});

/** `rule: what goes wrong` → how, value, limit; and a variant that must still pass. */
interface Fault {
  rule: string;
  when: string;
  wrong(c: RuleContext): void;
  value: number;
  limit: number;
  right?(c: RuleContext): void;
}
const still = (c: RuleContext): void => {
  c.engaged = false;
  c.deciding = false;
};
/** A command was echoed, and the next one, sent at `ms`, not yet. */
const echoed = (c: RuleContext, ms: number): void => {
  const setpoint = new Float64Array(9);
  c.echo.sent(setpoint, 1, 1, 800 * MS);
  c.echo.observe({ setpoint, epoch: 1, seq: 1, stampNs: 800 * MS });
  c.echo.sent(setpoint, 1, 2, ms * MS);
};
/** A person has taken over, and answers a command that went out at `ms`. */
const takenOver = (c: RuleContext, ms: number): void => {
  c.echo.sent(new Float64Array(9), 1, 7, ms * MS);
  const takeover = { holder: 1, epoch: 1, seq: 1, commandSeq: 7, action: new Float64Array(4), release: false };
  expect(c.inputs.takeover.ingest(takeover, 'ACTIVE', 1, c.echo, ms * MS)).toBe('');
};
const FAULTS: Fault[] = [
  {
    rule: 'takeover_age',
    when: 'a person answers a command 201 ms old',
    wrong: (c) => takenOver(c, 799),
    value: 201,
    limit: 200,
    right: (c) => takenOver(c, 800),
  },
  {
    rule: 'takeover_age',
    when: 'while engaging, the clock is before the command that a person answers',
    wrong: (c) => {
      takenOver(c, 1001);
      c.mode = 'ENGAGING';
    },
    value: -1,
    limit: 200,
    right: (c) => {
      takenOver(c, 1000);
      c.mode = 'ENGAGING';
    },
  },
  {
    rule: 'finite',
    when: 'a state held NaN',
    wrong: (c) => {
      c.inputs.badState = BAD.nonFinite;
    },
    value: 1,
    limit: 0,
    right: (c) => {
      c.inputs.badState = BAD.shape;
    },
  },
  {
    rule: 'finite',
    when: 'a decision held NaN while engaged',
    wrong: (c) => {
      c.inputs.badDecision = BAD.nonFinite;
    },
    value: 2,
    limit: 0,
    right: (c) => {
      c.inputs.badDecision = BAD.nonFinite;
      still(c);
    },
  },
  {
    rule: 'shape',
    when: 'a state had the wrong shape',
    wrong: (c) => {
      c.inputs.badState = BAD.shape;
    },
    value: 1,
    limit: 0,
    right: (c) => {
      c.inputs.badState = BAD.nonFinite;
    },
  },
  {
    rule: 'shape',
    when: 'a decision had the wrong shape while engaged',
    wrong: (c) => {
      c.inputs.badDecision = BAD.shape;
    },
    value: 2,
    limit: 0,
    right: (c) => {
      c.inputs.badDecision = BAD.shape;
      still(c);
    },
  },
  {
    rule: 'clock',
    when: 'the clock went back by 5 ms',
    wrong: (c) => {
      c.clockBackNs = 5 * MS;
    },
    value: 5,
    limit: 0,
  },
  {
    rule: 'stamp_skew',
    when: 'a stamp was 300 ms late',
    wrong: (c) => {
      c.inputs.skewNs = 300 * MS;
    },
    value: 300,
    limit: 250,
  },
  {
    rule: 'stamp_skew',
    when: 'a stamp was 2 s early',
    wrong: (c) => {
      c.inputs.skewNs = -2000 * MS;
    },
    value: -2000,
    limit: -1000,
  },
  {
    rule: 'stamp_frozen',
    when: 'five states had one stamp',
    wrong: (c) => {
      c.inputs.frozenStates = 5;
    },
    value: 5,
    limit: 4,
    right: (c) => {
      c.inputs.frozenStates = 4;
    },
  },
  {
    rule: 'link',
    when: 'the link is down',
    wrong: (c) => {
      c.inputs.linkUp = false;
    },
    value: 0,
    limit: 1,
  },
  {
    rule: 'state_age',
    when: 'the state is 51 ms old',
    wrong: (c) => {
      c.inputs.state.receivedNs = 949 * MS;
    },
    value: 51,
    limit: 50,
    right: (c) => {
      c.inputs.state.receivedNs = 950 * MS;
    },
  },
  {
    rule: 'state_age',
    when: 'there is no state',
    wrong: (c) => {
      c.inputs.hasState = false;
    },
    value: Number.POSITIVE_INFINITY,
    limit: 50,
  },
  {
    rule: 'state_age',
    when: 'its age is no number',
    wrong: (c) => {
      c.inputs.state.receivedNs = Number.NaN;
    },
    value: Number.NaN,
    limit: 50,
  },
  {
    rule: 'force_limit',
    when: 'the force is 30.1 N',
    wrong: (c) => {
      c.inputs.forceNorm = 30.1;
    },
    value: 30.1,
    limit: 30,
    right: (c) => {
      c.inputs.forceNorm = 30;
    },
  },
  {
    rule: 'force_limit',
    when: 'the force is no number',
    wrong: (c) => {
      c.inputs.forceNorm = Number.NaN;
    },
    value: Number.NaN,
    limit: 30,
  },
  {
    rule: 'workspace',
    when: 'the tip is 6 mm beyond the far wall',
    wrong: (c) => {
      c.inputs.state.pose[0] = 0.706;
    },
    value: 0.706,
    limit: 0.7,
    right: (c) => {
      c.inputs.state.pose[0] = 0.7049;
    },
  },
  {
    rule: 'workspace',
    when: 'the tip is 6 mm below the floor',
    wrong: (c) => {
      c.inputs.state.pose[2] = -0.006;
    },
    value: -0.006,
    limit: 0,
    right: (c) => {
      c.inputs.state.pose[2] = -0.0049;
    },
  },
  {
    rule: 'tracking',
    when: 'the tip is 21 mm from its setpoint',
    wrong: (c) => {
      c.inputs.state.pose[1] = -0.021;
    },
    value: 0.021,
    limit: 0.02,
    right: (c) => {
      c.inputs.state.pose[1] = 0.0199;
    },
  },
  {
    rule: 'sending',
    when: 'three commands in a row were refused',
    wrong: (c) => {
      c.inputs.refusedSends = 3;
    },
    value: 3,
    limit: 2,
    right: (c) => {
      c.inputs.refusedSends = 2;
    },
  },
  {
    rule: 'conflict',
    when: 'limits were in conflict for three ticks',
    wrong: (c) => {
      c.conflicts = 3;
    },
    value: 3,
    limit: 2,
    right: (c) => {
      c.conflicts = 2;
    },
  },
  {
    rule: 'target',
    when: 'no target is known',
    wrong: (c) => {
      c.inputs.hasTarget = false;
    },
    value: 0,
    limit: 1,
  },
  {
    rule: 'plausible_action',
    when: 'the base asks for 57.3 units',
    wrong: (c) => {
      c.inputs.base[3] = -57.3;
    },
    value: 57.3,
    limit: 3,
    right: (c) => {
      c.inputs.base[3] = -3;
    },
  },
  {
    rule: 'plausible_action',
    when: 'more than ten decisions in a row were above 1.5 units',
    wrong: (c) => {
      c.inputs.base.set([1.6, -2, 0.1, 0]);
      c.inputs.largeDecisions = 11;
    },
    value: 2,
    limit: 1.5,
    right: (c) => {
      c.inputs.base.set([1.6, -2, 0.1, 0]);
      c.inputs.largeDecisions = 10;
    },
  },
  {
    rule: 'decision_age',
    when: 'the observation is 101 ms old',
    wrong: (c) => {
      c.inputs.observedNs = 899 * MS;
    },
    value: 101,
    limit: 100,
    right: (c) => {
      c.inputs.observedNs = 900 * MS;
    },
  },
  {
    rule: 'decision_age',
    when: 'it has expired',
    wrong: (c) => {
      c.inputs.decisionExpiresNs = 999 * MS;
    },
    value: 10,
    limit: 100,
    right: (c) => {
      c.inputs.decisionExpiresNs = 1000 * MS;
    },
  },
  {
    rule: 'decision_age',
    when: 'there is none',
    wrong: (c) => {
      c.inputs.hasDecision = false;
    },
    value: Number.POSITIVE_INFINITY,
    limit: 100,
  },
  {
    rule: 'decision_age',
    when: 'the observation is 2 ms in the future',
    wrong: (c) => {
      c.inputs.observedNs = 1002 * MS;
    },
    value: -2,
    limit: 100,
    right: (c) => {
      c.inputs.observedNs = 1001 * MS;
    },
  },
  {
    rule: 'critic_health',
    when: 'the critic was invalid twice',
    wrong: (c) => {
      c.criticInvalid = 2;
    },
    value: 2,
    limit: 1,
    right: (c) => {
      c.criticInvalid = 1;
    },
  },
  {
    rule: 'risk',
    when: 'nothing is admissible',
    wrong: (c) => {
      c.riskAdmissible = false;
      c.risk = 0.8;
    },
    value: 0.8,
    limit: 0.35,
  },
  {
    rule: 'stamp_order',
    when: 'five states in a row were old',
    wrong: (c) => {
      c.inputs.disorderedStates = 5;
    },
    value: 5,
    limit: 4,
    right: (c) => {
      c.inputs.disorderedStates = 4;
    },
  },
  {
    rule: 'implausible_step',
    when: 'the tip went 4 m/s',
    wrong: (c) => {
      c.inputs.speed = 4;
    },
    value: 4 / 3,
    limit: 1,
    right: (c) => {
      c.inputs.speed = 3;
    },
  },
  {
    rule: 'implausible_step',
    when: 'a joint of 1 rad/s went 0.03 rad in 10 ms',
    wrong: (c) => {
      Object.assign(c.inputs, { jointSpeed: 3, stepSeconds: 0.01 });
      c.inputs.steps[1] = 0.03;
    },
    value: 1.5,
    limit: 1,
    right: (c) => {
      Object.assign(c.inputs, { jointSpeed: 2, stepSeconds: 0.01 });
      c.inputs.steps[1] = 0.02;
    },
  },
  {
    rule: 'frozen_sensor',
    when: 'six states were the same while the setpoint went 3 mm',
    wrong: (c) => {
      Object.assign(c.inputs, { unchangedStates: 6, askedMotion: 0.003 });
    },
    value: 6,
    limit: 5,
    right: (c) => {
      Object.assign(c.inputs, { unchangedStates: 5, askedMotion: 0.003 });
    },
  },
  {
    rule: 'frozen_sensor',
    when: 'a hundred states were the same while the setpoint went 2.1 mm',
    wrong: (c) => {
      Object.assign(c.inputs, { unchangedStates: 100, askedMotion: 0.0021 });
    },
    value: 100,
    limit: 5,
    right: (c) => {
      Object.assign(c.inputs, { unchangedStates: 100, askedMotion: 0.002 });
    },
  },
  {
    rule: 'overrun',
    when: 'the last tick is 101 ms ago',
    wrong: (c) => {
      c.sinceTickNs = 101 * MS;
    },
    value: 101,
    limit: 100,
    right: (c) => {
      c.sinceTickNs = 100 * MS;
    },
  },
  {
    rule: 'second_commander',
    when: 'command 7 is not ours',
    wrong: (c) => {
      c.echo.foreignSeq = 7;
    },
    value: 7,
    limit: 0,
  },
  {
    rule: 'second_commander',
    when: 'command 0 is not ours',
    wrong: (c) => {
      c.echo.foreignSeq = 0;
    },
    value: 0,
    limit: 0,
  },
  {
    rule: 'command_echo',
    when: 'command 5 came back changed',
    wrong: (c) => {
      c.echo.changedSeq = 5;
    },
    value: 5,
    limit: 0,
  },
  {
    rule: 'command_echo',
    when: 'command 4 came back twice',
    wrong: (c) => {
      c.echo.repeatedSeq = 4;
    },
    value: 4,
    limit: 0,
  },
  {
    rule: 'command_echo',
    when: 'command 0 came back changed',
    wrong: (c) => {
      c.echo.changedSeq = 0;
    },
    value: 0,
    limit: 0,
  },
  {
    rule: 'acknowledgement',
    when: 'a command has waited 101 ms for its echo',
    wrong: (c) => echoed(c, 899),
    value: 101,
    limit: 100,
    right: (c) => echoed(c, 900),
  },
  {
    rule: 'backpressure',
    when: 'three commands in a row found the socket full',
    wrong: (c) => {
      c.inputs.fullSends = 3;
    },
    value: 3,
    limit: 2,
    right: (c) => {
      c.inputs.fullSends = 2;
    },
  },
  {
    rule: 'effort',
    when: 'a joint of 1 Nm is at -1.06 Nm',
    wrong: (c) => {
      c.inputs.state.effort[1] = -1.06;
    },
    value: 1.06,
    limit: 1.05,
    right: (c) => {
      c.inputs.state.effort[1] = -1.05;
    },
  },
  {
    rule: 'joint_limit',
    when: 'a joint is 0.5 degrees above its limit',
    wrong: (c) => {
      c.inputs.state.position[1] = 1.0088;
    },
    value: 1.0088,
    limit: 1,
    right: (c) => {
      c.inputs.state.position[1] = 1.0086;
    },
  },
  {
    rule: 'joint_limit',
    when: 'a joint is 0.5 degrees below its limit',
    wrong: (c) => {
      c.inputs.state.position[0] = -1.0088;
    },
    value: -1.0088,
    limit: -1,
    right: (c) => {
      c.inputs.state.position[0] = -1.0086;
    },
  },
  {
    rule: 'constant_output',
    when: '61 decisions were the same',
    wrong: (c) => {
      c.inputs.sameDecisions = 61;
    },
    value: 61,
    limit: 60,
    right: (c) => {
      c.inputs.sameDecisions = 20;
    },
  },
];

/** Rules that judge only while this process writes setpoints. */
const SILENT = [
  'tracking',
  'sending',
  'implausible_step',
  'frozen_sensor',
  'overrun',
  'command_echo',
  'acknowledgement',
  'backpressure',
];

describe('each rule', () => {
  it.each(FAULTS)('$rule trips when $when, with value and limit', ({ rule, wrong, value, limit }) => {
    const c = healthy();
    wrong(c);
    const action = { risk: SEVERITY.recover, takeover_age: SEVERITY.hold }[rule] ?? SEVERITY.stop;
    const said = judge(rule, c);
    expect(said.severity).toBe(action);
    if (Number.isFinite(value)) expect(said.value).toBeCloseTo(value, 9);
    else expect(said.value).toBe(value);
    expect(said.limit).toBe(limit);
  });

  it.each(FAULTS.filter((f) => f.right))('$rule passes just before: not $when', ({ rule, right }) => {
    const c = healthy();
    right!(c);
    expect(judge(rule, c).severity).toBe(SEVERITY.pass);
  });

  const asleep = ['constant_output', 'conflict', 'target', 'plausible_action', 'decision_age', 'critic_health', 'risk'];
  it.each(FAULTS.filter((f) => asleep.includes(f.rule)))('$rule asks nothing while no policy has a say', (fault) => {
    const c = healthy();
    fault.wrong(c);
    still(c);
    expect(judge(fault.rule, c).severity).toBe(SEVERITY.pass);
  });

  it.each(FAULTS.filter((f) => SILENT.includes(f.rule)))('$rule asks nothing while nothing is written', (fault) => {
    const c = healthy();
    fault.wrong(c);
    c.writing = false;
    expect(judge(fault.rule, c).severity).toBe(SEVERITY.pass);
  });

  it.each(['HOLD', 'RECOVERY', 'STOPPING'] as const)('nobody is missed in %s, where a wish does not count', (mode) => {
    const c = healthy();
    takenOver(c, 100);
    expect(judge('takeover_age', c).severity).toBe(SEVERITY.hold);
    c.mode = mode;
    expect(judge('takeover_age', c).severity).toBe(SEVERITY.pass);
  });

  it('warns of a policy that repeats itself before it stops it', () => {
    const c = healthy();
    c.inputs.sameDecisions = 21;
    expect(judge('constant_output', c)).toMatchObject({ severity: SEVERITY.warn, value: 21 });
  });

  it('an echo that was changed is an e-stop at speed', () => {
    const c = healthy();
    c.echo.changedSeq = 5;
    c.inputs.speed = 0.25;
    expect(judge('command_echo', c).severity).toBe(SEVERITY.stop);
    c.inputs.speed = 0.26;
    expect(judge('command_echo', c).severity).toBe(SEVERITY.estop);
  });

  it('without a state, or before a command, workspace, force and tracking have nothing to judge', () => {
    const c = healthy();
    c.inputs.state.pose[0] = 9;
    c.inputs.forceNorm = 99;
    c.hasSent = false;
    expect(judge('tracking', c).severity).toBe(SEVERITY.pass);
    c.hasSent = true;
    c.inputs.hasState = false;
    c.inputs.state.position[0] = 9;
    c.inputs.state.effort[0] = 99;
    c.inputs.speed = 99;
    for (const name of ['workspace', 'force_limit', 'tracking', 'joint_limit', 'effort', 'implausible_step'])
      expect(judge(name, c).severity).toBe(SEVERITY.pass);
    c.inputs.hasDecision = false;
    c.inputs.base[0] = 99;
    expect(judge('plausible_action', c).severity).toBe(SEVERITY.pass);
  });

  it('a limit is met, not broken, at the very number', () => {
    const c = healthy();
    const exact = { rules: { joint_limit: { margin: 0 }, workspace: { margin: 0 } } };
    for (const corner of [
      [0.3, -0.2, 0],
      [0.7, 0.2, 0.4],
    ]) {
      c.inputs.state.pose.set(corner);
      expect(judge('workspace', c, exact).severity).toBe(SEVERITY.pass);
    }
    c.inputs.state.position.set([-1, 1]);
    expect(judge('joint_limit', c, exact).severity).toBe(SEVERITY.pass);
    const envelope = { tracking: { limit: 0.25, unit: 'm' }, trackingError: () => 0.25 };
    expect(create('tracking', { factor: 1 }, { envelope } as never).evaluate(c)).toBe(SEVERITY.pass);
    expect(create('tracking', { factor: 0.9 }, { envelope } as never).evaluate(c)).toBe(SEVERITY.stop);
  });

  it('limits of joints are multiples of what each joint has', () => {
    const c = healthy();
    const joints = robot.joints.map((j) => ({ ...j, velocity: 2, effort: 20 }));
    const strong = { robot: { ...robot, joints } } as never;
    c.inputs.state.effort[1] = -21;
    expect(create('effort', { factor: 1.05 }, strong).evaluate(c)).toBe(SEVERITY.pass);
    c.inputs.state.effort[1] = -21.1;
    expect(create('effort', { factor: 1.05 }, strong).evaluate(c)).toBe(SEVERITY.stop);
    // 5 rad/s, of 2 rad/s thrice.
    Object.assign(c.inputs, { jointSpeed: 5, stepSeconds: 0.01 });
    c.inputs.steps[1] = 0.05;
    expect(create('implausible_step', { speed: 3, joint_factor: 3 }, strong).evaluate(c)).toBe(SEVERITY.pass);
    c.inputs.steps[1] = 0.061;
    expect(create('implausible_step', { speed: 3, joint_factor: 3 }, strong).evaluate(c)).toBe(SEVERITY.stop);
  });

  describe('workspace without a box', () => {
    // Normal of length 3, so the wall is at 0.5 m along it.
    const safety = { ...safetyOf(), pose_box: undefined, planes: [{ normal: [1, 2, 2], offset: 1.5 }] };
    const rule = create('workspace', { margin: 0.005 }, { safety, robot } as never);

    it('stops when the tip is 6 mm behind a plane', () => {
      const c = healthy();
      c.inputs.state.pose.set([0.5, 0.1, 0.409]); // (0.5 + 0.2 + 0.818) / 3 = 0.506
      expect(rule.evaluate(c)).toBe(SEVERITY.stop);
      expect(c.verdict.value).toBeCloseTo(0.506, 9);
      expect(c.verdict.limit).toBeCloseTo(0.5, 9);
    });

    it('passes when it is within the margin, however far away on the good side', () => {
      const c = healthy();
      c.inputs.state.pose.set([0.5, 0.1, 0.407]); // 0.5047
      expect(rule.evaluate(c)).toBe(SEVERITY.pass);
      c.inputs.state.pose.set([-9, -9, -9]);
      expect(rule.evaluate(c)).toBe(SEVERITY.pass);
    });

    it('passes on the plane itself with no margin, and stops on what is no number', () => {
      const exact = { ...safety, planes: [{ normal: [0, 0, 2], offset: 0.5 }] };
      const strict = create('workspace', { margin: 0 }, { safety: exact, robot } as never);
      const c = healthy();
      c.inputs.state.pose[2] = 0.25;
      expect(strict.evaluate(c)).toBe(SEVERITY.pass);
      c.inputs.state.pose[2] = Number.NaN;
      expect(strict.evaluate(c)).toBe(SEVERITY.stop);
    });

    it('judges every plane', () => {
      const two = { ...safety, planes: [...safety.planes, { normal: [0, 0, 1], offset: 0.3 }] };
      const c = healthy();
      c.inputs.state.pose.set([0, 0, 0.31]);
      expect(create('workspace', { margin: 0.005 }, { safety: two, robot } as never).evaluate(c)).toBe(SEVERITY.stop);
      expect(c.verdict).toEqual({ value: 0.31, limit: 0.3 });
    });
  });

  it('takes its options from safety.rules', () => {
    const c = healthy();
    c.inputs.state.pose[1] = 0.012;
    expect(judge('tracking', c, { rules: { tracking: { factor: 0.5 } } })).toMatchObject({ severity: 4, limit: 0.01 });
  });
});

describe('the set of rules', () => {
  it('leaves out what is switched off by name', () => {
    expect(makeRules(setup({ off: ['tracking', 'risk'] })).map((r) => r.name)).toEqual(
      RULES.map((p) => p.name).filter((n) => n !== 'tracking' && n !== 'risk'),
    );
  });

  it.each([
    [{ off: ['traking'] }, /safety rule "traking"; allowed: finite, shape, .*tracking/],
    [{ rules: { traking: {} } }, /safety rule "traking"/],
    [{ rules: { tracking: { factor: 0.4 } } }, /safety.rules.tracking.factor/],
    [{ rules: { tracking: { factr: 2 } } }, /safety.rules.tracking/],
    [{ rules: { tracking: { factor: 'x', factr: 2 } } }, /rules.tracking.factor: .*; safety.rules.tracking: .*"factr"/],
    [{ rules: { finite: { any: 1 } } }, /safety.rules.finite/],
  ])('refuses %j', (changes, message) => {
    expect(() => makeRules(setup(changes))).toThrow(message);
  });

  it.each([
    ['acknowledgement', 'age_ms', 1, 0],
    ['backpressure', 'commands', 1, 0],
    ['command_echo', 'estop_speed', 0.01, 0],
    ['conflict', 'ticks', 0, -1],
    ['constant_output', 'warn_after', 2, 1],
    ['constant_output', 'stop_after', 2, 1],
    ['critic_health', 'answers', 0, -1],
    ['decision_age', 'ahead_ms', 0, -1],
    ['effort', 'factor', 1, 0.99],
    ['frozen_sensor', 'messages', 2, 1],
    ['frozen_sensor', 'motion', 0.01, 0],
    ['implausible_step', 'speed', 0.01, 0],
    ['implausible_step', 'joint_factor', 1, 0.99],
    ['joint_limit', 'margin', 0, -0.001],
    ['overrun', 'late_ms', 1, 0],
    ['plausible_action', 'largest', 1, 0.99],
    ['sending', 'commands', 1, 0],
    ['stamp_frozen', 'messages', 1, 0],
    ['stamp_order', 'messages', 1, 0],
    ['tracking', 'factor', 0.5, 0.49],
    ['workspace', 'margin', 0, -0.001],
  ])('takes %s.%s from %d on, and up; not %d', (rule, key, least, less) => {
    const given = (value: number) => () => makeRules(setup({ rules: { [rule]: { [key]: value } } }));
    expect(given(least)).not.toThrow();
    expect(given(least + 1)).not.toThrow();
    expect(given(less)).toThrow(`safety.rules.${rule}.${key}`);
  });

  it.each(RULES.map((p) => p.name))('%s knows no option but its own', (rule) => {
    const other = { no_such_option: 1 };
    expect(() => makeRules(setup({ rules: { [rule]: other } }))).toThrow(`safety.rules.${rule}: Unrecognized key`);
  });
});

describe('a tick of rules', () => {
  const rule = (name: string, evaluate: Rule['evaluate']): Rule => ({
    name,
    cause: `${name}_cause`,
    action: 'stop',
    clears: 'latched',
    says: '{value} of {limit}',
    evaluate,
  });
  const run = (...rules: Rule[]): Verdict => {
    const verdict = new Verdict();
    evaluateRules(rules, healthy(), verdict);
    return verdict;
  };

  it('the worst wins, and the first of equals', () => {
    const warn = rule('warn', (c) => fail(c, 'warn', 1, 2));
    const first = rule('first', (c) => fail(c, 'stop', 3, 4));
    const second = rule('second', (c) => fail(c, 'stop', 5, 6));
    const verdict = run(
      warn,
      first,
      second,
      rule('pass', () => PASS),
    );
    expect(verdict).toMatchObject({ severity: SEVERITY.stop, cause: 'first_cause', value: 3, limit: 4 });
    expect(verdict.sentence).toBe('3 of 4');
    expect(
      run(
        second,
        rule('estop', (c) => fail(c, 'estop', 7, 8)),
      ),
    ).toMatchObject({ cause: 'estop_cause' });
    expect(
      run(
        second,
        rule('fault', (c) => fail(c, 'fault', 7, 8)),
      ),
    ).toMatchObject({ severity: SEVERITY.fault, cause: 'fault_cause' });
  });

  it('a rule that throws is a stop with its name', () => {
    const thrower = rule('thrower', () => {
      throw new Error('inside');
    });
    expect(run(thrower)).toMatchObject({ severity: SEVERITY.stop, cause: 'rule_error', detail: 'thrower' });
  });

  it.each([Number.NaN, undefined, -1, 7, 1.5, 'stop', true, false])('a rule that returns %s is a stop', (answer) => {
    const odd = rule('odd', () => answer as 0);
    expect(run(odd)).toMatchObject({ severity: SEVERITY.stop, cause: 'rule_error' });
  });

  it('begins with a clean verdict each time', () => {
    const verdict = new Verdict();
    evaluateRules([rule('stop', (c) => fail(c, 'stop', 1, 1))], healthy(), verdict);
    evaluateRules([], healthy(), verdict);
    expect(verdict).toMatchObject({ severity: 0, cause: '', detail: '', value: 0, limit: 0 });
  });

  it('a rule of one file and one line is a rule like the others', () => {
    const own: RulePlugin = defineRule({
      name: 'own',
      summary: 'stops at noon',
      options: z.strictObject({ at: z.number().default(12) }),
      create: ({ at }: { at: number }) => rule('own', (c) => fail(c, 'stop', at, 0)),
    });
    const [made] = makeRules(setup({ off: [] }), [own]);
    const c = healthy();
    expect(made!.evaluate(c)).toBe(SEVERITY.stop);
    expect(c.verdict.value).toBe(12);
  });
});

describe('a stale state names the source that is missing', () => {
  const said = (heardMs: number[]) => {
    const c = healthy();
    c.inputs.state.receivedNs = 940 * MS;
    c.inputs.heardNs.set(heardMs.map((ms) => ms * MS));
    const rule = makeRules(setup()).find((r) => r.name === 'state_age')!;
    expect(rule.evaluate(c)).toBe(SEVERITY.stop);
    return rule.says;
  };

  it.each([
    ['the one that is silent', [990, 940, 990], 'allowed {limit} ms: nothing usable on /ee_pose'],
    ['not one that was heard 50 ms ago', [950, 990, 949], 'allowed {limit} ms: nothing usable on /wrench'],
    ['the first of several', [-Infinity, 990, 940], 'allowed {limit} ms: nothing usable on /joint_states'],
    [
      'none, when all arrive but never together',
      [990, 990, 990],
      '/joint_states, /ee_pose, /wrench arrive, but with no',
    ],
  ])('%s', (_what, heard, sentence) => {
    expect(said(heard)).toContain(sentence);
  });

  it('a single source that arrives has none to be apart from', () => {
    const c = healthy();
    c.inputs.state.receivedNs = 940 * MS;
    c.inputs.heardNs.fill(990 * MS);
    const one = { safety: safetyOf(), robot: { ...robot, sources: ['pose'] } };
    const rule = create('state_age', {}, one as never);
    expect(rule.evaluate(c)).toBe(SEVERITY.stop);
    expect(rule.says).toBe('newest robot state is {value} ms old, allowed {limit} ms');
  });
});
