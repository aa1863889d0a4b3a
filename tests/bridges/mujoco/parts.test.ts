import { describe, expect, it } from 'vitest';
import { solveSymmetric } from '../../../bridges/mujoco/cholesky.ts';
import { ImpedanceController } from '../../../bridges/mujoco/controller.ts';
import { EpisodeScore } from '../../../bridges/mujoco/episode.ts';
import { quaternionOf } from '../../../bridges/mujoco/kinematics.ts';
import type { Physics } from '../../../bridges/mujoco/mujoco.ts';
import { WristSensor } from '../../../bridges/mujoco/wrench.ts';

describe('a symmetric system', () => {
  it('4x + 2y = 10, 2x + 3y = 9 has x = 1.5, y = 2', () => {
    const b = Float64Array.of(10, 9);
    solveSymmetric(Float64Array.of(4, 2, 2, 3), b, 2);
    expect(b[0]).toBeCloseTo(1.5, 12);
    expect(b[1]).toBeCloseTo(2, 12);
  });
});

describe('the quaternion of a rotation matrix', () => {
  const s = Math.SQRT1_2;
  it.each([
    ['none', [1, 0, 0, 0, 1, 0, 0, 0, 1], [0, 0, 0, 1]],
    ['half a turn about x', [1, 0, 0, 0, -1, 0, 0, 0, -1], [1, 0, 0, 0]],
    ['half a turn about y', [-1, 0, 0, 0, 1, 0, 0, 0, -1], [0, 1, 0, 0]],
    ['half a turn about z', [-1, 0, 0, 0, -1, 0, 0, 0, 1], [0, 0, 1, 0]],
    ['a quarter about z', [0, -1, 0, 1, 0, 0, 0, 0, 1], [0, 0, s, s]],
  ])('%s', (_name, matrix, expected) => {
    const q = new Float64Array(4);
    quaternionOf(Float64Array.from(matrix), 0, q, 0);
    for (let i = 0; i < 4; i++) expect(q[i]).toBeCloseTo(expected[i]!, 12);
  });
});

describe('the score', () => {
  const hole = Float64Array.of(0.5, 0, 0.05);
  const estimate = Float64Array.of(0.502, 0, 0.05);
  const above = Float64Array.of(0.5, 0, 0.06);
  const at = (x: number, z: number) => Float64Array.of(x, 0, z);
  const make = () => new EpisodeScore(30, 100);

  it('is success 20 mm below the mouth, not at 19.9 mm, and not beside the fixture', () => {
    const score = make();
    score.step(at(0.5, 0.0301), hole, estimate, 0, 1);
    expect(score.phase).toBe('running');
    score.step(at(0.515, 0.02), hole, estimate, 0, 1);
    expect(score.phase).toBe('running');
    score.step(at(0.5, 0.0299), hole, estimate, 0, 1);
    expect(score.phase).toBe('success');
    expect(score.depth).toBeCloseTo(0.03, 12);
  });

  it('is a violation above 30 N, not at 30 N, and outside 60 mm around or 120 mm above the estimate', () => {
    const violated = (tip: Float64Array, force: number) => {
      const score = make();
      score.step(tip, hole, estimate, force, 1);
      return score.violation;
    };
    expect(violated(above, 30)).toBe(false);
    expect(violated(above, 30.1)).toBe(true);
    expect(violated(at(0.5615, 0.06), 0)).toBe(false);
    expect(violated(at(0.5625, 0.06), 0)).toBe(true);
    expect(violated(at(0.4415, 0.06), 0)).toBe(true);
    expect(violated(at(0.5, 0.1695), 0)).toBe(false);
    expect(violated(at(0.5, 0.1705), 0)).toBe(true);
  });

  it('counts force while the robot holds, but no time, and nothing after the end', () => {
    const score = make();
    score.step(above, hole, estimate, 31, 0);
    expect([score.violation, score.maxForce, score.runningNs]).toEqual([true, 31, 0]);
    score.step(above, hole, estimate, 0, 99);
    expect(score.phase).toBe('running');
    score.step(above, hole, estimate, 0, 1);
    expect(score.phase).toBe('timeout');
    score.step(at(0.5, 0.02), hole, estimate, 50, 1);
    expect([score.phase, score.maxForce, score.runningNs]).toEqual(['timeout', 31, 100]);
  });
});

describe('the wrist sensor', () => {
  /** Tool pointing down (R = diag(1, -1, -1)), flange 160 mm above the tip, 2 kg at 10 m/s², centre of mass on the axis. */
  const rig = (force: number[], torque: number[], com = [0, 0, 0.06]) =>
    ({
      id: (_kind: string, name: string) => ({ ft: 0, tip: 1, tool: 0 })[name],
      gravity: -10,
      timestep: 0.002,
      bodyMass: Float64Array.of(2),
      bodyInertialPosition: Float64Array.from(com),
      sensors: Float64Array.from([...force, ...torque]),
      siteRotation: Float64Array.of(1, 0, 0, 0, -1, 0, 0, 0, -1, 1, 0, 0, 0, -1, 0, 0, 0, -1),
      sitePosition: Float64Array.of(0.5, 0, 0.26, 0.5, 0, 0.1),
    }) as unknown as Physics;
  const settled = (physics: Physics) => {
    const sensor = new WristSensor(physics, 30);
    for (let i = 0; i < 200; i++) sensor.update(physics);
    return Array.from(sensor.filtered, (v) => Number(v.toFixed(9)) + 0);
  };

  it('reads nothing at rest, where the flange carries 20 N', () => {
    expect(settled(rig([0, 0, -20], [0, 0, 0]))).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('reads +5 N when the world pushes up with 5 N: the flange carries 15', () => {
    expect(settled(rig([0, 0, -15], [0, 0, 0]))).toEqual([0, 0, 5, 0, 0, 0]);
  });

  it('a push of 4 N along x at the tip has no moment there, though 0.64 Nm at the flange', () => {
    // External moment about the flange: (0, 0, -0.16) × (4, 0, 0) = (0, -0.64, 0); the flange answers with +0.64 about
    // the base's y, which is -0.64 in the sensor's frame.
    expect(settled(rig([-4, 0, -20], [0, -0.64, 0]))).toEqual([4, 0, 0, 0, 0, 0]);
  });

  it('takes out the moment of a tool whose centre of mass is 10 mm off the axis', () => {
    // r_com × weight = (0.01, 0, -0.06) × (0, 0, -20) = (0, 0.2, 0) acts on the tool; the flange answers with -0.2
    // about the base's y: +0.2 in the sensor's frame.
    expect(settled(rig([0, 0, -20], [0, 0.2, 0], [0.01, 0, 0.06]))).toEqual([0, 0, 0, 0, 0, 0]);
    // To the other side: (0, -0.01, -0.06) × (0, 0, -20) = (0.2, 0, 0); the flange answers with -0.2 about x.
    expect(settled(rig([0, 0, -20], [-0.2, 0, 0], [0, 0.01, 0.06]))).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('follows a step of 5 N with 27.4 % in the first 2 ms: first order at 30 Hz', () => {
    const physics = rig([0, 0, -15], [0, 0, 0]);
    const sensor = new WristSensor(physics, 30);
    sensor.update(physics);
    // 0.002 / (0.002 + 1 / (2π·30)) = 0.27378
    expect(sensor.filtered[2]).toBeCloseTo(5 * 0.27378, 3);
    expect(sensor.force).toBe(sensor.filtered[2]);
    sensor.reset();
    expect(sensor.force).toBe(0);
  });
});

describe('the servo', () => {
  /** One joint that slides along x: J = (1, 0, 0, 0, 0, 0), so torque is force along x. */
  const slide = (velocity: number) => {
    const applied = new Float64Array(1);
    const physics = {
      timestep: 0.002,
      qpos: Float64Array.of(0),
      qvel: Float64Array.of(velocity),
      bias: Float64Array.of(3),
      applied,
      jacobian: (_site: number, J: Float64Array) => J.fill(0).fill(1, 0, 1),
    };
    return { physics: physics as unknown as Physics, applied };
  };
  const pose = Float64Array.of(0, 0, 0, 0, 0, 0, 1);
  const servo = (x: number, k: number, effort = 1000) => {
    const controller = new ImpedanceController(Float64Array.of(effort), Float64Array.of(0));
    controller.setpoint.set([x, 0, 0, 0, 0, 0, 1, k, 150]);
    return controller;
  };
  const settle = (controller: ImpedanceController, physics: Physics) => {
    controller.reset(physics);
    for (let i = 0; i < 200; i++) controller.apply(physics, 0, pose);
  };

  it('adds K · e to gravity: 1000 N/m · 4 mm + 3 = 7 N', () => {
    const { physics, applied } = slide(0);
    settle(servo(0.004, 1000), physics);
    expect(applied[0]).toBeCloseTo(7, 4);
  });

  it('clips the error to 10 mm: 1000 N/m · 10 mm + 3 = 13 N for a setpoint a metre away', () => {
    const { physics, applied } = slide(0);
    settle(servo(1, 1000), physics);
    expect(applied[0]).toBeCloseTo(13, 4);
  });

  it('damps with 2ζ√(K·3 kg), ζ = 2: 4·√3000 = 219.09 Ns/m, so -4.3818 + 3 N at 20 mm/s', () => {
    const { physics, applied } = slide(0.02);
    settle(servo(0, 1000), physics);
    expect(applied[0]).toBeCloseTo(-1.3818, 3);
  });

  it('changes a torque by no more than 1000 Nm/s: 2 Nm a step, from gravity on', () => {
    const { physics, applied } = slide(0);
    const controller = servo(1, 1000);
    controller.reset(physics);
    expect(applied[0]).toBe(3);
    const seen: number[] = [];
    for (let i = 0; i < 6; i++) {
      controller.apply(physics, 0, pose);
      seen.push(Number(applied[0]!.toFixed(4)));
    }
    expect(seen).toEqual([5, 7, 9, 11, 13, 13]);
  });

  it('never asks a joint for more than its effort', () => {
    const { physics, applied } = slide(0);
    settle(servo(1, 5000, 12), physics);
    expect(applied[0]).toBe(12);
  });
});
