import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createBase } from '../../policies/base/registry.ts';
import { Mlp } from '../../policies/kernels/mlp.ts';
import { readNetwork } from '../../policies/kernels/network.ts';
import { readSafetensors } from '../../policies/kernels/safetensors.ts';
import { createResidual } from '../../policies/residual/registry.ts';
import { loadRun } from '../../src/core/config/load.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { SeededRandom } from '../../src/core/random.ts';
import { RISK_DEFAULTS, trainRisk } from '../../src/learning/risk.ts';
import type { RiskData } from '../../src/learning/risk-data.ts';
import { DifferencesFit } from '../../src/learning/risk-differences.ts';

const GAMMA = 0.5;

/**
 * Walks to the right in steps of 1 from 0 to `length`, where the limit is broken or, with `safe`, nothing ever is. A row is [place, kind, aim];
 * aims of a walk lie in [0, 0.2] around one of its own.
 */
function walks(length: number, count: number): RiskData {
  const data: RiskData = { rows: [], labels: [], violated: [], episode: [], terminated: [], violations: 0 };
  const random = new SeededRandom(3);
  for (let e = 0; e < count; e++) {
    const kind = e % 2;
    for (let t = length; t >= 0; t--) {
      data.rows.push(Float64Array.of(10 * t, kind, 100 + random.range(0, 20)));
      data.violated.push(kind === 1 && t === length);
      data.labels.push(kind === 1 ? GAMMA ** (length - t) : 0);
      data.episode.push(e);
    }
    data.terminated.push(true);
    data.violations += kind;
  }
  return data;
}

const options = {
  ...{ seed: 1, updates: 1500, hidden: [32], batch: 64, gamma: GAMMA, aim: 1, pessimism: 0 },
};
function bytesOf(data: RiskData, over: Partial<typeof options> = {}): Uint8Array {
  const fit = new DifferencesFit(data, all(data), { ...options, ...over });
  while (fit.done < fit.of) fit.step();
  return fit.export();
}
const all = (data: RiskData) => data.rows.map((_, i) => i);

/** Risk by the file, as the gate computes it: the larger of both heads. */
function fitted(data: RiskData, over: Partial<typeof options> = {}) {
  const bytes = bytesOf(data, over);
  const mlp = new Mlp(readNetwork(readSafetensors(bytes, 'critic'), 'critic'));
  const out = new Float64Array(2);
  return (place: number, kind: number, aim: number) => {
    for (const head of [0, 1]) mlp.forward(Float64Array.of(10 * place, kind, aim), 0, out, head, head);
    return Math.max(...out);
  };
}

describe('the risk critic by differences, from recorded ticks', () => {
  it('halves with each tick before the violation, and is nothing on the way that has none: rows as they come, by hand', async () => {
    const risk = fitted(walks(4, 200));
    for (const [place, expected] of [
      [4, 1],
      [3, 0.5],
      [2, 0.25],
      [1, 0.125],
    ] as const)
      expect(Math.abs(risk(place, 1, 110) - expected)).toBeLessThan(0.08);
    for (const place of [0, 2, 4]) expect(risk(place, 0, 110)).toBeLessThan(0.06);
  });

  it('looks on at the tick after it, not at the one before, and not into the next episode', async () => {
    // With the order of the ticks turned round, danger is at the beginning and nothing follows.
    const data = walks(4, 200);
    const turned = { ...data, rows: [...data.rows], violated: [...data.violated] };
    for (let e = 0; e < 200; e++)
      for (let t = 0; t <= 4; t++) {
        turned.rows[5 * e + t] = data.rows[5 * e + 4 - t]!;
        turned.violated[5 * e + t] = data.violated[5 * e + 4 - t]!;
      }
    const risk = fitted(turned);
    expect(risk(4, 1, 110)).toBeGreaterThan(0.9);
    for (const place of [0, 1, 2, 3]) expect(risk(place, 1, 110)).toBeLessThan(0.1);
  });

  it('fears an aim that was never tried more with pessimism, and not less than those that were', async () => {
    const data = walks(4, 200);
    // Seldom was there an aim far from the others.
    data.rows[0]![2] = 0;
    const [plain, pessimist] = [fitted(data), fitted(data, { pessimism: 0.05 })];
    const mean = (risk: (p: number, k: number, a: number) => number, aim: number) =>
      [0, 1, 2, 3].reduce((sum, place) => sum + risk(place, 0, aim) / 4, 0);
    expect(mean(pessimist, 30)).toBeGreaterThan(mean(plain, 30));
    expect(mean(pessimist, 30)).toBeGreaterThanOrEqual(mean(pessimist, 110));
  });

  it('the same seed makes the same file', () => {
    const data = walks(3, 20);
    expect(bytesOf(data, { updates: 20 })).toEqual(bytesOf(data, { updates: 20 }));
  });

  it('ended before there was a violation to learn from, writes nothing', async () => {
    const { config } = loadRun(join(packageRoot, 'configs/runs/peg.yaml'), []);
    const { base, residual } = config.policies;
    const out = join(packageRoot, 'node_modules/.cache/no-critic');
    const ended = { ...RISK_DEFAULTS, out, onProgress: () => {}, signal: AbortSignal.abort() };
    expect(await trainRisk(config, createBase(base), createResidual(residual), ended)).toBeNull();
    expect(existsSync(out)).toBe(false);
  });
});
