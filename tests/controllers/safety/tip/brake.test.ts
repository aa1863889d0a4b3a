import { describe, expect, it } from 'vitest';
import { brakeTip } from '../../../../controllers/safety/tip/brake.ts';
import { close, limitsOf, type Moving, motionOf, type Twist } from './table.ts';

/** 0.04 m/s and 0.08 rad/s a tick of change in what changes a tick. */
const l = limitsOf({ linear: { jerk: 400 }, angular: { jerk: 800 } });
const braked = (by: Moving, gently = true, dt = 0.01): number[] => {
  // What comes after a setpoint is somebody else's.
  const out = new Float64Array(7).fill(7);
  brakeTip(motionOf(l, by), l, gently, dt, out);
  expect(out[6]).toBe(7);
  return [...out].slice(0, 6);
};

describe('the braking law of a tip, within its jerk limits', () => {
  it.each<[string, Moving, Twist]>([
    ['ramps its deceleration in', { was: [1, 0, 0, 0, 0, 0] }, [0.96, 0, 0, 0, 0, 0]],
    ['backwards', { was: [0, -1, 0, 0, 0, 0] }, [0, -0.96, 0, 0, 0, 0]],
    ['askew', { was: [0.6, 0, -0.8, 0, 0, 0] }, [0.576, 0, -0.768, 0, 0, 0]],
    ['of a rotation', { was: [0, 0, 0, 0.6, 0.8, 0] }, [0, 0, 0, 0.552, 0.736, 0]],
    ['and on', { was: [0, 0, 1, 0, 0, 0], slope: [0, 0, -4, 0, 0, 0] }, [0, 0, 0.92, 0, 0, 0]],
    ['and on askew', { was: [0.6, -0.8, 0, 0, 0, 0], slope: [-2.4, 3.2, 0, 0, 0, 0] }, [0.552, -0.736, 0, 0, 0, 0]],
    ['and on in a rotation', { was: [0, 0, 0, 0, 0, 1], slope: [0, 0, 0, 0, 0, -4] }, [0, 0, 0, 0, 0, 0.88]],
    [
      'what accelerates to the side does not brake',
      { was: [1, 0, 0, 0, 0, 0], slope: [0, -4, 4, 0, 0, 0] },
      [0.96, 0, 0, 0, 0, 0],
    ],
    [
      'what still speeds up keeps its speed at most',
      { was: [1, 0, 0, 0, 0, 0], slope: [6, 0, 0, 0, 0, 0] },
      [1, 0, 0, 0, 0, 0],
    ],
    ['each by itself', { was: [1, 0, 0, 0, 1, 0] }, [0.96, 0, 0, 0, 0.92, 0]],
    ['at rest it stays', { was: [0, 0, 0, 0, 0, 0], slope: [-1, 0, 0, 0, 0, -1] }, [0, 0, 0, 0, 0, 0]],
  ])('%s', (_name, by, out) => {
    expect(braked(by)).toEqual(close(out));
  });
});

describe('the braking law of a tip, at full acceleration', () => {
  it.each<[string, Moving, Twist]>([
    ['takes 0.1 m/s a tick', { was: [0.6, 0, -0.8, 0, 0, 0] }, [0.54, 0, -0.72, 0, 0, 0]],
    ['and 0.2 rad/s', { was: [0, 0, 0, 0, 0, -1] }, [0, 0, 0, 0, 0, -0.8]],
    ['whatever it did before', { was: [1, 0, 0, 0, 0, 0], slope: [6, 0, 0, 0, 0, 0] }, [0.9, 0, 0, 0, 0, 0]],
    ['never beyond rest', { was: [0.05, 0, 0, 0.1, 0, 0] }, [0, 0, 0, 0, 0, 0]],
  ])('%s', (_name, by, out) => {
    expect(braked(by, false)).toEqual(close(out));
  });

  it.each([0, -1, Number.NaN])('changes nothing in %d s', (dt) => {
    expect(braked({ was: [1, -1, 0, 0, 1, 0] }, false, dt)).toEqual([1, -1, 0, 0, 1, 0]);
  });
});
