import { describe, expect, it } from 'vitest';
import { JointMotion } from '../../../../controllers/safety/joint/motion.ts';
import { limitsOf, MS } from './table.ts';

/** Commands of one joint, `[velocity, ms]` each, 10 ms apart as far as rates go. */
const sent = (...commands: [number, number][]): JointMotion => {
  const motion = new JointMotion(limitsOf());
  for (const [v, ms] of commands) motion.sent(Float64Array.of(v), 0.01, ms * MS);
  return motion;
};

describe('what was sent', () => {
  it('has a velocity, and the acceleration to it', () => {
    const motion = sent([1, 0], [1.5, 10]);
    expect([...motion.velocity, ...motion.acceleration]).toEqual([1.5, 50]);
  });

  it('keeps its acceleration when no time has passed', () => {
    const motion = sent([1, 0]);
    motion.sent(Float64Array.of(3), 0, 0);
    expect([...motion.velocity, ...motion.acceleration]).toEqual([3, 100]);
  });

  it('is forgotten by seed', () => {
    const motion = sent([1, 0]);
    motion.seed();
    expect([...motion.velocity, ...motion.acceleration]).toEqual([0, 0]);
    motion.predict(Float64Array.of(0.5), 10 * MS, 30 * MS);
    expect([...motion.highest, ...motion.lowest]).toEqual([0.5, 0.5]);
    expect(motion.asked(0, 0, 30 * MS)).toBe(0);
    motion.sent(Float64Array.of(2), 0.01, 20 * MS);
    expect(motion.asked(0, 0, 30 * MS)).toBeCloseTo(0.02, 12);
    const full = sent(...Array.from({ length: 56 }, (_, i): [number, number] => [1, i]));
    full.seed();
    expect(full.asked(0, 0, 100 * MS)).toBe(0);
  });
});

describe('where a joint measured at 0.5 rad may be by now, with a delay of up to 20 ms', () => {
  it.each<[string, [number, number][], number, number, number, number]>([
    ['nothing was sent', [], 0, 30, 0.5, 0.5],
    ['what was sent after the measurement is not in it', [[1, 0]], 0, 30, 0.53, 0.53],
    ['of what was sent before, any share is', [[1, 0]], 10, 30, 0.53, 0.52],
    ['the same backwards', [[-1, 0]], 10, 30, 0.48, 0.47],
    ['what was sent longer ago than the delay is in it', [[1, 0]], 100, 100, 0.52, 0.5],
    ['the same with time passed since', [[1, 0]], 100, 110, 0.53, 0.51],
    // -0.02 rad since 20 ms; 0.01 rad of the first after the measurement, and 0.01 rad before it.
    [
      'a turn',
      [
        [1, 0],
        [-2, 20],
      ],
      10,
      30,
      0.5,
      0.49,
    ],
    [
      'a turn before the measurement',
      [
        [3, 0],
        [-1, 10],
      ],
      20,
      20,
      0.52,
      0.49,
    ],
    [
      'two commands after it',
      [
        [1, 10],
        [3, 20],
      ],
      0,
      30,
      0.54,
      0.54,
    ],
    ['a command that is sent later than now', [[1, 20]], 0, 10, 0.5, 0.5],
    ['a command in the instant of the measurement', [[1, 10]], 10, 30, 0.52, 0.52],
  ])('%s', (_name, commands, receivedMs, nowMs, highest, lowest) => {
    const motion = sent(...commands);
    motion.predict(Float64Array.of(0.5), receivedMs * MS, nowMs * MS);
    expect(motion.highest[0]).toBeCloseTo(highest, 12);
    expect(motion.lowest[0]).toBeCloseTo(lowest, 12);
  });

  it('what the ring no longer holds is taken to have been at full speed', () => {
    // 56 places: 8, and 4 for each of the 12 periods of delay and late states.
    const full = sent(...Array.from({ length: 56 }, (_, i): [number, number] => [0, 100 + i * 1e-3]));
    full.predict(Float64Array.of(0.5), 101 * MS, 101 * MS);
    // 2 rad/s for the 19 ms from 81 ms to the oldest command that is known.
    expect(full.highest[0]).toBeCloseTo(0.538, 9);
    expect(full.lowest[0]).toBeCloseTo(0.462, 9);
    // One more: the first is gone, and the place after the newest one is that of the oldest.
    full.sent(Float64Array.of(0), 0.01, 100 * MS + 56e3);
    full.predict(Float64Array.of(0.5), 101 * MS, 101 * MS);
    expect(full.highest[0]).toBeCloseTo(0.538002, 9);
    const roomy = sent(...Array.from({ length: 55 }, (_, i): [number, number] => [0, 100 + i * 1e-3]));
    roomy.predict(Float64Array.of(0.5), 101 * MS, 101 * MS);
    expect(roomy.highest[0]).toBe(0.5);
  });

  it('a full ring that reaches back far enough knows all', () => {
    const full = sent(...Array.from({ length: 60 }, (_, i): [number, number] => [1, i * 10]));
    full.predict(Float64Array.of(0.5), 590 * MS, 600 * MS);
    expect(full.highest[0]).toBeCloseTo(0.53, 12);
    expect(full.lowest[0]).toBeCloseTo(0.51, 12);
  });

  it('each joint by its own commands', () => {
    const l = limitsOf({ joints: 2, velocity: [2, 2] });
    const motion = new JointMotion(l);
    motion.sent(Float64Array.of(1, -1), 0.01, 0);
    motion.sent(Float64Array.of(2, -3), 0.01, 10 * MS);
    motion.predict(Float64Array.of(0, 0.5), 0, 20 * MS);
    expect(motion.highest[0]).toBeCloseTo(0.03, 12);
    expect(motion.highest[1]).toBeCloseTo(0.46, 12);
    expect(motion.asked(1, 0, 20 * MS)).toBeCloseTo(-0.04, 12);
    expect([...motion.acceleration]).toEqual([100, -200]);
  });
});

describe('what a joint was asked to move between two times', () => {
  it.each([
    [5, 15, 0.02],
    [-10, 5, 0.005],
    [-10, 0, 0],
    [12, 15, 0.009],
    [20, 20, 0],
    [15, 5, 0],
    [0, 10, 0.01],
  ])('from %d ms to %d ms: %d rad', (from, to, moved) => {
    expect(sent([1, 0], [3, 10]).asked(0, from * MS, to * MS)).toBeCloseTo(moved, 12);
  });
});
