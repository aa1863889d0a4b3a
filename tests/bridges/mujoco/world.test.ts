import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPose } from '../../../bridges/mujoco/kinematics.ts';
import { Physics } from '../../../bridges/mujoco/mujoco.ts';
import { PegWorld } from '../../../bridges/mujoco/world.ts';
import { norm3 } from '../../../src/core/geometry.ts';
import { makeRobotState } from '../../../src/core/signals.ts';
import { command, here, makeWorld, modelFile, playScript, robot, task } from './rig.ts';

let world: PegWorld;
let epoch = 0;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.dispose());

/** Streams `aim` (given the state's tip pose) for `states` state periods. */
function stream(states: number, aim: (tip: Float64Array) => Float64Array): void {
  epoch++;
  for (let i = 1; i <= states; i++) {
    world.receive(command(epoch, i, aim(world.pose)));
    world.advance();
  }
}

function wrench(): Float64Array {
  const state = makeRobotState(7);
  world.readState(state);
  return state.wrench;
}

/** Onto the fixture's top, 35 mm beside the hole, and on downwards with the setpoint `delta` below the tip. */
function press(stiffness: number, delta: number, w = world): void {
  w.reset(3);
  const to = Float64Array.of(w.pose[0]! + 0.03, w.pose[1]!, 0, 1, 0, 0, 0, stiffness, 150);
  epoch++;
  for (let i = 1; i <= 350; i++) {
    to[2] = Math.max(w.pose[2]! - delta, w.holePose[2]! - 0.05);
    w.receive(command(epoch, i, to));
    w.advance();
  }
}

describe('an episode', () => {
  it('is drawn within the ranges of the task, above the estimate, inside the rectangular joint limits', () => {
    const state = makeRobotState(7);
    const errors: number[] = [];
    for (let seed = 1; seed <= 40; seed++) {
      world.reset(seed);
      world.readState(state);
      const { holePose: hole, estimate } = world;
      expect(Math.abs(hole[0]! - 0.5)).toBeLessThanOrEqual(0.03);
      expect(Math.abs(hole[1]!)).toBeLessThanOrEqual(0.03);
      expect(hole[2]).toBe(0.05);
      for (const [i, half] of [0.003, 0.003, 0.001].entries())
        expect(Math.abs(estimate[i]! - hole[i]!)).toBeLessThanOrEqual(half);
      errors.push(Math.abs(estimate[0]! - hole[0]!));
      for (const i of [0, 1]) expect(Math.abs(state.pose[i]! - estimate[i]!)).toBeLessThanOrEqual(0.01 + 1e-8);
      expect(state.pose[2]! - estimate[2]!).toBeGreaterThan(0.03 - 1e-8);
      expect(state.pose[2]! - estimate[2]!).toBeLessThan(0.05 + 1e-8);
      for (const [i, v] of [1, 0, 0, 0].entries()) expect(Math.abs(state.pose[3 + i]!)).toBeCloseTo(v, 6);
      for (const [j, { position, effort }] of robot.joints.entries()) {
        expect(state.position[j]).toBeGreaterThan(position[0]);
        expect(state.position[j]).toBeLessThan(position[1]);
        expect(Math.abs(state.effort[j]!)).toBeLessThan(effort);
      }
    }
    expect(Math.max(...errors)).toBeGreaterThan(0.002);
  });

  it('with one seed is the same to the last bit, whatever happened before, in a fresh world too', async () => {
    const trace = (w: PegWorld, from: number) => {
      const state = makeRobotState(7);
      const bits: number[] = [];
      w.reset(11);
      for (let i = 0; i < 5; i++) w.advance();
      const aim = here(w, 1500);
      for (let i = 1; i <= 120; i++) {
        aim[2] = aim[2]! - 0.0006;
        w.receive(command(from, i, aim));
        w.advance();
        w.readState(state);
        bits.push(...state.position, ...state.velocity, ...state.effort, ...state.pose, ...state.wrench);
      }
      return bits;
    };
    stream(30, () => here(world, 300));
    const first = trace(world, ++epoch);
    const fresh = await makeWorld();
    const second = trace(fresh, 1);
    fresh.dispose();
    expect(first.length).toBe(120 * 34);
    expect(second).toEqual(first);
    expect(Math.max(...first.filter((_, i) => i % 34 === 30))).toBeGreaterThan(5);
  });

  it('takes time on, never back: 10 ms at each advance, in five steps of 2 ms', () => {
    const before = world.timeNs;
    world.advance();
    world.reset(1);
    world.advance();
    expect(world.timeNs).toBe(before + 20e6);
    expect(world.periodNs).toBe(10e6);
  });

  it('times out after 2 s of following, not of holding', async () => {
    const short = await PegWorld.load(robot, { ...task(), horizon_steps: 40 }, modelFile);
    short.reset(1);
    for (let i = 0; i < 50; i++) short.advance();
    expect(short.episode()).toMatchObject({ phase: 'running', duration_s: 0 });
    for (let i = 1; i <= 200; i++) {
      short.receive(command(1, i, here(short)));
      short.advance();
      if (i === 199) expect(short.ended).toBe(false);
    }
    expect(short.episode()).toMatchObject({ phase: 'timeout', success: false, violation: false, duration_s: 2 });
    short.dispose();
  });
});

describe('the task', () => {
  it('is solved by the script that knows the hole, gently and within the joint limits, in every one of 12 episodes', () => {
    for (let seed = 1; seed <= 12; seed++) {
      const e = playScript(world, seed, ++epoch, 'true');
      expect(e).toMatchObject({ phase: 'success', success: true, violation: false, seed });
      expect(e.depth).toBeGreaterThan(0.02);
      for (const [j, { position }] of robot.joints.entries()) {
        expect(e.jointsMin[j]).toBeGreaterThan(position[0]);
        expect(e.jointsMax[j]).toBeLessThan(position[1]);
      }
    }
  });

  it('is solved by the same script fed the estimate sometimes, and sometimes not', () => {
    const ends = Array.from({ length: 12 }, (_, i) => playScript(world, i + 1, ++epoch, 'estimate').phase);
    expect(new Set(ends)).toEqual(new Set(['success', 'timeout']));
  });

  it('keeps its result until the reset', () => {
    const done = playScript(world, 1, ++epoch, 'true');
    stream(20, (tip) => Float64Array.of(tip[0]!, tip[1]!, tip[2]! + 0.01, ...tip.subarray(3), 2000, 150));
    expect(world.episode()).toMatchObject({ phase: 'success', max_force: done.max_force, depth: done.depth });
    world.reset(2);
    expect(world.episode()).toMatchObject({ phase: 'running', max_force: 0, depth: 0, duration_s: 0 });
  });
});

describe('contact', () => {
  it.each([
    [1000, 0.01, 10],
    [2000, 0.005, 10],
    [2000, 0.01, 20],
  ])('at %d N/m and a setpoint %d m below pushes with K·Δ = %d N, upwards on the tool', (k, delta, force) => {
    press(k, delta);
    expect(wrench()[2]).toBeGreaterThan(force - 1);
    expect(wrench()[2]).toBeLessThan(force + 1);
  });

  it('stays at K · 10 mm however far below the setpoint is: the servo clips', () => {
    press(1000, 0.05);
    expect(wrench()[2]).toBeGreaterThan(9);
    expect(wrench()[2]).toBeLessThan(11);
  });

  it('on a wall of the hole pushes back against the motion', () => {
    playScript(world, 1, ++epoch, 'true');
    stream(100, (tip) => Float64Array.of(tip[0]! + 0.005, ...tip.subarray(1), 2000, 150));
    expect(wrench()[0]).toBeLessThan(-5);
    expect(wrench()[0]).toBeGreaterThan(-11);
  });

  it('is nothing in free air, at rest', () => {
    world.reset(4);
    stream(50, () => here(world));
    expect(norm3(wrench(), 0)).toBeLessThan(0.05);
    expect(norm3(wrench(), 3)).toBeLessThan(0.01);
  });

  it('of 10 N is a violation where 8 N are allowed, and none where 30 N are', async () => {
    press(1000, 0.01);
    expect(world.episode()).toMatchObject({ violation: false, phase: 'running' });
    expect(world.episode().max_force).toBeGreaterThan(9.5);
    const strict = await makeWorld({ violation_force: 8 });
    press(1000, 0.01, strict);
    expect(strict.episode()).toMatchObject({ violation: true, phase: 'running' });
    strict.dispose();
  });
});

describe('friction and clearance', () => {
  it('under 10 N a pull of 2 N moves a peg with friction 0.1 (1 N holds it), not one with 0.5 (5 N)', async () => {
    const moved: number[] = [];
    for (const friction of [0.1, 0.5]) {
      const w = await makeWorld({ friction });
      press(1000, 0.01, w);
      const from = w.pose[1]!;
      epoch++;
      for (let i = 1; i <= 100; i++) {
        const [x, y, z] = w.pose;
        w.receive(command(epoch, i, [x!, y! + 0.002, z! - 0.01, 1, 0, 0, 0, 1000, 150]));
        w.advance();
      }
      moved.push(w.pose[1]! - from);
      w.dispose();
    }
    expect(moved[0]).toBeGreaterThan(0.003);
    expect(Math.abs(moved[1]!)).toBeLessThan(0.0005);
  });

  it('are taken from the task: a peg with 2 mm of clearance goes in where one with 0.5 mm does not', async () => {
    const wide = await makeWorld({ clearance: 0.002 });
    const results = (w: PegWorld) => [1, 2, 3, 4, 5, 6, 7, 8].map((s) => playScript(w, s, ++epoch, 'estimate').success);
    const narrow = results(world).filter(Boolean).length;
    const successes = results(wide).filter(Boolean).length;
    wide.dispose();
    expect(successes).toBeGreaterThan(narrow);
  });
});

describe('the robot side', () => {
  /** Streams a setpoint 20 mm ahead at 300 N/m for 0.2 s: on its way, and 10 mm or more short of it. */
  function setOut(seed: number, lease_ms: number): Float64Array {
    world.reset(seed);
    const to = here(world, 300);
    to[0] = to[0]! + 0.02;
    epoch++;
    for (let i = 1; i <= 20; i++) {
      world.receive(command(epoch, i, to, { lease_ms }));
      world.advance();
    }
    return to;
  }

  function staysHere(to: Float64Array): void {
    const at = world.pose.slice();
    expect(to[0]! - at[0]!).toBeGreaterThan(0.01);
    for (let i = 0; i < 150; i++) world.advance();
    for (let i = 0; i < 3; i++) expect(Math.abs(world.pose[i]! - at[i]!)).toBeLessThan(0.002);
  }

  it('holds where it is when no command comes, 20 mm of way or not, and says deadman', () => {
    const to = setOut(5, 100);
    expect(world.status()).toMatchObject({ holding: false, reason: '', epoch });
    // The last command is 10 ms old: it is followed for 90 ms more, and one step of the next period.
    for (let i = 0; i < 9; i++) world.advance();
    expect(world.status()).toMatchObject({ holding: false, command_age_ms: 100 });
    world.advance();
    expect(world.status()).toMatchObject({ holding: true, reason: 'deadman' });
    staysHere(to);
  });

  it('holds where it is when the lease has run out between two steps and the next command finds it so', () => {
    const to = setOut(5, 99);
    for (let i = 0; i < 9; i++) world.advance();
    expect(world.status().holding).toBe(false);
    world.receive(command(epoch, 21, to));
    expect(world.status()).toMatchObject({ holding: true, reason: 'deadman', last_refusal: 'held' });
    staysHere(to);
  });

  it('holds at once on stop, where it is, with the nominal stiffness whatever was commanded', () => {
    world.reset(6);
    const start = here(world, 300);
    stream(15, () => Float64Array.of(start[0]! + 0.02, ...start.subarray(1)));
    const at = world.pose.slice();
    world.stop({ header: { stamp: { sec: 0, nanosec: 0 }, frame_id: 'base' }, epoch, reason: 'test' });
    for (let i = 0; i < 60; i++) world.advance();
    expect(world.status()).toMatchObject({ holding: true, reason: 'stop: test' });
    for (let i = 0; i < 3; i++) expect(Math.abs(world.pose[i]! - at[i]!)).toBeLessThan(0.003);
  });

  it('keeps a stop beyond the reset of the episode, until it is released', () => {
    world.stop({ header: { stamp: { sec: 0, nanosec: 0 }, frame_id: 'base' }, epoch: ++epoch, reason: 'person' });
    world.reset(7);
    world.receive(command(epoch, 1, here(world)));
    expect(world.status()).toMatchObject({ holding: true, reason: 'stop: person', last_refusal: 'stopped' });
    world.release();
    world.receive(command(epoch, 1, here(world)));
    expect(world.status()).toMatchObject({ holding: false, reason: '' });
  });

  it('is not moved by malformed commands, and counts them', () => {
    world.reset(7);
    const at = world.pose.slice();
    const refused = world.status().refused;
    for (const bad of [
      null,
      {},
      { ...command(++epoch, 1), pose: null },
      command(epoch, 1, new Array(9).fill(Number.NaN)),
    ]) {
      world.receive(bad as never);
      world.advance();
    }
    expect(world.status()).toMatchObject({ holding: true, reason: 'start', refused: refused + 4 });
    expect(world.status().last_refusal).toBe('malformed');
    for (let i = 0; i < 7; i++) expect(Math.abs(world.pose[i]! - at[i]!)).toBeLessThan(1e-5);
  });

  it('reports the pose that its joints have: forward kinematics of the same state, on the move', async () => {
    world.reset(8);
    const start = here(world);
    stream(12, () => Float64Array.of(start[0]!, start[1]!, start[2]! + 0.01, ...start.subarray(3)));
    const state = makeRobotState(7);
    world.readState(state);
    const arm = await Physics.load(readFileSync(modelFile, 'utf8'), 0.002);
    arm.qpos.set(state.position);
    arm.kinematics();
    const pose = new Float64Array(7);
    readPose(arm, arm.id('site', 'tip'), pose);
    arm.dispose();
    expect(Array.from(state.pose)).toEqual(Array.from(pose));
    expect(Math.max(...state.velocity.map(Math.abs))).toBeGreaterThan(0.01);
  });
});

describe('loading', () => {
  it('names the joints when the robot is not the one of the model', async () => {
    const joints = robot.joints.map((j, i) => (i === 3 ? { ...j, name: 'elbow' } : j));
    await expect(PegWorld.load({ ...robot, joints }, task(), modelFile)).rejects.toMatchObject({
      code: 'RA_JOINT_NAMES',
      seen: expect.stringContaining('elbow'),
    });
  });

  it('says which file is no model', async () => {
    await expect(PegWorld.load(robot, task(), '/nowhere/arm.xml')).rejects.toMatchObject({
      code: 'RA_WORLD',
      seen: expect.stringContaining('/nowhere/arm.xml'),
    });
  });

  it('refuses a hole that the arm cannot reach', async () => {
    await expect(PegWorld.load(robot, task({ hole_nominal: [2, 0, 0.05] }), modelFile)).rejects.toMatchObject({
      code: 'RA_WORLD',
      next: expect.stringContaining('hole_nominal'),
    });
  });
});
