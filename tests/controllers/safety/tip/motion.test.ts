import { describe, expect, it } from 'vitest';
import { TipMotion } from '../../../../controllers/safety/tip/motion.ts';
import { close, limitsOf, MS, type Twist } from './table.ts';

const still: Twist = [0, 0, 0, 0, 0, 0];

/** Commands `[twist, sent at ms]`, and where they may have taken the tip. */
function moved(commands: [Twist, number][], receivedMs: number, nowMs: number, delayMs = 20) {
  const motion = new TipMotion(limitsOf({ delayNs: delayMs * MS }));
  for (const [twist, ms] of commands) motion.sent(Float64Array.from(twist), 0.01, ms * MS);
  motion.predict(receivedMs * MS, nowMs * MS);
  const { count, unknown } = motion;
  const ways = Array.from({ length: count }, (_, h) => [...motion.moved.subarray(3 * h, 3 * h + 3)]);
  const turns = Array.from({ length: count }, (_, h) => [...motion.turned.subarray(4 * h, 4 * h + 4)]);
  return { ways, turns, unknown };
}

describe('where a tip may be by now', () => {
  it('without commands: where it is', () => {
    expect(moved([], 0, 0)).toEqual({ ways: [[0, 0, 0]], turns: [[0, 0, 0, 1]], unknown: 0 });
  });

  it('moved by what was sent after the measurement, certainly', () => {
    expect(moved([[[1, -2, 0.5, 0, 0, 0], 100]], 100, 130, 0).ways).toEqual([close([0.03, -0.06, 0.015])]);
  });

  it('moved by any share of what was sent up to the delay before it', () => {
    // Measured at 100 ms, a delay of 20 ms: of 10 ms at 1 m/s and 10 ms at 2 m/s all, the newer ones, or none.
    const { ways } = moved(
      [
        [[1, 0, 0, 0, 0, 0], 70],
        [[2, 0, 0, 0, 0, 0], 90],
        [still, 100],
      ],
      100,
      100,
    );
    expect(ways).toEqual([close([0, 0, 0]), close([0.02, 0, 0]), close([0.03, 0, 0])]);
  });

  it('turned in the order of the commands: the newest last', () => {
    // A quarter turn about z and then one about x take x to z: (1, 1, 1, 1)/2 in another order would take it elsewhere.
    const quarter = Math.PI / 2 / 0.01;
    const { turns } = moved(
      [
        [[0, 0, 0, 0, 0, quarter], 100],
        [[0, 0, 0, quarter, 0, 0], 110],
      ],
      100,
      120,
      0,
    );
    expect(turns).toEqual([close([0.5, -0.5, 0.5, 0.5])]);
  });

  it('is not known for as long as the memory does not reach', () => {
    // 8 + 4 · 22 commands of 1 ms; a delay of 20 ms before a state of 300 ms.
    const commands = Array.from({ length: 200 }, (_, n): [Twist, number] => [still, 201 + n]);
    expect(moved(commands, 300, 400).unknown).toBeCloseTo(0.025, 9);
    expect(moved(commands, 310, 400).unknown).toBeCloseTo(0.015, 9);
    expect(moved(commands, 330, 400).unknown).toBe(0);
  });
});

describe('the last twist', () => {
  it('and its derivative are remembered', () => {
    const motion = new TipMotion(limitsOf());
    motion.sent(Float64Array.of(0.05, 0, 0, 0, 0.1, 0), 0.01, 0);
    motion.sent(Float64Array.of(0.05, 0.08, 0, 0, 0.2, 0), 0.01, 10 * MS);
    expect([...motion.twist]).toEqual([0.05, 0.08, 0, 0, 0.2, 0]);
    expect([...motion.acceleration]).toEqual(close([0, 8, 0, 0, 10, 0]));
    motion.sent(Float64Array.of(0.05, 0.05, 0, 0, 0.3, 0), 0, 10 * MS);
    expect([...motion.acceleration]).toEqual(close([0, 8, 0, 0, 10, 0]));
  });

  it('accelerates no more than was allowed, whatever times were rounded to', () => {
    const motion = new TipMotion(limitsOf());
    motion.sent(Float64Array.of(0.06, 0, 0.08, 0.3, 0, 0), 0.005, 0);
    expect([...motion.acceleration]).toEqual(close([6, 0, 8, 20, 0, 0]));
  });

  it('at rest accelerates no more: each half by itself', () => {
    const motion = new TipMotion(limitsOf());
    motion.sent(Float64Array.of(0.05, 0, 0, 0, 0, 0.1), 0.01, 0);
    motion.sent(Float64Array.of(0, 0, 0, 0, 0, 0.2), 0.01, 10 * MS);
    expect([...motion.acceleration]).toEqual(close([0, 0, 0, 0, 0, 10]));
    motion.sent(Float64Array.of(0.05, 0, 0, 0, 0, 0), 0.01, 20 * MS);
    expect([...motion.acceleration]).toEqual(close([5, 0, 0, 0, 0, 0]));
    // A rotation about x is none of the translation's.
    motion.sent(Float64Array.of(0, 0, 0, 0.1, 0, 0), 0.01, 30 * MS);
    expect([...motion.acceleration]).toEqual(close([0, 0, 0, 10, 0, 0]));
  });

  it('is forgotten with all motion', () => {
    const motion = new TipMotion(limitsOf());
    motion.sent(Float64Array.of(1, 0, 0, 0, 0, 1), 0.01, 0);
    motion.seed();
    motion.predict(0, 10 * MS);
    expect([[...motion.twist], [...motion.acceleration]]).toEqual([still, still]);
    expect([motion.count, ...motion.moved.subarray(0, 3)]).toEqual([1, 0, 0, 0]);
  });

  it('was asked for between two times', () => {
    const motion = new TipMotion(limitsOf());
    motion.sent(Float64Array.of(1, 0, 0, 0, 0, 2), 0.01, 0);
    motion.sent(Float64Array.of(0, 3, 0, 0, 0, 0), 0.01, 10 * MS);
    const out = Float64Array.of(0.5, 0, 0, 0, 0, 0);
    motion.asked(5 * MS, 12 * MS, out);
    expect([...out]).toEqual(close([0.505, 0.006, 0, 0, 0, 0.01]));
  });
});
