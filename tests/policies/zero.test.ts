import { describe, expect, it } from 'vitest';
import { createBase } from '../../policies/base/registry.ts';
import { createCritic } from '../../policies/critic/registry.ts';
import type { ReflexArcError } from '../../src/core/errors.ts';

describe('policies for a robot that has none yet', () => {
  it('the base asks for nothing, whatever it sees', () => {
    const base = createBase({ type: 'zero', observation_size: 2, action_size: 3 } as { type: string });
    const chunk = new Float64Array(3).fill(0.7);
    base.infer(Float64Array.of(1, Number.NaN), chunk);
    expect([base.observationSize, base.actionSize, base.horizon, ...chunk]).toEqual([2, 3, 1, 0, 0, 0]);
  });

  it('the critic sees no risk, in the rows it was asked for and no others', () => {
    const critic = createCritic({ type: 'zero', input_size: 4 } as { type: string });
    const risks = new Float64Array(3).fill(0.7);
    critic.evaluate(new Float64Array(8).fill(9), 2, risks);
    expect([critic.inputSize, ...risks]).toEqual([4, 0, 0, 0.7]);
  });

  it.each([
    ['zero', 'policies.base.observation_size: '],
    ['mlp', 'policies.base.path: '],
  ])('a base of type %s without what it needs is refused by key', (type, seen) => {
    let error: unknown;
    try {
      createBase({ type });
    } catch (thrown) {
      error = thrown;
    }
    const { code, seen: told } = error as ReflexArcError;
    expect([code, told.startsWith(seen)]).toEqual(['RA_CONFIG_INVALID', true]);
  });
});
