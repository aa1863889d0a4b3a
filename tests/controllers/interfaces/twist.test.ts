import { describe, expect, it } from 'vitest';
import { twist } from '../../../controllers/interfaces/twist.ts';
import { makeRobotState, type SafeAction, UNSTAMPED } from '../../../src/core/signals.ts';
import { baseOf } from '../safety/twist/base.ts';

const action = { setpoint: Float64Array.of(0.5, -0.25, 1), stampNs: 1, stateStampNs: 3e9 + 7 } as SafeAction;
const velocity = { linear: { x: 0.5, y: -0.25, z: 0 }, angular: { x: 0, y: 0, z: 1 } };

describe('the twist of a mobile base', () => {
  it('an action is a share of the scale, from wherever the base is', () => {
    const out = new Float64Array(3);
    const base = twist(baseOf({ scale: [0.5, 0.25, 2] }));
    base.aim(Float64Array.of(9, 9, 9), Float64Array.of(1, -1, 0.5), out);
    expect([...out]).toEqual([0.5, -0.25, 1]);
    base.hold(makeRobotState(0), out);
    expect([...out]).toEqual([0, 0, 0]);
  });

  it('a base that cannot move sideways is not asked to', () => {
    const out = new Float64Array(3);
    twist(baseOf()).aim(out, Float64Array.of(1, 1, 1), out);
    expect([...out]).toEqual([0.5, 0, 1]);
  });

  it('goes out as a Twist, and is known again without sequence and stamp', () => {
    const { codec } = twist(baseOf());
    const { topic, type, message } = codec.encode(action);
    expect([topic, type, message]).toEqual(['/cmd_vel', 'geometry_msgs/msg/Twist', velocity]);
    expect(codec.decode(message)).toEqual({ epoch: -1, seq: -1, stampNs: UNSTAMPED, setpoint: action.setpoint });
  });

  it('or as a TwistStamped, in the frame of the base', () => {
    const { codec } = twist(baseOf({ message: 'twist_stamped' }, { base_frame: 'base_link' }));
    const { type, message } = codec.encode(action);
    expect(type).toBe('geometry_msgs/msg/TwistStamped');
    expect(message).toEqual({ header: { stamp: { sec: 3, nanosec: 7 }, frame_id: 'base_link' }, twist: velocity });
    expect(codec.decode(message)).toEqual({ epoch: -1, seq: -1, stampNs: UNSTAMPED, setpoint: action.setpoint });
  });

  it.each([
    ['that leaves the plane', { ...velocity, linear: { x: 0, y: 0, z: 0.1 } }],
    ['that rolls', { ...velocity, angular: { x: 0.1, y: 0, z: 0 } }],
    ['of another shape', { twist: velocity }],
    ['that is none', null],
  ])('a command %s has no setpoint', (_what, message) => {
    expect(twist(baseOf()).codec.decode(message).setpoint).toBeNull();
  });

  it('a number that is none is NaN', () => {
    const { setpoint } = twist(baseOf()).codec.decode({ ...velocity, angular: { x: 0, y: 0, z: null } });
    expect([...setpoint!]).toEqual([0.5, -0.25, Number.NaN]);
  });

  it('the risk row has target and heading as the base sees them, measured twist, and wish', () => {
    const state = makeRobotState(0);
    // At (1, 2), looking along y; the target 3 m further along y, looking along x.
    state.pose.set([1, 2, 0, 0, 0, Math.SQRT1_2, Math.SQRT1_2]);
    state.twist.set([0.1, 0.2, 9, 9, 9, 0.3]);
    const row = new Float64Array(10);
    const target = Float64Array.of(1, 5, 0, 0, 0, 0, 1);
    twist(baseOf({ scale: [0.5, 0, 2] })).riskInput(state, target, Float64Array.of(0.25, 0, 1), row, 1);
    expect([...row].map((v) => +v.toFixed(9) + 0)).toEqual([0, 3, 0, -1, 0.1, 0.2, 0.3, 0.5, 0, 0.5]);
  });
});
