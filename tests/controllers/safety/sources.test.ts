import { describe, expect, it } from 'vitest';
import type { RiskJudge } from '../../../controllers/safety/critic.ts';
import type { Envelope, Situation } from '../../../controllers/safety/envelope.ts';
import { initialLadder, type LadderState } from '../../../controllers/safety/ladder.ts';
import { ladderLimits } from '../../../controllers/safety/limits.ts';
import { Scales } from '../../../controllers/safety/scales.ts';
import { Setpoints } from '../../../controllers/safety/setpoints.ts';
import { Sources } from '../../../controllers/safety/sources.ts';
import { type Mode, makeRobotState } from '../../../src/core/signals.ts';
import { MS, safetyOf } from './rig.ts';

/** An envelope that writes who asked: 1 seed, 2 hold, 3 stay, 4 brake, 5 rejoin; a confined wish is 10 larger. */
const envelope = {
  recoverySpeed: 0.25,
  seed: (_state: unknown, out: Float64Array) => out.fill(1),
  hold: (_state: unknown, _last: unknown, out: Float64Array) => out.fill(2),
  stay: (_last: unknown, out: Float64Array) => out.fill(3),
  rejoin: (_state: unknown, last: Float64Array) => last.fill(5),
  brake: (_by: unknown, out: Float64Array) => out.fill(4),
  confine: (wish: Float64Array) => wish.set(wish.map((v) => v + 10)),
  sent() {},
} as unknown as Envelope;

describe('the setpoints that the gate remembers', () => {
  const state = makeRobotState(1);

  it('begin at arming where the robot is, and nothing has passed since', () => {
    const s = new Setpoints(envelope, 1, 80);
    s.seed(state, 5e9);
    expect([s.last[0], s.hold[0], s.anchor[0], s.takeoverAnchor[0]]).toEqual([1, 1, 1, 1]);
    expect(s.elapsed(5e9)).toBe(0);
  });

  it('know how many seconds ago the last command went out', () => {
    const s = new Setpoints(envelope, 1, 80);
    s.sent(Float64Array.of(7), 5e9);
    expect(s.last[0]).toBe(7);
    expect(s.elapsed(5.25e9)).toBe(0.25);
  });

  it('begin anew where the robot is, once a state is more than a lease of 80 ms younger than the last command', () => {
    const s = new Setpoints(envelope, 1, 80);
    s.sent(Float64Array.of(7), 5e9);
    state.receivedNs = 5.08e9;
    expect(s.rejoin(state, 5.08e9)).toBe(true);
    expect(s.rejoin(state, 5.5e9)).toBe(false);
    expect([s.last[0], s.hold[0], s.anchor[0]]).toEqual([7, 0, 0]);
    expect(s.elapsed(5.5e9)).toBe(0.5);
    state.receivedNs = 5.08e9 + 1000;
    expect(s.rejoin(state, 5.5e9)).toBe(true);
    expect([s.last[0], s.hold[0], s.anchor[0], s.takeoverAnchor[0]]).toEqual([5, 5, 5, 5]);
    expect(s.elapsed(5.5e9)).toBe(0);
  });

  it('stay where the robot was measured last, for as long as no command goes out; the first one ends it', () => {
    let measured = 5;
    const moving = { ...envelope, rejoin: (_state: unknown, last: Float64Array) => last.fill(measured++) } as Envelope;
    const s = new Setpoints(moving, 1, 80);
    s.sent(Float64Array.of(7), 5e9);
    state.receivedNs = 5.2e9;
    s.rejoin(state, 5.2e9);
    s.rejoin(state, 5.21e9);
    expect([s.last[0], s.elapsed(5.21e9)]).toEqual([6, 0]);
    s.sent(Float64Array.of(6), 5.21e9);
    s.rejoin(state, 5.22e9);
    expect([s.last[0], s.elapsed(5.22e9)]).toEqual([6, 0.01]);
  });

  it('hold what is measured, or go on with what was asked', () => {
    const s = new Setpoints(envelope, 1, 80);
    s.holdHere(state);
    expect(s.hold[0]).toBe(2);
    s.stay();
    expect(s.hold[0]).toBe(3);
    expect(s.last[0]).toBe(0);
  });
});

describe('the scales of the operator', () => {
  it.each([-0.1, 1.1, Number.NaN, '0.5'])('%s is refused, and says so', (value) => {
    const scales = new Scales();
    for (const kind of ['residual_scale', 'speed_scale'] as const)
      expect(scales.request(kind, value as number)).toEqual({
        accepted: false,
        reason: `${kind} ${value} is not within 0 … 1`,
      });
    expect(scales).toMatchObject({ residual: 1, speed: 1 });
  });

  it.each([0, 0.5, 1])('%d is taken without a word', (value) => {
    const scales = new Scales();
    for (const kind of ['residual_scale', 'speed_scale'] as const)
      expect(scales.request(kind, value)).toEqual({ accepted: true, reason: '' });
    expect(scales).toMatchObject({ residual: value, speed: value });
  });

  it('the speed scale falls at once and rises by a half in a second', () => {
    const scales = new Scales();
    scales.request('speed_scale', 0.2);
    scales.request('speed_scale', 0.8);
    expect(scales.speed).toBe(0.2);
    scales.slew(1, 1);
    expect(scales.speed).toBeCloseTo(0.7, 12);
    for (const none of [0, -1, Number.NaN]) scales.slew(none, 1);
    expect(scales.speed).toBeCloseTo(0.7, 12);
    scales.slew(1, 1);
    expect(scales.speed).toBe(0.8);
  });

  it('the pace that the critic leaves counts at once, in a tick without time too, and what it gives back comes slowly', () => {
    const scales = new Scales();
    scales.slew(0, 0.3);
    expect(scales.speed).toBe(0.3);
    scales.slew(0.1, 1);
    expect(scales.speed).toBeCloseTo(0.35, 12);
    scales.slew(10, 0.6);
    expect(scales.speed).toBe(0.6);
    scales.slew(10, 1);
    expect(scales.speed).toBe(1);
  });

  it('the least of operator and critic counts, whoever it is', () => {
    const scales = new Scales();
    scales.request('speed_scale', 0.4);
    scales.slew(1, 0.9);
    expect(scales.speed).toBe(0.4);
    scales.slew(1, 0.2);
    expect(scales.speed).toBe(0.2);
    scales.request('speed_scale', 0.1);
    expect(scales.speed).toBe(0.1);
    scales.slew(10, 1);
    expect(scales.speed).toBe(0.1);
  });
});

describe('who writes', () => {
  const judged = { source: 'policy', invalid: false, riskProposed: 0.1, fraction: 0.75, aim: Float64Array.of(5) };
  const made = (judge: Partial<RiskJudge> = {}) => {
    const setpoints = new Setpoints(envelope, 1, 80);
    setpoints.hold[0] = 6;
    const scales = new Scales();
    const parts = { envelope, situation: {} as Situation, setpoints, scales };
    const sources = new Sources({ ...parts, judge: { ...judged, ...judge } as RiskJudge });
    sources.recoveryAim[0] = 8;
    return { sources, scales };
  };
  const ladder = (mode: Mode, readyNs = -1): LadderState => ({
    ...initialLadder(ladderLimits(safetyOf()), 0),
    mode,
    readyNs,
  });

  it.each<[Mode, string, number, number, number]>([
    ['BOOT', 'none', 0, 1, 0],
    ['DISARMED', 'none', 0, 1, 0],
    ['FAULT', 'none', 0, 1, 0],
    ['HOLD', 'hold', 6, 1, 0],
    ['STOPPED', 'hold', 6, 1, 0],
    ['STOPPING', 'brake', 4, 1, 0],
    ['ESTOP', 'brake', 4, 1, 0],
    ['ACTIVE', 'policy', 15, 1, 0.75],
    ['RECOVERY', 'recovery', 18, 0.25, 0],
    ['ENGAGING', 'hold', 6, 1, 0],
  ])('in %s: %s, wish %d, at speed scale %d, with %d of the residual', (mode, source, wish, speed, residual) => {
    const { sources } = made();
    expect(sources.choose(ladder(mode), 0)).toBe(source);
    expect([sources.wish[0], sources.speedScale, sources.residualFraction]).toEqual([wish, speed, residual]);
  });

  it.each<[Mode, number]>([
    ['ACTIVE', 1],
    ['ENGAGING', 0.5],
  ])(
    'a person in %s: the same way as the policy, tagged, at speed scale %d, with nothing of the residual',
    (mode, speed) => {
      const { sources } = made({ source: 'takeover' });
      expect(sources.choose(ladder(mode, 0), 150 * MS)).toBe('takeover');
      expect([sources.wish[0], sources.speedScale, sources.residualFraction]).toEqual([15, speed, 0]);
    },
  );

  it('STOPPING brakes in every tick; ESTOP in one, until it is entered anew', () => {
    const { sources } = made();
    for (let n = 0; n < 3; n++) expect(sources.choose(ladder('STOPPING'), 0)).toBe('brake');
    expect([1, 2, 3].map(() => sources.choose(ladder('ESTOP'), 0))).toEqual(['brake', 'none', 'none']);
    expect(sources.choose(ladder('STOPPING'), 0)).toBe('brake');
    sources.allowOneStop();
    expect([1, 2].map(() => sources.choose(ladder('ESTOP'), 0))).toEqual(['brake', 'none']);
  });

  it.each([
    [0, 0, 0],
    [0, 150, 0.5],
    [1000, 1150, 0.5],
    [1000, 1300, 1],
    [1000, 2000, 1],
    [1000, 900, 0],
  ])('ENGAGING ramps within 300 ms from the first decision: ready at %d ms, at %d ms scale %d', (ready, now, scale) => {
    const { sources } = made();
    expect(sources.choose(ladder('ENGAGING', ready * MS), now * MS)).toBe('policy');
    expect(sources.speedScale).toBe(scale);
  });

  it('the scales of the operator count', () => {
    const { sources, scales } = made();
    scales.request('speed_scale', 0.5);
    scales.request('residual_scale', 0.4);
    sources.choose(ladder('ENGAGING', 0), 150 * MS);
    expect(sources.speedScale).toBe(0.25);
    expect(sources.residualFraction).toBeCloseTo(0.3, 12);
  });

  it.each([{ invalid: true }, { riskProposed: Number.NaN }])('a policy judged %j moves nothing', (judge) => {
    const { sources } = made(judge);
    expect(sources.choose(ladder('ACTIVE'), 0)).toBe('hold');
    expect([sources.wish[0], sources.speedScale, sources.residualFraction]).toEqual([3, 0, 0]);
  });
});
