import { describe, expect, it } from 'vitest';
import { cartesianImpedance } from '../../../controllers/interfaces/cartesian-impedance.ts';
import { FRACTIONS, RiskJudge } from '../../../controllers/safety/critic.ts';
import { Echo } from '../../../controllers/safety/echo.ts';
import { Inputs } from '../../../controllers/safety/inputs.ts';
import { inputLimits } from '../../../controllers/safety/limits.ts';
import { makeContext, type RuleContext } from '../../../controllers/safety/rule.ts';
import type { Setpoints } from '../../../controllers/safety/setpoints.ts';
import { MS, robot, ScriptedCritic, safetyOf } from './rig.ts';

const iface = cartesianImpedance(robot);
const pose = (x: number) => Float64Array.of(x, 0, 0.2, 0, 0, 0, 1, 2000, 150);

/** A judge with thresholds 0.2 and 0.35 at a robot in x = 0.5 m, anchor and hold there, recovery towards 0.4 m. */
function made(flags: Partial<RuleContext> = {}, has: Partial<Inputs> = {}, risk: { warn?: number } = {}) {
  const critic = new ScriptedCritic();
  const judge = new RiskJudge(critic, iface, safetyOf({ risk }).risk, 0.3);
  const inputs = new Inputs(inputLimits(safetyOf(), robot, 4));
  inputs.state.pose.set(pose(0.5).subarray(0, 7));
  inputs.target.set([0.5, 0, 0.05, 0, 0, 0, 1]);
  Object.assign(inputs, { hasState: true, hasTarget: true, hasDecision: true, ...has });
  const { state, force, target } = inputs;
  const c = makeContext(inputs, new Echo(9), { last: pose(0.5), state, force, target, elapsed: 0, nowNs: MS });
  Object.assign(c, { mode: 'ACTIVE', engaged: true, ...flags });
  const recovery = pose(0.4);
  const setpoints = { anchor: pose(0.5), hold: pose(0.5) } as Setpoints;
  return { critic, judge, c, inputs, run: (scale = 1) => judge.judge(c, setpoints, recovery, scale) };
}

describe('when the critic is asked', () => {
  it('not before the first tick: nothing is judged, and nothing is admissible', () => {
    const { judge } = made();
    expect(judge).toMatchObject({ fraction: 0, admissible: false, invalid: false });
    for (const risk of [judge.risk, judge.riskProposed, judge.riskBase, judge.riskRecovery]) expect(risk).toBeNaN();
  });

  it.each<[string, Partial<RuleContext>, Partial<Inputs>, number]>([
    ['engaged with a decision: five shares of the residual, and the recovery', {}, {}, 6],
    ['engaged without a decision: the recovery', {}, { hasDecision: false }, 1],
    ['engaged without a state: not at all', {}, { hasState: false }, 0],
    ['in HOLD: the hold', { engaged: false, mode: 'HOLD' }, {}, 1],
    ['in HOLD without a state: not at all', { engaged: false, mode: 'HOLD' }, { hasState: false }, 0],
    ['in HOLD without a target: not at all', { engaged: false, mode: 'HOLD' }, { hasTarget: false }, 0],
    ['in DISARMED: not at all', { engaged: false, mode: 'DISARMED' }, {}, 0],
    ['in STOPPING: not at all', { engaged: false, mode: 'STOPPING' }, {}, 0],
  ])('%s', (_name, flags, has, rows) => {
    const { critic, judge, c, run } = made(flags, has);
    critic.risk = () => 0.1;
    run();
    expect([critic.calls, critic.rows]).toEqual([rows > 0 ? 1 : 0, rows]);
    expect(Number.isNaN(judge.risk)).toBe(rows === 0);
    expect(Number.isNaN(judge.riskProposed)).toBe(rows !== 6);
    // What was not judged is no reason to move.
    expect(c.riskAdmissible).toBe(true);
  });

  it('a tick in which it is not asked remembers nothing of the one before', () => {
    const { judge, c, inputs, run } = made();
    run();
    expect(judge).toMatchObject({ fraction: 1, risk: 0, riskProposed: 0, riskBase: 0, riskRecovery: 0 });
    inputs.hasState = false;
    run();
    expect(judge.fraction).toBe(0);
    for (const risk of [judge.risk, judge.riskProposed, judge.riskBase, judge.riskRecovery]) expect(risk).toBeNaN();
    expect(c.risk).toBeNaN();
  });
});

describe('what the critic is asked', () => {
  it('each row is the state, the target and one aim; the last one is the recovery', () => {
    const { critic, inputs, run } = made();
    inputs.base[0] = 0.2;
    inputs.residual[0] = 0.3;
    const rows: number[][] = [];
    critic.risk = (row) => {
      rows.push([...row]);
      return 0;
    };
    run(0.5);
    const expected = (aim: Float64Array): number[] => {
      const row = new Float64Array(iface.riskInputSize);
      iface.riskInput(inputs.state, inputs.target, aim, row, 0);
      return [...row];
    };
    FRACTIONS.forEach((share, i) => {
      const aim = new Float64Array(9);
      iface.aim(pose(0.5), Float64Array.of(0.2 + 0.3 * 0.5 * share, 0, 0, 0), aim);
      expect(rows[i]).toEqual(expected(aim));
    });
    expect(rows[FRACTIONS.length]).toEqual(expected(pose(0.4)));
  });
});

describe('what its answer means', () => {
  it.each<[string, number[], number, boolean]>([
    ['the whole residual', [0.35, 0, 0, 0, 0, 0], 1, true],
    ['three quarters', [0.36, 0.35, 0, 0, 0, 0], 0.75, true],
    ['the base alone', [0.9, 0.8, 0.7, 0.6, 0.3, 1], 0, true],
    ['nothing: not even with a recovery that is safe', [0.9, 0.9, 0.9, 0.9, 0.4, 0], 0, false],
    ['nothing: risk 1 is an answer too', [1, 1, 1, 1, 1, 1], 0, false],
  ])('%s is admissible', (_name, risks, fraction, admissible) => {
    const { critic, judge, c, run } = made();
    critic.risk = (_row, i) => risks[i]!;
    run();
    expect(judge).toMatchObject({ fraction, admissible, invalid: false });
    expect(judge).toMatchObject({ riskProposed: risks[0], riskBase: risks[4], riskRecovery: risks[5] });
    expect(judge.risk).toBe(risks[FRACTIONS.indexOf(fraction as 1)]);
    expect([c.riskAdmissible, c.risk, c.criticInvalid]).toEqual([admissible, risks[4], 0]);
  });

  it.each<[string, (i: number) => number]>([
    ['a number above 1', (i) => (i === 2 ? 1.0001 : 0)],
    ['a number below 0', (i) => (i === 5 ? -0.0001 : 0)],
    ['no number', (i) => (i === 0 ? Number.NaN : 0)],
  ])('%s anywhere is no answer: the most risk everywhere, and no reason to move', (_name, risk) => {
    const { critic, judge, c, run } = made();
    critic.risk = (_row, i) => risk(i);
    run();
    expect(judge).toMatchObject({ invalid: true, admissible: false, risk: 1, riskProposed: 1, riskRecovery: 1 });
    expect([c.riskAdmissible, c.criticInvalid]).toEqual([true, 1]);
  });

  it('an exception is no answer, whatever was written before it', () => {
    const { critic, judge, run } = made();
    critic.evaluate = (_rows, _count, risks) => {
      risks.fill(0);
      throw new Error('inside');
    };
    run();
    expect(judge).toMatchObject({ invalid: true, admissible: false, risk: 1 });
  });

  it('a critic that writes nothing has not answered', () => {
    const { critic, judge, run } = made();
    run();
    critic.evaluate = () => {};
    run();
    expect(judge.invalid).toBe(true);
  });
});

describe('how fast the admitted may be followed', () => {
  it.each([
    [0, undefined, 1],
    [0.2, undefined, 1],
    [0.275, undefined, 0.6],
    [0.35, undefined, 0.2],
    [0.36, undefined, 0.2],
    [1, undefined, 0.2],
    [0.05, 0.05, 1],
    [0.125, 0.05, 0.8],
    [0.2, 0.05, 0.6],
    [0.35, 0.35, 1],
    [0.36, 0.35, 0.2],
    [0, 0, 1],
    [0.175, 0, 0.6],
  ])('at a risk of %d with a warning from %s on: %d of the speed', (risk, warn, pace) => {
    const { critic, judge, run } = made({}, {}, warn === undefined ? {} : { warn });
    critic.risk = () => risk;
    run();
    expect(judge.pace).toBeCloseTo(pace, 12);
  });

  it('counts the risk of the candidate that is chosen, not of those that were turned down', () => {
    const { critic, judge, run } = made();
    const risks = [0.9, 0.5, 0.275, 0, 0, 1];
    critic.risk = (_row, i) => risks[i]!;
    run();
    expect([judge.fraction, judge.pace]).toEqual([0.5, expect.closeTo(0.6, 12)]);
  });

  it('what is not judged is not slowed; what is answered with no risk, as much as can be', () => {
    const { critic, judge, inputs, run } = made();
    expect(judge.pace).toBe(1);
    critic.risk = () => Number.NaN;
    run();
    expect(judge.pace).toBe(0.2);
    inputs.hasState = false;
    run();
    expect(judge.pace).toBe(1);
  });
});
