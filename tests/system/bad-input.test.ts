import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { packageRoot } from '../../src/core/paths.ts';
import { cli, engage, pause, Sim, startDaemon, until } from './harness.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'reflexarc-bad-'));
  cpSync(join(packageRoot, 'configs'), join(dir, 'configs'), { recursive: true });
  cpSync(join(packageRoot, 'policies/trained'), join(dir, 'policies/trained'), { recursive: true });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of open.splice(0).reverse()) await end();
});
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
    open.push(() => t.stop());
    await t.daemon.reflex.until((s) => s.mode === 'DISARMED', 20_000);
    const lines = () => readFileSync(join(t.dir, 'lines'), 'utf8');
    await until(() => lines().includes('RA_BRIDGE_UNREACHABLE'), 20_000, 'RA_BRIDGE_UNREACHABLE');
    expect((await t.daemon.reflex.request({ kind: 'arm' })).accepted).toBe(false);
  });
});

/** A bridge on which somebody else speaks too: all goes on to the robot's and comes back, with what is said beside it. */
class Between {
  readonly port: number;
  readonly #server: WebSocketServer;

  private constructor(server: WebSocketServer, robotPort: number) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (near) => {
      const far = new WebSocket(`ws://127.0.0.1:${robotPort}`);
      const early: string[] = [];
      near.on('message', (data) => (far.readyState === far.OPEN ? far.send(String(data)) : early.push(String(data))));
      far.on('open', () => {
        for (const text of early) far.send(text);
      });
      far.on('message', (data) => near.send(String(data)));
      for (const socket of [near, far])
        socket
          .on('error', () => {})
          .on('close', () => {
            near.terminate();
            far.terminate();
          });
    });
  }

  static async to(robotPort: number): Promise<Between> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
    await once(server, 'listening');
    return new Between(server, robotPort);
  }

  say(text: string): void {
    for (const near of this.#server.clients) near.send(text);
  }

  close(): void {
    for (const near of this.#server.clients) near.terminate();
    this.#server.close();
  }
}

describe('bad messages on the robot side of a moving robot', () => {
  it('a second publisher of broken states: counted, coded, and the robot is held or goes on by fresh good states', async () => {
    const sim = await Sim.start();
    open.push(() => sim.stop());
    const rogue = await Between.to(sim.port);
    open.push(() => rogue.close());
    const t = await startDaemon(rogue.port);
    open.push(() => t.stop());
    await engage(t);
    rogue.say('{"op":"publish","topic":"/joint_sta');
    for (const msg of [null, 3, { position: null }, { header: {}, name: ['a'], position: [Number.NaN] }])
      rogue.say(JSON.stringify({ op: 'publish', topic: '/joint_states', msg }));
    const lines = () => readFileSync(join(t.dir, 'lines'), 'utf8');
    await until(() => lines().includes('RA_MESSAGE_MALFORMED'), 20_000, 'RA_MESSAGE_MALFORMED');
    const wrong = {
      header: { stamp: { sec: 1, nanosec: 0 }, frame_id: '' },
      name: ['a'],
      position: [1],
      velocity: [1],
      effort: [1],
    };
    rogue.say(JSON.stringify({ op: 'publish', topic: '/joint_states', msg: wrong }));
    await pause(200);
    const mode = t.daemon.reflex.status$.value?.mode;
    expect(['ACTIVE', 'STOPPING', 'STOPPED', 'RECOVERY', 'ENGAGING']).toContain(mode);
  });
});
