import fc from 'fast-check';
import { describe, it } from 'vitest';
import { CLIPPED } from '../../controllers/safety/envelope.ts';
import { adversary, JointRig } from '../../src/cli/bench/joint-rig.ts';
import { SeededRandom } from '../../src/core/random.ts';
import { RUNS } from '../controllers/safety/arbitrary.ts';
import { armOf, jointSafety, type Kind } from '../controllers/safety/joint/arm.ts';

const T = 0.01;
/** Made once: parsing a config costs more than a case. */
const ARMS = (['joint_velocity', 'joint_position'] as Kind[]).map((kind) => armOf(kind));
const SAFETY = [0, 1, 2, 3, 4, 5].map((delay) =>
  jointSafety({ joints: { delay_ms: delay * 13, reaction_ms: 30, reference_limit: 1 } }),
);

describe('the joint filter before joints that obey late', () => {
  it('P4: from any start, delay of 0 to 5 ticks and jitter of up to ±30 %: no joint passes its margin, no limits conflict', () => {
    const inside = fc.double({ min: 0.02, max: 0.98, noNaN: true });
    const start = fc.tuple(inside, inside, inside);
    const jitters = fc.double({ min: 0, max: 0.3, noNaN: true });
    fc.assert(
      fc.property(fc.nat(1), fc.nat(5), jitters, start, fc.integer(), (kind, delay, jitter, shares, seed) => {
        const robot = ARMS[kind]!;
        const limits = robot.joints.map((j) => j.position);
        const at = limits.map(([lo, hi], i) => lo + shares[i]! * (hi - lo));
        const random = new SeededRandom(seed);
        const arm = new JointRig(robot, SAFETY[delay]!, at, delay);
        const wish = adversary(robot, random);
        for (let n = 0; n < 50; n++) {
          if ((arm.command(wish(arm.by.last, T)) & CLIPPED.conflict) !== 0) throw new Error(`conflict in tick ${n}`);
          arm.move(T * (1 + random.range(-jitter, jitter)));
          for (let i = 0; i < 3; i++) {
            const [lo, hi] = limits[i]!;
            const q = arm.position[i]!;
            if (!(q - hi <= -0.002 + 1e-5 && lo - q <= -0.002 + 1e-5)) throw new Error(`joint ${i} at ${q}, tick ${n}`);
          }
        }
      }),
      RUNS,
    );
  });
});
