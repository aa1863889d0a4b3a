import { describe, expect, it } from 'vitest';
import { cartesianAction, cartesianImpedance } from '../../../controllers/interfaces/cartesian-impedance.ts';
import { makeRobotState, type SafeAction } from '../../../src/core/signals.ts';
import { robot } from '../safety/rig.ts';

const iface = cartesianImpedance(robot);
const state = makeRobotState(2);
state.pose.set([0.5, 0.1, 0.2, 0, 0, 0.6, 0.8]);
state.wrench.set([10, -20, 4, 1, 0, -0.5]);

describe('Cartesian impedance', () => {
  it('holds at the measured pose with the nominal stiffness', () => {
    const out = new Float64Array(9);
    iface.hold(state, out);
    expect([...out]).toEqual([0.5, 0.1, 0.2, 0, 0, 0.6, 0.8, 2000, 150]);
  });

  it('aims 5 mm per unit from the anchor and keeps its orientation', () => {
    const out = new Float64Array(9);
    iface.aim(Float64Array.of(0.5, 0, 0.25, 0, 0, 0.6, 0.8, 700, 20), Float64Array.of(1, -1, 0.5, 0), out);
    expect([...out]).toEqual([0.505, -0.005, 0.2525, 0, 0, 0.6, 0.8, 2000, 150]);
  });

  it.each([
    [-1, 600],
    [-0.5, 1300],
    [0, 2000],
    [0.5, 2500],
    [1, 3000],
    [9, 3000],
    [-9, 600],
  ])('makes of stiffness action %d a stiffness of %d N/m', (k, stiffness) => {
    const out = new Float64Array(9);
    iface.aim(new Float64Array(9), Float64Array.of(0, 0, 0, k), out);
    expect(out[7]).toBeCloseTo(stiffness, 9);
  });

  it('tells the action that takes one setpoint to another, whatever it was, and no more than a whole one', () => {
    const anchor = Float64Array.of(0.5, 0.1, 0.2, 1, 0, 0, 0, 2000, 150);
    const aim = new Float64Array(9);
    const told = new Float64Array(4);
    for (const action of [
      [0.3, -1, 0.5, -0.25],
      [0, 0, 0, 0],
      [1, 0.2, -0.7, 0.75],
      [0, 0, 0, -1],
    ]) {
      iface.aim(anchor, Float64Array.from(action), aim);
      cartesianAction(robot, anchor, aim, told);
      for (const [i, a] of action.entries()) expect(told[i]).toBeCloseTo(a, 9);
    }
    cartesianAction(robot, anchor, Float64Array.of(0.6, 0.1, 0.1, 1, 0, 0, 0, 9000, 150), told);
    expect(Array.from(told)).toEqual([1, 0, -1, 1]);
  });

  it('writes the risk row at its place: position ×50, wrench /20 and /2, reach /10 mm, stiffness /2000', () => {
    const out = new Float64Array(15).fill(9);
    const target = Float64Array.of(0.48, 0.1, 0.15, 0, 0, 0, 1);
    iface.riskInput(state, target, Float64Array.of(0.505, 0.1, 0.19, 0, 0, 0, 1, 3000, 150), out, 1);
    const expected = [1, 0, 2.5, 0.5, -1, 0.2, 0.5, 0, -0.25, 0.5, 0, -1, 1.5];
    expect(out[0]).toBe(9);
    expect(out[14]).toBe(9);
    for (const [i, v] of expected.entries()) expect(out[1 + i]).toBeCloseTo(v, 9);
  });

  it('encodes an action as EquilibriumCommand with everything a receiver needs to refuse it', () => {
    const action = {
      setpoint: Float64Array.of(1, 2, 3, 0, 0, 0.6, 0.8, 2000, 150),
      mode: 'ACTIVE',
      source: 'policy',
      epoch: 12,
      seq: 34,
      stampNs: 1_500_000_007,
      expiresNs: 0,
      leaseMs: 100,
      stateStampNs: 2_000_000_001,
    } as unknown as SafeAction;
    const { topic, type, message } = iface.codec.encode(action);
    expect([topic, type]).toEqual(['/equilibrium_command', 'reflexarc_msgs/msg/EquilibriumCommand']);
    expect(message).toEqual({
      header: { stamp: { sec: 1, nanosec: 500_000_007 }, frame_id: 'base' },
      epoch: 12,
      seq: 34,
      lease_ms: 100,
      state_stamp: { sec: 2, nanosec: 1 },
      pose: { position: { x: 1, y: 2, z: 3 }, orientation: { x: 0, y: 0, z: 0.6, w: 0.8 } },
      stiffness: 2000,
      stiffness_rotation: 150,
      mode: 'ACTIVE',
      source: 'policy',
    });
  });
});
