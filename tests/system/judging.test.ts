import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { XMLValidator } from 'fast-xml-parser';
import { afterAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import { WALKER_FILE } from '../learning/judging/walker.ts';

const MAIN = join(packageRoot, 'dist/src/cli/main.js');
const dir = mkdtempSync(join(tmpdir(), 'reflexarc-judging-'));
afterAll(() => rmSync(dir, { recursive: true }));

function reflexarc(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
  const last = stdout.trim().split('\n').at(-1) ?? '';
  return { code: status, stdout, stderr, json: () => JSON.parse(last) };
}

describe('eval', () => {
  it('prints the keys of its contract, and what the gate does to an expert', () => {
    const out = join(dir, 'base.json');
    const { code, stdout, stderr, json } = reflexarc(
      ...['eval', '--episodes', '3', '--expert-episodes', '2', '--seed', '11', '--without', 'residual', 'critic'],
      ...['--out', out, '--json'],
    );
    expect([code, stdout.split('\n').length]).toEqual([0, 2]);
    expect(stderr).toContain('intervened in');
    const seen = json();
    expect(Object.keys(seen).slice(0, 11)).toEqual([
      ...['episodes', 'successes', 'success_rate', 'success_ci95', 'violations', 'violation_rate'],
      ...['interventions', 'mean_steps', 'steps_to_success', 'mean_return', 'mean_cost'],
    ]);
    expect(seen).toMatchObject({ episodes: 3, successes: 3, success_rate: 1 });
    // All three succeeded.
    expect(seen.steps_to_success).toBe(seen.mean_steps);
    expect(stderr).toMatch(/steps +[\d.]+; to success [\d.]+;/);
    expect(seen.false_interventions).toMatchObject({ episodes: 2, intervened: 0, upper95: expect.closeTo(0.7764, 4) });
    const written = JSON.parse(readFileSync(out, 'utf8'));
    expect(written.episodes.map((e: { seed: number }) => e.seed)).toEqual([11, 12, 13]);
    expect(written.made_by).toBe('reflexarc eval --episodes 3 --seed 11 --without residual critic');
  });
});

describe('compare', () => {
  const csv = join(packageRoot, WALKER_FILE);

  it('by the command of the README stops where the published example stops, and says what the README says', () => {
    const readme = readFileSync(join(packageRoot, 'README.md'), 'utf8');
    const shown = /\$ npx reflexarc compare (\S+) --episodes 5\n((?:.+\n)+?)```/.exec(readme)!;
    expect(shown[1]).toBe(WALKER_FILE);
    expect(reflexarc('compare', csv, '--episodes', '5').stdout).toBe(shown[2]);
    const { code, stderr, json } = reflexarc('compare', csv, '--episodes', '5', '--json');
    expect([code, stderr]).toEqual([0, shown[2]]);
    const { arms, pairs, looks, ...rest } = json();
    expect(rest).toEqual({
      ...{ metric: 'score', level: 0.05, paired: false, statistic: 'absolute', block_size: 5, interims: 5 },
    });
    expect(arms.map((a: { name: string; n: number }) => [a.name, a.n])).toEqual([
      ['PPO', 10],
      ['SAC', 10],
      ['DDPG', 25],
      ['TRPO', 25],
    ]);
    expect(looks).toHaveLength(5);
    expect(pairs).toContainEqual({ a: 'PPO', b: 'SAC', verdict: 'smaller', decided_at: 2 });
  });

  it('evaluates runs on the same seeds, and sees no difference where there is none', () => {
    const { code, json } = reflexarc(
      ...['compare', 'base:policies.residual.scale=0', 'same:policies.residual.scale=0', 'both'],
      ...['--metric', 'steps', '--episodes', '4', '--interims', '1', '--seed', '4', '--json'],
    );
    expect(code).toBe(0);
    const { arms, pairs, ...rest } = json();
    expect(rest).toMatchObject({ metric: 'steps', paired: true, block_size: 4 });
    expect(pairs[0]).toEqual({ a: 'base', b: 'same', verdict: 'equal', decided_at: 1 });
    expect([arms[0].mean, arms[0].sd]).toEqual([arms[1].mean, arms[1].sd]);
    expect(arms[2].mean).not.toBe(arms[0].mean);
  });

  it.each([
    [['compare', 'a'], 'arms a'],
    [['compare', 'a', 'a'], 'arms a, a'],
    [['compare', 'a', csv], 'walker.csv'],
    [['compare', csv, '--episodes', '6'], 'PPO: 10 scores'],
    [['compare', csv, '--level', '1'], '--level 1'],
  ])('%j is bad usage', (args, seen) => {
    const { code, stderr } = reflexarc(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(seen);
  });
});

describe('calibrate', () => {
  it('says how many violations it needs, draws the diagram, and fails without a threshold', () => {
    const html = join(dir, 'reliability.html');
    const { code, stderr, json } = reflexarc(
      ...['calibrate', '--without', 'residual', '--episodes', '4', '--expert-episodes', '1', '--html', html, '--json'],
    );
    expect(code).toBe(1);
    expect(stderr).toContain('29 violations are needed');
    const { threshold, needed, reliability } = json();
    expect([threshold, needed]).toEqual([null, 29]);
    expect(reliability.bins).toHaveLength(10);
    expect(reliability.bins.reduce((sum: number, b: { count: number }) => sum + b.count, 0)).toBeGreaterThan(100);
    const svg = /<svg[\s\S]*<\/svg>/.exec(readFileSync(html, 'utf8'))?.[0] ?? '';
    expect(XMLValidator.validate(svg)).toBe(true);
  });
});
