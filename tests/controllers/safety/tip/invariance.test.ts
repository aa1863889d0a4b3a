import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLIPPED } from '../../../../controllers/safety/envelope.ts';
import { SeededRandom } from '../../../../src/core/random.ts';
import { RUNS } from '../arbitrary.ts';
import { adversary, TipRig, tipSafety } from './arm.ts';

const T = 0.01;
const TILT = 0.3;
/**
 * Commands in flight last as long as the periods in which they are obeyed, which nobody knows beforehand: at 1 m/s and a jitter
 * of 30 % that is a part of a millimetre, and as much of a milliradian at 2 rad/s.
 */
const TOLERANCE = { m: 0.0005, rad: 0.001 };

/** Furthest out, m and rad; ticks with limits in conflict; and the way that was gone, in 600 adversarial ticks. */
function attack(seed: number, delay: number, jitter: number, declaredMs = delay * 13) {
  const random = new SeededRandom(seed);
  const limits = {
    ...{ speed: 1, acceleration: 4, jerk: 200, speed_rotation: 2, acceleration_rotation: 8, jerk_rotation: 400 },
    delay_ms: declaredMs,
  };
  const planes = [
    { normal: [1, 1, 0.5], offset: random.range(0.05, 0.3) },
    { normal: [-2, 0, 1], offset: random.range(0.1, 0.4) },
  ];
  const rig = new TipRig(tipSafety(limits, { planes, tilt: TILT }), delay);
  const wish = adversary(random, 1, 2);
  const worst = { past: Number.NEGATIVE_INFINITY, tilt: 0, conflicts: 0, way: 0 };
  const before = new Float64Array(3);
  for (let n = 0; n < 600; n++) {
    before.set(rig.pose.subarray(0, 3));
    if ((rig.command(wish()) & CLIPPED.conflict) !== 0) worst.conflicts++;
    rig.move(T * (1 + random.range(-jitter, jitter)));
    worst.past = Math.max(worst.past, rig.past);
    worst.tilt = Math.max(worst.tilt, rig.tilt);
    worst.way += Math.hypot(...before.map((v, i) => rig.pose[i]! - v));
  }
  return worst;
}

describe('P4 forward invariance of a tip', () => {
  it.each([
    [0, 0],
    [2, 0],
    [5, 0],
    [10, 0],
    [0, 0.3],
    [2, 0.3],
    [5, 0.3],
  ])('adversarial commands never take it out of its workspace: delay of %d ticks, jitter ±%f', (delay, jitter) => {
    let [nearest, furthest, way] = [Number.NEGATIVE_INFINITY, 0, 0];
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const worst = attack(seed, delay, jitter);
        expect(worst.past).toBeLessThanOrEqual(jitter > 0 ? TOLERANCE.m : 1e-6);
        expect(worst.tilt).toBeLessThanOrEqual(TILT + (jitter > 0 ? TOLERANCE.rad : 1e-6));
        // Where it runs along one wall and turns towards another; to brake is what is left, and it stays inside.
        expect(worst.conflicts).toBeLessThanOrEqual(8);
        nearest = Math.max(nearest, worst.past);
        furthest = Math.max(furthest, worst.tilt);
        way = Math.max(way, worst.way);
      }),
      { numRuns: Math.ceil(RUNS.numRuns / 100) },
    );
    // It was kept in by its limits, not by standing still.
    expect(nearest).toBeGreaterThan(-0.005);
    expect(furthest).toBeGreaterThan(0.8 * TILT);
    expect(way).toBeGreaterThan(0.5);
  });
});

it('the prediction is what holds it: with a delay that was not declared the same commands take it out', () => {
  const furthest = Math.max(...Array.from({ length: 20 }, (_, seed) => attack(seed, 30, 0, 0).past));
  expect(furthest).toBeGreaterThan(0.01);
});
