import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { whatIfText } from '../../src/cli/what-if-text.ts';
import { loadRun } from '../../src/core/config/load.ts';
import type { RunConfig } from '../../src/core/config-schema.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { type WhatIfTick, whatIf } from '../../src/logs/what-if.ts';
import { LoggedRun } from './logged-run.ts';

const dir = mkdtempSync(join(tmpdir(), 'reflexarc-what-if-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const path = join(dir, 'log.mcap');
let config: RunConfig;

beforeAll(async () => {
  config = loadRun(join(packageRoot, 'configs/runs/peg.yaml')).config;
  await LoggedRun.record(path, config, { seconds: 6, relinkAtS: 3 });
}, 60_000);

describe('what if', () => {
  it('nothing was changed: not one bit is different, over a stop, a reset and a new arming', async () => {
    const w = await whatIf([path], []);
    expect(w).toMatchObject({ different: 0, changes: [], stretches: [], distance: { max: 0 } });
    expect(w.was.transitions.map((t) => t.to)).toEqual(
      expect.arrayContaining(['STOPPING', 'STOPPED', 'DISARMED', 'ACTIVE']),
    );
    expect(w.would).toEqual(w.was);
    expect(w.was.commands).toBeGreaterThan(400);
    expect(whatIfText(w)).toContain('nothing: both are the run of the log');
  });

  it('the residual was off: other setpoints, the same ladder, and each of them without a residual', async () => {
    const ticks: { was: number; would: number }[] = [];
    const w = await whatIf([path], ['policies.residual.scale=0'], ({ was, would }: WhatIfTick) => {
      if (was.source === 'policy') ticks.push({ was: was.residualFraction, would: would.residualFraction });
    });
    expect(w.changes).toEqual(['policies.residual.scale: 0.3 in the log, 0 now']);
    expect(w.different).toBeGreaterThan(100);
    expect(w.distance.max).toBeGreaterThan(0);
    expect(ticks.length).toBeGreaterThan(100);
    expect(whatIfText(w)).toMatch(/different +\d+ of 600 ticks/);
  });

  it('the force limit was 1 N: a stop where the push grows to it, answered by the resets of the log, and said so', async () => {
    const sets = ['safety.force_limit=1', 'safety.force_soft=0.9', 'safety.stiffness=[10, 20]'];
    const w = await whatIf([path], sets);
    expect(w.was.stops).toEqual({ link_changed: 1 });
    expect(w.would.stops.force_limit).toBeGreaterThanOrEqual(1);
    const [first] = w.stretches;
    expect(first!.was).toMatch(/^(HOLD|ENGAGING|ACTIVE), /);
    expect(w.would.modes.STOPPED ?? 0).toBeGreaterThan(w.was.modes.STOPPED ?? 0);
    const text = whatIfText(w);
    expect(text).toContain('safety.force_limit: 30 in the log, 1 now');
    expect(text).toContain('The states are those of the log');
  });
});
