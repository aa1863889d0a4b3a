import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { summaryText } from '../../src/cli/inspect.ts';
import { loadRun } from '../../src/core/config/load.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { explainAt, explanationRows } from '../../src/logs/explain.ts';
import { Incidents } from '../../src/logs/incidents.ts';
import { inspectLog } from '../../src/logs/inspect.ts';
import { reportOf } from '../../src/logs/report.ts';
import { TOPIC } from '../../src/logs/topics.ts';
import { LoggedRun } from './logged-run.ts';

const dir = mkdtempSync(join(tmpdir(), 'reflexarc-inspect-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const path = join(dir, 'log.mcap');
const gap = join(dir, 'gap.mcap');

beforeAll(async () => {
  const { config } = loadRun(join(packageRoot, 'configs/runs/peg.yaml'));
  await LoggedRun.record(path, config, { seconds: 6, relinkAtS: 3 });
  await LoggedRun.record(gap, config, { seconds: 2, loseAfterS: 1 });
}, 60_000);

describe('the summary of a log', () => {
  it('counts ticks, commands, modes and stops, and knows that the journal is whole', async () => {
    const s = await inspectLog([path]);
    // 600 ticks of 10 ms, of which the first five are before the arming.
    expect(s).toMatchObject({ run: 'peg', ticks: 600, stops: { link_changed: 1 }, damage: null });
    expect(s.duration_s).toBeCloseTo(6, 6);
    expect(s.topics[TOPIC.tick]).toMatchObject({ messages: 600, type: 'reflexarc_msgs/msg/TickRecord' });
    expect(s.topics[TOPIC.tick]!.hz).toBeCloseTo(100, 3);
    expect(s.topics[TOPIC.decision]!.messages).toBe(120);
    expect(Object.values(s.modes).reduce((a, b) => a + b)).toBeCloseTo(1, 12);
    expect(s.journal).toMatchObject({ births: 1, lost: 0 });
    expect(s.incidents.map((i) => i.kind)).toContain('stop');
    const stop = s.incidents.find((i) => i.kind === 'stop')!;
    expect(stop.at_s).toBeCloseTo(3, 1);
    expect(stop.text).toMatch(/^\w+ → STOPPING: .*\(incident 1\)$/);
    const text = summaryText(s);
    expect(text).toMatch(/stops +link_changed 1/);
  });

  it('says how many calls of the gate are missing', async () => {
    expect((await inspectLog([gap])).journal.lost).toBeGreaterThan(0);
  });

  it('of a file that is cut off has what could be read, and where it ends', async () => {
    const cut = join(dir, 'cut.mcap');
    writeFileSync(cut, readFileSync(path).subarray(0, Math.floor(readFileSync(path).length * 0.6)));
    const s = await inspectLog([cut]);
    expect(s.ticks).toBeGreaterThan(50);
    expect(s.ticks).toBeLessThan(600);
    expect(s.damage).toMatch(/cut\.mcap: .*at \d+/);
    expect(summaryText(s)).toContain('summed up to');
  });
});

describe('incidents', () => {
  const tick = (seq: number, more: object) => ({
    ...{ seq, source: 'policy', residual_fraction: 1, risk: 0.1, mode: 'ACTIVE', cause: '' },
    ...more,
  });

  it('a cut of the residual counts once until it was whole for 20 ticks; the operator’s own scale is no cut', () => {
    const found = new Incidents();
    let seq = 0;
    const run = (share: number, ticks: number) => {
      for (let n = 0; n < ticks; n++)
        found.take(seq / 100, TOPIC.tick, tick(++seq, { residual_fraction: share, risk: 0.4 }));
    };
    run(0.5, 5);
    expect(found.list).toEqual([]);
    run(1, 5);
    run(0.25, 3);
    run(1, 19);
    run(0.25, 3);
    run(1, 20);
    run(0.25, 1);
    expect(found.list.map((i) => [i.tick, i.text])).toEqual([
      [11, 'residual cut to 0.25 of 1.00; risk of what is left 0.40'],
      [56, 'residual cut to 0.25 of 1.00; risk of what is left 0.40'],
    ]);
    expect(found.interventions).toEqual({ 'residual cut': 2 });
  });

  it('a stop that a person asked for is a stop and no intervention; a person who takes over is one', () => {
    const found = new Incidents();
    const transition = (cause: string) => ({
      from_mode: 'ACTIVE',
      to_mode: 'STOPPING',
      cause,
      detail: cause,
      incident: 1,
    });
    found.take(1, TOPIC.transition, transition('disengage'));
    found.take(2, TOPIC.transition, transition('force_limit'));
    found.take(3, TOPIC.tick, tick(1, { source: 'takeover' }));
    found.take(3.01, TOPIC.tick, tick(2, { source: 'takeover' }));
    expect(found.stops).toEqual({ disengage: 1, force_limit: 1 });
    expect(found.interventions).toEqual({ force_limit: 1, takeover: 1 });
  });
});

describe('the explanation of a command', () => {
  it('has the whole chain, and the numbers of the tick that was asked for', async () => {
    const e = await explainAt([path], 2);
    expect(e.at_s).toBeCloseTo(2, 6);
    // The first message is the boot: 2 s after it is tick 200, with the decision of tick 196.
    expect(e.record.seq).toBe(200);
    expect(e.state!.seq).toBe(200);
    expect(e.decision!.seq).toBe(40);
    expect([...e.observed!.base]).toEqual([...e.decision!.base]);
    expect(e.transition!.to).toBe(e.record.mode);
    expect(e.transition!.before_s).toBeCloseTo((e.record.nowNs - e.transition!.atNs) / 1e9, 12);
    const text = Object.fromEntries(explanationRows(e));
    expect(text.ladder).toContain(`${e.transition!.from} → ${e.transition!.to}`);
    expect(text.sent).toMatch(/^yes: \/equilibrium_command, .*lease 80 ms\n\d+ bytes as JSON: \{/);
    const sent = JSON.parse(text.sent!.split('as JSON: ')[1]!) as { pose: { position: { z: number } } };
    expect(sent.pose.position.z).toBe(e.record.setpoint[2]);
    expect(text.critic).toContain('risk of the whole proposal');
  });

  it('of a tick that may write nothing says so', async () => {
    const rows = Object.fromEntries(explanationRows(await explainAt([path], 0)));
    expect(rows.command).toBe('none: nothing may be written in DISARMED');
    expect(rows.decision).toContain('1, observed 0.00 ms before the tick');
  });

  it('at a time that is not there, or after a gap, is refused with what is', async () => {
    await expect(explainAt([path], 7)).rejects.toMatchObject({
      code: 'RA_USAGE',
      allowed: expect.stringContaining('0 to 6.000'),
    });
    await expect(explainAt([gap], 1.5)).rejects.toMatchObject({ code: 'RA_LOG_DAMAGED' });
  });
});

describe('the report', () => {
  it('is one page that needs nothing from elsewhere, and holds every incident and every tick', async () => {
    const { html, summary } = await reportOf([path]);
    expect(html).not.toMatch(/(src|href)\s*=\s*["']?(https?:)?\/\//);
    const data = /<script id="data" type="application\/json">(.*?)<\/script>/s.exec(html)![1]!;
    const { incidents, lines, limits } = JSON.parse(data) as {
      incidents: unknown[];
      lines: { atS: number[]; setpoint: (number | null)[][] };
      limits: object;
    };
    expect(incidents).toEqual(summary.incidents);
    expect(lines.atS).toHaveLength(600);
    expect(lines.setpoint).toHaveLength(9);
    // Before the arming nothing was sent: a gap, not a zero.
    expect(lines.setpoint[2]![0]).toBeNull();
    expect(limits).toEqual({ riskLow: 0.2, riskHigh: 0.3, forceSoft: 25, forceLimit: 30 });
  });
});
