import { expect, it } from 'vitest';
import { loadRun } from '../../src/core/config/load.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { playSideBySide } from '../../src/learning/side-by-side.ts';

const { config } = loadRun(`${packageRoot}/configs/runs/peg.yaml`, []);

it('two worlds side by side play the episodes of one, in the order of the seeds', async () => {
  const options = { episodes: 5, seed: 4, without: ['residual'] as const };
  const told: number[] = [];
  const one = await playSideBySide(config, { ...options, threads: 1 });
  const two = await playSideBySide(config, { ...options, threads: 2, onEpisode: (done) => void told.push(done) });
  expect(two).toEqual(one);
  expect(two.map((s) => s.seed)).toEqual([4, 5, 6, 7, 8]);
  expect(told.at(-1)).toBe(5);
});

it('what goes wrong in a thread comes out', async () => {
  const broken = structuredClone(config);
  broken.policies.base.sha256 = '0'.repeat(64);
  await expect(playSideBySide(broken, { episodes: 2, seed: 1, threads: 2 })).rejects.toThrow('RA_DIGEST_MISMATCH');
});
