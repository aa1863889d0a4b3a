import fc from 'fast-check';
import { describe, it } from 'vitest';
import { SeededRandom } from '../../src/core/random.ts';
import { MS } from '../controllers/safety/rig.ts';
import { cartesian, same, withoutSelfTests } from './replay.ts';
import type { Watched } from './rig.ts';
import { CASES, gentle } from './script.ts';

withoutSelfTests();

describe('two runs of the gate', () => {
  it('P8: with refused messages in between and without are the same, to the last bit', () => {
    fc.assert(
      fc.property(gentle, fc.integer(), (steps, seed) => {
        const random = new SeededRandom(seed);
        const spoil = (rig: Watched) => {
          const deliver = rig.deliver.bind(rig);
          rig.deliver = (state) => {
            deliver(state);
            const how = random.integer(4);
            const pose = state.pose.map((v, i) => (i < 3 ? v + 0.01 : v));
            if (how === 0) rig.gate.ingestState({ ...state, pose });
            if (how === 1) rig.gate.ingestState({ ...state, pose, stampNs: state.stampNs - 15 * MS });
            if (how === 2) rig.gate.ingestDecision({ ...rig.decision, epoch: rig.gate.epoch - 1, seq: 1e9 });
            if (how === 3) rig.gate.ingestDecision({ ...rig.decision, seq: 0, base: Float64Array.of(1, 1, 1, 1) });
          };
        };
        same(cartesian(steps, spoil), cartesian(steps));
      }),
      CASES,
    );
  });
});
