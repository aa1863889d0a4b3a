import { describe, expect, it } from 'vitest';
import { spellOutgoing, spellType } from '../../../bridges/rosbridge/dialect.ts';
import { validate } from '../../../bridges/rosbridge/validate.ts';
import { tipTwist } from '../../../controllers/interfaces/tip-twist.ts';
import { makeRobotState, type SafeAction, UNSTAMPED } from '../../../src/core/signals.ts';
import { armOf } from '../safety/tip/arm.ts';

const action = {
  setpoint: Float64Array.of(0.1, -0.05, 0.02, 0.3, -0.2, 0.1),
  stampNs: 1,
  stateStampNs: 3e9 + 7,
} as SafeAction;
const velocity = { linear: { x: 0.1, y: -0.05, z: 0.02 }, angular: { x: 0.3, y: -0.2, z: 0.1 } };
const message = { header: { stamp: { sec: 3, nanosec: 7 }, frame_id: 'base_link' }, twist: velocity };

describe('the twist of a tip', () => {
  it('an action is a share of the scale of its axis, from wherever the tip is', () => {
    const out = new Float64Array(7).fill(7);
    const tip = tipTwist(armOf({ scale: [0.1, 0.2, 0.4, 1, 2, 0] }));
    tip.aim(new Float64Array(6).fill(9), Float64Array.of(1, -1, 0.5, 0.25, 1, 1), out);
    expect([...out]).toEqual([0.1, -0.2, 0.2, 0.25, 2, 0, 7]);
    expect([tip.name, tip.actionSize, tip.setpointSize]).toEqual(['tip_twist', 6, 6]);
  });

  it('to hold is to stand still', () => {
    const out = new Float64Array(6).fill(7);
    tipTwist(armOf()).hold(makeRobotState(0), out);
    expect([...out]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('goes out as a TwistStamped in the base frame, with the time of the robot', () => {
    const { codec } = tipTwist(armOf());
    const command = codec.encode(action);
    expect(command).toEqual({
      topic: '/servo_node/delta_twist_cmds',
      type: 'geometry_msgs/msg/TwistStamped',
      message,
    });
    expect([codec.topic, codec.type]).toEqual([command.topic, command.type]);
    expect(validate(command.type, command.message)).toBeNull();
  });

  it('in ROS 1 spelling too, where a header has a sequence', () => {
    const { type, message: said } = tipTwist(armOf()).codec.encode(action);
    expect(spellType(type, 1)).toBe('geometry_msgs/TwistStamped');
    expect(spellOutgoing(said, 1)).toEqual({
      header: { seq: 0, stamp: { secs: 3, nsecs: 7 }, frame_id: 'base_link' },
      twist: velocity,
    });
  });

  it('is known again without sequence and stamp', () => {
    const seen = tipTwist(armOf()).codec.decode(message);
    expect(seen).toEqual({ epoch: -1, seq: -1, stampNs: UNSTAMPED, setpoint: action.setpoint });
  });

  it.each([
    ['in another frame, which is another motion', { ...message, header: { ...message.header, frame_id: 'tool' } }],
    ['without a header', { twist: velocity }],
    ['that is none', null],
  ])('a command %s has no setpoint', (_what, said) => {
    expect(tipTwist(armOf()).codec.decode(said).setpoint).toBeNull();
  });

  it.each([
    [
      'a number that is none',
      { ...velocity, angular: { x: 0.3, y: null, z: 0.1 } },
      [0.1, -0.05, 0.02, 0.3, Number.NaN, 0.1],
    ],
    ['half a twist', { linear: velocity.linear }, [0.1, -0.05, 0.02, Number.NaN, Number.NaN, Number.NaN]],
    ['no twist', undefined, new Array(6).fill(Number.NaN)],
  ])('%s is NaN', (_what, twist, values) => {
    const { setpoint } = tipTwist(armOf()).codec.decode({ ...message, twist });
    expect([...setpoint!]).toEqual(values);
  });

  it('the risk row has the tip as the target sees it, the wrench, and the wish', () => {
    const state = makeRobotState(0);
    state.pose.set([0.5, 0.1, 0.2]);
    state.wrench.set([10, -20, 5, 1, -2, 0.5]);
    const row = new Float64Array(17).fill(7);
    const target = Float64Array.of(0.48, 0.1, 0.24, 0, 0, 0, 1);
    const tip = tipTwist(armOf({ scale: [0.1, 0.2, 0.4, 1, 2, 0] }));
    tip.riskInput(state, target, Float64Array.of(0.05, -0.2, 0.4, 0.5, 0, 9), row, 1);
    expect(tip.riskInputSize).toBe(15);
    expect([...row].map((v) => +v.toFixed(9))).toEqual([
      ...[7, 1, 0, -2, 0.5, -1, 0.25, 0.5, -1, 0.25],
      ...[0.5, -1, 1, 0.5, 0, 0, 7],
    ]);
  });
});
