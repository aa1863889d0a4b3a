// long: one timeline for each trigger and request of the ladder, read side by side
import { describe, expect, it } from 'vitest';
import {
  initialLadder,
  isEngaged,
  isWriting,
  type LadderEvent,
  type LadderLimits,
  type LadderState,
  reduce,
  SEVERITY,
  type Severity,
  sentence,
  type TickEvent,
} from '../../../controllers/safety/ladder.ts';
import type { Mode, OperatorRequest } from '../../../src/core/signals.ts';

const MS = 1e6;
const LIMITS: LadderLimits = {
  engageRampNs: 300 * MS,
  firstDecisionNs: 300 * MS,
  stopDwellNs: 100 * MS,
  stopTimeoutNs: 1500 * MS,
  riskLow: 0.2,
  riskDwellNs: 100 * MS,
  recoveryBudget: 2,
  recoveryNs: 1000 * MS,
};

/** A ladder and a hand on the clock. */
class Timeline {
  state: LadderState = initialLadder(LIMITS, 10);
  nowMs = 1000;

  event(event: LadderEvent): this {
    this.state = reduce(this.state, event);
    return this;
  }
  boot(): this {
    return this.event({ kind: 'boot_ok', nowNs: this.nowMs * MS });
  }
  /** Ticks every 10 ms for `ms`. */
  run(ms: number, changes: Partial<TickEvent> = {}): this {
    for (const end = this.nowMs + ms; this.nowMs < end; ) {
      this.nowMs += 10;
      this.event({ ...healthy, nowNs: this.nowMs * MS, ...changes });
    }
    return this;
  }
  trip(severity: Severity, cause = 'test'): this {
    const why = { cause, detail: '{value} above {limit}', value: 2, limit: 1 };
    return this.event({ kind: 'trip', nowNs: this.nowMs * MS, severity, ...why });
  }
  ask(request: OperatorRequest | 'arm' | 'engage' | 'disengage' | 'disarm' | 'stop' | 'estop', clear = true): this {
    const r = typeof request === 'string' ? ({ kind: request } as OperatorRequest) : request;
    return this.event({
      kind: 'request',
      nowNs: this.nowMs * MS,
      request: r,
      clear,
      blocking: clear ? '' : 'force_limit',
    });
  }
  reset(incident = this.state.incident, clear = true): this {
    return this.ask({ kind: 'reset', incident }, clear);
  }
  linkChanged(): this {
    return this.event({ kind: 'link_changed', nowNs: this.nowMs * MS });
  }
  active(): this {
    return this.boot().ask('arm').ask('engage').run(310);
  }
  get mode(): Mode {
    return this.state.mode;
  }
}

const healthy: TickEvent = {
  kind: 'tick',
  nowNs: 0,
  severity: SEVERITY.pass,
  cause: '',
  detail: '',
  value: 0,
  limit: 0,
  risk: 0,
  stopped: false,
  ready: true,
};
const at = (mode: Mode): Timeline => {
  const t = new Timeline();
  switch (mode) {
    case 'BOOT':
      return t;
    case 'DISARMED':
      return t.boot();
    case 'HOLD':
      return t.boot().ask('arm');
    case 'ENGAGING':
      return t.boot().ask('arm').ask('engage');
    case 'ACTIVE':
      return t.active();
    case 'RECOVERY':
      return t.active().trip(SEVERITY.recover, 'risk');
    case 'STOPPING':
      return t.active().trip(SEVERITY.stop);
    case 'STOPPED':
      return t.active().trip(SEVERITY.stop).run(200, { stopped: true });
    case 'ESTOP':
      return t.active().trip(SEVERITY.estop);
    default:
      return t.active().trip(SEVERITY.fault);
  }
};
const ALL: Mode[] = [
  'BOOT',
  'DISARMED',
  'HOLD',
  'ENGAGING',
  'ACTIVE',
  'RECOVERY',
  'STOPPING',
  'STOPPED',
  'ESTOP',
  'FAULT',
];

describe('the timeline builder', () => {
  it.each(ALL)('reaches %s', (mode) => {
    expect(at(mode).mode).toBe(mode);
  });
});

describe('from boot to motion', () => {
  it('takes boot, arm and engage: each an act of its own, and the ramp 300 ms from the first decision', () => {
    const t = new Timeline();
    expect(t.run(50).mode).toBe('BOOT');
    expect(t.boot().mode).toBe('DISARMED');
    expect(t.run(50).mode).toBe('DISARMED');
    expect(t.ask('arm').mode).toBe('HOLD');
    expect(t.state.epoch).toBe(11);
    expect(t.run(50).mode).toBe('HOLD');
    expect(t.ask('engage').mode).toBe('ENGAGING');
    expect(t.state.epoch).toBe(12);
    // No decision yet: it holds. The first one comes with the tick 60 ms later.
    expect(t.run(50, { ready: false }).state.readyNs).toBe(-1);
    t.run(10);
    expect(t.state.readyNs).toBe(t.nowMs * MS);
    expect(t.run(290).mode).toBe('ENGAGING');
    expect(t.run(10).mode).toBe('ACTIVE');
    expect(t.state.transition).toMatchObject({
      from: 'ENGAGING',
      to: 'ACTIVE',
      cause: 'engaged',
      epoch: 12,
      incident: 0,
    });
  });

  it('stops with decision_missing when no decision comes: after 300 ms, not at 300 ms', () => {
    const t = at('ENGAGING');
    expect(t.run(300, { ready: false }).mode).toBe('ENGAGING');
    expect(t.run(10, { ready: false }).mode).toBe('STOPPING');
    expect(t.state.transition).toMatchObject({ cause: 'decision_missing', value: 310, limit: 300, incident: 1 });
    expect(t.state.transition?.detail).toBe('ENGAGING lasted 310 ms, allowed 300 ms');
  });

  it.each([
    ['above an upper limit', 31, 30, -1],
    ['below a lower limit', 2, 5, -3],
    ['not a number', Number.NaN, 30, Number.NaN],
  ])('a trip says how far past its limit the value was: %s', (_name, value, limit, margin) => {
    const event = { ...healthy, severity: SEVERITY.stop, cause: 'x', detail: '{value}', value, limit };
    expect(reduce(at('ACTIVE').state, event).transition).toMatchObject({ to: 'STOPPING', value, limit, margin });
    const hold = reduce(at('ACTIVE').state, { ...event, severity: SEVERITY.hold });
    expect(hold.transition).toMatchObject({ to: 'HOLD', margin });
  });

  it('a recovery that ends says by how much the risk stayed below', () => {
    const t = at('RECOVERY');
    t.run(110, { risk: 0.075 });
    expect(t.state.transition).toMatchObject({ to: 'ENGAGING', cause: 'risk_low' });
    expect(t.state.transition?.margin).toBeCloseTo(0.125, 12);
    expect(at('DISARMED').ask('arm').state.transition?.margin).toBe(0);
  });

  it('keeps the ramp when a decision flag drops afterwards: lateness is a rule, not the ladder', () => {
    const t = at('ENGAGING').run(10);
    expect(t.run(300, { ready: false }).mode).toBe('ACTIVE');
  });

  it('begins in BOOT, for no other cause than that', () => {
    expect(new Timeline().state).toMatchObject({ mode: 'BOOT', cause: 'boot', epoch: 10, incident: 0, booted: false });
  });

  it('says what was passed: the boot checks, the ramp', () => {
    expect(at('DISARMED').state.transition).toMatchObject({ cause: 'boot_ok', detail: 'boot checks passed' });
    expect(at('ACTIVE').state.transition).toMatchObject({ cause: 'engaged', detail: 'authority ramp done' });
  });

  it('boot checks that pass after a fault count for nothing', () => {
    const t = new Timeline().trip(SEVERITY.fault);
    expect(reduce(t.state, { kind: 'boot_ok', nowNs: 0 })).toBe(t.state);
  });

  it('a second boot_ok changes nothing', () => {
    const t = at('HOLD');
    expect(reduce(t.state, { kind: 'boot_ok', nowNs: 0 })).toBe(t.state);
    expect(at('FAULT').boot().mode).toBe('FAULT');
  });
});

describe('modes', () => {
  it.each([
    ['BOOT', false, false],
    ['DISARMED', false, false],
    ['HOLD', false, true],
    ['ENGAGING', true, true],
    ['ACTIVE', true, true],
    ['RECOVERY', true, true],
    ['STOPPING', false, true],
    ['STOPPED', false, true],
    ['ESTOP', false, false],
    ['FAULT', false, false],
  ] as const)('%s: a policy is engaged %s, this process writes %s', (mode, engaged, writing) => {
    expect([isEngaged(mode), isWriting(mode)]).toEqual([engaged, writing]);
  });
});

describe('requests', () => {
  const allowed: Record<string, Mode[]> = {
    arm: ['DISARMED'],
    engage: ['HOLD'],
    disengage: ['ENGAGING', 'ACTIVE', 'RECOVERY'],
    disarm: ['HOLD'],
    stop: ALL,
    estop: ALL,
  };
  for (const [kind, modes] of Object.entries(allowed)) {
    it.each(ALL)(`${kind} in %s is accepted only where the table says`, (mode) => {
      const t = at(mode).ask(kind as 'arm');
      expect(t.state.answer?.accepted).toBe(modes.includes(mode));
      if (!modes.includes(mode)) {
        expect(t.mode).toBe(mode);
        expect(t.state.answer?.reason).toContain(mode);
        expect(t.state.transition).toBeNull();
      }
    });
  }

  it.each(['arm', 'engage'] as const)('%s is refused with the reason while something is not clear', (kind) => {
    const t = at(kind === 'arm' ? 'DISARMED' : 'HOLD');
    const { mode, epoch } = t.state;
    t.ask(kind, false);
    expect(t.state).toMatchObject({ mode, epoch, answer: { accepted: false, reason: 'not clear: force_limit' } });
  });

  it('stop leads to STOPPING from HOLD and from every engaged mode, and is never refused elsewhere', () => {
    for (const mode of ALL) {
      const to = ['HOLD', 'ENGAGING', 'ACTIVE', 'RECOVERY'].includes(mode) ? 'STOPPING' : mode;
      expect(at(mode).ask('stop').mode).toBe(to);
    }
  });

  it.each([
    ['arm', 'DISARMED', 'arm'],
    ['engage', 'HOLD', 'engage'],
    ['disengage', 'ACTIVE', 'disengage'],
    ['disarm', 'HOLD', 'disarm'],
    ['stop', 'ACTIVE', 'operator_stop'],
    ['estop', 'ACTIVE', 'estop'],
  ] as const)('%s in %s is written down as the cause %s, by the operator', (kind, mode, cause) => {
    const { state } = at(mode).ask(kind);
    expect(state).toMatchObject({ cause, transition: { cause, detail: `operator: ${cause}` } });
    expect(state.answer).toEqual({ accepted: true, reason: '' });
  });

  it('what is granted but moves nothing says so, and carries no transition of before', () => {
    const disarmed = at('DISARMED').ask('stop').state;
    expect(disarmed.answer).toEqual({ accepted: true, reason: 'nothing to stop, the mode is DISARMED' });
    expect(disarmed.transition).toBeNull();
    const fault = at('FAULT').ask('estop').state;
    expect(fault).toMatchObject({ mode: 'FAULT', incident: 1, estopHeld: false, transition: null });
    expect(fault.answer).toEqual({ accepted: true, reason: 'nothing is written in FAULT' });
  });

  it.each([
    ['estop_release', 'HOLD', 'no e-stop is held'],
    ['reset', 'FAULT', 'FAULT ends only with the process: restart it'],
    ['reset', 'STOPPING', 'reset needs STOPPED or ESTOP, the mode is STOPPING'],
    ['speed_scale', 'HOLD', 'speed_scale is not a request to the ladder'],
  ] as const)('%s in %s is refused: %s', (kind, mode, reason) => {
    const t = at(mode);
    const request = { kind, incident: t.state.incident, value: 1 } as OperatorRequest;
    expect(t.ask(request).state.answer).toEqual({ accepted: false, reason });
  });

  it('a reset of another incident is told both', () => {
    expect(at('STOPPED').reset(7).state.answer?.reason).toBe('incident 7 is not the present one, 1');
  });

  it('disarm goes from HOLD to DISARMED without an incident', () => {
    expect(at('HOLD').ask('disarm').state).toMatchObject({ mode: 'DISARMED', incident: 0 });
  });

  it('disengage is a controlled stop with an incident of its own, not power off', () => {
    expect(at('ACTIVE').ask('disengage').state).toMatchObject({ mode: 'STOPPING', incident: 1, cause: 'disengage' });
  });

  it('a request that is none of the ladder is refused, not obeyed', () => {
    const t = at('HOLD').ask({ kind: 'speed_scale', value: 1 });
    expect(t.state).toMatchObject({ mode: 'HOLD', answer: { accepted: false } });
  });
});

describe('verdicts', () => {
  const expected: Record<'stop' | 'estop' | 'fault' | 'hold' | 'recover' | 'warn', Partial<Record<Mode, Mode>>> = {
    warn: {},
    hold: { ENGAGING: 'HOLD', ACTIVE: 'HOLD', RECOVERY: 'STOPPING' },
    recover: { ENGAGING: 'RECOVERY', ACTIVE: 'RECOVERY' },
    stop: { HOLD: 'STOPPING', ENGAGING: 'STOPPING', ACTIVE: 'STOPPING', RECOVERY: 'STOPPING' },
    estop: Object.fromEntries(ALL.filter((m) => m !== 'FAULT').map((m) => [m, 'ESTOP'])),
    fault: Object.fromEntries(ALL.map((m) => [m, 'FAULT'])),
  };
  for (const [action, moves] of Object.entries(expected)) {
    it.each(ALL)(`${action} in %s leads where the table says, in the same tick`, (mode) => {
      const t = at(mode);
      const { incident } = t.state;
      const changes = {
        severity: SEVERITY[action as 'stop'],
        cause: 'test',
        detail: '{value} above {limit}',
        value: 2,
        limit: 1,
      };
      t.run(10, { ...changes, ready: false, risk: 1 });
      expect(t.mode).toBe(moves[mode] ?? mode);
      const isIncident = ['stop', 'estop', 'fault'].includes(action) || (action === 'hold' && mode === 'RECOVERY');
      const again = mode === t.mode;
      expect(t.state.incident - incident).toBe(isIncident && !again ? 1 : 0);
      if (!again) expect(t.state.transition).toMatchObject({ cause: 'test', detail: '2 above 1', value: 2, limit: 1 });
    });
  }

  it('hold voids the decisions made so far: the epoch grows', () => {
    const t = at('ACTIVE');
    const { epoch } = t.state;
    expect(t.trip(SEVERITY.hold).state).toMatchObject({ mode: 'HOLD', epoch: epoch + 1 });
  });

  it('two faults at once, then one clears: the worst remains', () => {
    const t = at('ACTIVE').trip(SEVERITY.stop, 'first').trip(SEVERITY.estop, 'second');
    expect(t.run(3000, { stopped: true }).state).toMatchObject({ mode: 'ESTOP', cause: 'second', incident: 2 });
  });
});

describe('stopping', () => {
  it('ends in STOPPED when the robot was at rest for 100 ms, and keeps the cause', () => {
    const t = at('STOPPING');
    t.run(50, { stopped: false }).run(10, { stopped: true });
    expect(t.state.calmNs).toBe(t.nowMs * MS);
    expect(t.run(90, { stopped: true }).mode).toBe('STOPPING');
    expect(t.run(10, { stopped: true }).state).toMatchObject({ mode: 'STOPPED', cause: 'test', incident: 1 });
  });

  it('says that the robot is at rest, a reason without numbers', () => {
    const { transition } = at('STOPPED').state;
    expect(transition).toMatchObject({ detail: 'the robot is at rest', value: 0, limit: 0 });
  });

  it('a deadline begins with its mode: in that very instant nothing is overdue', () => {
    const t = at('STOPPING');
    expect(reduce(t.state, { ...healthy, nowNs: t.nowMs * MS })).toBe(t.state);
  });

  it('a clock that goes back within a stop begins the dwell there', () => {
    const t = at('STOPPING').run(80).run(10, { stopped: true });
    const stopped = { ...healthy, stopped: true };
    const back = reduce(t.state, { ...stopped, nowNs: (t.nowMs - 30) * MS });
    expect(back.calmNs).toBe((t.nowMs - 30) * MS);
    expect(reduce(back, { ...stopped, nowNs: (t.nowMs + 69) * MS }).mode).toBe('STOPPING');
    expect(reduce(back, { ...stopped, nowNs: (t.nowMs + 70) * MS }).mode).toBe('STOPPED');
    // The same instant again is no step back.
    expect(reduce(back, { ...stopped, nowNs: (t.nowMs - 30) * MS })).toBe(back);
  });

  it('starts its dwell anew when the robot moves again', () => {
    const t = at('STOPPING').run(100, { stopped: true }).run(10, { stopped: false });
    expect(t.state.calmNs).toBe(-1);
    expect(t.run(100, { stopped: true }).mode).toBe('STOPPING');
    expect(t.run(10, { stopped: true }).mode).toBe('STOPPED');
  });

  it('becomes ESTOP, a new incident, when the robot is not at rest after 1500 ms', () => {
    const t = at('STOPPING').run(1500);
    expect(t.mode).toBe('STOPPING');
    expect(t.run(10).state).toMatchObject({ mode: 'ESTOP', cause: 'stop_timeout', incident: 2, estopHeld: false });
    expect(t.state.transition).toMatchObject({ value: 1510, limit: 1500 });
  });

  it('ends in STOPPED, not ESTOP, when the dwell is done in the very tick of the deadline', () => {
    const t = at('STOPPING').run(1400).run(100, { stopped: true });
    expect(t.mode).toBe('STOPPING');
    expect(t.run(10, { stopped: true }).mode).toBe('STOPPED');
  });

  it('a clock that goes back gives no dwell, and every deadline at once', () => {
    const t = at('STOPPING').run(60, { stopped: true });
    expect(reduce(t.state, { ...healthy, nowNs: 0, stopped: true }).mode).toBe('ESTOP');
    expect(reduce(t.state, { ...healthy, nowNs: Number.NaN, stopped: true }).mode).toBe('ESTOP');
  });
});

describe('recovery', () => {
  it('ends after 100 ms of risk at or below 0.2, in ENGAGING, with the ramp before it', () => {
    const t = at('RECOVERY').run(10, { risk: 0.2 });
    expect(t.run(90, { risk: 0.2 }).mode).toBe('RECOVERY');
    expect(t.run(10, { risk: 0.2 }).state).toMatchObject({ mode: 'ENGAGING', readyNs: -1, recoveries: 1 });
    expect(t.state.transition).toMatchObject({ cause: 'risk_low', detail: 'risk 0.2 stayed at or below 0.2' });
  });

  it('does not end between the two thresholds, nor on a risk that is no number', () => {
    expect(at('RECOVERY').run(900, { risk: 0.21 }).mode).toBe('RECOVERY');
    expect(at('RECOVERY').run(900, { risk: Number.NaN }).mode).toBe('RECOVERY');
  });

  it('starts its dwell anew when the risk rises once', () => {
    const t = at('RECOVERY').run(100, { risk: 0.1 }).run(10, { risk: 0.3 });
    expect(t.run(100, { risk: 0.1 }).mode).toBe('RECOVERY');
    expect(t.run(10, { risk: 0.1 }).mode).toBe('ENGAGING');
  });

  it('becomes a stop after 1000 ms', () => {
    const t = at('RECOVERY').run(1000, { risk: 1 });
    expect(t.mode).toBe('RECOVERY');
    expect(t.run(10, { risk: 1 }).state).toMatchObject({ mode: 'STOPPING', cause: 'recovery_timeout' });
  });

  it('has a budget of two in this test, refilled by arm only', () => {
    const t = at('RECOVERY');
    t.run(150, { risk: 0 }).run(400).trip(SEVERITY.recover, 'risk');
    expect(t.state).toMatchObject({ mode: 'RECOVERY', recoveries: 2 });
    t.run(150, { risk: 0 }).trip(SEVERITY.recover, 'risk');
    expect(t.state).toMatchObject({ mode: 'STOPPING', cause: 'recovery_exhausted', incident: 1 });
    expect(t.state.transition?.detail).toBe('risk 2 above 1 and the recovery budget is used up');
    t.run(200, { stopped: true }).reset();
    expect(t.state).toMatchObject({ mode: 'DISARMED', recoveries: 2 });
    expect(t.ask('arm').state.recoveries).toBe(0);
  });
});

describe('reset', () => {
  it.each(['STOPPED', 'ESTOP'] as const)(
    'of the present incident leads from %s to DISARMED, never to motion',
    (mode) => {
      const t = at(mode);
      const { epoch } = t.state;
      expect(t.reset().state).toMatchObject({ mode: 'DISARMED', epoch: epoch + 1, cause: 'reset' });
      expect(t.run(1000).mode).toBe('DISARMED');
    },
  );

  it('of an earlier incident is inert', () => {
    const t = at('STOPPED').reset().ask('arm').trip(SEVERITY.stop).run(200, { stopped: true });
    expect(t.state).toMatchObject({ mode: 'STOPPED', incident: 2 });
    expect(t.reset(1).state).toMatchObject({ mode: 'STOPPED', answer: { accepted: false } });
    expect(t.reset(Number.NaN).mode).toBe('STOPPED');
    expect(t.reset(2).mode).toBe('DISARMED');
  });

  it('is refused while the cause is there, and while the stop still runs', () => {
    expect(at('STOPPED').reset(1, false).state).toMatchObject({ mode: 'STOPPED', answer: { accepted: false } });
    expect(at('STOPPING').reset(1).state).toMatchObject({ mode: 'STOPPING', answer: { accepted: false } });
  });

  it('does not end FAULT', () => {
    expect(at('FAULT').reset().state).toMatchObject({ mode: 'FAULT', answer: { accepted: false } });
  });

  it('refills no recovery budget and leaves the incident id', () => {
    expect(at('STOPPED').reset().state).toMatchObject({ incident: 1 });
  });
});

describe('e-stop', () => {
  it.each(ALL.filter((m) => m !== 'FAULT' && m !== 'ESTOP'))('dominates in the same step from %s', (mode) => {
    const t = at(mode);
    const { incident } = t.state;
    expect(t.ask('estop').state).toMatchObject({ mode: 'ESTOP', estopHeld: true, incident: incident + 1 });
  });

  it('needs release and reset, in this order; release alone moves nothing', () => {
    const t = at('ACTIVE').ask('estop');
    expect(t.reset().state).toMatchObject({ mode: 'ESTOP', answer: { reason: 'release the e-stop first' } });
    expect(t.ask({ kind: 'estop_release' }).state).toMatchObject({ mode: 'ESTOP', estopHeld: false });
    expect(t.run(1000, { stopped: true }).mode).toBe('ESTOP');
    expect(t.reset().mode).toBe('DISARMED');
  });

  it('pressed in an ESTOP that a timeout made is held too', () => {
    const t = at('ESTOP').ask('estop');
    expect(t.state).toMatchObject({ mode: 'ESTOP', estopHeld: true, incident: 1, answer: { accepted: true } });
    expect(t.reset().mode).toBe('ESTOP');
  });

  it('release without an e-stop is refused', () => {
    expect(at('HOLD').ask({ kind: 'estop_release' }).state.answer?.accepted).toBe(false);
  });

  it('pressed during boot stays, and a reset needs the boot checks', () => {
    const t = new Timeline().ask('estop').ask({ kind: 'estop_release' });
    expect(t.reset().state).toMatchObject({ mode: 'ESTOP', answer: { reason: 'the boot checks have not passed' } });
    expect(t.boot().mode).toBe('ESTOP');
    expect(t.reset().mode).toBe('DISARMED');
  });
});

it.each([
  ['hold', 'HOLD'],
  ['recover', 'RECOVERY'],
  ['stop', 'STOPPING'],
  ['estop', 'ESTOP'],
  ['fault', 'FAULT'],
] as const)('%s at a value below its limit has passed it from below: the margin in %s is negative', (action, to) => {
  const why = { cause: 'test', detail: '', value: 1, limit: 3 };
  const t = at('ACTIVE').event({ kind: 'trip', nowNs: 2e9, severity: SEVERITY[action], ...why });
  expect(t.state.transition).toMatchObject({ to, margin: -2 });
});

describe('the link', () => {
  it.each(ALL)('made anew in %s: a new epoch, and a stop where something is written by a policy or held', (mode) => {
    const t = at(mode);
    const { epoch } = t.state;
    t.linkChanged();
    const stops = ['HOLD', 'ENGAGING', 'ACTIVE', 'RECOVERY'].includes(mode);
    expect(t.mode).toBe(stops ? 'STOPPING' : mode);
    expect(t.state.epoch).toBe(mode === 'FAULT' ? epoch : epoch + 1);
    const detail = 'the link to the robot was made anew: what was decided before is void';
    if (stops) expect(t.state.transition).toMatchObject({ cause: 'link_changed', detail, epoch: epoch + 1 });
  });
});

describe('a decision given back by a person', () => {
  it.each(ALL)('in %s: a policy that had a say begins anew without authority, all else stays as it is', (mode) => {
    const t = at(mode);
    const was = t.state;
    t.event({ kind: 'takeover_released', nowNs: t.nowMs * MS });
    if (mode !== 'ENGAGING' && mode !== 'ACTIVE') {
      expect(t.state).toBe(was);
      return;
    }
    expect(t.state).toMatchObject({ mode: 'ENGAGING', epoch: was.epoch + 1, readyNs: -1, enteredNs: t.nowMs * MS });
    expect(t.state.cause).toBe('takeover_released');
    expect(t.state.incident).toBe(was.incident);
    const said = { from: 'ACTIVE', to: 'ENGAGING', detail: 'a person gave the decision back to the policy' };
    if (mode === 'ACTIVE') expect(t.state.transition).toMatchObject({ ...said, value: 0, limit: 0, margin: 0 });
    else expect(t.state.transition).toBeNull();
  });

  it('waits for the first decision of the new epoch, ramps, and stops when none comes', () => {
    const t = at('ACTIVE').event({ kind: 'takeover_released', nowNs: 5000 * MS });
    t.nowMs = 5000;
    expect(t.run(20, { ready: false }).mode).toBe('ENGAGING');
    expect(t.run(10, { ready: true }).state.readyNs).toBe(5030 * MS);
    expect(t.run(290, { ready: true }).mode).toBe('ENGAGING');
    expect(t.run(10, { ready: true }).mode).toBe('ACTIVE');
    const silent = at('ACTIVE').event({ kind: 'takeover_released', nowNs: 5000 * MS });
    silent.nowMs = 5000;
    expect(silent.run(300, { ready: false }).mode).toBe('ENGAGING');
    expect(silent.run(10, { ready: false }).state).toMatchObject({ mode: 'STOPPING', cause: 'decision_missing' });
  });
});

describe('the reducer', () => {
  it.each(ALL)('returns the same object for a tick in %s that changes nothing', (mode) => {
    const t = at(mode);
    if (mode === 'ENGAGING') t.run(10);
    const tick = { ...healthy, nowNs: t.nowMs * MS + 1, risk: 1 };
    expect(reduce(t.state, tick)).toBe(t.state);
  });

  it('carries the transition only in the object that it made', () => {
    const t = at('STOPPING');
    expect(t.state.transition).not.toBeNull();
    expect(t.run(10, { stopped: true }).state.transition).toBeNull();
    expect(t.ask('arm').state.transition).toBeNull();
  });

  it('is plain data: a copy through JSON goes on the same', () => {
    const t = at('STOPPING');
    const copy = JSON.parse(JSON.stringify(t.state)) as LadderState;
    const tick = { ...healthy, nowNs: t.nowMs * MS + 2e9 };
    expect(reduce(copy, tick)).toEqual(reduce(t.state, tick));
  });

  it('says numbers in four digits, and what is none as it is', () => {
    expect(sentence({ detail: '{value} of {limit}', value: 1.23456789, limit: Number.POSITIVE_INFINITY })).toBe(
      '1.235 of Infinity',
    );
  });
});
