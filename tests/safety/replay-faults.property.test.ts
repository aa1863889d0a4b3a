import fc from 'fast-check';
import { describe, it } from 'vitest';
import { cartesian, same, withoutSelfTests } from './replay.ts';
import { CASES, harsh } from './script.ts';

withoutSelfTests();

describe('two runs of the gate', () => {
  it('P9 P10: with the same inputs, and any constant on the clock of the robot and on ours, are the same, faults and all', () => {
    // ns in a double are exact up to 2^53: 104 days. A shift of 0 is replay.
    const shift = fc.oneof(
      { weight: 1, arbitrary: fc.constant(0) },
      { weight: 2, arbitrary: fc.integer({ min: -4e6, max: 4e6 }) },
    );
    fc.assert(
      fc.property(harsh, shift, shift, (steps, wallS, oursS) => {
        const moved = cartesian(steps, (rig) => {
          rig.nowNs += Math.abs(oursS) * 1e9;
          const sense = rig.sense.bind(rig);
          rig.sense = (changes = {}) => {
            const stampNs = (changes.stampNs ?? rig.nowNs) + wallS * 1e9;
            sense({ ...changes, stampNs });
          };
        });
        same(moved, cartesian(steps));
      }),
      CASES,
    );
  });
});
