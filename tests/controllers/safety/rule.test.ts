import { describe, expect, it } from 'vitest';
import { type GateCounters, Interventions, makeGateCounters } from '../../../controllers/safety/counters.ts';
import type { RiskJudge } from '../../../controllers/safety/critic.ts';
import { Echo } from '../../../controllers/safety/echo.ts';
import { Inputs } from '../../../controllers/safety/inputs.ts';
import { initialLadder, type LadderState } from '../../../controllers/safety/ladder.ts';
import { inputLimits, ladderLimits } from '../../../controllers/safety/limits.ts';
import { clearRecord, explain, makeTickRecord } from '../../../controllers/safety/record.ts';
import {
  evaluateStanding,
  makeContext,
  makeEvent,
  observeLadder,
  Verdict,
  writeVerdict,
} from '../../../controllers/safety/rule.ts';
import type { LadderTransition, Mode } from '../../../src/core/signals.ts';
import { robot, safetyOf } from './rig.ts';

const inputs = () => new Inputs(inputLimits(safetyOf(), robot, 4));
const context = () => makeContext(inputs(), new Echo(9), {} as never);
const ladder = (mode: Mode, readyNs = -1): LadderState => ({
  ...initialLadder(ladderLimits(safetyOf()), 0),
  mode,
  readyNs,
});

describe('what rules look at', () => {
  it('begins with nothing written, nobody engaged and no risk known', () => {
    expect(context()).toMatchObject({
      ...{ nowNs: 0, mode: 'BOOT', writing: false, engaged: false, deciding: false, hasSent: false, conflicts: 0 },
      ...{ criticInvalid: 0, riskAdmissible: true, risk: Number.NaN, clockBackNs: 0, sinceTickNs: 0 },
      verdict: { value: 0, limit: 0 },
    });
  });

  it.each<[Mode, number, boolean, boolean]>([
    ['ACTIVE', -1, false, true],
    ['ENGAGING', -1, false, false],
    ['ENGAGING', -1, true, true],
    ['ENGAGING', 0, false, true],
    ['ENGAGING', 0, true, true],
    ['RECOVERY', 0, true, false],
    ['HOLD', 0, true, false],
  ])('in %s, first decision at %d, a fresh one %s: a decision is required %s', (mode, readyNs, fresh, deciding) => {
    const c = context();
    observeLadder(c, ladder(mode, readyNs), fresh, 7);
    expect(c).toMatchObject({ nowNs: 7, mode, deciding });
  });

  it.each<[Mode, boolean]>([
    ['HOLD', true],
    ['DISARMED', false],
    ['STOPPED', false],
  ])('before a request in %s: written %s, nobody engaged, no time has passed', (mode, writing) => {
    const c = context();
    Object.assign(c, { engaged: true, deciding: true, writing: !writing, clockBackNs: 5, sinceTickNs: 5 });
    let seen: object = {};
    const rule = { name: '', cause: '', action: 'stop', clears: 'auto', says: '' } as const;
    const evaluate = (now: object) => {
      seen = { ...now };
      return 0 as const;
    };
    evaluateStanding([{ ...rule, evaluate }], c, new Verdict(), ladder(mode), 9);
    expect(seen).toMatchObject({ nowNs: 9, mode, writing, engaged: false, deciding: false });
    expect(seen).toMatchObject({ clockBackNs: 0, sinceTickNs: 0 });
  });
});

describe('a verdict', () => {
  it('begins as a pass without a cause, and the event of the ladder too', () => {
    expect({ ...new Verdict() }).toEqual({ severity: 0, cause: '', detail: '', value: 0, limit: 0 });
    expect(makeEvent()).toEqual({
      ...{ kind: 'tick', nowNs: 0, severity: 0, cause: '', detail: '', value: 0, limit: 0 },
      ...{ risk: Number.NaN, stopped: false, ready: false },
    });
  });

  it('is told to the ladder as it is', () => {
    const event = makeEvent();
    const verdict = new Verdict();
    verdict.take(4, 'cause', '{value}', 2, 1);
    writeVerdict(event, 5, verdict);
    expect(event).toMatchObject({ nowNs: 5, severity: 4, cause: 'cause', detail: '{value}', value: 2, limit: 1 });
  });
});

describe('the record of a tick', () => {
  const nothing = {
    ...{ source: 'none', commandSeq: 0, residualFraction: 0, clipped: 0, refusal: 0, speedScale: 0 },
    ...{ sent: false, refused: false, aim: Float64Array.of(Number.NaN), setpoint: Float64Array.of(Number.NaN) },
  };
  const blank = {
    ...{ seq: 0, nowNs: 0, mode: 'BOOT', epoch: 0, stateSeq: 0, stateStampNs: 0, stateReceivedNs: 0 },
    ...{
      decisionSeq: -1,
      observationSeq: -1,
      takeoverSeq: -1,
      risk: Number.NaN,
      riskProposed: Number.NaN,
      riskBase: Number.NaN,
    },
    ...{ force: 0, speed: 0, severity: 0, cause: '', value: 0, limit: 0, ...nothing },
  };

  it('begins blank', () => {
    expect(makeTickRecord(1)).toEqual(blank);
  });

  it('is cleared of what a tick decides, and of nothing else', () => {
    const r = makeTickRecord(1);
    Object.assign(r, { ...nothing, source: 'policy', commandSeq: 1, residualFraction: 1, clipped: 1, refusal: 1 });
    Object.assign(r, { speedScale: 1, sent: true, refused: true, seq: 9 });
    r.aim.fill(1);
    r.setpoint.fill(1);
    clearRecord(r);
    expect(r).toEqual({ ...blank, seq: 9 });
  });

  it('names the decision in force, or none', () => {
    const r = makeTickRecord(1);
    const i = inputs();
    Object.assign(i, { decisionSeq: 5, observationSeq: 6, hasDecision: true });
    const judge = { risk: 0.1, riskProposed: 0.2, riskBase: 0.3 } as RiskJudge;
    explain(r, 8, ladder('ACTIVE'), i, new Verdict(), judge);
    expect(r).toMatchObject({ nowNs: 8, mode: 'ACTIVE', decisionSeq: 5, observationSeq: 6 });
    expect(r).toMatchObject({ risk: 0.1, riskProposed: 0.2, riskBase: 0.3 });
    i.hasDecision = false;
    explain(r, 8, ladder('ACTIVE'), i, new Verdict(), judge);
    expect(r).toMatchObject({ decisionSeq: -1, observationSeq: -1 });
  });
});

describe('interventions', () => {
  const made = (): { counters: GateCounters; i: Interventions } => {
    const counters = makeGateCounters();
    return { counters, i: new Interventions(counters) };
  };
  const went = (from: Mode, to: Mode, cause = 'risk') => ({ from, to, cause }) as LadderTransition;

  it('an attenuation is one until ten ticks without a cut', () => {
    const { counters, i } = made();
    for (let n = 0; n < 50; n++) i.attenuated(0.5);
    expect(counters.interventionsBy).toEqual({ attenuated: 1 });
    for (let n = 0; n < 9; n++) i.attenuated(1);
    i.attenuated(0.5);
    expect(counters.interventions).toBe(1);
    for (let n = 0; n < 10; n++) i.attenuated(1);
    i.attenuated(0);
    expect(counters).toMatchObject({ interventions: 2, interventionsBy: { attenuated: 1, base_alone: 1 } });
  });

  it('an engagement begins anew: its first cut counts', () => {
    const { counters, i } = made();
    i.attenuated(0.5);
    i.transition(went('ENGAGING', 'ACTIVE', 'engaged'));
    i.attenuated(0.5);
    expect(counters.interventions).toBe(1);
    i.transition(went('HOLD', 'ENGAGING', 'engage'));
    i.attenuated(0.5);
    expect(counters.interventions).toBe(2);
  });

  it.each<[Mode, Mode, string, number]>([
    ['ACTIVE', 'RECOVERY', 'risk', 1],
    ['ENGAGING', 'RECOVERY', 'risk', 1],
    ['ACTIVE', 'STOPPING', 'tracking', 1],
    ['RECOVERY', 'STOPPING', 'recovery_timeout', 1],
    ['ACTIVE', 'HOLD', 'own', 1],
    ['ACTIVE', 'ESTOP', 'echo_mismatch', 1],
    ['ACTIVE', 'STOPPING', 'disengage', 0],
    ['ACTIVE', 'STOPPING', 'operator_stop', 0],
    ['ACTIVE', 'ESTOP', 'estop', 0],
    ['ENGAGING', 'ACTIVE', 'engaged', 0],
    ['RECOVERY', 'ENGAGING', 'risk_low', 0],
    ['HOLD', 'STOPPING', 'link_down', 0],
    ['STOPPING', 'ESTOP', 'stop_timeout', 0],
  ])('from %s to %s by %s counts %d', (from, to, cause, count) => {
    const { counters, i } = made();
    i.transition(went(from, to, cause));
    expect(counters.interventions).toBe(count);
    expect(counters.interventionsBy).toEqual(count === 0 ? {} : { [cause]: 1 });
  });
});
