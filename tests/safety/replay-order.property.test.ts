import fc from 'fast-check';
import { describe, it } from 'vitest';
import { SeededRandom } from '../../src/core/random.ts';
import { safety, said, same, withoutSelfTests } from './replay.ts';
import { MessageRig } from './rig.ts';
import { CASES, gentle } from './script.ts';

withoutSelfTests();

describe('two runs of the gate', () => {
  it('P5: with the joints of each message in another order are the same, to the last bit', () => {
    fc.assert(
      fc.property(gentle, fc.integer(), (steps, seed) => {
        const run = (shuffled: boolean) => {
          const random = new SeededRandom(seed);
          const rig = new MessageRig({}, { safety });
          if (shuffled)
            rig.way = (m) => {
              if (random.uniform() < 0.5) return [m];
              const turn = <T>(v: T[]) => [v[1]!, v[0]!];
              const { header, name, position, velocity, effort } = m;
              return [
                { header, name: turn(name), position: turn(position), velocity: turn(velocity), effort: turn(effort) },
              ];
            };
          return said(rig, steps);
        };
        same(run(true), run(false));
      }),
      CASES,
    );
  });
});
