import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBase } from '../../policies/base/registry.ts';
import { createCritic } from '../../policies/critic/registry.ts';
import { createResidual } from '../../policies/residual/registry.ts';
import { loadWeights, weightsOptions } from '../../policies/weights.ts';
import { loadRun } from '../../src/core/config/load.ts';
import type { RunConfig } from '../../src/core/config-schema.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { BC_DEFAULTS, trainBc } from '../../src/learning/behaviour-cloning.ts';
import { evaluate } from '../../src/learning/evaluate.ts';
import { auc } from '../../src/learning/risk.ts';
import { normalisationOf } from '../../src/learning/trainable.ts';

let config: RunConfig;
let dir: string;
beforeAll(() => {
  config = loadRun(`${packageRoot}/configs/runs/peg.yaml`, []).config;
  dir = mkdtempSync(join(tmpdir(), 'reflexarc-learning-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

describe('behaviour cloning', () => {
  const small = { ...BC_DEFAULTS, episodes: 6, epochs: 3, hidden: 16, onProgress: () => {} };

  it('gives the same weights for the same seed, and says how they were made', async () => {
    const a = (await trainBc(config, { ...small, out: join(dir, 'a') }))!;
    const b = (await trainBc(config, { ...small, out: join(dir, 'b') }))!;
    expect(a.sha256).toBe(b.sha256);
    expect((await trainBc(config, { ...small, seed: 2, out: join(dir, 'c') }))!.sha256).not.toBe(a.sha256);
    const manifest = JSON.parse(readFileSync(join(dir, 'a', 'base.manifest.json'), 'utf8'));
    expect(manifest).toMatchObject({ kind: 'base', sha256: a.sha256, seed: 1, demonstrations: a.demonstrations });
    const base = createBase({ type: 'mlp', path: join(dir, 'a', 'base.safetensors'), sha256: a.sha256 } as never);
    expect([base.observationSize, base.actionSize, base.horizon]).toEqual([3, 4, 8]);
  });

  it('saves what there is when it is aborted', async () => {
    const abort = new AbortController();
    const made = await trainBc(config, {
      ...small,
      epochs: 1000,
      out: join(dir, 'aborted'),
      signal: abort.signal,
      onProgress: (p) => void (p.phase === 'training' && p.done >= 2 && abort.abort()),
    });
    const { epochs, sha256, file } = made!;
    expect(epochs).toBeLessThan(1000);
    expect(loadWeights({ type: 'mlp', path: file, sha256 }).sha256).toBe(sha256);
  });

  it('ended before there are its demonstrations writes nothing, since nothing was learned', async () => {
    const out = join(dir, 'nothing');
    expect(await trainBc(config, { ...small, out, run: join(out, 'run'), signal: AbortSignal.abort() })).toBeNull();
    expect(existsSync(out)).toBe(false);
  });
});

describe('the shipped policies', () => {
  it('carry the digests of their manifests and of the run file', () => {
    for (const kind of ['base', 'residual', 'critic'] as const) {
      const path = join(packageRoot, `policies/trained/peg/${kind}.manifest.json`);
      const manifest = JSON.parse(readFileSync(path, 'utf8')) as { sha256: string };
      expect(config.policies[kind].sha256).toBe(manifest.sha256);
      expect(loadWeights(weightsOptions.parse(config.policies[kind])).sha256).toBe(manifest.sha256);
    }
  });

  it('the base succeeds now and then, the residual changes what it does, and the gate lets neither break a limit', async () => {
    const base = createBase(config.policies.base);
    const residual = createResidual(config.policies.residual);
    const critic = createCritic(config.policies.critic);
    const alone = await evaluate(config, { base, residual, critic, residualScale: 0 }, { episodes: 6, seed: 7000 });
    const both = await evaluate(config, { base, residual, critic }, { episodes: 6, seed: 7000 });
    expect(alone.successes).toBeGreaterThan(0);
    expect(alone.successes + both.successes).toBeGreaterThan(4);
    expect([alone.violations, both.violations]).toEqual([0, 0]);
    expect(both.mean_max_force).not.toBe(alone.mean_max_force);
  });
});

describe('statistics', () => {
  it('the area under the ROC curve by hand: 3 of 4 pairs in order, ties a half', () => {
    const rows = (pairs: [number, boolean][]) => pairs.map(([risk, danger]) => ({ risk, danger }));
    expect(
      auc(
        rows([
          [0.1, false],
          [0.4, false],
          [0.3, true],
          [0.8, true],
        ]),
      ),
    ).toBe(0.75);
    expect(
      auc(
        rows([
          [0.5, false],
          [0.5, true],
        ]),
      ),
    ).toBe(0.5);
    expect(auc(rows([[0.5, true]]))).toBeNaN();
  });

  it('normalisation by hand, with a floor under a constant column', () => {
    expect(
      normalisationOf([
        [1, 5],
        [3, 5],
      ]),
    ).toEqual({ mean: [2, 5], std: [1, 0.1] });
  });
});
