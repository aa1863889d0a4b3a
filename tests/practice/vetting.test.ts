import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tensorName } from '../../policies/kernels/network.ts';
import { type Tensor, writeSafetensors } from '../../policies/kernels/safetensors.ts';
import { ActorMemory } from '../../src/practice/actor-memory.ts';
import { type Blocks, countEpisode, NO_BLOCKS } from '../../src/practice/blocks.ts';
import { type HeldOut, residualOf, vet, weightsFrom } from '../../src/practice/vetting.ts';
import { SIZES } from './make.ts';

/** A residual that always answers tanh(`bias`) or, linear, `bias` itself. */
function weights(bias: number, { inputs = 3, outputs = 1, activation = 'tanh' } = {}): Uint8Array {
  const tensors = new Map<string, Tensor>([
    [tensorName(1, 0, 0, 'weight'), { shape: [inputs, outputs], data: new Float32Array(inputs * outputs) }],
    [tensorName(1, 0, 0, 'bias'), { shape: [outputs], data: new Float32Array(outputs).fill(bias) }],
  ]);
  const ones = (of: number) => new Array<number>(inputs).fill(of);
  const layers = [{ units: outputs, activation, layer_norm: false }];
  const network = { inputs, outputs, layers, normalisation: { mean: ones(0), std: ones(1) } };
  return writeSafetensors({ metadata: { network: JSON.stringify(network) }, tensors });
}
const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Moments whose risk is the action itself, above 0. */
const heldOut = (n: number, risk = (action: number) => Math.max(0, action)): HeldOut[] =>
  Array.from({ length: n }, () => ({
    observation: Float64Array.of(0, 0),
    base: Float64Array.of(0.1),
    risk: (action) => risk(action[0]!),
  }));
const judged = (bytes: Uint8Array, moments = heldOut(10), digest = sha(bytes), margin = 0.05) =>
  vet(bytes, digest, moments, {
    ...{ sizes: SIZES, scale: 0.5, current: residualOf(weights(0), '', SIZES), atLeast: 10, high: 0.4, margin },
  });

describe('weights of a learner', () => {
  it('that are what they say, and not riskier, may act', () => {
    const vetted = judged(weights(0.05));
    expect(vetted.why).toBeNull();
    if (vetted.why !== null) return;
    // 0.1 + 0.5·tanh 0.05
    expect(vetted.risk.mean).toBeCloseTo(0.12498, 5);
    expect(vetted.now).toEqual({ mean: expect.closeTo(0.1, 10), high: 0 });
    const out = new Float64Array(1);
    vetted.policy.infer(Float64Array.of(0, 0), Float64Array.of(0), out);
    expect(out[0]).toBeCloseTo(0.05, 4);
  });

  it.each([
    ['another digest', weights(0), 'f'.repeat(64), /SHA-256 is [0-9a-f]{64}, announced was f{64}/],
    ['a weight that is NaN', weights(Number.NaN), undefined, /is NaN; allowed: finite weights/],
    ['bytes that are no weights', new Uint8Array(3), undefined, /RA_WEIGHTS_UNREADABLE/],
    [
      'inputs of another robot',
      weights(0, { inputs: 7 }),
      undefined,
      /7 inputs, 1 outputs and 1 heads; allowed: 3, 1 and 1/,
    ],
    ['outputs of another robot', weights(0, { outputs: 2 }), undefined, /2 outputs/],
    ['an answer beyond its bound', weights(1.5, { activation: 'linear' }), undefined, /answers 1\.5 .*\[-1, 1\]/],
    ['more risk in the mean', weights(0.2), undefined, /mean risk 0\.1987 .* in use: 0\.1000/],
  ])('with %s are refused, with the reason', (_what, bytes, digest, says) => {
    const vetted = judged(bytes, heldOut(10), digest);
    expect(vetted).toMatchObject({ waits: false });
    expect(vetted.why).toMatch(says);
  });

  it('that are dangerous in few moments are refused, though the mean is well', () => {
    const moments = [...heldOut(9, () => 0), ...heldOut(1, (a) => (a > 0.2 ? 0.41 : 0.39))];
    const vetted = judged(weights(0.5), moments);
    expect(vetted.why).toMatch(/high risk in 10\.0 % of held-out moments; in use: 0\.0 %/);
  });

  it.each([Number.NaN, 7, -1])('of which the critic says %d are at the largest risk', (said) => {
    const moments = heldOut(10, (a) => (a > 0.11 ? said : 0.1));
    expect(judged(weights(0.3), moments).why).toMatch(/mean risk 1\.0000/);
  });

  it('wait until there is enough to judge them by', () => {
    expect(judged(weights(0), heldOut(9))).toEqual({
      waits: true,
      why: expect.stringMatching(/only 9 .* 10 at least/),
    });
  });
});

describe('blocks of episodes', () => {
  const played = (blocks: Blocks, version: number, outcomes: readonly [boolean, boolean][]) => {
    let now = blocks;
    for (const [k, [success, violation]] of outcomes.entries()) {
      const { blocks: next, worse } = countEpisode(now, { version, success, violation }, 10);
      if (worse !== '') return { worse, blocks: next, at: k + 1 };
      now = next;
    }
    return { worse: '', blocks: now, at: 0 };
  };
  const times = (n: number, success: boolean, violation = false) =>
    Array.from({ length: n }, (): [boolean, boolean] => [success, violation]);
  const good = played(NO_BLOCKS, 5, [...times(9, true), ...times(1, false)]).blocks;

  it('the first is the best, and a better one takes its place', () => {
    expect(good.best).toEqual({ version: 5, episodes: 10, successes: 9, violations: 0 });
    expect(played(good, 8, times(10, true)).blocks.best).toMatchObject({ version: 8, successes: 10 });
    expect(played(good, 8, [...times(8, true), ...times(2, false)]).blocks.best).toMatchObject({ version: 5 });
  });

  it('successes far below the best are a reason to go back, as soon as five episodes say so', () => {
    // Wilson: 9 of 10 is above 0.596, none of 5 below 0.435.
    expect(played(good, 8, times(10, false))).toMatchObject({
      ...{ at: 5, worse: '0 successes in 5 episodes; with version 5: 9 in 10' },
      blocks: { now: { version: 5, episodes: 0 } },
    });
  });

  it('so are violations, though it succeeds', () => {
    expect(played(good, 8, times(10, true, true))).toMatchObject({
      at: 5,
      worse: expect.stringMatching(/^5 violations/),
    });
  });

  it('a little worse is chance, and the best itself is never gone back from', () => {
    expect(played(good, 8, [...times(6, true), ...times(4, false)]).worse).toBe('');
    expect(played(good, 5, times(10, false)).worse).toBe('');
  });
});

describe('what the actor remembers', () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'reflexarc-memory-'));
  });
  afterAll(() => rmSync(dir, { recursive: true }));
  const version = (n: number) => {
    const bytes = weights(n / 100);
    return [{ version: n, sha256: sha(bytes) }, bytes] as const;
  };

  it('is the same after it was killed: ids are never given twice, versions are gone on with', () => {
    const memory = new ActorMemory(join(dir, 'a'));
    expect(memory.current).toEqual({ version: 0, sha256: '' });
    const ids = [memory.nextEpisode(), memory.nextEpisode()];
    memory.take(...version(8));
    const again = new ActorMemory(join(dir, 'a'));
    expect(again.current.version).toBe(8);
    expect(new Set([...ids, again.nextEpisode()]).size).toBe(3);
    expect(again.episodes).toBe(3);
  });

  it('goes back to the version before, to a named one, and at last to the config; and not forward again to what it left', () => {
    const memory = new ActorMemory(join(dir, 'b'));
    for (const n of [8, 16, 24, 32]) memory.take(...version(n));
    expect(memory.back().version).toBe(24);
    expect(memory.fell).toBe(32);
    expect(memory.back(8).version).toBe(8);
    expect(memory.back()).toEqual({ version: 0, sha256: '' });
    expect(memory.fileOf(memory.current)).toBe('');
  });

  it('does not use weights that were changed on disk', () => {
    const memory = new ActorMemory(join(dir, 'c'));
    for (const n of [8, 16]) memory.take(...version(n));
    const file = memory.fileOf({ version: 16, sha256: '' });
    writeFileSync(file, weights(0.9));
    expect(() => weightsFrom(file, memory.current.sha256, SIZES)).toThrow(/has SHA-256/);
    expect(new ActorMemory(join(dir, 'c')).current.version).toBe(8);
  });

  it('begins anew with another run of the learner', () => {
    const memory = new ActorMemory(join(dir, 'd'));
    expect(memory.follow('one')).toBe(false);
    memory.take(...version(8));
    expect(memory.follow('one')).toBe(false);
    expect(memory.follow('two')).toBe(true);
    expect(memory.current.version).toBe(0);
  });
});
