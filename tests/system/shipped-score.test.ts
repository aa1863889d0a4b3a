import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import { cli } from './harness.ts';

/** `eval` on the shipped weights: the same seeds are the same episodes on every machine, to the last bit. */
async function evaluated(episodes: number, seed: number, ...without: string[]): Promise<Record<string, unknown>> {
  const args = ['eval', '--episodes', String(episodes), '--seed', String(seed), '--expert-episodes', '0', '--json'];
  const leftOut = without.length > 0 ? ['--without', ...without] : [];
  const { code, stdout, stderr } = await cli([...args, ...leftOut]);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout.trim().split('\n').at(-1)!);
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

// Beside one another: each is on one core, and none hangs on the time.
describe.concurrent('eval on the shipped weights', () => {
  it('gives the score of their manifest, to the last digit', async () => {
    const file = join(packageRoot, 'policies/trained/peg/residual.manifest.json');
    const { of, seeds_from, ...score } = JSON.parse(readFileSync(file, 'utf8')).score;
    expect(of).toBe('base and residual, without a critic');
    expect(await evaluated(score.episodes, seeds_from, 'critic')).toMatchObject(score);
  }, 300_000);

  it('gives the row of the README', async () => {
    const readme = readFileSync(join(packageRoot, 'README.md'), 'utf8');
    const row = readme.split('\n').find((line) => line.startsWith('| base + residual and critic'))!;
    const cells = row.split('|').map((cell) => cell.trim());
    const scored = await evaluated(500, 60_000);
    const [low, high] = scored.success_ci95 as [number, number];
    expect(cells.slice(2, -1)).toEqual([
      `${percent(scored.success_rate as number)} (${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)})`,
      percent(scored.violation_rate as number),
      (scored.steps_to_success as number).toFixed(1),
      `${(scored.mean_max_force as number).toFixed(1)} N`,
    ]);
  }, 300_000);

  it('of the base alone: 65 of the first 100 episodes of that row succeed, none breaks a limit', async () => {
    expect(await evaluated(100, 60_000, 'residual', 'critic')).toMatchObject({ successes: 65, violations: 0 });
  }, 300_000);
});
