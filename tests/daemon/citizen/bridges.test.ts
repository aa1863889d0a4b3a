import { BehaviorSubject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { BridgeCounters, BridgeFault, LinkState } from '../../../bridges/bridge.ts';
import { type BridgeReport, following } from '../../../src/daemon/bridge-report.ts';
import { Bridges } from '../../../src/daemon/citizen/bridges.ts';

const counters = (more: Partial<BridgeCounters> = {}): BridgeCounters => ({
  ...{ framesIn: 9, malformed: 0, unexpected: 0, commandsSent: 9, commandsRefused: 0, reconnects: 0 },
  ...{ lost: 0, silent: 0, mismatched: 0, unreached: 0, callsFailed: 0, ...more },
});
const report = (more: Partial<BridgeReport> = {}): BridgeReport => ({
  ...{ up: true, reason: '', atNs: 0, counters: counters(), faults: [], ...more },
});
const fault = (about: string, code: BridgeFault['code'] = 'RA_TOPIC_SILENT', seen = `${about}: no message`) => ({
  ...{ code, about, seen, sinceNs: 7 },
});
const silent = fault('/wrench');
const seen = (bridges: Bridges) => bridges.faults.map((f) => f.seen);

describe('the bridges of observer, reflex, brain and sentinel', () => {
  it('are counted together, and a process that comes back after it died goes on from what it had counted', () => {
    const bridges = new Bridges(() => report({ counters: counters({ lost: 1 }) }));
    bridges.told('reflex', report({ counters: counters({ lost: 2, commandsRefused: 50 }) }));
    bridges.told('brain', report({ counters: counters({ malformed: 3 }) }));
    const all = {
      ...{ lost: 3, unreached: 0, silent: 0, mismatched: 0, malformed: 3, unexpected: 0 },
      ...{ callsFailed: 0, commandsRefused: 50 },
    };
    expect(bridges.counts).toEqual(all);
    bridges.told('reflex', null);
    bridges.told('reflex', null);
    expect(bridges.counts).toEqual(all);
    bridges.told('reflex', report({ counters: counters({ lost: 1 }) }));
    expect(bridges.counts).toEqual({ ...all, lost: 4 });
  });

  it('tell a fault that only the reflex or the brain has, with who has it; one that all have, once', () => {
    const type = fault('type of /lease', 'RA_TOPIC_TYPE', '/lease is a/B');
    const bridges = new Bridges(() => report({ faults: [silent] }));
    bridges.told('reflex', report({ faults: [silent, type] }));
    bridges.told('brain', report({ faults: [silent, fault('/camera')] }));
    expect(bridges.faults).toEqual([
      silent,
      { ...type, about: 'reflex: type of /lease', seen: 'reflex: /lease is a/B' },
      { ...fault('/camera'), about: 'brain: /camera', seen: 'brain: /camera: no message' },
    ]);
  });

  it('each have connections of their own to lose', () => {
    const lost = fault('connection for services', 'RA_BRIDGE_LOST', 'it ended');
    const bridges = new Bridges(() => report({ faults: [lost] }));
    bridges.told('brain', report({ faults: [lost] }));
    expect(seen(bridges)).toEqual(['it ended', 'brain: it ended']);
  });

  it('say that the brain or the observer has no link while the reflex has one, and nothing when nobody has', () => {
    const away = report({ up: false, reason: 'Max payload size exceeded', atNs: 5 });
    const bridges = new Bridges(() => report());
    bridges.told('brain', away);
    bridges.told('reflex', report());
    expect(bridges.faults).toEqual([
      {
        ...{ code: 'RA_BRIDGE_LOST', about: 'link of the brain', sinceNs: 5 },
        seen: 'brain: no link to the robot: Max payload size exceeded',
      },
    ]);
    bridges.told('reflex', away);
    expect(seen(bridges)).toEqual([]);
  });

  it('have the sentinel, whose stop would not be heard, among them', () => {
    const bridges = new Bridges(() => report());
    bridges.told('reflex', report());
    const unheard = counters({ lost: 1, unreached: 4, commandsRefused: 1 });
    bridges.told('sentinel', report({ up: false, reason: 'ECONNREFUSED', atNs: 3, counters: unheard }));
    expect(bridges.counts).toMatchObject({ lost: 1, unreached: 4, commandsRefused: 1 });
    expect(bridges.words.sentinel).toBe('down: ECONNREFUSED, 1 lost, 4 not made, 1 commands refused');
    expect(bridges.faults).toEqual([
      {
        ...{ code: 'RA_BRIDGE_LOST', about: 'link of the sentinel', sinceNs: 3 },
        seen: 'sentinel: no link to the robot: ECONNREFUSED',
      },
    ]);
  });

  it('are each told in words', () => {
    const bridges = new Bridges(() => report());
    bridges.told('reflex', report({ counters: counters({ lost: 2, commandsRefused: 50 }) }));
    expect(bridges.words).toEqual({
      observer: 'up',
      reflex: 'up, 2 lost, 50 commands refused',
      brain: 'does not tell',
      sentinel: 'does not tell',
    });
    bridges.told('brain', report({ up: false, reason: 'ECONNREFUSED' }));
    expect(bridges.words.brain).toBe('down: ECONNREFUSED');
  });
});

describe('what a process tells of its bridge', () => {
  it('follows the link, and is bounded, whatever names a server has', () => {
    const link$ = new BehaviorSubject<LinkState>({ up: false, epoch: 0, atNs: 1, reason: 'not yet connected' });
    const faults = Array.from({ length: 100 }, (_, n) => fault(`/${n}${'x'.repeat(1e6)}`));
    const now = following({ link$, counters: counters({ lost: 1 }), faults });
    expect(now()).toMatchObject({ up: false, reason: 'not yet connected', atNs: 1, counters: { lost: 1 } });
    expect(JSON.stringify(now()).length).toBeLessThan(20_000);
    link$.next({ up: true, epoch: 1, atNs: 2, reason: '' });
    expect(now()).toMatchObject({ up: true, reason: '', atNs: 2 });
    link$.next({ up: false, epoch: 1, atNs: 3, reason: 'y'.repeat(1e6) });
    expect(now().reason).toHaveLength(301);
  });
});
