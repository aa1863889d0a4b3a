import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BasePolicy, ResidualPolicy } from '../../policies/policy.ts';
import { loadRun } from '../../src/core/config/load.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { DecisionMaker } from '../../src/logs/remake.ts';
import type { LoggedDecision } from '../../src/logs/topics.ts';

/** A chunk is the observation, then 0.1 more a step; two steps of it are executed. */
const base: BasePolicy = {
  ...{ observationSize: 1, actionSize: 1, horizon: 3, sha256: '' },
  infer: (observation, chunk) => {
    for (let i = 0; i < 3; i++) chunk[i] = observation[0]! + 0.1 * i;
  },
};
const residual: ResidualPolicy = {
  ...{ observationSize: 1, actionSize: 1, sha256: '' },
  infer: (_observation, _base, out) => {
    out[0] = 0.5;
  },
};

function maker() {
  const { config } = loadRun(join(packageRoot, 'configs/runs/peg.yaml'));
  config.policies.base.execute_steps = 2;
  const made = new DecisionMaker(config, base, residual, config.policies.residual.scale);
  return (seq: number, epoch: number, sees: number) => {
    const logged = {
      ...{ epoch: BigInt(epoch), seq, observation_seq: seq, observation_stamp: { sec: 1, nanosec: 0 } },
      ...{ observation_base: Float64Array.of(sees), observation_residual: Float64Array.of(0), residual_scale: 0.25 },
    } as LoggedDecision;
    const d = made.make(logged);
    return d === null ? null : [d.base[0], d.residual[0]];
  };
}

describe('decisions made again', () => {
  it('from the first: two steps of a chunk, then the next chunk; a new epoch begins one', () => {
    const make = maker();
    expect(make(1, 7, 1)).toEqual([1, 0.125]);
    expect(make(2, 7, 2)).toEqual([1.1, 0.125]);
    expect(make(3, 7, 3)).toEqual([3, 0.125]);
    expect(make(4, 8, 4)).toEqual([4, 0.125]);
  });

  it('of a log that begins in the middle are not known until an epoch begins', () => {
    const make = maker();
    expect(make(6, 7, 1)).toBeNull();
    expect(make(7, 7, 2)).toBeNull();
    expect(make(8, 8, 3)).toEqual([3, 0.125]);
  });

  it('are not known after a gap, even where the epoch changed in it', () => {
    const make = maker();
    expect(make(1, 7, 1)).not.toBeNull();
    expect(make(4, 8, 2)).toBeNull();
    expect(make(5, 8, 3)).toBeNull();
    expect(make(6, 9, 4)).toEqual([4, 0.125]);
  });

  it('of a new brain begin anew; of one whose first decisions are missing they are not known', () => {
    const make = maker();
    expect(make(1, 7, 1)).not.toBeNull();
    expect(make(1, 7, 2)).toEqual([2, 0.125]);
    expect(make(2, 7, 3)).toEqual([2.1, 0.125]);
    const late = maker();
    expect(late(5, 7, 1)).toBeNull();
    expect(late(3, 8, 2)).toBeNull();
    expect(late(4, 9, 3)).toEqual([3, 0.125]);
  });
});
