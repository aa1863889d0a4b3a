import { describe, expect, it } from 'vitest';
import { spellIncoming, spellOutgoing, spellType } from '../../../bridges/rosbridge/dialect.ts';

describe('type names', () => {
  it.each([
    ['sensor_msgs/msg/JointState', 'msg', 'sensor_msgs/JointState', 'sensor_msgs/msg/JointState'],
    ['sensor_msgs/JointState', 'msg', 'sensor_msgs/JointState', 'sensor_msgs/msg/JointState'],
    ['std_srvs/srv/Trigger', 'srv', 'std_srvs/Trigger', 'std_srvs/srv/Trigger'],
    ['std_srvs/Trigger', 'srv', 'std_srvs/Trigger', 'std_srvs/srv/Trigger'],
    ['Odd', 'msg', 'Odd', 'Odd'],
  ] as const)('%s (%s) is %s in ROS 1 and %s in ROS 2', (type, kind, ros1, ros2) => {
    expect([spellType(type, 1, kind), spellType(type, 2, kind)]).toEqual([ros1, ros2]);
  });
});

const stamp = { sec: 3, nanosec: 5 };
const header = { stamp, frame_id: 'base' };

describe('what comes in', () => {
  it.each([
    ['ROS 1', { secs: 3, nsecs: 5 }, 1],
    ['ROS 2', { sec: 3, nanosec: 5 }, 2],
    ['rws', { sec: 3, nsec: 5 }, 2],
  ] as const)('as %s spells times is spelt as ROS 2 does', (_name, wire, met) => {
    for (const flat of [true, false]) {
      const message = {
        header: { seq: 9, stamp: { ...wire }, frame_id: 'base' },
        clock: { ...wire },
        state_stamp: { ...wire },
        position: [3, 5],
      };
      expect(spellIncoming(message, flat)).toBe(met);
      expect(message).toEqual({ header, clock: stamp, state_stamp: stamp, position: [3, 5] });
    }
  });

  it('of a type we do not know is searched through, arrays of messages too', () => {
    const path = {
      header: { seq: 1, stamp: { secs: 3, nsecs: 5 }, frame_id: 'base' },
      poses: [{ header: { seq: 2, stamp: { secs: 3, nsecs: 5 }, frame_id: 'base' }, pose: { x: 1 } }],
      lifetime: { secs: 0, nsecs: 1 },
      data: [1, 2, 3],
    };
    expect(spellIncoming(path, false)).toBe(1);
    expect(path).toEqual({
      header,
      poses: [{ header, pose: { x: 1 } }],
      lifetime: { sec: 0, nanosec: 1 },
      data: [1, 2, 3],
    });
  });

  it.each([
    [{}],
    [{ header: null }],
    [{ header: 7, clock: 'x', state_stamp: [] }],
    [{ header: { stamp: { secs: 1 } } }],
  ])('and has no time that can be told is left as it is: %j', (message) => {
    const before = structuredClone(message);
    for (const flat of [true, false]) expect(spellIncoming(message, flat)).toBe(0);
    expect(message).toEqual(before);
  });

  it('nested without end is searched to a bounded depth', () => {
    const message: Record<string, unknown> = {};
    let inner = message;
    for (let i = 0; i < 100_000; i++) {
      inner.next = {};
      inner = inner.next as Record<string, unknown>;
    }
    expect(spellIncoming(message, false)).toBe(0);
  });
});

describe('what goes out', () => {
  const command = {
    header,
    state_stamp: stamp,
    pose: { position: { x: 1, y: 2, z: 3 } },
    names: ['a'],
    list: [header],
  };

  it('to ROS 2 is the same object', () => {
    expect(spellOutgoing(command, 2)).toBe(command);
  });

  it('to ROS 1 has its times respelt and a seq in its headers, and ours is left alone', () => {
    const ros1 = { seq: 0, stamp: { secs: 3, nsecs: 5 }, frame_id: 'base' };
    const before = structuredClone(command);
    expect(spellOutgoing(command, 1)).toEqual({
      header: ros1,
      state_stamp: { secs: 3, nsecs: 5 },
      pose: { position: { x: 1, y: 2, z: 3 } },
      names: ['a'],
      list: [ros1],
    });
    expect(command).toEqual(before);
  });

  it('and comes back is the same again', () => {
    const message = structuredClone(spellOutgoing(command, 1)) as Record<string, unknown>;
    spellIncoming(message, false);
    expect(message).toEqual(command);
  });
});
