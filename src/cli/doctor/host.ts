import { accessSync, constants, existsSync, readdirSync, readFileSync, statfsSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, version } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import type { RunConfig } from '../../core/config-schema.ts';
import { stolenMs } from '../stolen.ts';
import { type Check, fail, ok, warn } from './check.ts';

/** What is asked of the machine; the tests give another one. */
export interface Host {
  readonly node: string;
  readonly kernel: string;
  readonly cores: number;
  /** Cores that this process may run on. */
  readonly usable: number;
  readonly load: number;
  readonly path: string;
  /** Text of a file, null when it is not there. */
  read(file: string): string | null;
  /** Names in a folder. */
  list(folder: string): string[];
  exists(file: string): boolean;
  writable(folder: string): boolean;
  freeBytes(folder: string): number;
}

const quietly = <T>(otherwise: T, ask: () => T): T => {
  try {
    return ask();
  } catch {
    return otherwise;
  }
};

export const thisHost = (): Host => ({
  node: process.versions.node,
  kernel: version(),
  cores: cpus().length,
  usable: availableParallelism(),
  load: loadavg()[0] ?? 0,
  path: process.env.PATH ?? '',
  read: (file) => quietly(null, () => readFileSync(file, 'utf8')),
  list: (folder) => quietly([], () => readdirSync(folder)),
  exists: existsSync,
  writable: (folder) => quietly(false, () => accessSync(folder, constants.W_OK) === undefined),
  freeBytes: (folder) => {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  },
});

/** Everything that can be known of the host without the robot. */
export const hostChecks = (host: Host, config: RunConfig): Check[] => [
  nodeVersion(host),
  cores(host),
  cpuQuota(host),
  hypervisor(host),
  governor(host),
  preemption(host),
  realTimePriority(host),
  logFolder(host, config),
  systemdNotify(host),
];

function nodeVersion({ node }: Host): Check {
  const major = Number(node.split('.')[0]);
  return major >= 20 ? ok('node', node) : fail('node', node, 'Install Node 20 or newer.');
}

const PINNING =
  'With cores to spare, keep the daemon off those of the robot’s controller: `CPUAffinity=2 3` in the unit, or `taskset -acp 2,3 <pid>`.';

function cores({ cores: all, usable, load }: Host): Check {
  const seen = `${usable} of ${all}, load ${load.toFixed(2)}`;
  if (usable < 2)
    return warn(
      'cores',
      seen,
      'The reflex and the brain compete for one core; give the daemon two: `CPUAffinity=0 1`.',
    );
  if (load > usable) return warn('cores', seen, `More wants to run than can: ticks will be late. ${PINNING}`);
  return ok('cores', seen);
}

/** A quota of the container or the unit stops every thread for the rest of its period when it is used up. */
function cpuQuota(host: Host): Check {
  for (const folder of cgroupFolders(host.read('/proc/self/cgroup') ?? '')) {
    const [quota, period] =
      host.read(join(folder, 'cpu.max'))?.trim().split(' ') ??
      ['cpu.cfs_quota_us', 'cpu.cfs_period_us'].map((file) => host.read(join(folder, file))?.trim());
    if (!(Number(quota) > 0) || !(Number(period) > 0)) continue;
    const throttled = /^nr_throttled (\d+)/m.exec(host.read(join(folder, 'cpu.stat')) ?? '')?.[1] ?? '0';
    const share = (Number(quota) / Number(period)).toFixed(2);
    return warn(
      'cpu quota',
      `${share} cores in each ${Number(period) / 1000} ms, throttled ${throttled} times`,
      'When it is used up the reflex stands still for the rest of the period: remove `CPUQuota=` or `--cpus`, and use CPUWeight or a cpuset.',
    );
  }
  return ok('cpu quota', 'none');
}

/** Folders of our control groups and those above them: cgroup 2, or the `cpu` controller of cgroup 1. */
function cgroupFolders(text: string): string[] {
  const folders: string[] = [];
  for (const line of text.split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) continue;
    const isCpu = controllers.split(',').includes('cpu');
    if (controllers !== '' && !isCpu) continue;
    const root = isCpu ? `/sys/fs/cgroup/${controllers}` : '/sys/fs/cgroup';
    for (let at = path; ; at = dirname(at)) {
      folders.push(join(root, at));
      if (at === '/' || at === '.') break;
    }
  }
  return folders;
}

/** What the host of a virtual machine takes, no priority within gives back. */
function hypervisor(host: Host): Check {
  const name = 'time taken by a hypervisor';
  const ms = stolenMs(() => host.read('/proc/stat') ?? '');
  if (!(ms > 0)) return ok(name, 'none');
  return warn(
    name,
    `${(ms / 1000).toFixed(1)} s of CPU time since boot`,
    'While it is taken nothing runs, of whatever priority: put the daemon on the machine itself, or give the virtual one cores of its own.',
  );
}

function governor(host: Host): Check {
  const base = '/sys/devices/system/cpu';
  const governors = host
    .list(base)
    .filter((name) => /^cpu\d+$/.test(name))
    .map((name) => host.read(join(base, name, 'cpufreq/scaling_governor'))?.trim())
    .filter((name) => name !== undefined);
  if (governors.length === 0) return ok('cpu governor', 'no frequency scaling to be seen (a virtual machine?)');
  const slow = [...new Set(governors.filter((name) => name !== 'performance'))];
  if (slow.length === 0) return ok('cpu governor', 'performance');
  return warn(
    'cpu governor',
    slow.join(', '),
    'A core that sleeps deep wakes late: `cpupower frequency-set -g performance`.',
  );
}

/** `PREEMPT_RT` (or /sys/kernel/realtime), full, voluntary or none. */
function preemption(host: Host): Check {
  const name = 'kernel preemption';
  if (host.read('/sys/kernel/realtime')?.trim() === '1' || host.kernel.includes('PREEMPT_RT'))
    return ok(name, 'PREEMPT_RT');
  const dynamic = /\((\w+)\)/.exec(host.read('/sys/kernel/debug/sched/preempt') ?? '')?.[1];
  const boot = /\bpreempt=(\w+)/.exec(host.read('/proc/cmdline') ?? '')?.[1];
  const mode = dynamic ?? boot ?? (host.kernel.includes('PREEMPT_DYNAMIC') ? 'dynamic' : '');
  if (mode === 'full' || mode === 'lazy') return ok(name, mode);
  const next =
    'Fine at 100 Hz. For 250 Hz and more boot with `preempt=full`, or a PREEMPT_RT kernel (Debian: `linux-image-rt-amd64`).';
  if (mode === 'dynamic') return warn(name, 'dynamic, its mode is not to be seen from here', next);
  return warn(name, mode === '' ? 'none or voluntary' : mode, next);
}

const CAP_SYS_NICE = 23n;

function realTimePriority(host: Host): Check {
  const name = 'real-time priority';
  const limit = /^Max realtime priority\s+(\S+)/m.exec(host.read('/proc/self/limits') ?? '')?.[1] ?? '0';
  const caps = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(host.read('/proc/self/status') ?? '')?.[1] ?? '0'}`);
  const privileged = ((caps >> CAP_SYS_NICE) & 1n) === 1n;
  const seen = `ulimit -r ${limit}${privileged ? ', and CAP_SYS_NICE' : ''}`;
  if (privileged || limit === 'unlimited' || Number(limit) >= 40) return ok(name, seen);
  return warn(
    name,
    seen,
    'Not needed at 100 Hz on a quiet host. To have it: `LimitRTPRIO=50` in the unit (or a line `@realtime - rtprio 50` in ' +
      '/etc/security/limits.d), then `chrt -a -f -p 40 <pid of the reflex>` after each of its starts; keep it below ' +
      'ros2_control’s 50. Not `CPUSchedulingPolicy=fifo` on the whole unit: the brain would have it too.',
  );
}

/** Below this a log is not worth beginning. */
const LEAST_BYTES = 50e6;

function logFolder(host: Host, { log }: RunConfig): Check {
  const name = 'log folder';
  if (!log.enabled) return ok(name, 'log.enabled: false');
  const folder = resolve(log.dir);
  let there = folder;
  while (!host.exists(there) && dirname(there) !== there) there = dirname(there);
  if (!host.writable(there)) return fail(name, `${there} is not writable`, 'Point `log.dir` to a folder that is.');
  const free = host.freeBytes(there);
  const seen = `${folder}, ${Math.floor(free / 1e6)} MB free`;
  if (free < LEAST_BYTES) return fail(name, seen, 'Free disk space, or point `log.dir` elsewhere.');
  if (free < log.max_bytes)
    return warn(
      name,
      seen,
      `A log may grow to ${Math.floor(log.max_bytes / 1e6)} MB (\`log.max_bytes\`): free disk space.`,
    );
  return ok(name, seen);
}

function systemdNotify(host: Host): Check {
  const name = 'systemd-notify';
  const found = host.path
    .split(delimiter)
    .find((folder) => folder !== '' && host.exists(join(folder, 'systemd-notify')));
  if (found !== undefined) return ok(name, join(found, 'systemd-notify'));
  return warn(
    name,
    'not in PATH',
    'A unit with `Type=notify` needs it: install systemd, or use `Type=exec`, without a watchdog.',
  );
}
