import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { zeroResidual } from '../../policies/residual/zero.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { PractisedResidual, type Preparation } from '../../src/daemon/practised-residual.ts';

const SHIPPED = join(packageRoot, 'policies/trained/peg/residual.safetensors');
const sha256 = createHash('sha256').update(readFileSync(SHIPPED)).digest('hex');
const zero = zeroResidual.create({ type: 'zero', observation_size: 9, action_size: 4 }, undefined);
const NONE = { uniform: 0, normal: 0 };
const plan = (over: Partial<Preparation> = {}): Preparation => ({
  ...{ episode: 1, version: 0, path: '', sha256: '', exploration: NONE },
  ...over,
});

function asked(residual: PractisedResidual, times = 1): number[] {
  const out = new Float64Array(4);
  return Array.from({ length: times }, () => {
    residual.infer(new Float64Array(9), new Float64Array(4), out);
    return [...out];
  }).flat();
}

describe('the residual of a brain that practises', () => {
  it("is the config's, bit for bit, until it is told otherwise", () => {
    expect(asked(new PractisedResidual(zero, 0.3, 1))).toEqual([0, 0, 0, 0]);
  });

  it("becomes a version, and the config's again", () => {
    const residual = new PractisedResidual(zero, 0.3, 1);
    expect(residual.prepare(plan({ version: 8, path: SHIPPED, sha256 }))).toBe('');
    expect(asked(residual).some((v) => v !== 0)).toBe(true);
    expect(residual.sha256).toBe(sha256);
    expect(residual.prepare(plan())).toBe('');
    expect(asked(residual)).toEqual([0, 0, 0, 0]);
  });

  it('explores by noise of the size asked for, in the units of the action, never beyond its bound', () => {
    const residual = new PractisedResidual(zero, 0.5, 1);
    residual.prepare(plan({ exploration: { uniform: 0.1, normal: 0 } }));
    const uniform = asked(residual, 500);
    // 0.1 of action is 0.2 before the scale of 0.5.
    expect(Math.max(...uniform.map(Math.abs))).toBeLessThan(0.2);
    expect(Math.max(...uniform)).toBeGreaterThan(0.19);
    residual.prepare(plan({ exploration: { uniform: 0, normal: 0.1 } }));
    const normal = asked(residual, 500);
    expect(Math.max(...normal.map(Math.abs))).toBeLessThanOrEqual(0.4);
    expect(Math.max(...normal)).toBeGreaterThan(0.39);
    residual.prepare(plan({ exploration: { uniform: 0, normal: 2 } }));
    expect(Math.max(...asked(residual, 100))).toBe(1);
  });

  it('has the same noise for the same seed and episode, and another for the next', () => {
    const noise = (seed: number, episode: number) => {
      const residual = new PractisedResidual(zero, 0.3, seed);
      residual.prepare(plan({ episode, exploration: { uniform: 0.1, normal: 0 } }));
      return asked(residual, 3);
    };
    expect(noise(1, 5)).toEqual(noise(1, 5));
    expect(noise(1, 5)).not.toEqual(noise(1, 6));
    expect(noise(1, 5)).not.toEqual(noise(2, 5));
  });

  it.each([
    ['other weights than announced', plan({ path: SHIPPED, sha256: 'f'.repeat(64) }), /RA_DIGEST_MISMATCH/],
    ['a file that is not there', plan({ path: '/nowhere', sha256 }), /RA_CONFIG_MISSING/],
  ])('stays as it was at %s', (_what, preparation, why) => {
    const residual = new PractisedResidual(zero, 0.3, 1);
    expect(residual.prepare(preparation)).toMatch(why);
    expect(asked(residual)).toEqual([0, 0, 0, 0]);
  });

  it('does not take weights of another robot', () => {
    const small = zeroResidual.create({ type: 'zero', observation_size: 3, action_size: 4 }, undefined);
    const residual = new PractisedResidual(small, 0.3, 1);
    expect(residual.prepare(plan({ path: SHIPPED, sha256 }))).toMatch(/weights for 9 and 4 numbers; allowed: 3 and 4/);
  });
});
