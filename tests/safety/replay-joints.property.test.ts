import fc from 'fast-check';
import { describe, it } from 'vitest';
import { SeededRandom } from '../../src/core/random.ts';
import type { Kind } from '../controllers/safety/joint/arm.ts';
import { JointGate } from './joint-gate.ts';
import { same, withoutSelfTests } from './replay.ts';
import { CASES } from './script.ts';

withoutSelfTests();

describe('two runs of the gate before joints', () => {
  const run = (kind: Kind, seed: number, risk: number, startNs: number): string => {
    const random = new SeededRandom(seed);
    const rig = new JointGate(kind, [2.7, -1.6, 0], { engage_ramp_ms: 10 }, startNs);
    rig.active();
    rig.risk = () => risk * random.uniform();
    const wire: string[] = [];
    for (let n = 0; n < 12; n++) {
      for (let i = 0; i < 3; i++) rig.decision.base[i] = random.range(-1.4, 1.4);
      const out = rig.tick();
      if (out === null) break;
      wire.push(out.setpoint.join());
      for (let i = 0; i < 3; i++) {
        const [lo, hi] = rig.robot.joints[i]!.position;
        const at = rig.state.position[i]!;
        if (!(at >= lo + 0.002 - 1e-5 && at <= hi - 0.002 + 1e-5)) throw new Error(`joint ${i} at ${at}`);
      }
    }
    return `${wire.join(' ')} ${rig.path.join(' ')}`;
  };

  it('P4 P7 P9 P10: under an adversary in policy and critic keep inside, and at another time are the same', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<Kind>('joint_velocity', 'joint_position'),
        fc.integer(),
        fc.double({ min: 0, max: 2, noNaN: true }),
        fc.integer({ min: 1, max: 4e6 }),
        (kind, seed, risk, s) => {
          same(run(kind, seed, risk, s * 1e9), run(kind, seed, risk, 1e9));
        },
      ),
      CASES,
    );
  });
});
