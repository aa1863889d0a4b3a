import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { flownUnanswered, judgedUnanswered, Versions } from '../../../src/cli/bench/practice-unanswered.ts';
import { loadRun } from '../../../src/core/config/load.ts';
import { packageRoot } from '../../../src/core/paths.ts';

const { config } = loadRun(join(packageRoot, 'configs/runs/peg.yaml'), []);
const shipped = join(packageRoot, 'policies/trained/peg/residual.safetensors');
const folder = mkdtempSync(join(tmpdir(), 'reflexarc-versions-'));
afterAll(() => rmSync(folder, { recursive: true }));

const practice = join(folder, 'practice');
const file = '000000007.safetensors';
mkdirSync(join(practice, 'actor/weights'), { recursive: true });
const fromZero = structuredClone(config);
fromZero.policies.residual = { type: 'zero', scale: config.policies.residual.scale };
const silent = { uniform: 0, normal: 0 };

describe('practice, flown again with no answer to force', () => {
  const versions = new Versions(practice, join(folder, 'versions'));

  it('keeps each version that was in use, also when the actor has let it go', () => {
    copyFileSync(shipped, join(practice, 'actor/weights', file));
    versions.keep();
    rmSync(join(practice, 'actor/weights', file));
    versions.keep();
    expect(readdirSync(join(folder, 'versions'))).toEqual([file]);
    expect(versions.of(7)?.sha256).toBe((config.policies.residual as { sha256?: string }).sha256);
    expect([versions.of(0), versions.of(8)]).toEqual([{ path: '', sha256: '' }, null]);
  });

  it('is that of each episode, with its version, its noise, and no episode of a version that is lost', async () => {
    const told = [0, 8, 7, 7].map((version, i) => ({
      version,
      exploration: i === 3 ? { uniform: 0, normal: 0.1 } : silent,
    }));
    const scores = await flownUnanswered(fromZero, told, versions);
    const seeds = { episodes: 1, seed: scores[0]!.seed };
    const [base] = await judgedUnanswered(fromZero, seeds);
    const [learned, quiet] = await judgedUnanswered(config, { episodes: 2, seed: scores[1]!.seed });
    expect(scores.slice(0, 2)).toEqual([base, learned]);
    expect([scores.length, scores[2]!.seed]).toEqual([3, quiet!.seed]);
    expect(scores[2]).not.toEqual(quiet);
  });
});
