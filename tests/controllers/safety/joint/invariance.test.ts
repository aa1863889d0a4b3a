import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLIPPED } from '../../../../controllers/safety/envelope.ts';
import { adversary, JointRig } from '../../../../src/cli/bench/joint-rig.ts';
import { SeededRandom } from '../../../../src/core/random.ts';
import { RUNS } from '../arbitrary.ts';
import { armOf, jointSafety, type Kind } from './arm.ts';

const T = 0.01;

/** Largest distance past a hard limit, rad, and ticks with limits in conflict, in 400 adversarial ticks. */
function attack(kind: Kind, delay: number, jitter: number, seed: number): { worst: number; conflicts: number } {
  const robot = armOf(kind);
  // A reaction is three periods, of the longest; Δ is a matter of its own: a joint that lags behind a fast setpoint meets it first.
  const safety = jointSafety({ joints: { delay_ms: delay * 13, reaction_ms: 30 * (1 + jitter), reference_limit: 1 } });
  const random = new SeededRandom(seed);
  const arm = new JointRig(robot, safety, [0, -1.6, 0], delay);
  const wish = adversary(robot, random);
  let worst = Number.NEGATIVE_INFINITY;
  let conflicts = 0;
  for (let n = 0; n < 400; n++) {
    if ((arm.command(wish(arm.by.last, T)) & CLIPPED.conflict) !== 0) conflicts++;
    arm.move(T * (1 + random.range(-jitter, jitter)));
    for (let i = 0; i < 3; i++) {
      const [lo, hi] = robot.joints[i]!.position;
      worst = Math.max(worst, arm.position[i]! - hi, lo - arm.position[i]!);
    }
  }
  return { worst, conflicts };
}

describe.each(['joint_velocity', 'joint_position'] as Kind[])('P4 forward invariance, %s', (kind) => {
  it.each([
    [0, 0],
    [2, 0],
    [5, 0],
    [0, 0.3],
    [2, 0.3],
    [5, 0.3],
  ])('adversarial commands never move a joint past its margin: delay of %d ticks, jitter ±%f', (delay, jitter) => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const { worst, conflicts } = attack(kind, delay, jitter, seed);
        // Commands in flight last as long as the periods in which they are obeyed, which nobody knows beforehand.
        expect(worst).toBeLessThanOrEqual(-0.002 + 1e-5);
        expect(conflicts).toBe(0);
      }),
      { numRuns: Math.ceil(RUNS.numRuns / 100) },
    );
  });
});
