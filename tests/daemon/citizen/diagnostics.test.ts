import { describe, expect, it } from 'vitest';
import { noCounts as noViewCounts } from '../../../bridges/foxglove/refusal.ts';
import { noCounts } from '../../../bridges/rosserver/refusal.ts';
import type { LadderTransition, Mode } from '../../../src/core/signals.ts';
import { diagnose, type Health, LEVEL, newsOf } from '../../../src/daemon/citizen/diagnostics.ts';
import { stateMessage } from '../../../src/daemon/citizen/messages.ts';
import { Recent } from '../../../src/daemon/citizen/recent.ts';
import { Timing } from '../../../src/daemon/citizen/timing.ts';
import { type Traffic, TrafficWatch, trafficOf } from '../../../src/daemon/citizen/traffic.ts';
import { Trips } from '../../../src/daemon/citizen/trips.ts';
import type { Status, Tick } from '../../../src/daemon/wire.ts';
import { ODDITIES, type Oddity, SHOWN } from '../../interop/oddities.ts';

const header = { stamp: { sec: 1, nanosec: 2 }, frame_id: 'base' };
const status: Status = {
  ...{
    mode: 'ACTIVE',
    cause: 'engaged',
    epoch: 5,
    incident: 0,
    linkUp: true,
    linkEpoch: 2,
    brainUp: true,
    brainDecides: true,
    nowNs: 0,
  },
  ...{ residualScale: 1, speedScale: 1, takeoverHolder: 0, takeoversRefused: 0, takeoverRefusal: '', armed: true },
} as Status;
const quiet: Traffic = {
  ...{ droppedByServer: 6, droppedByView: 1, droppedByGraph: 2, turnedAway: 1, failed: 0, faults: [] },
  ...{ refused: 3, refusedBy: { bad_message: 2, unknown_op: 1 } },
  bridge: {
    lost: 1,
    silent: 0,
    mismatched: 0,
    malformed: 4,
    unexpected: 5,
    commandsRefused: 6,
    unreached: 0,
    callsFailed: 0,
  },
  bridges: { observer: 'up', reflex: 'up, 1 lost', brain: 'does not tell', sentinel: 'up' },
};
const fault = (seen: string) => ({ code: 'RA_TOPIC_SILENT', about: seen.split(':')[0]!, seen, sinceNs: 0 }) as const;
const well: Health = {
  ...{ status, cause: 'engaged', detail: 'authority ramp done', bridge: 'ws://robot:9090', linkReason: '' },
  rulesOff: [],
  ...{ decisionMs: 30, decisionAgeMs: 100, risk: 0.1, riskLow: 0.2, riskHigh: 0.35 },
  timing: { ticks: 500, overruns: 0, periodMs: 10, latenessMs: 0.3, computeMs: 0.2, silentMs: 3 },
  log: { path: 'log.mcap', bytes: 1000, dropped: 0, stopped: '' },
  ...{ takeover: '', takeoversRefused: 0, takeoverRefusal: '', trips: [] },
  ...{ traffic: quiet, growing: new Set() },
};
const inMode = (mode: Mode, changes: Partial<Health> = {}): Health => ({
  ...well,
  status: { ...status, mode },
  ...changes,
});
const said = (health: Health, part: string) =>
  diagnose(header, health, 'reflexarc', 'fr3').status.find((s) => s.name === `reflexarc: ${part}`)!;

describe('/diagnostics', () => {
  it('has one status a part, each OK while all is well, by the names of the node and of the robot', () => {
    const { status: all } = diagnose(header, well, 'reflexarc', 'fr3');
    expect(all.map((s) => s.name)).toEqual(
      ['link', 'bridge', 'brain', 'reflex', 'critic', 'ladder', 'log', 'takeover', 'ros'].map(
        (part) => `reflexarc: ${part}`,
      ),
    );
    expect(new Set(all.map((s) => s.level))).toEqual(new Set([LEVEL.ok]));
    expect(new Set(all.map((s) => s.hardware_id))).toEqual(new Set(['fr3']));
    for (const { values } of all)
      for (const { key, value } of values) expect([typeof key, typeof value]).toEqual(['string', 'string']);
  });

  it('has every counter that the table of odd behaviour names, where it says', () => {
    for (const [part, ...values] of Object.values(SHOWN))
      expect(said(well, part).values.map(({ key }) => key)).toEqual(expect.arrayContaining(values));
    const kinds = Object.values<Oddity>({ ...ODDITIES.server, ...ODDITIES.foxglove })
      .map(({ counted }) => /^refused\.(.*)/.exec(counted ?? '')?.[1])
      .filter((kind) => kind !== undefined);
    const refusedBy = Object.fromEntries(kinds.map((kind) => [kind, 1]));
    const { values } = said({ ...well, traffic: { ...quiet, refusedBy } }, 'ros');
    expect(values).toEqual(expect.arrayContaining(kinds.map((kind) => ({ key: `refused: ${kind}`, value: '1' }))));
    expect(said(well, 'bridge').values).toContainEqual({ key: 'reflex', value: 'up, 1 lost' });
  });

  it('names the rules that are switched off, beside the mode of the ladder', () => {
    const off = (...rulesOff: string[]) => said({ ...well, rulesOff }, 'ladder').values;
    expect(off()).toContainEqual({ key: 'rules off', value: '' });
    expect(off('tracking', 'effort')).toContainEqual({ key: 'rules off', value: 'tracking, effort' });
  });

  it('tells of practice where there is some: gone, without a learner, and well', () => {
    const report = {
      ...{ phase: 'practising', version: 8, episodes: 3, successes: 2, violations: 0, heldOut: 1, unlabelled: 0 },
      ...{
        dropped: 0,
        waiting: 2,
        acknowledged: 1,
        rejected: 0,
        lost: 0,
        notKept: 3,
        learner: { up: true, why: '' },
        last: 'version 7 is refused',
      },
    };
    const part = (practice: Health['practice']) =>
      said({ ...well, ...(practice !== undefined && { practice }) }, 'practice');
    expect(part(undefined)).toBeUndefined();
    expect(part(null)).toMatchObject({ level: LEVEL.error, message: 'the process is gone' });
    const alone = { ...report, learner: { up: false, why: 'ECONNREFUSED' } };
    expect(part(alone)).toMatchObject({ level: LEVEL.warn, message: 'no learner, 2 episodes wait: ECONNREFUSED' });
    expect(part(report)).toMatchObject({ level: LEVEL.ok, message: 'practising, version 8' });
    expect(part(report).values).toContainEqual({ key: 'last', value: 'version 7 is refused' });
    expect(part(report).values).toContainEqual({ key: 'notKept', value: '3' });
  });

  it.each<[part: string, when: string, health: Health, level: number, message: string]>([
    [
      'link',
      'it is down',
      { ...well, status: { ...status, linkUp: false }, linkReason: 'ECONNREFUSED' },
      LEVEL.error,
      'no link to the robot: ECONNREFUSED',
    ],
    [
      'brain',
      'its process is gone',
      { ...well, status: { ...status, brainUp: false } },
      LEVEL.error,
      'the process is gone',
    ],
    [
      'bridge',
      'a topic is silent',
      { ...well, traffic: { ...quiet, faults: [fault('/wrench: no message for 5.1 s')] } },
      LEVEL.warn,
      '/wrench: no message for 5.1 s',
    ],
    [
      'bridge',
      'two things are wrong',
      { ...well, traffic: { ...quiet, faults: [fault('/a: one'), fault('/b: two')] } },
      LEVEL.warn,
      '2 faults: /a: one; …',
    ],
    ['bridge', 'odd messages come', { ...well, growing: new Set(['malformed']) }, LEVEL.warn, '4 malformed messages'],
    ['ros', 'somebody does not keep up', { ...well, growing: new Set(['dropped']) }, LEVEL.warn, '9 messages dropped'],
    [
      'ros',
      'clients do wrong',
      { ...well, growing: new Set(['refused', 'turned away']) },
      LEVEL.warn,
      '3 operations refused, 1 clients turned away',
    ],
    ['brain', 'it does not decide', { ...well, decisionMs: 101 }, LEVEL.warn, 'no decision for more than 100 ms'],
    [
      'brain',
      'it has never decided',
      { ...well, decisionMs: Number.NaN },
      LEVEL.warn,
      'no decision for more than 100 ms',
    ],
    [
      'reflex',
      'it was late',
      { ...well, timing: { ...well.timing, overruns: 2 } },
      LEVEL.warn,
      '2 ticks more than two periods after the one before',
    ],
    [
      'reflex',
      'nothing is heard of it',
      { ...well, timing: { ...well.timing, ticks: 0, silentMs: 5200 } },
      LEVEL.stale,
      'no tick for 5200 ms',
    ],
    ['reflex', 'its process is gone', { ...well, status: null }, LEVEL.error, 'the process is gone'],
    ['critic', 'there is risk', { ...well, risk: 0.25 }, LEVEL.warn, 'risk 0.25 above 0.2'],
    [
      'critic',
      'it gives none to a policy',
      { ...well, risk: Number.NaN },
      LEVEL.error,
      'no risk, though a policy has a say',
    ],
    ['critic', 'nobody asks it', inMode('DISARMED', { risk: Number.NaN }), LEVEL.ok, 'not asked in DISARMED'],
    [
      'critic',
      'it was no critic',
      inMode('STOPPED', { cause: 'critic_invalid', risk: Number.NaN }),
      LEVEL.error,
      'it answered with no risk',
    ],
    ['ladder', 'it holds', inMode('HOLD', { detail: '', cause: 'arm' }), LEVEL.ok, 'HOLD: arm'],
    ['ladder', 'it recovers', inMode('RECOVERY', { detail: 'risk 0.5' }), LEVEL.warn, 'RECOVERY: risk 0.5'],
    [
      'ladder',
      'it was stopped',
      inMode('STOPPED', { cause: 'force_limit', detail: 'force 31 N' }),
      LEVEL.error,
      'STOPPED: force 31 N',
    ],
    [
      'ladder',
      'a person stopped it',
      inMode('STOPPED', { cause: 'operator_stop', detail: 'operator' }),
      LEVEL.warn,
      'STOPPED: operator',
    ],
    [
      'ladder',
      'the e-stop is pressed',
      inMode('ESTOP', { cause: 'estop', detail: 'operator: estop' }),
      LEVEL.error,
      'ESTOP: operator: estop',
    ],
    ['ladder', 'it is broken', inMode('FAULT', { detail: 'post-check' }), LEVEL.error, 'FAULT: post-check'],
    ['log', 'none is wanted', { ...well, log: { ...well.log, path: '' } }, LEVEL.ok, 'not recording'],
    ['log', 'it loses messages', { ...well, log: { ...well.log, dropped: 3 } }, LEVEL.warn, '3 messages lost'],
    ['log', 'it is full', { ...well, log: { ...well.log, stopped: 'size' } }, LEVEL.warn, 'full: log.max_bytes'],
    ['log', 'the disk is', { ...well, log: { ...well.log, stopped: 'disk' } }, LEVEL.error, 'the disk takes no more'],
    ['takeover', 'a person decides', { ...well, takeover: 'desk' }, LEVEL.ok, 'desk decides'],
    ['takeover', 'one was refused', { ...well, takeoverRefusal: 'stale' }, LEVEL.warn, 'refused: stale'],
  ])('%s, when %s', (part, _when, health, level, message) => {
    expect(said(health, part)).toMatchObject({ level, message });
  });

  it.each(['link', 'brain', 'critic', 'ladder', 'takeover'])(
    '%s is STALE when there is no reflex to know it',
    (part) => {
      expect(said({ ...well, status: null }, part).level).toBe(LEVEL.stale);
    },
  );

  it('is news when a part or a trip stands otherwise, and not when only a number is another', () => {
    const news = (health: Health) => newsOf(diagnose(header, health, 'reflexarc', 'fr3'));
    expect(news({ ...well, risk: 0.11 })).toBe(news(well));
    expect(news({ ...well, risk: 0.3 })).not.toBe(news(well));
    const trip = { cause: 'risk', detail: '', count: 1, standing: false, level: 'warn' } as const;
    expect(news({ ...well, trips: [trip] })).not.toBe(news(well));
  });
});

const transition = (from: Mode, to: Mode, cause: string): LadderTransition => ({
  ...{ atNs: 0, from, to, cause, detail: `because of ${cause}`, value: 0, limit: 0, margin: 0, incident: 1, epoch: 1 },
});

describe('trips', () => {
  const levels = (trips: Trips) =>
    diagnose(header, { ...well, trips: trips.all }, 'r', '')
      .status.filter((s) => s.name.startsWith('r: trip'))
      .map((s) => `${s.name} ${s.level} ${s.message}`);

  it('stand until the ladder is reset, also when the stop has come to rest, and are remembered', () => {
    const trips = new Trips();
    trips.observe(transition('ACTIVE', 'STOPPING', 'force_limit'));
    trips.observe(transition('STOPPING', 'STOPPED', 'force_limit'));
    expect(levels(trips)).toEqual(['r: trip force_limit 2 because of force_limit']);
    trips.observe(transition('STOPPED', 'DISARMED', 'reset'));
    expect(levels(trips)).toEqual(['r: trip force_limit 0 over; the last one: because of force_limit']);
    trips.observe(transition('ACTIVE', 'STOPPING', 'force_limit'));
    expect(trips.all).toMatchObject([{ count: 2, standing: true }]);
  });

  it('a recovery and a hold are warnings, over when the ladder goes on; a worse cause takes their place', () => {
    const trips = new Trips();
    trips.observe(transition('ACTIVE', 'RECOVERY', 'risk'));
    expect(levels(trips)[0]).toMatch(/risk 1/);
    trips.observe(transition('RECOVERY', 'ENGAGING', 'risk_low'));
    trips.observe(transition('ACTIVE', 'HOLD', 'takeover_stale'));
    expect(levels(trips).map((l) => l.slice(0, 24))).toEqual(['r: trip risk 0 over; the', 'r: trip takeover_stale 1']);
    trips.observe(transition('HOLD', 'STOPPING', 'drift'));
    expect(trips.all.map((t) => t.standing)).toEqual([false, false, true]);
  });

  it('what a person asks for is none', () => {
    const trips = new Trips();
    for (const cause of ['disengage', 'operator_stop']) trips.observe(transition('ACTIVE', 'STOPPING', cause));
    trips.observe(transition('ACTIVE', 'ESTOP', 'estop'));
    trips.observe(transition('DISARMED', 'HOLD', 'arm'));
    expect(trips.all).toEqual([]);
  });

  it('are bounded', () => {
    const trips = new Trips();
    for (let n = 0; n < 200; n++) trips.observe(transition('ACTIVE', 'STOPPING', `cause ${n}`));
    expect(trips.all).toHaveLength(100);
  });
});

describe('how the reflex keeps time', () => {
  const tick = (ms: number, changes: Partial<Tick> = {}): Tick =>
    ({ nowNs: ms * 1e6, latenessUs: Number.NaN, computeUs: 100, ...changes }) as Tick;

  it('by its own stamps, over five seconds', () => {
    const timing = new Timing(10e6);
    for (let ms = 1000; ms < 3000; ms += 10) timing.tick(tick(ms), ms * 1e6);
    timing.tick(tick(3015, { latenessUs: 5000, computeUs: 900 }), 3015e6);
    expect(timing.report(3020e6)).toMatchObject({
      ticks: 201,
      overruns: 1,
      latenessMs: 5,
      computeMs: 0.9,
      silentMs: 5,
    });
    expect(timing.report(3020e6).periodMs).toBeCloseTo(2015 / 201, 9);
    // Five seconds on, the last second that is left is that of the overrun; six seconds on, nothing.
    expect(timing.report(7020e6)).toMatchObject({ ticks: 1, overruns: 1 });
    expect(timing.report(8020e6)).toMatchObject({ ticks: 0, overruns: 0, silentMs: 5005 });
  });

  it('a reader that was late sees no late tick, and a new reflex is not late after the old one', () => {
    const timing = new Timing(10e6);
    timing.tick(tick(1000), 1000e6);
    timing.tick(tick(1010), 1500e6);
    expect(timing.report(1500e6).overruns).toBe(0);
    timing.restart();
    timing.tick(tick(1900), 1900e6);
    expect(timing.report(1900e6).overruns).toBe(0);
  });

  it('nothing is late in stepped time', () => {
    const timing = new Timing(Number.POSITIVE_INFINITY);
    timing.tick(tick(0), 0);
    timing.tick(tick(5000), 10e6);
    expect(timing.report(20e6)).toMatchObject({ ticks: 2, overruns: 0 });
  });
});

it('a count that grew is news for a while', () => {
  const recent = new Recent(5e9);
  expect(recent.grew(0, 1e9)).toBe(false);
  expect(recent.grew(2, 2e9)).toBe(true);
  expect(recent.grew(2, 7e9)).toBe(true);
  expect(recent.grew(2, 7e9 + 1)).toBe(false);
});

describe('what was lost and refused', () => {
  const s = 1e9;

  it('is a warning while its count grows, and for five seconds after', () => {
    const watch = new TrafficWatch(5 * s);
    const at = (traffic: Traffic, nowNs: number) => [...watch.growing(traffic, nowNs)];
    const none = { ...quiet, droppedByServer: 0, droppedByView: 0, droppedByGraph: 0, refused: 0, turnedAway: 0 };
    const still = { ...none, bridge: { ...quiet.bridge, malformed: 0, unexpected: 0 } };
    expect(at(still, 0)).toEqual([]);
    expect(at({ ...still, droppedByGraph: 1 }, s)).toEqual(['dropped']);
    expect(at({ ...still, droppedByGraph: 1, turnedAway: 1 }, 6 * s)).toEqual(['dropped', 'turned away']);
    expect(at({ ...still, droppedByGraph: 1, turnedAway: 1 }, 6 * s + 1)).toEqual(['turned away']);
    expect(at({ ...still, droppedByGraph: 1, turnedAway: 1 }, 11 * s + 1)).toEqual([]);
  });

  it('is in ~/state with what stands against the bridge, and never more than the message holds', () => {
    const faults = [fault('/wrench: no message for 5.1 s')];
    const known = { cause: '', detail: '', takeover: '', takeoversRefused: 0, takeoverRefusal: '' };
    const message = (traffic: Traffic) => stateMessage(header, status, null, { ...known, traffic });
    expect(message({ ...quiet, faults })).toMatchObject({
      ...{ dropped: 9, refused: 3, turned_away: 1, bridge_faults: ['/wrench: no message for 5.1 s'] },
    });
    expect(message({ ...quiet, droppedByServer: 2 ** 33 }).dropped).toBe(4_294_967_295);
  });

  it('is counted by our servers, by our place in the robot’s graph where there is one, and by the bridges', () => {
    const counters = { clients: 2, turnedAway: 1, malformed: 3, dropped: 5, failed: 0 };
    const kinds = { ...noCounts(), bad_message: 2, unknown_op: 1 };
    const { bridge: counts, bridges: words, faults } = quiet;
    const ours = { counters: { ...counters, refused: kinds }, dropped: 6 };
    const of = (view: Parameters<typeof trafficOf>[1], graph?: { dropped: number }) =>
      trafficOf(ours, view, { counts, faults: [...faults], words }, graph);
    const viewed = { ...counters, malformed: 4, refused: { ...noViewCounts(), unknown_op: 4 } };
    expect(of(null, { dropped: 2 })).toEqual({ ...quiet, droppedByView: 0 });
    expect(of({ counters: viewed, dropped: 1 })).toMatchObject({
      ...{
        droppedByView: 1,
        droppedByGraph: 0,
        refused: 7,
        turnedAway: 2,
        refusedBy: { bad_message: 2, unknown_op: 5 },
      },
    });
  });
});
