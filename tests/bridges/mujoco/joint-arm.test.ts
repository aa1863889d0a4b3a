import { describe, expect, it } from 'vitest';
import { JointArm } from '../../../bridges/mujoco/joint-arm.ts';
import { JointReference } from '../../../bridges/mujoco/joint-reference.ts';
import { withinEffort } from '../../../bridges/mujoco/joint-torque.ts';
import { loadRun } from '../../../src/core/config/load.ts';
import { worldOf } from '../../../src/core/task-world.ts';

describe('torques within what joints have', () => {
  // M = [2 1; 1 2], so M⁻¹ = [2 −1; −1 2] / 3. For accelerations of 4 and 0 the torques would be 8 and 4 Nm.
  const inverse = Float64Array.of(2 / 3, -1 / 3, -1 / 3, 2 / 3);
  const solve = (effort: number[], bias = [0, 0]) => {
    const torque = Float64Array.of(8 + bias[0]!, 4 + bias[1]!);
    const reached = new Float64Array(2);
    const wanted = Float64Array.of(4, 0);
    withinEffort(torque, Float64Array.from(effort), inverse, Float64Array.from(bias), wanted, reached);
    return { torque: [...torque], reached: [...reached] };
  };

  it('a joint that is short of torque lags, and the other stays where it wants to be', () => {
    const { torque, reached } = solve([4, 100]);
    expect(torque[0]).toBe(4);
    expect(torque[1]).toBeCloseTo(2, 6); // clamped alone it would be 4, and the joint pushed with 4/3 rad/s²
    expect(reached[0]).toBeCloseTo(2, 6);
    expect(reached[1]).toBeCloseTo(0, 6);
  });

  it('gravity counts: with 3 Nm of it on the first joint, 1 Nm is left of 4', () => {
    const { torque, reached } = solve([4, 100], [3, 0]);
    expect(torque[0]).toBe(4);
    expect(reached[0]).toBeCloseTo(0.5, 6);
    expect(reached[1]).toBeCloseTo(0, 6);
  });

  it('with both short, each gives what it has', () => {
    const { torque, reached } = solve([4, 1]);
    expect(torque).toEqual([4, 1]);
    expect(reached[0]).toBeCloseTo(7 / 3, 9);
    expect(reached[1]).toBeCloseTo(-2 / 3, 9);
  });

  it('with enough, what was wanted', () => {
    const { torque } = solve([100, 100]);
    expect(torque).toEqual([8, 4]);
  });
});

describe('the way between position setpoints', () => {
  it('goes to a goal at rest without passing it: 1 − (1 + ωt)·exp(−ωt) of the way', () => {
    const reference = new JointReference(1);
    reference.reset(Float64Array.of(0.5));
    reference.follow(Float64Array.of(1.5));
    let highest = 0;
    for (let n = 1; n <= 3000; n++) {
      reference.step(1e-4);
      highest = Math.max(highest, reference.position[0]!);
      if (n === 1000) expect(reference.position[0]).toBeCloseTo(1.5 - 7 * Math.exp(-6), 3);
    }
    expect(highest).toBeLessThanOrEqual(1.5);
    expect(reference.position[0]).toBeCloseTo(1.5, 5);
  });

  it('lags by 2/ω, a thirtieth of a second', () => {
    const reference = new JointReference(1);
    reference.reset(Float64Array.of(0));
    for (let n = 1; n <= 10_000; n++) {
      reference.follow(Float64Array.of(n * 1e-4));
      reference.step(1e-4);
    }
    expect(1 - reference.position[0]!).toBeCloseTo(1 / 30, 3);
    expect(reference.velocity[0]).toBeCloseTo(1, 6);
  });
});

describe('the arm under its servo', async () => {
  const { config } = loadRun('configs/runs/peg.yaml');
  const stretched = Float64Array.of(0, 1.35, 0, -0.5, 0, 2.1, 0.7854);
  const n = stretched.length;
  const positions = (arm: JointArm) => {
    const at = new Float64Array(n);
    arm.read(at, new Float64Array(n));
    return at;
  };

  it('of a shoulder that has not the torque, the shoulder alone lags', async () => {
    const arm = await JointArm.load(config.robot, worldOf(config.task).model);
    arm.reset(stretched);
    const velocity = new Float64Array(n);
    velocity[1] = -1; // a step, upwards, of a stretched arm
    arm.commandVelocity(velocity);
    arm.move(0.1);
    const at = positions(arm);
    expect(stretched[1]! - at[1]!).toBeLessThan(0.09); // 0.1 rad were asked
    for (let j = 0; j < n; j++) if (j !== 1) expect(Math.abs(at[j]! - stretched[j]!), `joint ${j}`).toBeLessThan(1e-3);
    arm.dispose();
  });

  it('follows positions that come when they come, to where the last one is', async () => {
    const arm = await JointArm.load(config.robot, worldOf(config.task).model);
    arm.reset(stretched);
    const goal = Float64Array.from(stretched);
    for (const seconds of [0.008, 0.012, 0.02, 0.006]) {
      goal[3] = goal[3]! - 0.01;
      arm.commandPosition(goal);
      arm.move(seconds);
    }
    arm.move(0.4);
    const at = positions(arm);
    for (let j = 0; j < n; j++) expect(at[j]).toBeCloseTo(goal[j]!, 4);
    arm.dispose();
  });
});
