import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import { RunFolder, type RunRecord } from '../../src/learning/run-folder.ts';
import { TD3_DEFAULTS } from '../../src/learning/td3.ts';
import type { EvaluationPoint } from '../../src/learning/trainer.ts';
import { runTraining } from '../../src/learning/training.ts';

const MAIN = join(packageRoot, 'dist/src/cli/main.js');
let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'reflexarc-runs-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

const reflexarc = (...args: string[]) => spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
const last = (text: string) => JSON.parse(text.trimEnd().split('\n').at(-1)!);

describe('rank', () => {
  it('asks the Q of a run about actions, and says what came of it', async () => {
    const folder = join(dir, 'ranked');
    const options = { ...TD3_DEFAULTS, hidden: [8], batch: 8, learningStarts: 200, capacity: 1000 };
    await runTraining({
      ...{ name: 'pendulum', algorithm: { name: 'td3', options }, environment: { name: 'pendulum' }, out: folder },
      ...{ steps: 400, seed: 1, evaluateEvery: 0, evaluationEpisodes: 1, evaluationSeed: 5_000_000 },
    });
    const asked = ['--episodes', '2', '--states', '3', '--actions', '4', '--json'];
    const { status, stdout, stderr } = reflexarc('rank', folder, ...asked);
    const said = last(stdout);
    expect([status, said.run, said.states + said.indifferent]).toEqual([0, 'pendulum', 6]);
    expect(Math.abs(said.correlation)).toBeLessThanOrEqual(1);
    expect(stderr).toMatch(/verdict +(Q ranks actions|it is not shown that Q ranks actions)/);
    expect(stderr).toContain('4 in a state, uniform');
    expect(last(reflexarc('rank', folder, ...asked, '--spread', '0.1').stdout).correlation).not.toBe(said.correlation);
  });

  it('of a folder without a checkpoint is a usage error', () => {
    const { status, stderr } = reflexarc('rank', join(dir, 'nowhere'));
    expect([status, stderr.includes('no training run with a checkpoint')]).toEqual([2, true]);
  });
});

describe('runs', () => {
  const point = (steps: number, success_rate: number): EvaluationPoint => ({
    ...{ steps, episodes: 10, return_mean: success_rate, return_std: 0, success_rate, violation_rate: 0.1 },
    ...{ cost_mean: 0.1, steps_mean: 40, steps_to_success: 40, interventions: 0 },
  });
  const record = (seed: number, over: Partial<RunRecord> = {}): RunRecord => ({
    ...{ name: 'mine', algorithm: 'td3', task: 'peg', seed, steps: 200, settings: {}, command: 'c', commit: 'abc+' },
    ...{ node: 'v20', started: '2026-01-02T03:04:05.000Z', wall_s: 4, steps_done: 200, complete: true },
    final: point(200, seed / 4),
    ...over,
  });

  it('are a table with their means, a page with their curves, and an object', () => {
    const root = join(dir, 'runs');
    for (const seed of [1, 2]) {
      const folder = new RunFolder(join(root, `mine-${seed}`), record(seed));
      for (const steps of [100, 200]) folder.row({ kind: 'evaluation', wall_s: 1, ...point(steps, seed / 4) });
    }
    new RunFolder(join(root, 'deep/other'), record(7, { name: 'other', complete: false, steps_done: 50, final: null }));
    const html = join(dir, 'runs.html');
    const { status, stdout, stderr } = reflexarc('runs', root, '--html', html, '--json');
    expect(status).toBe(0);
    const lines = stderr.split('\n').map((line) => line.split(/ {2,}/).filter((cell) => cell !== ''));
    expect(lines.slice(1, 4)).toEqual([
      ['mine', 'td3', '1', '200', '0.25', '25.0 %', '10.0 %', '4', '50', 'abc+', '2026-01-02 03:04'],
      ['mine', 'td3', '2', '200', '0.50', '50.0 %', '10.0 %', '4', '50', 'abc+', '2026-01-02 03:04'],
      ['other', 'td3', '7', '50 of 200', '4', '13', 'abc+', '2026-01-02 03:04'],
    ]);
    expect(stderr).toContain('mine: mean of 2 seeds: return 0.38, success 37.5 %');
    expect(last(stdout).runs.map((r: { name: string; seed: number }) => [r.name, r.seed])).toEqual([
      ['mine', 1],
      ['mine', 2],
      ['other', 7],
    ]);
    const page = readFileSync(html, 'utf8');
    expect(page.match(/<svg/g)).toHaveLength(3);
    expect(page).toContain('mine, 2 seeds');
  });

  it('of courses have their figures in the table, and a curve of each', () => {
    const root = join(dir, 'courses');
    const figures = { loss: 0.123456, auc: null };
    const folder = new RunFolder(join(root, 'base'), record(1, { name: 'base', final: null, figures }));
    for (const steps of [1, 2])
      folder.row({ kind: 'figures', wall_s: 1, steps, figures: { loss: steps, auc: steps === 1 ? null : 0.9 } });
    const html = join(dir, 'courses.html');
    const { stdout } = reflexarc('runs', root, '--html', html);
    expect(stdout).toMatch(/started +figures\n/);
    expect(stdout).toMatch(/03:04 +loss 0\.1235\n/);
    const page = readFileSync(html, 'utf8');
    // No episodes judge it: no return, success, violations.
    expect(page.match(/<svg/g)).toHaveLength(2);
    for (const title of ['peg: base, loss', 'peg: base, auc']) expect(page).toContain(title);
  });

  it('of a folder without any are a usage error that says what writes them', () => {
    const { status, stderr } = reflexarc('runs', join(dir, 'nowhere'));
    expect([status, stderr.includes('no training run in it')]).toEqual([2, true]);
  });
});
