import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { benchViewer } from '../../src/cli/bench/bridge/viewer.ts';
import { gateTicks } from '../../src/cli/bench/gate.ts';
import { benchGuard } from '../../src/cli/bench/guard.ts';
import { benchInvariance } from '../../src/cli/bench/invariance.ts';
import { benchKernel, takeTurns } from '../../src/cli/bench/kernel.ts';
import { memoryOf } from '../../src/cli/bench/memory.ts';
import { C_SUBJECTS, loadC } from '../../src/cli/bench/peers/c.ts';
import { isMissing, type Peer } from '../../src/cli/bench/peers/peer.ts';
import { BENCH_NAMES } from '../../src/cli/bench/registry.ts';
import { loadRun } from '../../src/core/config/load.ts';
import { packageRoot } from '../../src/core/paths.ts';

const MAIN = join(packageRoot, 'dist/src/cli/main.js');
const { config } = loadRun(join(packageRoot, 'configs/runs/peg.yaml'), []);

function reflexarc(...args: string[]): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
  return { code: status, stdout, stderr };
}

describe('the command line of bench', () => {
  it('names every bench in its help', () => {
    const stdout = reflexarc('bench', '--help').stdout.replace(/\s+/g, ' ');
    for (const name of BENCH_NAMES) expect(stdout).toContain(`${name}: `);
  });

  it.each([
    [['bench', 'gaet'], "'gaet' is invalid for argument 'name'"],
    [['bench'], "missing required argument 'name'"],
    [['bench', 'gate', '--samples', '0'], '--samples 0'],
    [['bench', 'gate', '--samples', '1.5'], '--samples 1.5'],
  ])('%j is bad usage', (args, seen) => {
    const { code, stdout, stderr } = reflexarc(...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(seen);
  });

  it('with --json ends stdout with one object of the contract', () => {
    const { code, stdout, stderr } = reflexarc('bench', 'memory', '--samples', '1', '--json');
    expect([code, stderr]).toEqual([0, '']);
    const report = JSON.parse(stdout.trim().split('\n').at(-1)!);
    expect(Object.keys(report).slice(0, 3)).toEqual(['bench', 'machine', 'results']);
    expect(report.bench).toBe('memory');
    expect(report.machine).toMatchObject({ node: process.version, cores: expect.any(Number) });
    const number = expect.any(Number);
    expect(report.results).toEqual([
      {
        ...{ case: 'heap_after_gc', subject: 'ours', unit: 'bytes' },
        ...{ p50: number, p99: number, max: number, samples: 2, slope: number },
        series: [
          [0, number],
          [100_000, number],
        ],
      },
    ]);
  });
});

describe('the kernel bench', () => {
  it('measures every subject in every case, and says who is missing', async () => {
    const found = C_SUBJECTS.map(loadC);
    const peers = found.filter((p) => !isMissing(p)) as Peer[];
    const missing = [...found.filter(isMissing), { subject: 'absent', why: 'it is a test', next: 'nothing' }];
    const outcome = await benchKernel(1, 1, { peers, missing });
    const subjects = ['ours', 'plain-js', ...peers.map((p) => p.subject)];
    expect(outcome.results).toHaveLength(6 * subjects.length);
    expect(outcome.results.slice(0, subjects.length)).toEqual(
      subjects.map((subject) =>
        expect.objectContaining({ case: 'kernel 2x64 batch 1', subject, unit: 'us', samples: 1 }),
      ),
    );
    expect(outcome.missing?.at(-1)?.subject).toBe('absent');
    expect(Object.keys(outcome.peers ?? {})).toEqual(peers.map((p) => p.subject));
  });

  it('compares nothing when a peer computes something else', async () => {
    const closed: string[] = [];
    const wrong: Peer = {
      ...{ subject: 'wrong', version: '0', close: () => void closed.push('peer') },
      prepare: ({ rows }) => ({
        outputs: async () => new Float32Array(rows),
        sample: () => 1,
        close: () => void closed.push('contestant'),
      }),
    };
    await expect(benchKernel(1, 1, { peers: [wrong], missing: [] })).rejects.toThrow(/wrong says 0 in row 0, ours/);
    expect(closed).toEqual(['contestant', 'peer']);
  });

  it('lets the subjects take turns, none always first, and leaves the warm-up out', async () => {
    const order: string[] = [];
    const subject = (name: string) => ({
      outputs: async () => [0],
      sample: () => order.push(name),
      close: () => {},
    });
    const rows = await takeTurns(new Map([...'ab'].map((n) => [n, subject(n)])), 'c', 1, 2, 1);
    expect(order.join('')).toBe('abbaab');
    expect(rows.map((r) => [r.subject, r.samples, r.p50, r.max])).toEqual([
      ['a', 2, 4, 5],
      ['b', 2, 3, 6],
    ]);
  });
});

describe('the gate bench', () => {
  it('ticks the gate of the shipped run, ACTIVE all the while, with its critic and without', () => {
    const number = expect.any(Number);
    const row = { case: 'gate tick', unit: 'us', p50: number, p99: number, max: number, samples: 200 };
    expect(gateTicks(config, 200)).toEqual([
      { ...row, subject: 'ours' },
      { ...row, subject: 'ours, critic always 0' },
    ]);
  });
});

describe('the guard bench', () => {
  it('times checks beside the bare physics, and counts what the guard says in episodes', async () => {
    const { results } = await benchGuard(config, { samples: 20 });
    const row = (name: string) => results.filter((r) => r.case === name);
    expect(row('step').map((r) => r.subject)).toEqual(['ours, servo and sensor with it', 'mj_step']);
    expect(results.filter((r) => r.unit === 'us').every((r) => r.p50 > 0 && r.samples === 20)).toBe(true);
    const [step] = row('step');
    expect(row('steps in 20 % of a tick at 100 Hz')[0]!.p50).toBe(Math.floor(2000 / step!.p50));
    // Seed 20000: expert and base both succeed, without a word of the guard.
    expect(row('expert: false alarms')[0]).toMatchObject({ p50: 0, samples: 1 });
    expect(row('base, guard heeded: successes')[0]).toMatchObject({ p50: 1, samples: 1 });
  });
});

describe('the memory bench', () => {
  it('sees what is kept', () => {
    const kept: object[] = [];
    const leaks = memoryOf(() => kept.push({ n: kept.length }), 4, 20_000);
    expect(leaks.failed).toBe(true);
    expect(leaks.notes?.[0]).toContain('NOT FLAT');
    expect(leaks.results[0]!.slope).toBeGreaterThan(8);
    expect(kept).toHaveLength(5 * 20_000);
  });
});

describe('the bridge bench', () => {
  it('lets every state come to the viewer of the live view', async () => {
    const { results } = await benchViewer(config, {}, 500);
    expect(results.map(({ case: name, unit, samples }) => [name, unit, samples])).toEqual(
      ['heap', 'external', 'array_buffers', 'rss'].map((kind) => [`viewer_${kind}_after_gc`, 'bytes', 11]),
    );
  });
});

describe('bench invariance', () => {
  it('keeps joints within their limits, ideal and of the arm, where distance over period does not', async () => {
    const { results, notes, failed } = await benchInvariance(config, { samples: 1200 });
    expect(failed).toBe(false);
    const [ours, naive] = ['ours', 'distance over period'].map((s) => results.filter((r) => r.subject === s));
    expect(ours).toHaveLength(24);
    for (const { case: of, max } of ours!) expect(max, of).toBeLessThanOrEqual(0.002);
    expect(naive).toHaveLength(6);
    for (const { case: of, max } of naive!) expect(max, of).toBeGreaterThan(0.2);
    expect(notes!.join(' ')).toContain('seed 1; worst overshoot -0.00');
  });

  it('fails where a joint is not within its limits, or nobody knows where it is', async () => {
    // A margin of less than nothing: the filter brakes 0.01 rad behind the limit.
    const joints = { ...config.safety.joints, margin: -0.01 };
    const { failed } = await benchInvariance({ ...config, safety: { ...config.safety, joints } }, { samples: 400 });
    expect(failed).toBe(true);
  });
});
