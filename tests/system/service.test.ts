import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Sim, shared, startDaemon, type TestDaemon, until } from './harness.ts';

/** Half of it is the interval of the feed: often enough to see it end. */
const WATCHDOG_US = 400_000;

let dir: string;
let sim: Sim;
let it_: TestDaemon;
const before = { ...process.env };

/** What the stand-in for systemd-notify was told, with ms of when. */
const heard = (): { ms: number; words: string }[] =>
  existsSync(join(dir, 'heard'))
    ? readFileSync(join(dir, 'heard'), 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => ({ ms: Number(line.split(' ')[0]), words: line.slice(line.indexOf(' ') + 1) }))
    : [];
const said = (word: string) => heard().filter(({ words }) => words.includes(word));

async function begin(): Promise<void> {
  dir = mkdtempSync(join(tmpdir(), 'reflexarc-service-'));
  const script = `#!/bin/sh\necho "$(date +%s%3N) $*" >> ${join(dir, 'heard')}\n`;
  writeFileSync(join(dir, 'systemd-notify'), script, { mode: 0o755 });
  process.env.PATH = `${dir}:${before.PATH}`;
  process.env.NOTIFY_SOCKET = join(dir, 'socket');
  process.env.WATCHDOG_USEC = String(WATCHDOG_US);
  sim = await Sim.start();
  it_ = await startDaemon(sim.port, ({ daemon }) => {
    daemon.heartbeat_ms = 1000;
  });
  await it_.daemon.reflex.until((s) => s.linkUp && s.mode === 'DISARMED', 20_000);
}
async function end(): Promise<void> {
  await it_?.stop();
  await sim?.stop();
  process.env = { ...before };
  rmSync(dir, { recursive: true, force: true });
}
shared(begin, end);

describe('under a service manager', () => {
  it('says READY and its mode when the reflex ticks and the link is known, and feeds the watchdog', async () => {
    await until(() => said('WATCHDOG=1').length >= 3, 20_000, 'three feeds');
    await until(() => said('READY=1').length === 1, 20_000, 'READY');
    await until(() => said('STATUS=DISARMED, linked to ws://127.0.0.1').length >= 1, 20_000, 'STATUS');
    expect(said('STOPPING')).toEqual([]);
  });

  // On a busy machine a newer status may take the place of one that was not said yet: then it is tried again.
  it('feeds nothing while the reflex stands still, and goes on with the next one', { retry: 3 }, async () => {
    const { daemon } = it_;
    const STOPPED = 'STATUS=stopped by the sentinel: reflex silent';
    const before = said(STOPPED).length;
    const reflex = daemon.pids.get('reflex')!;
    let stoppedMs = Number.NaN;
    let startedMs = Number.NaN;
    daemon.events$.subscribe((e) => {
      if (e.event === 'stop') stoppedMs = Date.now();
      if (e.event === 'started' && e.name === 'reflex') startedMs = Date.now();
    });
    process.kill(reflex, 'SIGSTOP');
    await until(() => !Number.isNaN(startedMs), 20_000, 'a new reflex');
    await until(() => said('WATCHDOG=1').at(-1)!.ms > startedMs, 20_000, 'a feed from it');
    // A feed that was on its way when the beats ended has a moment.
    expect(said('WATCHDOG=1').filter(({ ms }) => ms > stoppedMs + 50 && ms < startedMs)).toEqual([]);
    expect(said(STOPPED).length).toBeGreaterThan(before);
  });

  it('says STOPPING when it is told to end', async () => {
    await it_.daemon.stop();
    await until(() => said('STOPPING=1').length === 1, 20_000, 'STOPPING');
  });
});
