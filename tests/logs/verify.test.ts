import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Recorder } from '../../bridges/mcap/recorder.ts';
import { definitionOf } from '../../bridges/messages/definitions.ts';
import { loadRun } from '../../src/core/config/load.ts';
import type { RunConfig } from '../../src/core/config-schema.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { differences } from '../../src/logs/log-config.ts';
import { verifyLog } from '../../src/logs/verify.ts';
import { LoggedRun } from './logged-run.ts';

const dir = mkdtempSync(join(tmpdir(), 'reflexarc-verify-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const shipped = (): RunConfig => loadRun(join(packageRoot, 'configs/runs/peg.yaml')).config;
const path = join(dir, 'log.mcap');
let config: RunConfig;

beforeAll(async () => {
  config = shipped();
  await LoggedRun.record(path, config, { seconds: 4 });
}, 60_000);

describe('a log, made again', () => {
  it('gives every command and every decision, bit for bit', async () => {
    const v = await verifyLog([path]);
    expect(v.commands).toBeGreaterThan(300);
    expect(v).toMatchObject({ identical: v.commands, mismatches: 0, unverified: 0, first_mismatch: null, changes: [] });
    expect(v.decisions).toBeGreaterThan(50);
    expect(v.decisions_identical).toBe(v.decisions);
  });

  it('with one byte of the base changed: names the first decision, the number and the weights', async () => {
    const bytes = readFileSync(config.policies.base.path!);
    // Sign and exponent of a weight of the first layer: a float32 ends with them, and the tensors follow the header.
    const at = 8 + Number(bytes.readBigUInt64LE(0)) + 4 * 10 + 3;
    bytes[at] = bytes[at]! ^ 0x80;
    const changed = join(dir, 'base.safetensors');
    writeFileSync(changed, bytes);
    const v = await verifyLog([path], [`policies.base.path=${changed}`]);
    expect(v).toMatchObject({ identical: v.commands, mismatches: 0 });
    expect(v.decisions_mismatched).toBeGreaterThan(0);
    expect(v.first_mismatch).toMatchObject({ what: 'decision', field: expect.stringMatching(/^base\[\d\]$/) });
    expect(v.first_mismatch!.because).toMatch(
      /^policies\.base: weights [0-9a-f]{12} in the log, [0-9a-f]{12} in .*base\.safetensors$/,
    );
  });

  it('with one threshold changed: names the first tick, the field and the threshold', async () => {
    const v = await verifyLog([path], ['safety.approach.speed=0.01']);
    expect(v.mismatches).toBeGreaterThan(0);
    expect(v.decisions_identical).toBe(v.decisions);
    expect(v.first_mismatch).toMatchObject({ what: 'tick' });
    expect(v.first_mismatch!.because).toBe('safety.approach.speed: 0.05 in the log, 0.01 now');
  });

  it('of a stretch: the same numbers as in all of it, and differences before it do not count', async () => {
    const sets = ['safety.approach.speed=0.01'];
    const whole = await verifyLog([path], sets);
    const edge = whole.first_mismatch!.at_s;
    const until = await verifyLog([path], sets, () => {}, { fromS: 0, toS: edge - 0.001 });
    expect(until).toMatchObject({ mismatches: 0, first_mismatch: null, identical: until.commands });
    const after = await verifyLog([path], sets, () => {}, { fromS: edge, toS: 60 });
    expect(after.first_mismatch).toEqual(whole.first_mismatch);
    expect(until.commands + after.commands).toBe(whole.commands);
    expect(until.decisions + after.decisions).toBe(whole.decisions);
    const own = await verifyLog([path], [], () => {}, { fromS: 2, toS: 3 });
    expect(own.commands).toBeGreaterThan(80);
    expect(own).toMatchObject({ identical: own.commands, unverified: 0, decisions_unverified: 0, duration_s: 3 });
    await expect(verifyLog([path], [], () => {}, { fromS: 60, toS: 70 })).rejects.toThrow(/RA_USAGE: --from 60/);
  });

  it('with calls missing: says how many and where, and what cannot be verified', async () => {
    const gap = join(dir, 'gap.mcap');
    await LoggedRun.record(gap, config, { seconds: 2, loseAfterS: 1 });
    const v = await verifyLog([gap]);
    expect(v.journal_lost).toBeGreaterThan(0);
    expect(v.first_gap_s).toBeCloseTo(1, 0);
    expect(v.unverified).toBeGreaterThan(50);
    expect(v.identical + v.unverified).toBe(v.commands);
    expect(v.mismatches).toBe(0);
  });

  it('that is cut off: what could be read was compared, then the offset is named', async () => {
    const cut = join(dir, 'cut.mcap');
    const bytes = readFileSync(path);
    writeFileSync(cut, bytes.subarray(0, Math.floor(bytes.length * 0.6)));
    await expect(verifyLog([cut])).rejects.toMatchObject({ code: 'RA_LOG_DAMAGED' });
  });

  it('of somebody else is refused', async () => {
    const foreign = join(dir, 'foreign.mcap');
    const options = { maxBytes: 1e6, definitionOf, metadata: {}, onError: () => {} };
    const recorder = await Recorder.open(foreign, options);
    await recorder.close();
    await expect(verifyLog([foreign])).rejects.toMatchObject({
      code: 'RA_LOG_DAMAGED',
      seen: expect.stringContaining('no metadata record `config`'),
    });
  });

  it('names each value that differs, and none that does not', () => {
    expect(differences({ a: { b: 1, c: [1, 2] }, d: 'x' }, { a: { b: 2, c: [1, 3] }, d: 'x', e: null })).toEqual([
      'a.b: 1 in the log, 2 now',
      'a.c.1: 2 in the log, 3 now',
      'e: none in the log, null now',
    ]);
  });
});
