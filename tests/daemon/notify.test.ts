import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServiceNotifier } from '../../src/daemon/notify.ts';

let dir: string;
let heard: string;
const failures: string[] = [];
const failed = (why: string) => failures.push(why);
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'reflexarc-notify-'));
  heard = join(dir, 'heard');
  failures.length = 0;
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** An environment as systemd makes it, with a stand-in for systemd-notify that writes down what it is told. */
function environment(body = '', watchdogUs?: number): NodeJS.ProcessEnv {
  writeFileSync(join(dir, 'systemd-notify'), `#!/bin/sh\n${body}\necho "$*" >> ${heard}\n`, { mode: 0o755 });
  const watchdog = watchdogUs === undefined ? {} : { WATCHDOG_USEC: String(watchdogUs) };
  return { PATH: `${dir}:/usr/bin:/bin`, NOTIFY_SOCKET: join(dir, 'socket'), ...watchdog };
}
/** Whole lines: a file that was just made has none yet. */
const lines = () => (existsSync(heard) ? readFileSync(heard, 'utf8').split('\n').slice(0, -1) : []);
const until = async (test: () => boolean) => {
  for (let i = 0; i < 1000 && !test(); i++) await new Promise((resolve) => setTimeout(resolve, 5));
};
const inPath = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

describe('service notifier', () => {
  it('is silent where nobody set NOTIFY_SOCKET', async () => {
    const { NOTIFY_SOCKET: _, ...env } = environment();
    const notifier = new ServiceNotifier(env, failed);
    notifier.say('READY');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([lines(), failures]).toEqual([[], []]);
  });

  it('says what comes while one is said in one go after it, newest first', async () => {
    // The stand-in waits until it may go on.
    const go = join(dir, 'go');
    const notifier = new ServiceNotifier(environment(`while [ ! -e ${go} ]; do sleep 0.02; done`), failed);
    notifier.say('READY');
    notifier.say('STATUS', 'HOLD');
    notifier.say('STATUS', 'ACTIVE, linked to ws://robot:9090');
    notifier.say('STOPPING');
    writeFileSync(go, '');
    await until(() => lines().length === 2);
    expect(lines()).toEqual(['READY=1', 'STATUS=ACTIVE, linked to ws://robot:9090 STOPPING=1']);
  });

  it('feeds the watchdog at half its interval, and only when it is fed itself', async () => {
    const notifier = new ServiceNotifier(environment('', 2_000_000), failed);
    const fed: string[] = [];
    notifier.say = (name: string) => fed.push(name);
    for (let ms = 0; ms <= 2500; ms += 10) notifier.feed(ms);
    expect(fed).toEqual(['WATCHDOG', 'WATCHDOG', 'WATCHDOG']);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(fed).toHaveLength(3);
  });

  it('feeds nobody without WATCHDOG_USEC', () => {
    const notifier = new ServiceNotifier(environment(), failed);
    notifier.say = () => failed('said something');
    for (let ms = 0; ms < 60_000; ms += 500) notifier.feed(ms);
    expect(failures).toEqual([]);
  });

  it('tells once that systemd-notify is not there, and is silent then', async () => {
    const notifier = new ServiceNotifier({ PATH: dir, NOTIFY_SOCKET: join(dir, 'socket') }, failed);
    notifier.say('READY');
    await until(() => failures.length > 0);
    notifier.say('STATUS', 'HOLD');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(failures).toEqual([expect.stringContaining('ENOENT')]);
  });

  it('gives up on a systemd-notify that hangs, and goes on', { timeout: 15_000 }, async () => {
    const once = join(dir, 'once');
    const notifier = new ServiceNotifier(
      environment(`if [ ! -e ${once} ]; then touch ${once}; exec sleep 60; fi`),
      failed,
    );
    notifier.say('READY');
    notifier.say('STATUS', 'HOLD');
    await until(() => lines().length === 1);
    expect(lines()).toEqual(['STATUS=HOLD']);
  });

  it.skipIf(!inPath('systemd-notify') || !inPath('python3'))(
    'reaches a socket such as systemd has, by the real systemd-notify',
    async () => {
      const path = join(dir, 'socket');
      const receive = `import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('bound', flush=True)
while True: print(s.recv(4096).decode().replace('\\n', ' '), flush=True)`;
      const manager: ChildProcess = spawn('python3', ['-c', receive, path], { stdio: ['ignore', 'pipe', 'inherit'] });
      let said = '';
      manager.stdout!.on('data', (d) => {
        said += d;
      });
      await until(() => said.includes('bound'));
      const notifier = new ServiceNotifier({ ...process.env, NOTIFY_SOCKET: path, WATCHDOG_USEC: '1000000' }, failed);
      notifier.say('READY');
      notifier.say('STATUS', 'DISARMED, linked to ws://robot:9090');
      notifier.feed(0);
      await until(() => said.includes('WATCHDOG=1'));
      manager.kill();
      await once(manager, 'exit');
      expect(said).toContain('READY=1');
      expect(said).toContain('STATUS=DISARMED, linked to ws://robot:9090');
      expect(failures).toEqual([]);
    },
  );
});
