import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { packageRoot } from '../../src/core/paths.ts';
import { cli, engage, pause, Sim, startDaemon, until } from './harness.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'reflexarc-bad-'));
  cpSync(join(packageRoot, 'configs'), join(dir, 'configs'), { recursive: true });
  cpSync(join(packageRoot, 'policies/trained'), join(dir, 'policies/trained'), { recursive: true });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const runFile = () => join(dir, 'configs/runs/peg.yaml');

describe('what is refused before anything moves', () => {
  it('base weights with one byte changed: both digests are told', async () => {
    const file = join(dir, 'policies/trained/peg/base.safetensors');
    const bytes = readFileSync(file);
    const good = Buffer.from(bytes);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(file, bytes);
    const { code, stderr } = await cli(['run', runFile()]);
    writeFileSync(file, good);
    expect(code).toBe(2);
    expect(stderr).toContain('RA_DIGEST_MISMATCH');
    expect(stderr.match(/\b[0-9a-f]{64}\b/g)).toHaveLength(2);
  });

  it.each([
    ['a misspelt key', 'force_limit:', 'force_limitt:', /fr3-peg\.yaml:\d+.*force_limitt[\s\S]*force_limit/],
    ['a NaN limit', /force_limit: \d+/, 'force_limit: .nan', /fr3-peg\.yaml:\d+.*force_limit[\s\S]*NaN/i],
    [
      'a wrong unit suffix',
      'state_age_ms: 50',
      'state_age_s: 0.05',
      /fr3-peg\.yaml:\d+.*state_age_s[\s\S]*state_age_ms/,
    ],
  ])('%s: line and suggestion', async (_what, from, to, said) => {
    const file = join(dir, 'configs/safety/fr3-peg.yaml');
    const good = readFileSync(file, 'utf8');
    const bad = good.replace(from, to);
    expect(bad).not.toBe(good);
    writeFileSync(file, bad);
    const { code, stderr } = await cli(['check', runFile()]);
    writeFileSync(file, good);
    expect(code).toBe(2);
    expect(stderr).toMatch(said);
  });

  it('a bridge that is not there: the daemon says so, stays disarmed, and keeps trying', async () => {
    const t = await startDaemon(1);
    await t.daemon.reflex.until((s) => s.mode === 'DISARMED', 20_000);
    const lines = () => readFileSync(join(t.dir, 'lines'), 'utf8');
    await until(() => lines().includes('RA_BRIDGE_UNREACHABLE'), 5000, 'RA_BRIDGE_UNREACHABLE');
    expect((await t.daemon.reflex.request({ kind: 'arm' })).accepted).toBe(false);
    await t.stop();
  });
});

describe('bad messages on the robot side of a moving robot', () => {
  it('a second publisher of broken states: counted, coded, and the robot is held or goes on by fresh good states', async () => {
    const sim = await Sim.start();
    const t = await startDaemon(sim.port);
    await engage(t);
    const rogue = new WebSocket(`ws://127.0.0.1:${sim.port}`);
    await new Promise((resolve) => rogue.once('open', resolve));
    rogue.send('{"op":"publish","topic":"/joint_sta');
    for (const msg of [null, 3, { position: null }, { header: {}, name: ['a'], position: [Number.NaN] }])
      rogue.send(JSON.stringify({ op: 'publish', topic: '/joint_states', msg }));
    const lines = () => readFileSync(join(t.dir, 'lines'), 'utf8');
    await until(() => lines().includes('RA_MESSAGE_MALFORMED'), 5000, 'RA_MESSAGE_MALFORMED');
    const wrong = {
      header: { stamp: { sec: 1, nanosec: 0 }, frame_id: '' },
      name: ['a'],
      position: [1],
      velocity: [1],
      effort: [1],
    };
    rogue.send(JSON.stringify({ op: 'publish', topic: '/joint_states', msg: wrong }));
    await pause(200);
    const mode = t.daemon.reflex.status$.value?.mode;
    expect(['ACTIVE', 'STOPPING', 'STOPPED', 'RECOVERY', 'ENGAGING']).toContain(mode);
    rogue.terminate();
    await t.stop();
    await sim.stop();
  });
});
