import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RosServer } from '../../bridges/rosserver/server.ts';
import type { Check } from '../../src/cli/doctor/check.ts';
import { type Host, hostChecks } from '../../src/cli/doctor/host.ts';
import { latencyCheck, linkChecks, sourceChecks } from '../../src/cli/doctor/robot.ts';
import { TopicWatch } from '../../src/cli/doctor/topic-watch.ts';
import { listenerChecks, listenersThere, typeChecks, typesThere } from '../../src/cli/doctor/types.ts';
import { freePort } from '../../src/cli/ports.ts';
import { MonotonicClock } from '../../src/core/clock.ts';
import { loadRun } from '../../src/core/config/load.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { expectedOnRobot } from '../../src/daemon/expected.ts';
import { robotClient, stopTopic } from '../../src/daemon/robot-link.ts';

const { config } = loadRun(join(packageRoot, 'configs/runs/peg.yaml'), ['log.dir=/var/log/arc']);

const LIMITS = (rtprio: string) =>
  `Limit  Soft Limit  Hard Limit  Units\nMax realtime priority     ${rtprio}  ${rtprio}  \n`;
const FILES: Record<string, string> = {
  '/proc/self/limits': LIMITS('50'),
  '/proc/self/status': 'CapEff:\t0000000000000000\n',
  '/proc/self/cgroup': '0::/system.slice/reflexarc.service\n',
  '/sys/kernel/realtime': '1\n',
  '/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor': 'performance\n',
};

/** A host that is fit; `files` are added to its own, null takes one away. */
function host(change: Partial<Host> = {}, files: Record<string, string | null> = {}): Host {
  const all: Record<string, string | null> = { ...FILES, ...files };
  return {
    node: '20.20.2',
    kernel: '#1 SMP PREEMPT_DYNAMIC',
    cores: 4,
    usable: 4,
    load: 0.5,
    path: '/usr/local/bin:/usr/bin',
    read: (file) => all[file] ?? null,
    list: () => ['cpu0', 'cpuidle', 'power'],
    exists: (file) => ['/', '/var', '/var/log', '/usr/bin/systemd-notify'].includes(file),
    writable: () => true,
    freeBytes: () => 1e9,
    ...change,
  };
}
const seen = (h: Host) => Object.fromEntries(hostChecks(h, config).map((check) => [check.name, check]));

describe('doctor, of the host', () => {
  it('finds nothing at a host that is fit', () => {
    const checks = hostChecks(host(), config);
    expect(checks.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect(checks.map(({ name }) => name)).toEqual([
      ...[
        'node',
        'cores',
        'cpu quota',
        'time taken by a hypervisor',
        'cpu governor',
        'kernel preemption',
        'real-time priority',
        'log folder',
      ],
      'systemd-notify',
    ]);
  });

  const cgroup = '/sys/fs/cgroup/system.slice';
  it.each<[what: string, name: string, status: string, says: string, Host]>([
    ['Node 18', 'node', 'fail', '18.19.0', host({ node: '18.19.0' })],
    ['one core', 'cores', 'warn', '1 of 4', host({ usable: 1 })],
    ['a busy machine', 'cores', 'warn', 'load 7.00', host({ load: 7 })],
    [
      'a quota of the unit above',
      'cpu quota',
      'warn',
      '1.50 cores in each 100 ms, throttled 12 times',
      host({}, { [`${cgroup}/cpu.max`]: '150000 100000\n', [`${cgroup}/cpu.stat`]: 'usage_usec 5\nnr_throttled 12\n' }),
    ],
    [
      'a quota of cgroup 1',
      'cpu quota',
      'warn',
      '0.50 cores',
      host(
        {},
        {
          '/proc/self/cgroup': '4:cpu,cpuacct:/docker/x\n3:memory:/docker/x\n',
          '/sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_quota_us': '50000\n',
          '/sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_period_us': '100000\n',
        },
      ),
    ],
    [
      'a governor that saves power',
      'cpu governor',
      'warn',
      'powersave',
      host({}, { '/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor': 'powersave\n' }),
    ],
    [
      'voluntary preemption',
      'kernel preemption',
      'warn',
      'voluntary',
      host({}, { '/sys/kernel/realtime': null, '/sys/kernel/debug/sched/preempt': 'none (voluntary) full\n' }),
    ],
    [
      'no preemption at all',
      'kernel preemption',
      'warn',
      'none or voluntary',
      host({ kernel: '#1 SMP' }, { '/sys/kernel/realtime': null }),
    ],
    ['no priorities', 'real-time priority', 'warn', 'ulimit -r 0', host({}, { '/proc/self/limits': LIMITS('0') })],
    ['a log folder that is read-only', 'log folder', 'fail', '/var/log is not', host({ writable: () => false })],
    ['a full disk', 'log folder', 'fail', '/var/log/arc, 10 MB free', host({ freeBytes: () => 10e6 })],
    ['a disk for less than one log', 'log folder', 'warn', '100 MB free', host({ freeBytes: () => 100e6 })],
    [
      'a virtual machine that its host stops',
      'time taken by a hypervisor',
      'warn',
      '1.5 s of CPU time',
      host({}, { '/proc/stat': 'cpu  9 9 9 9 9 0 9 150 0 0\ncpu0 1 2 3 4 5 6 7 8 9 10\n' }),
    ],
    ['no systemd', 'systemd-notify', 'warn', 'not in PATH', host({ path: '/usr/local/bin' })],
  ])('tells of %s, and what to do', (_what, name, status, says, h) => {
    const check = seen(h)[name]!;
    expect([check.status, check.seen.includes(says) ? says : check.seen]).toEqual([status, says]);
    expect(check.next).not.toBe('');
    expect(Object.values(seen(h)).filter((other) => other.status !== 'ok')).toEqual([check]);
  });

  it('is content with full preemption from the command line of the kernel, and with CAP_SYS_NICE', () => {
    const full = host({}, { '/sys/kernel/realtime': null, '/proc/cmdline': 'quiet preempt=full\n' });
    expect(seen(full)['kernel preemption']).toMatchObject({ status: 'ok', seen: 'full' });
    const root = host({}, { '/proc/self/limits': LIMITS('0'), '/proc/self/status': 'CapEff:\t0000000000800000\n' });
    expect(seen(root)['real-time priority']!.status).toBe('ok');
  });
});

/** Messages at `everyMs`, stamped `lagS` before the wall clock. */
function watched(everyMs: number, lagS: number, stamp = (ns: number) => ns): TopicWatch {
  const watch = new TopicWatch();
  for (let n = 0; n < 100; n++) {
    const wall = 1.8e18 + n * everyMs * 1e6;
    const ns = stamp(wall - lagS * 1e9);
    const message = { header: { stamp: { sec: Math.floor(ns / 1e9), nanosec: ns % 1e9 } } };
    watch.take(message, n * everyMs * 1e6, wall);
  }
  return watch;
}
const expected = expectedOnRobot(config);
const brief = (checks: Check[]) => checks.map(({ name, status }) => `${status} ${name}`);

describe('doctor, of a source', () => {
  it.each<[what: string, TopicWatch, string[]]>([
    ['nothing heard', new TopicWatch(), ['fail /s']],
    ['100 Hz, in time', watched(10, 0.01), ['ok /s', 'ok /s stamps']],
    ['80 Hz where 100 are wanted', watched(12.5, 0.01), ['warn /s', 'ok /s stamps']],
    ['gaps longer than a state may be old', watched(60, 0.01), ['fail /s', 'ok /s stamps']],
    ['a clock that is a second off', watched(10, -1), ['ok /s', 'warn /s stamps']],
    ['a simulator’s time', watched(10, 1.7e9), ['ok /s', 'ok /s stamps']],
    ['stamps of zero', watched(10, 0, () => 0), ['ok /s', 'fail /s stamps']],
    ['stamps that stand still', watched(10, 0, () => 1e18), ['ok /s', 'fail /s stamps']],
  ])('%s', (_what, watch, expected) => {
    expect(brief(sourceChecks(config, '/s', watch))).toEqual(expected);
  });

  it('tells of deliveries that come later than the gate takes', () => {
    const watch = watched(10, 0.01);
    const wall = 1.8e18 + 1010e6;
    watch.take({ header: { stamp: { sec: 1.8e9, nanosec: 990_000_001 } } }, 1010e6, wall + 60e6);
    expect(watch.spreadMs).toBeCloseTo(70, 3);
    expect(brief(sourceChecks(config, '/s', watch))).toEqual(['ok /s', 'warn /s stamps']);
  });

  const here = (topics: [string, string][], services: [string, string][] = []) => ({
    topics: new Map(topics),
    services: new Map(services),
  });
  it('finds the types as the config has them, in either spelling, whoever speaks', () => {
    const right = here(
      [
        ['/joint_states', 'sensor_msgs/JointState'],
        ['/stop', 'reflexarc_msgs/msg/Stop'],
        ['/of/others', 'a/msg/B'],
      ],
      [['/reflexarc/arm', 'std_srvs/Trigger']],
    );
    const [check] = typeChecks(expected, right);
    expect(check).toMatchObject({ name: 'rosapi', status: 'ok', seen: expect.stringMatching(/^3 of 29 /) });
    expect(brief(typeChecks(expected, null))).toEqual(['warn rosapi']);
  });

  it.each([
    ['/joint_states', 'is sensor_msgs/msg/Imu, the config says sensor_msgs/msg/JointState', 'publisher'],
    ['/equilibrium_command', 'the config says reflexarc_msgs/msg/EquilibriumCommand', 'robot.topics'],
    ['/reflexarc/lease', 'the config says std_msgs/msg/UInt64MultiArray', 'daemon.namespace'],
    ['/stop', 'the config says reflexarc_msgs/msg/Stop', 'robot.topics'],
    ['/diagnostics', 'the config says diagnostic_msgs/msg/DiagnosticArray', 'daemon.namespace'],
    ['/reflexarc/takeover', 'the config says reflexarc_msgs/msg/Takeover', 'daemon.namespace'],
  ])('tells of another type on %s, and what to do', (topic, seen, next) => {
    const checks = typeChecks(expected, here([[topic, 'sensor_msgs/Imu']]));
    expect(checks).toMatchObject([
      { name: topic, status: 'fail', seen: expect.stringContaining(seen), next: expect.stringContaining(next) },
    ]);
  });

  it('tells of a service of another type under one of our names', () => {
    expect(typeChecks(expected, here([], [['/reflexarc/arm', 'std_srvs/srv/Empty']]))).toMatchObject([
      { name: '/reflexarc/arm', status: 'fail', seen: 'is std_srvs/srv/Empty, the config says std_srvs/srv/Trigger' },
    ]);
  });

  it('judges the latency of the link by what the reflex would do', () => {
    const judge = (worst: number) => latencyCheck(config, Float64Array.of(1, worst)).status;
    expect([judge(2), judge(11), judge(61)]).toEqual(['ok', 'warn', 'fail']);
  });
});

describe('doctor, at a bridge that wants a token', () => {
  const token = 'sixteen characters or more';
  const dir = mkdtempSync(join(tmpdir(), 'reflexarc-doctor-'));
  const server = new RosServer({ port: 0, clock: new MonotonicClock(), token });
  const at = (port: number, token_file?: string) => ({
    ...config,
    bridge: { ...config.bridge, url: `ws://127.0.0.1:${port}`, token_file },
  });
  let port: number;
  beforeAll(async () => {
    ({ port } = await server.listen());
    for (const [name, text] of Object.entries({ right: token, wrong: 'another secret of somebody' }))
      writeFileSync(join(dir, name), text, { mode: 0o600 });
  });
  afterAll(async () => {
    await server.close();
    rmSync(dir, { recursive: true });
  });

  it('shows it, and says so where it is another', async () => {
    expect(await linkChecks(at(port, join(dir, 'right')))).toMatchObject({ answers: true });
    const { answers, checks } = await linkChecks(at(port, join(dir, 'wrong')));
    expect([answers, checks[0]!.seen]).toEqual([false, expect.stringContaining('401')]);
  });

  it('asks rosapi for the topics and for the services that we would offer', async () => {
    server.publish('/lookout', 'std_msgs/msg/String', {});
    server.advertiseService('/reflexarc/arm', 'std_srvs/srv/Empty', () => ({}));
    const bridge = robotClient(at(port, join(dir, 'right')), new MonotonicClock(), []);
    const there = await typesThere(expected, bridge);
    await bridge.close();
    expect(there?.topics.get('/lookout')).toBe('std_msgs/msg/String');
    expect([...there!.services].filter(([, type]) => type !== '')).toEqual([['/reflexarc/arm', 'std_srvs/srv/Empty']]);
    expect(there!.services.size).toBe(10);
  });
});

describe('doctor, of who hears what we say', () => {
  const server = new RosServer({ port: 0, clock: new MonotonicClock() });
  const none = new RosServer({ port: 0, clock: new MonotonicClock(), allow: { call: ['/rosapi/get_time'] } });
  afterAll(() => Promise.all([server.close(), none.close()]));
  const asked = async (at: RosServer) => {
    const { port } = await at.listen();
    const bridge = { ...config.bridge, url: `ws://127.0.0.1:${port}` };
    const client = robotClient({ ...config, bridge }, new MonotonicClock(), []);
    const missing = await listenersThere(expected, client);
    await client.close();
    return missing;
  };

  it('tells of a stop that nobody hears, and asks for commands and stop, not for the lease', async () => {
    server.onPublish('/equilibrium_command', 'reflexarc_msgs/msg/EquilibriumCommand', () => {});
    const missing = await asked(server);
    expect([...missing]).toEqual([
      ['/equilibrium_command', ''],
      ['/stop', 'nobody'],
    ]);
    expect(listenerChecks(expected, missing)).toMatchObject([
      {
        name: '/stop listeners',
        status: 'fail',
        seen: 'is heard by nobody; the config says reflexarc_msgs/msg/Stop',
        next: expect.stringContaining('robot.topics'),
      },
    ]);
    missing.set('/stop', '');
    expect(listenerChecks(expected, missing)).toMatchObject([{ name: 'listeners', status: 'ok' }]);
  });

  it('says nothing where rosapi does not tell', async () => {
    expect(listenerChecks(expected, await asked(none))).toEqual([]);
  });

  it('does not ask a driver that takes a twist to hear our stop', () => {
    const taking = (type: string) => ({ robot: { topics: { stop: '/s' }, interface: { type } } }) as typeof config;
    const optional = ['twist', 'tip_twist', 'joint_position'].map((type) => stopTopic(taking(type)).optional);
    expect(optional).toEqual([true, true, false]);
  });
});

describe('reflexarc doctor', () => {
  const MAIN = join(packageRoot, 'dist/src/cli/main.js');
  let sim: ChildProcess;
  let port: number;
  beforeAll(async () => {
    port = await freePort();
    sim = spawn(process.execPath, [MAIN, 'sim', '--json', '--port', String(port)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(sim.stdout!, 'data');
  });
  afterAll(async () => {
    const ended = once(sim, 'exit');
    sim.stdin!.end();
    await ended;
  });

  async function run(url: string): Promise<{ code: number; report: { ok: boolean; checks: Check[] } }> {
    const child = spawn(process.execPath, [MAIN, 'doctor', '--json', '--set', `bridge.url=${url}`], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let stdout = '';
    child.stdout.on('data', (d) => {
      stdout += d;
    });
    const [code] = (await once(child, 'close')) as [number];
    return { code, report: JSON.parse(stdout.trim().split('\n').at(-1)!) };
  }

  it('hears a simulated robot: every topic, its types, its states; and asks it nothing else', async () => {
    const { code, report } = await run(`ws://127.0.0.1:${port}`);
    const by = Object.fromEntries(report.checks.map((check) => [check.name, check]));
    expect(code).toBe(report.ok ? 0 : 1);
    expect(by.bridge).toMatchObject({ status: 'ok' });
    expect(by.rosapi).toMatchObject({ status: 'ok' });
    expect(by.listeners).toMatchObject({
      status: 'ok',
      seen: expect.stringMatching(/^\/equilibrium_command and \/stop:/),
    });
    expect(by['link latency']!.seen).toContain('of 20 pings');
    for (const topic of ['/joint_states', '/ee_pose', '/wrench']) {
      expect(by[topic]!.seen).toContain('Hz');
      expect(by[`${topic} stamps`]!.status).not.toBe('fail');
    }
    expect(by.states).toMatchObject({ status: 'ok' });
    expect(by['/equilibrium_command']).toMatchObject({ status: 'ok', seen: 'nobody commands the robot' });
  });

  it('says so when nobody is there, and what it could not look at', async () => {
    const { code, report } = await run(`ws://127.0.0.1:${await freePort()}`);
    expect([code, report.ok]).toEqual([1, false]);
    const last = report.checks.at(-1)!;
    expect(last).toMatchObject({ name: 'bridge', status: 'fail', seen: expect.stringContaining('ECONNREFUSED') });
    expect(last.next).toContain('were not looked at');
  });
});
