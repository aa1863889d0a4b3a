import { describe, expect, it } from 'vitest';
import { brakeTwist } from '../../../../controllers/safety/twist/brake.ts';
import { selfTest } from '../../../../controllers/safety/twist/self-test.ts';
import { limitsOf, type Moving, motionOf, type Vector } from './table.ts';

const l = limitsOf({ jerk: 400, turnJerk: 800 });
const braked = (by: Moving, gently = true, dt = 0.01): number[] => {
  // What comes after a setpoint is somebody else's.
  const out = Float64Array.of(7, 7, 7, 7);
  brakeTwist(motionOf(l, by), l, gently, dt, out);
  expect(out[3]).toBe(7);
  return [...out].slice(0, 3);
};
const close = (v: Vector): number[] => v.map((x) => expect.closeTo(x, 12));

describe('the braking law of a base, within its jerk limits', () => {
  it.each<[string, Moving, Vector]>([
    ['ramps its deceleration in', { was: [1, 0, 0] }, [0.96, 0, 0]],
    ['backwards', { was: [-1, 0, 0] }, [-0.96, 0, 0]],
    ['askew', { was: [0.6, -0.8, 0] }, [0.576, -0.768, 0]],
    ['of a turn', { was: [0, 0, 1] }, [0, 0, 0.92]],
    ['of a turn to the right', { was: [0, 0, -1] }, [0, 0, -0.92]],
    ['and on', { was: [1, 0, 0], slope: [-4, 0, 0] }, [0.92, 0, 0]],
    ['and on backwards', { was: [-1, 0, 0], slope: [4, 0, 0] }, [-0.92, 0, 0]],
    ['and on askew', { was: [0.6, -0.8, 0], slope: [-2.4, 3.2, 0] }, [0.552, -0.736, 0]],
    ['and on in a turn', { was: [0, 0, 1], slope: [0, 0, -4] }, [0, 0, 0.88]],
    ['what accelerates to the side does not brake', { was: [1, 0, 0], slope: [0, -4, 0] }, [0.96, 0, 0]],
    ['what still speeds up keeps its twist at most', { was: [1, 0, 0], slope: [6, 0, 0] }, [1, 0, 0]],
    ['the slower law brakes both: the translation', { was: [1, 0, 1] }, [0.96, 0, 0.96]],
    ['or the turn', { was: [0.1, 0, 1] }, [0.092, 0, 0.92]],
    ['at rest it stays', { was: [0, 0, 0], slope: [-1, 0, -1] }, [0, 0, 0]],
  ])('%s', (_name, by, out) => {
    expect(braked(by)).toEqual(close(out));
  });
});

describe('the braking law of a base, at full acceleration', () => {
  it.each<[string, Moving, Vector]>([
    ['takes 0.1 m/s a tick', { was: [0.6, -0.8, 0] }, [0.54, -0.72, 0]],
    ['and 0.2 rad/s', { was: [0, 0, -1] }, [0, 0, -0.8]],
    ['whatever it did before', { was: [1, 0, 0], slope: [6, 0, 0] }, [0.9, 0, 0]],
    ['also in a turn', { was: [0, 0, 1], slope: [0, 0, 6] }, [0, 0, 0.8]],
    ['along its arc', { was: [1, 0, 1] }, [0.9, 0, 0.9]],
    ['never beyond rest', { was: [0.05, 0, 0.1] }, [0, 0, 0]],
  ])('%s', (_name, by, out) => {
    expect(braked(by, false)).toEqual(close(out));
  });

  it.each([0, -1, Number.NaN])('changes nothing in %d s', (dt) => {
    expect(braked({ was: [1, -1, 1] }, false, dt)).toEqual([1, -1, 1]);
  });
});

describe('the self-test of the braking law of a base', () => {
  it('is passed by limits that leave it the room that it takes, whatever its sensors and its delay', () => {
    expect(selfTest(limitsOf())).toBe('');
    expect(selfTest(limitsOf({ sideways: false, x: 0.4, y: -0.1 }))).toBe('');
    expect(selfTest(limitsOf({ beams: [], ageNs: [], delayNs: 1e9 }))).toBe('');
    // Ramps of 2.5 · 20/400 s.
    expect(selfTest(limitsOf({ jerk: 400, turnJerk: 400, ramp: 0.125 }))).toBe('');
  });

  it('says how far it goes past the minimum distance: stopping reckons with more than there is', () => {
    // 2 m/s stop in 0.21 m at 10 m/s², a period each; reckoned with 20 m/s² and no reaction time, 0.1 m were left.
    expect(selfTest(limitsOf({ deceleration: 20, reaction: 0 }))).toMatch(
      /^braking law takes the base 0\.1(1|09)\d* m past its minimum distance$/,
    );
  });

  /** Turns of 1 rad/s take 0.5 s, 0.255 rad in periods of 10 ms; reckoned are 10 ms of reaction and 50 ms, for 0.5 m/s. */
  const SLOW_TURN = { turn: 1, turnAcceleration: 2, turnDeceleration: 1000, reaction: 0.01 };
  /** How far a footprint that begins at p m/s comes past its minimum distance, on an arc of 0.255 rad. */
  const past = (p: number, reckoned: number) =>
    0.5 - Math.hypot(0.5 + p * (reckoned - Math.sin(0.255)), p * (1 - Math.cos(0.255)));

  it.each([
    // On one side of the axis a turn adds to the way of the footprint, on the other it takes it all away.
    ['to the right', { speed: 0.5, y: 0.5 }, 1, 0.06],
    ['to the left', { speed: 0.5, y: -0.5 }, 1, 0.06],
    ['of a footprint in front', { speed: 0.01, x: 0.5 }, Math.hypot(0.01, 0.5), 0.011],
    ['of a footprint behind', { speed: 0.01, x: -0.5 }, Math.hypot(0.01, 0.5), 0.011],
    ['of one at the side and in front', { speed: 0.3, x: 0.4, y: -0.3 }, Math.hypot(0.6, 0.4), 0.04],
  ])('also where only a turn is slower to stop than reckoned: %s', (_name, limits, p, reckoned) => {
    const said = selfTest(limitsOf({ sideways: false, ...SLOW_TURN, ...limits }));
    const found = /^braking law takes the base (\S+) m past its minimum distance$/.exec(said);
    expect(Number(found?.[1])).toBeCloseTo(past(p, reckoned), 9);
  });

  it('a footprint that stays where it is while the base turns about it nears nothing', () => {
    expect(selfTest(limitsOf({ sideways: false, speed: 0.5, turn: 1, y: 0.5 }))).toBe('');
  });

  it('runs it forwards and backwards, straight and on arcs to either side, and askew where the base can', () => {
    const begun: number[][] = [];
    let steps = 0;
    const watching: typeof brakeTwist = (motion, limits, gently, dt, out) => {
      if (Math.hypot(motion.twist[0]!, motion.twist[1]!) > 1.999) begun.push([...motion.twist]);
      if (gently) steps++;
      brakeTwist(motion, limits, gently, dt, out);
    };
    expect(selfTest(limitsOf({ reaction: 0.095 }), watching)).toBe('');
    const c = 2 * Math.cos(1);
    const s = 2 * Math.sin(1);
    const forwards = [0, 2, -2].flatMap((w): Vector[] => [
      [2, 0, w],
      [c, s, w],
    ]);
    const all = [...forwards, ...forwards.map(([x, y, w]): Vector => [-x, -y, w])];
    const told = new Map(begun.map((twist) => [twist.map((v) => v.toFixed(6)).join(), twist]));
    expect([...told.values()].map((twist) => twist.map((v) => Number(v.toFixed(9)) + 0).join()).sort()).toEqual(
      all.map((twist) => twist.map((v) => Number(v.toFixed(9)) + 0).join()).sort(),
    );
    // 0.2 s to rest and 0.095 s of reaction, in periods of 10 ms, and two more.
    expect(steps).toBe(12 * 32);
  });

  it('finds a law that does not brake', () => {
    const none: typeof brakeTwist = (motion, _limits, _gently, _dt, out) => out.set(motion.twist);
    expect(selfTest(limitsOf(), none)).toBe('braking law breaks min_distance at step 1');
  });

  it('says which limit a step breaks: nothing keeps an acceleration below none', () => {
    expect(selfTest(limitsOf({ acceleration: -1, reaction: 5 }))).toBe('braking law breaks acceleration at step 1');
  });

  it('says what is left of a twist that does not come to rest in time', () => {
    // So gently where there is room: at 1 m/s³ the speed falls as the room does, and not in 1.2 s.
    expect(selfTest(limitsOf({ jerk: 1, reaction: 1 }))).toMatch(
      /^braking law leaves a twist of 0\.\d+,0,0 after 122 steps$/,
    );
    expect(selfTest(limitsOf({ sideways: false, turnJerk: 1, x: 0.4, reaction: 1 }))).toMatch(
      /^braking law leaves a twist of \S+ after \d+ steps$/,
    );
  });
});
