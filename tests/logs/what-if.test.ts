import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { whatIfText } from '../../src/cli/what-if-text.ts';
import { loadRun } from '../../src/core/config/load.ts';
import type { RunConfig } from '../../src/core/config-schema.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { type WhatIfTick, whatIf } from '../../src/logs/what-if.ts';
import { whatIfReport } from '../../src/logs/what-if-report.ts';
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
    expect(w.would).toMatchObject({ residual_norm: 0, commands: w.was.commands });
    expect(w.was.residual_norm).toBeGreaterThan(0);
    // The first decision reaches the gate before the first tick that a policy writes, so the residual is what parts them.
    expect(w.stretches[0]!.because).toMatch(/^the decision's residual is 0 in norm; in the log 0\.\d+/);
    const text = whatIfText(w);
    expect(text).toMatch(/different +\d+ of 600 ticks/);
    expect(text).toMatch(/residual that went in, mean norm +0\.\d+ → 0\n/);
  });

  it('the force limit was 1 N: a stop where the push grows to it, answered by the resets of the log, and said so', async () => {
    const sets = ['safety.force_limit=1', 'safety.force_soft=0.9', 'safety.stiffness=[10, 20]'];
    const w = await whatIf([path], sets);
    expect(w.was.stops).toMatchObject({ link_changed: 1 });
    expect(w.would.stops.force_limit).toBeGreaterThanOrEqual(1);
    const [first] = w.stretches;
    expect(first!.was).toMatch(/^(HOLD|ENGAGING|ACTIVE), /);
    // The other stiffness is there from the first command on; the stop is a place of its own.
    expect(first!.because).toMatch(/^the wish is another one: element 7 is 20\.00; in the log \d+/);
    const stop = w.stretches.find((s) => s.would.startsWith('STOPPING') && !s.was.startsWith('STOPPING'));
    expect(stop!.because).toMatch(
      /^the ladder goes to STOPPING \(force_limit: .*\); in the log it (is in \w+ since|goes to \w+ \()/,
    );
    // The stop for the new link met a ladder that had stopped: that intervention is not there, the other one is new.
    const kept = w.interventions.map(({ cause, kept }) => `${cause} ${kept}`);
    expect(kept).toContain('force_limit gained');
    expect(kept).toContain('link_changed lost');
    expect(w.interventions.filter((i) => i.kept !== 'gained')).toHaveLength(w.was.interventions);
    expect(w.interventions.filter((i) => i.kept !== 'lost')).toHaveLength(w.would.interventions);
    expect(w.would.modes.STOPPED ?? 0).toBeGreaterThan(w.was.modes.STOPPED ?? 0);
    const text = whatIfText(w);
    expect(text).toContain('safety.force_limit: 30 in the log, 1 now');
    expect(text).toContain('The states are those of the log');
  });

  it('a risk threshold was lower: the gate takes what it left in the log, with both risks and both bounds in words', async () => {
    const { was } = await whatIf([path], []);
    const high = was.risk.p50 / 2;
    const w = await whatIf([path], [`safety.risk.high=${high}`, `safety.risk.low=${high / 2}`]);
    expect(w.would.interventions).toBeGreaterThan(w.was.interventions);
    expect(w.stretches[0]!.because).toContain('risk');
    expect(w.was.risk_bins.reduce((a, b) => a + b)).toBeGreaterThan(300);
    expect(w.was.risk).toEqual(was.risk);
  });

  it('of a stretch only: what comes before it is lived through, and not counted', async () => {
    const all: { atS: number; seq: number; distance: number }[] = [];
    const sets = ['policies.residual.scale=0'];
    const keep =
      (to: typeof all) =>
      ({ atS, was, distance }: WhatIfTick) =>
        void to.push({ atS, seq: was.seq, distance });
    const whole = await whatIf([path], sets, keep(all));
    const some: typeof all = [];
    const w = await whatIf([path], sets, keep(some), { fromS: 4, toS: 5 });
    expect(some).toEqual(all.filter(({ atS }) => atS >= 4 && atS <= 5));
    expect(w.ticks).toBe(some.length);
    expect(w.duration_s).toBe(5);
    // The stop of the new link and what led back to ACTIVE is before it.
    expect(whole.was.stops).toMatchObject({ link_changed: 1 });
    expect(w.was.stops).not.toHaveProperty('link_changed');
    // The run begins at 1.01 s of its clock.
    expect(w.was.transitions).toEqual(whole.was.transitions.filter((t) => t.atNs >= 5.01e9 && t.atNs <= 6.01e9));
    const before = await whatIf([path], sets, () => {}, { fromS: 0, toS: 3.9 });
    const after = await whatIf([path], sets, () => {}, { fromS: 3.9 + 1e-6, toS: 9 });
    expect([...before.would.transitions, ...after.would.transitions]).toEqual(whole.would.transitions);
    expect(before.would.interventions + after.would.interventions).toBe(whole.would.interventions);
    await expect(whatIf([path], sets, () => {}, { fromS: 60, toS: 70 })).rejects.toThrow(/RA_USAGE: --from 60/);
  });

  it('the report says what was asked, that the loop is open, and holds every place and both lines', async () => {
    const { result, html } = await whatIfReport([path], ['policies.residual.scale=0']);
    expect(result.different).toBeGreaterThan(100);
    expect(html).toContain('<title>What if: policies.residual.scale=0</title>');
    expect(html).toContain('The inputs are the logged ones. The states are those of the log');
    expect(html).not.toMatch(/(src|href)=/);
    const data = JSON.parse(/<script id="data"[^>]*>(.*?)<\/script>/.exec(html)![1]!);
    expect(data.stretches).toEqual(result.stretches);
    expect(data.interventions).toEqual(result.interventions);
    expect(data.lines.atS).toHaveLength(600);
    expect(data.lines.setpoint).toHaveLength(9);
    // In the tick of the largest distance the lines are as far apart as the table says.
    const { distance, setpoint } = data.lines;
    const i = distance.indexOf(Math.max(...distance));
    const d = Math.hypot(...[0, 1, 2].map((k) => setpoint[k][0][i] - setpoint[k][1][i]));
    expect(d).toBeCloseTo(result.distance.max, 4);
    // Residual off: the second line is 0 wherever a policy writes.
    expect(new Set(data.lines.residual[1])).toEqual(new Set([null, 0]));
  });
});

describe('a log whose weights are not the ones that are here', () => {
  const other = join(dir, 'other.safetensors');
  const moved = join(dir, 'moved.mcap');
  beforeAll(async () => {
    // As after a new training: the log names a path, and at that path are other bytes.
    const bytes = readFileSync(config.policies.critic.path!);
    const at = 8 + Number(bytes.readBigUInt64LE(0)) + 4 * 10 + 3;
    bytes[at] = bytes[at]! ^ 0x80;
    writeFileSync(other, bytes);
    const { critic } = config.policies;
    const policies = { ...config.policies, critic: { ...critic, path: join(dir, 'critic.safetensors') } };
    writeFileSync(policies.critic.path, readFileSync(critic.path!));
    await LoggedRun.record(moved, { ...config, policies }, { seconds: 1 });
    writeFileSync(policies.critic.path, bytes);
  });

  it('is refused, with both digests and what to give; with its own given it is answered', async () => {
    const { path: own, sha256 } = config.policies.critic;
    const asked = whatIf([moved], ['policies.residual.scale=0']);
    await expect(asked).rejects.toMatchObject({
      code: 'RA_DIGEST_MISMATCH',
      seen: expect.stringMatching(/critic\.safetensors: sha256 [0-9a-f]{64}$/),
      allowed: expect.stringContaining(sha256!),
      next: expect.stringContaining('--with policies.critic=FILE'),
    });
    await expect(whatIf([moved], [`policies.critic.path=${other}`])).rejects.toMatchObject({
      code: 'RA_DIGEST_MISMATCH',
    });
    const w = await whatIf([moved], [`policies.critic.path=${own}`, 'policies.residual.scale=0']);
    expect(w.changes).toEqual(['policies.residual.scale: 0.3 in the log, 0 now']);
    expect(w.different).toBeGreaterThan(20);
  });
});
