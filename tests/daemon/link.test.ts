import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/core/clock.ts';
import type { RunConfig } from '../../src/core/config-schema.ts';
import { FollowingClock, steppedClock } from '../../src/daemon/following-clock.ts';
import { FrameSender, KIND, MAX_FRAME_BYTES, readFrames } from '../../src/daemon/link.ts';
import { encodeDecision, encodeTakeover, readDecision, readTakeover, TAKEOVER_SIZE } from '../../src/daemon/wire.ts';

let dir: string;
let server: Server;
let far: Socket;
let near: Socket;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'reflexarc-link-'));
  const path = join(dir, 's');
  await new Promise<void>((resolve) => {
    server = createServer((socket) => {
      far = socket;
      resolve();
    }).listen(path, () => {
      near = connect(path);
    });
  });
});
afterEach(async () => {
  near.destroy();
  far.destroy();
  await new Promise((resolve) => server.close(resolve));
  rmSync(dir, { recursive: true });
});

const until = async (test: () => boolean) => {
  for (let i = 0; i < 500 && !test(); i++) await new Promise((resolve) => setTimeout(resolve, 2));
};

describe('link', () => {
  it('carries numbers with text, and JSON, in order, however the bytes are cut', async () => {
    const seen: unknown[] = [];
    readFrames(far, {
      numbers: (kind, v, n, text) => seen.push([kind, Array.from(v.subarray(0, n)), text]),
      json: (kind, value) => seen.push([kind, value]),
    });
    const parts: Buffer[] = [];
    const sender = new FrameSender({
      writable: true,
      writableLength: 0,
      write: (b: Buffer) => parts.push(Buffer.from(b)),
    } as never);
    sender.sendNumbers(KIND.tick, Float64Array.of(1, Number.NaN, -0), 3, 'Δ');
    sender.sendJson(KIND.request, { id: 1 });
    sender.sendNumbers(KIND.status, Float64Array.of(7), 1);
    const bytes = Buffer.concat(parts);
    for (let i = 0; i < bytes.length; i += 5) {
      near.write(bytes.subarray(i, i + 5));
      if (i % 25 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => seen.length === 3);
    expect(seen).toEqual([
      [KIND.tick, [1, Number.NaN, -0], 'Δ'],
      [KIND.request, { id: 1 }],
      [KIND.status, [7], ''],
    ]);
  });

  it('drops and counts instead of queueing when the other side does not read', async () => {
    far.pause();
    const sender = new FrameSender(near);
    const row = new Float64Array(400);
    let sent = 0;
    for (let i = 0; i < 2000; i++) if (sender.sendNumbers(KIND.tick, row, 400)) sent++;
    expect(sender.dropped).toBeGreaterThan(0);
    expect(sent + sender.dropped).toBe(2000);
    expect(near.writableLength).toBeLessThan(64 * 1024 + 2 * 400 * 8);
  });

  it('writes over no frame that the socket still holds', async () => {
    far.pause();
    const sender = new FrameSender(near);
    const row = new Float64Array(400);
    let sent = 0;
    for (let i = 0; i < 500; i++) if (sender.sendNumbers(KIND.tick, row.fill(sent), 400)) sent++;
    expect(near.writableLength).toBeGreaterThan(0);
    const seen: number[] = [];
    readFrames(far, { numbers: (_kind, v) => seen.push(v[0]!) });
    far.resume();
    await until(() => seen.length === sent);
    expect(seen).toEqual(Array.from({ length: sent }, (_, i) => i));
  });

  it.each([
    ['a length beyond the bound', () => Buffer.from(Uint32Array.of(MAX_FRAME_BYTES).buffer)],
    ['another version', () => Buffer.from([4, 0, 0, 0, KIND.tick, 9, 0, 0])],
    [
      'a count that does not fit its length',
      () => Buffer.from([12, 0, 0, 0, KIND.tick, 1, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0]),
    ],
    ['JSON that is none', () => Buffer.from([5, 0, 0, 0, KIND.request, 1, 0, 0, 0x7b])],
  ])('breaks off on %s', async (_what, bytes) => {
    let code = '';
    readFrames(far, { broken: (error) => (code = error.code) });
    near.write(bytes());
    await until(() => code !== '');
    expect(code).toBe('RA_LINK_PROTOCOL');
    expect(far.destroyed).toBe(true);
  });
});

describe('decision layout', () => {
  it('comes back bit for bit', () => {
    const d = {
      epoch: 3,
      seq: 4,
      observationSeq: 5,
      observationStampNs: 6,
      observedNs: 7,
      expiresNs: 8,
      base: Float64Array.of(0.1, -0, 1e-308, Number.NaN),
      residual: Float64Array.of(-0.3, 0, 0.25, 1),
    };
    const out = new Float64Array(64);
    expect(readDecision(out, encodeDecision(d, out))).toEqual(d);
  });

  it('is refused when its length does not fit', () => {
    const out = new Float64Array(64);
    out[6] = 4;
    expect(readDecision(out, 10)).toBeNull();
    out[6] = Number.NaN;
    expect(readDecision(out, 15)).toBeNull();
  });
});

describe('takeover layout', () => {
  const takeover = {
    ...{ holder: 3, epoch: 1_700_000_000_123, seq: 4, commandSeq: 5, release: false },
    action: Float64Array.of(0.1, -0, Number.NaN),
  };

  it('comes back bit for bit, a release without an action too', () => {
    const out = new Float64Array(TAKEOVER_SIZE);
    expect(readTakeover(out, encodeTakeover(takeover, out))).toEqual(takeover);
    const release = { ...takeover, release: true, action: new Float64Array(0) };
    expect(readTakeover(out, encodeTakeover(release, out))).toEqual(release);
  });

  it('of an action longer than any robot has still does not fit the robot', () => {
    const out = new Float64Array(TAKEOVER_SIZE);
    const count = encodeTakeover({ ...takeover, action: new Float64Array(1000) }, out);
    expect(readTakeover(out, count)?.action).toHaveLength(64);
  });

  it('is refused when its length does not fit', () => {
    const out = new Float64Array(TAKEOVER_SIZE);
    out[5] = 4;
    expect(readTakeover(out, 9)).toBeNull();
    out[5] = Number.NaN;
    expect(readTakeover(out, 9)).toBeNull();
    out[5] = -1;
    expect(readTakeover(out, 9)).toBeNull();
  });
});

describe('following clock', () => {
  it('shows the simulator time, runs on when the simulator is silent, and never goes back', () => {
    const wall = new VirtualClock(1e9);
    const clock = new FollowingClock(wall, 500);
    clock.follow(2e9);
    wall.advance(400e6);
    expect(clock.nowNs()).toBe(2e9);
    wall.advance(200e6);
    expect(clock.nowNs()).toBe(2.1e9);
    clock.follow(2.05e9);
    expect(clock.nowNs()).toBe(2.1e9);
    clock.follow(2.2e9);
    expect(clock.nowNs()).toBe(2.2e9);
  });

  it.each([
    [100, 500],
    [3000, 9000],
  ])('bears a silence as its link does: with a ping every %i ms, %i ms', (ping_ms, graceMs) => {
    const wall = new VirtualClock(1e9);
    const config = { daemon: { time: 'stepped' }, bridge: { ping_ms } } as RunConfig;
    const clock = steppedClock(config, wall)!;
    clock.follow(2e9);
    wall.advance(graceMs * 1e6);
    expect(clock.nowNs()).toBe(2e9);
    wall.advance(50e6);
    expect(clock.nowNs()).toBe(2.05e9);
    expect(steppedClock({ ...config, daemon: { ...config.daemon, time: 'real' } }, wall)).toBeNull();
  });
});
