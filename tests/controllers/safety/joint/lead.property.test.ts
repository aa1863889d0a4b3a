import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jointInterface } from '../../../../controllers/interfaces/joint.ts';
import { TrajectoryEnd } from '../../../../controllers/interfaces/trajectory-end.ts';
import { CLIPPED, type Situation } from '../../../../controllers/safety/envelope.ts';
import { JointEnvelope } from '../../../../controllers/safety/joint/envelope.ts';
import { JointLead } from '../../../../controllers/safety/joint/lead.ts';
import { Output } from '../../../../controllers/safety/output.ts';
import { adversary } from '../../../../src/cli/bench/joint-rig.ts';
import { SeededRandom } from '../../../../src/core/random.ts';
import { makeRobotState, type SafeAction } from '../../../../src/core/signals.ts';
import { JointGate } from '../../../safety/joint-gate.ts';
import { RUNS } from '../arbitrary.ts';
import { MS } from '../rig.ts';
import { armOf, jointSafety } from './arm.ts';
import { TrajectoryController } from './trajectory-controller.ts';

/** 10 rad/s², derated by 0.7, and 5000 rad/s³: 1 rad/s is braked within 1/7 + 0.005 s. */
const robot = armOf('joint_velocity', undefined, 'joint_trajectory');
const STOP = 1 / 7 + 0.005;

/** One joint at 0.1 rad. */
function leading(): JointLead {
  const lead = new JointLead(1, new TrajectoryEnd(robot), 16);
  lead.seed(Float64Array.of(0.1));
  return lead;
}
function send(lead: JointLead, v: number, ms: number): void {
  lead.at(ms * MS);
  lead.lead(Float64Array.of(v));
  lead.sent(Float64Array.of(v), ms * MS);
}
function at(lead: JointLead, ms: number): [position: number, velocity: number] {
  lead.at(ms * MS);
  return [lead.position[0]!, lead.velocity[0]!];
}

describe('where a joint is led by velocities in trajectories', () => {
  it('is along a ramp of 30 ms to the velocity, and the next command goes on from there', () => {
    const lead = leading();
    expect(at(lead, 5)).toEqual([0.1, 0]);
    send(lead, 1, 0);
    // Half of 1 rad/s · 0.03 s.
    expect(lead.reach[0]).toBeCloseTo(0.115, 15);
    const [p, v] = at(lead, 10);
    expect(p).toBeCloseTo(0.1 + 0.01 / 6, 15);
    expect(v).toBeCloseTo(1 / 3, 15);
    send(lead, 1, 10);
    // From 1/3 to 1 rad/s in 30 ms: 0.02 rad.
    expect(lead.reach[0]).toBeCloseTo(0.1 + 0.01 / 6 + 0.02, 15);
    expect(at(lead, 10)).toEqual([p, v]);
  });

  it('is at rest where the trajectory ends when nothing more is said, and the next command begins there', () => {
    const lead = leading();
    send(lead, 1, 0);
    expect(at(lead, 30)[1]).toBe(1);
    const [half, slower] = at(lead, 30 + (STOP / 2) * 1e3);
    expect(slower).toBeCloseTo(0.5, 6);
    expect(half).toBeCloseTo(0.115 + 0.75 * (STOP / 2), 6);
    const [end, rest] = at(lead, 1000);
    expect([end, rest]).toEqual([expect.closeTo(0.115 + STOP / 2, 12), 0]);
    send(lead, -1, 1000);
    expect(lead.reach[0]).toBeCloseTo(end - 0.015, 12);
  });

  it('still comes further than it is while it is fast, told to stand tick by tick: its speed times 30 ms', () => {
    const lead = leading();
    send(lead, 1, 0);
    expect(lead.rest(0)).toBe(0.1);
    at(lead, 30);
    expect(lead.rest(0)).toBeCloseTo(0.115 + 0.03, 12);
    const rest = lead.rest(0);
    for (let ms = 30; ms <= 400; ms++) send(lead, 0, ms);
    expect(at(lead, 1000)[0]).toBeLessThanOrEqual(rest + 1e-12);
    expect(lead.position[0]).toBeGreaterThan(rest - 1e-3);
  });

  it('is followed by a joint that was anywhere on the way within the declared delay; beyond it counts', () => {
    const lead = leading();
    for (let ms = 0; ms <= 100; ms += 10) send(lead, 1, ms);
    const [now] = at(lead, 100);
    const [then] = at(lead, 100).map((p) => p - 0.02);
    at(lead, 100);
    // It went at 1 rad/s, near enough: 20 ms ago it was 0.02 rad behind.
    const error = (q: number, oldestMs: number) => lead.error(Float64Array.of(q), oldestMs * MS);
    expect([error(now, 80), error(then! + 0.001, 80)]).toEqual([0, 0]);
    expect(error(now + 0.01, 80)).toBeCloseTo(0.01, 12);
    expect(error(0.1, 0)).toBe(0);
    expect(error(0.1 - 0.005, 0)).toBeCloseTo(0.005, 12);
    expect(error(0.1, 80)).toBeGreaterThan(0.05);
  });

  it('begins anew where it was measured', () => {
    const lead = leading();
    send(lead, 1, 0);
    lead.seed(Float64Array.of(-0.4));
    expect([at(lead, 10), lead.error(Float64Array.of(-0.4), 0)]).toEqual([[-0.4, 0], 0]);
  });
});

const iface = jointInterface(robot);
const LATENCIES = [0, 0.01, 0.02];
const LAGS = [0, 0.015, 0.05];
const JITTERS = [0, 0.3];
/** Made once: parsing a config costs more than a case. */
const SAFETY = LATENCIES.map((latency) =>
  LAGS.map((lag) =>
    JITTERS.map((jitter) =>
      jointSafety({ joints: { delay_ms: (latency + lag) * 1300 + 20, reaction_ms: 30 * (1 + jitter) } }),
    ),
  ),
);
/** Ticks a ride: to full speed and to rest again. */
const TICKS = 40;

/** Anywhere, and more often than by chance within 0.4 rad of a limit, `outside` rad beyond it at most. */
const anywhere = (random: SeededRandom, outside: number) =>
  robot.joints.map(({ position: [lo, hi] }) => {
    const near = random.range(-outside, 0.4);
    const where = random.uniform();
    return where < 1 / 3 ? lo + near : where < 2 / 3 ? hi - near : random.range(lo + 0.1, hi - 0.1);
  });

/** An enemy's wishes before a controller that hears a command `latency` s and is seen `lag` s late. */
function ride(seed: number, latencyOf: number, lagOf: number, jitterOf: number) {
  const [latency, lag, jitter] = [LATENCIES[latencyOf]!, LAGS[lagOf]!, JITTERS[jitterOf]!];
  const envelope = new JointEnvelope(SAFETY[latencyOf]![lagOf]![jitterOf]!, robot, iface);
  const random = new SeededRandom(seed);
  const start = anywhere(random, -0.01);
  const state = makeRobotState(3);
  state.position.set(start);
  const nothing = new Float64Array(0);
  const by: { -readonly [K in keyof Situation]: Situation[K] } = {
    ...{ last: new Float64Array(3), state, force: nothing, target: nothing, elapsed: 0, nowNs: 0 },
  };
  envelope.seed(state, by.last);
  const wish = adversary(robot, random);
  const controller = new TrajectoryController(start);
  const seen = [{ at: 0, positions: start }];
  const due: { at: number; message: unknown }[] = [];
  const out = new Float64Array(3);
  const found = { conflicts: 0, refusals: 0, outside: -1, ends: -1, fast: 0, error: 0 };
  let inARow = 0;
  const beyond = (positions: readonly number[]) =>
    Math.max(...positions.map((p, i) => Math.max(p - robot.joints[i]!.position[1], robot.joints[i]!.position[0] - p)));
  for (let n = 0; n < TICKS; n++) {
    const conflict = (envelope.limit(wish(by.last, 0.01), by, 1, out) & CLIPPED.conflict) !== 0;
    inARow = conflict ? inARow + 1 : 0;
    found.conflicts = Math.max(found.conflicts, inARow);
    if (envelope.lead(out, by) !== 0) found.refusals++;
    const { message } = iface.codec.encode({ setpoint: out, reach: envelope.reach } as unknown as SafeAction);
    for (const { positions } of (message as { points: { positions: number[] }[] }).points)
      found.ends = Math.max(found.ends, beyond(positions));
    const now = by.nowNs * 1e-9;
    due.push({ at: now + latency, message });
    envelope.sent(out, by.nowNs);
    by.last.set(out);
    by.elapsed = 0.01 * (1 + random.range(-jitter, jitter));
    const until = now + by.elapsed;
    const times = [now + by.elapsed / 2, until];
    for (const time of [...times, ...due.map((d) => d.at).filter((at) => at <= until)].sort((a, b) => a - b)) {
      while (due.length > 0 && due[0]!.at <= time) {
        const { at, message: heard } = due.shift()!;
        controller.accept(heard, at);
      }
      const { positions, velocities } = controller.at(time);
      seen.push({ at: time, positions });
      found.outside = Math.max(found.outside, beyond(positions));
      velocities.forEach((v, i) => {
        found.fast = Math.max(found.fast, Math.abs(v) / robot.joints[i]!.velocity);
      });
    }
    by.nowNs = Math.round(until * 1e9);
    state.position.set(seen.findLast((s) => s.at <= until - lag)?.positions ?? start);
    state.receivedNs = by.nowNs;
    envelope.observe(by);
    found.error = Math.max(found.error, envelope.trackingError(by));
  }
  return found;
}

const STRUGGLE = jointSafety({ joints: { reaction_ms: 40 } });

/**
 * The gate's last line before a robot that is pushed by up to 0.08 rad, or does not move at all; `late`: one tick in ten
 * comes up to 90 ms late. Braked from when tracking says so, or towards the end. What was refused ends it.
 */
function struggle(seed: number, late: boolean, pushed: boolean, stuck: boolean) {
  const envelope = new JointEnvelope(STRUGGLE, robot, iface);
  const output = new Output(envelope);
  const random = new SeededRandom(seed);
  const start = anywhere(random, 0.1);
  const state = makeRobotState(3);
  state.position.set(start);
  const nothing = new Float64Array(0);
  const by: { -readonly [K in keyof Situation]: Situation[K] } = {
    ...{ last: new Float64Array(3), state, force: nothing, target: nothing, elapsed: 0, nowNs: 0 },
  };
  envelope.seed(state, by.last);
  const wish = adversary(robot, random);
  const controller = new TrajectoryController(start);
  const push = [0, 0, 0];
  const to = new Float64Array(3);
  const out = new Float64Array(3);
  const { min, max, away } = envelope.limits;
  const found = { refusals: [] as string[], outside: -1, away: 0 };
  let braking = false;
  // From outside a limit, it only ever comes in.
  const highest = Array.from(max, (p, i) => Math.max(p, start[i]!));
  const lowest = Array.from(min, (p, i) => Math.min(p, start[i]!));
  for (let n = 0; n < TICKS; n++) {
    braking ||= n > 30 || envelope.trackingError(by) > 0.1;
    if (braking) envelope.brake(by, to);
    else to.set(wish(by.last, 0.01));
    const goes = output.limit(to, by, 1, out);
    if (output.refusal !== 0) found.refusals.push(envelope.refusals[output.refusal]!);
    if (!goes) return found;
    const { message } = iface.codec.encode({ setpoint: out, reach: envelope.reach } as unknown as SafeAction);
    for (const { positions } of (message as { points: { positions: number[] }[] }).points)
      positions.forEach((p, i) => {
        found.outside = Math.max(found.outside, p - highest[i]!, lowest[i]! - p);
        found.away = Math.max(found.away, Math.abs(p - state.position[i]!) / away[i]!);
      });
    controller.accept(message, by.nowNs * 1e-9);
    envelope.sent(out, by.nowNs);
    by.last.set(out);
    by.elapsed = late && random.uniform() < 0.1 ? random.range(0.01, 0.1) : 0.01 * random.range(0.7, 1.3);
    by.nowNs = Math.round(by.nowNs + by.elapsed * 1e9);
    state.receivedNs = by.nowNs;
    if (!stuck)
      controller.at(by.nowNs * 1e-9).positions.forEach((p, i) => {
        if (pushed) push[i] = Math.max(-0.08, Math.min(0.08, push[i]! + random.range(-0.03, 0.03)));
        state.position[i] = p + push[i]!;
      });
    envelope.observe(by);
  }
  return found;
}

describe("before ROS 1's joint_trajectory_controller", () => {
  it('whatever is asked, no position that goes out or is passed is beyond a margin, and no speed above the limit', () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(2), fc.nat(2), fc.nat(1), (...how) => {
        const { conflicts, refusals, outside, ends, fast, error } = ride(...how);
        expect(refusals).toBe(0);
        // Seen late through ramps, a limit may seem nearer than it was: braked for a tick, as long as patience has it.
        expect(conflicts).toBeLessThanOrEqual(2);
        expect(outside).toBeLessThanOrEqual(-0.002 + 1e-6);
        expect(ends).toBeLessThanOrEqual(-0.002 + 1e-6);
        expect(fast).toBeLessThanOrEqual(1 + 1e-6);
        // It follows: by how far our notion of it is off, nothing is accused of not doing so.
        expect(error).toBeLessThan(0.005);
      }),
      RUNS,
    );
  });

  it('pushed, stuck, late, armed outside a limit: no position goes out beyond one, and in time none is ever refused', () => {
    fc.assert(
      fc.property(fc.integer(), fc.boolean(), fc.boolean(), fc.boolean(), (...how) => {
        const { refusals, outside, away } = struggle(...how);
        expect(outside).toBeLessThanOrEqual(2e-6);
        expect(away).toBeLessThanOrEqual(1);
        if (!how[1]) expect(refusals).toEqual([]);
      }),
      RUNS,
    );
  });

  it('is led nowhere where trajectories have no positions, or the message is another one', () => {
    for (const trajectory of [{}, { positions: false }]) {
      const plain = armOf('joint_velocity', undefined, 'joint_trajectory');
      Object.assign(plain.interface, { trajectory: { hold_ms: 30, deceleration: 0.7, ...trajectory } });
      expect(new JointEnvelope(jointSafety(), plain, jointInterface(plain)).reach).toBeUndefined();
    }
    const jog = new JointGate('joint_velocity').active();
    expect(jog.tick()!.reach).toHaveLength(0);
  });

  it('begins where the arm was measured, and tells one that does not move to be nowhere far from there', () => {
    const rig = new JointGate('joint_velocity', [0, -1.6, 0], {}, 1e9, 'joint_trajectory');
    rig.ask('arm');
    expect([...rig.tick()!.reach]).toEqual([0, -1.6, expect.closeTo(0, 8)]);
    rig.tick();
    rig.ask('engage');
    rig.tick();
    while (rig.gate.mode === 'ENGAGING') rig.tick();
    rig.decision.base.fill(1);
    rig.following = false;
    let furthest = 0;
    for (let n = 0; n < 200; n++) {
      const action = rig.tick();
      for (let i = 0; action !== null && i < 3; i++)
        furthest = Math.max(furthest, Math.abs(action.reach[i]! - rig.state.position[i]!));
    }
    expect(rig.path.filter((step) => step.startsWith('STOPPING'))).toEqual(['STOPPING(tracking)']);
    // 0.1 rad, and the stop from the speed at which it was noticed.
    expect(furthest).toBeGreaterThan(0.1);
    expect(furthest).toBeLessThan(0.4);
  });
});
