import { describe, expect, it } from 'vitest';
import { spellOutgoing, spellType } from '../../../bridges/rosbridge/dialect.ts';
import { validate } from '../../../bridges/rosbridge/validate.ts';
import { commandInterface } from '../../../controllers/interfaces/index.ts';
import { withLease } from '../../../controllers/interfaces/lease.ts';
import { Echo } from '../../../controllers/safety/echo.ts';
import { brakeVelocity } from '../../../controllers/safety/joint/brake.ts';
import { jointLimits } from '../../../controllers/safety/joint/limits.ts';
import { type RobotConfig, robotSchema, safetySchema } from '../../../src/core/config-schema.ts';
import { type SafeAction, UNSTAMPED } from '../../../src/core/signals.ts';

/** Two joints of 10 rad/s² and 5000 rad/s³; derated by 0.7 they brake at 7 rad/s², and ramps take 2.5·10/5000 = 5 ms. */
function robotOf(how: object): RobotConfig {
  const joint = { position: [-2, 2], velocity: 2, acceleration: 10, jerk: 5000, effort: 87 };
  return robotSchema.parse({
    name: 'arm',
    joints: [
      { ...joint, name: 'shoulder' },
      { ...joint, name: 'elbow' },
    ],
    topics: { command: '/command' },
    interface: how,
  });
}
const codecOf = (how: object) => commandInterface(robotOf(how)).codec;
const action = (...setpoint: number[]) =>
  ({
    setpoint: Float64Array.from(setpoint),
    reach: Float64Array.of(0.2, -0.4),
    mode: 'ACTIVE',
    source: 'policy',
    epoch: 12,
    seq: 34,
    stampNs: 77,
    expiresNs: 0,
    leaseMs: 100,
    stateStampNs: 2_000_000_001,
  }) as unknown as SafeAction;
const message = (how: object, ...setpoint: number[]) => codecOf(how).encode(action(...setpoint)).message;
const names = ['shoulder', 'elbow'];
const stamped = { header: { stamp: { sec: 2, nanosec: 1 }, frame_id: 'base' }, joint_names: names };

describe('a lease', () => {
  it('goes before a command that has none: epoch, sequence and µs, in a message that every ROS knows', () => {
    const plain = codecOf({ type: 'joint_velocity', message: 'float64_multi_array' });
    const leased = withLease(plain, '/reflexarc/lease');
    const { before, ...command } = leased.encode(action(0.5, -1));
    const type = 'std_msgs/msg/UInt64MultiArray';
    expect(command).toEqual(plain.encode(action(0.5, -1)));
    expect([leased.topic, leased.type, leased.besides]).toEqual([
      ...[plain.topic, plain.type],
      [{ topic: '/reflexarc/lease', type, optional: true }],
    ]);
    const layout = { dim: [{ label: 'epoch, seq, lease_us', size: 3, stride: 3 }], data_offset: 0 };
    expect(before).toEqual([{ topic: '/reflexarc/lease', type, message: { layout, data: [12, 34, 100_000] } }]);
    expect(validate(type, before![0]!.message)).toBeNull();
  });
});

describe('Float64MultiArray', () => {
  it.each(['joint_velocity', 'joint_position'])(
    'of a %s interface is the setpoint in the order of the joints',
    (type) => {
      const codec = codecOf({ type, message: 'float64_multi_array' });
      expect([codec.topic, codec.type]).toEqual(['/command', 'std_msgs/msg/Float64MultiArray']);
      expect(codec.encode(action(0.5, -1)).message).toEqual({ layout: { dim: [], data_offset: 0 }, data: [0.5, -1] });
    },
  );
});

describe('JointJog', () => {
  it('carries velocities by name, the lease as duration, and the time of the robot', () => {
    expect(message({ type: 'joint_velocity' }, 0.5, -1)).toEqual({
      ...stamped,
      displacements: [],
      velocities: [0.5, -1],
      duration: 0.1,
    });
  });

  it('carries positions as displacements', () => {
    expect(message({ type: 'joint_position', message: 'joint_jog' }, 0.5, -1)).toEqual({
      ...stamped,
      displacements: [0.5, -1],
      velocities: [],
      duration: 0.1,
    });
  });
});

describe('JointTrajectory', () => {
  interface Changed {
    positions: number[];
    velocities: number[];
    accelerations: number[];
    effort: number[];
    time_from_start: { sec: number; nanosec: number };
  }
  const point = (seconds: number, what: object) => ({
    positions: [],
    velocities: [],
    ...what,
    accelerations: [],
    effort: [],
    time_from_start: { sec: 0, nanosec: Math.round(seconds * 1e9) },
  });
  const header = { stamp: { sec: 0, nanosec: 0 }, frame_id: '' };
  const velocity = { type: 'joint_velocity', message: 'joint_trajectory', trajectory: { positions: true } };

  it('of velocities goes on for 30 ms, and then each joint comes to rest by itself: |v| / 7 + 5 ms', () => {
    const close = (...v: number[]) => v.map((one) => expect.closeTo(one, 12));
    // 25 and 55 ms. By the first, the elbow is at 30/55 of its speed, and has gone 0.35·(1 + 30/55)/2·0.025 rad.
    expect(message(velocity, 0.14, -0.35)).toEqual({
      header,
      joint_names: names,
      points: [
        point(0.03, { positions: [0.2, -0.4], velocities: [0.14, -0.35] }),
        point(0.055, {
          positions: close(0.2 + 0.07 * 0.025, -0.4 - ((0.35 * 85) / 110) * 0.025),
          velocities: close(0, (-0.35 * 30) / 55),
        }),
        point(0.085, { positions: close(0.2 + 0.07 * 0.025, -0.4 - 0.175 * 0.055), velocities: close(0, 0) }),
      ],
    });
  });

  it('of velocities has no positions where the gate has none: for a controller that integrates by itself', () => {
    const without = { ...action(0.35, 0), reach: new Float64Array(0) } as unknown as SafeAction;
    expect(codecOf({ type: 'joint_velocity', message: 'joint_trajectory' }).encode(without).message).toEqual({
      header,
      joint_names: names,
      points: [point(0.03, { velocities: [0.35, 0] }), point(0.085, { velocities: [0, 0] })],
    });
  });

  it('of velocities has one point where all come to rest at once', () => {
    const { points } = message(velocity, 0.35, -0.35) as { points: { positions: number[] }[] };
    expect(points.map((p) => p.positions)).toEqual([
      [0.2, -0.4],
      [0.2 + 0.175 * 0.055, -0.4 - 0.175 * 0.055].map((p) => expect.closeTo(p, 12)),
    ]);
  });

  it('at rest is one point, and no two points are ever at one time', () => {
    expect(message(velocity, 0, 0)).toEqual({
      header,
      joint_names: names,
      points: [point(0.03, { positions: [0.2, -0.4], velocities: [0, 0] })],
    });
  });

  it('of positions is one point, where it stays', () => {
    expect(message({ type: 'joint_position', message: 'joint_trajectory' }, 0.5, -1)).toEqual({
      header,
      joint_names: names,
      points: [point(0.03, { positions: [0.5, -1] })],
    });
  });

  it.each<[what: string, change: (points: Changed[]) => void]>([
    ['a position of the first point', (p) => (p[0]!.positions[1] = -0.41)],
    ['a position of the last one', (p) => (p[2]!.positions[0] = 0.3)],
    ['a velocity of the second', (p) => (p[1]!.velocities[1] = -0.3)],
    ['an acceleration', (p) => (p[1]!.accelerations = [0, 0])],
    ['an effort', (p) => (p[0]!.effort = [1, 1])],
    ['the time of the end, by 1 ms', (p) => (p[2]!.time_from_start.nanosec += 1_000_000)],
    ['the time of the end, by 1 s', (p) => (p[2]!.time_from_start.sec += 1)],
    ['one point less', (p) => p.pop()],
    ['one more', (p) => p.push(p[2]!)],
    ['a null for a position', (p) => (p[1]!.positions[0] = null as never)],
  ])('that comes back with %s changed is not ours', (_what, change) => {
    const codec = codecOf(velocity);
    const echo = new Echo(2, 2);
    echo.sent(Float64Array.of(0.14, -0.35), 12, 1, 5, Float64Array.of(0.2, -0.4));
    const seen = JSON.parse(JSON.stringify(message(velocity, 0.14, -0.35)));
    echo.observe(codec.decode(seen));
    expect([echo.heard, echo.foreignSeq, echo.age(100)]).toEqual([true, -1, 0]);
    echo.sent(Float64Array.of(0.14, -0.35), 12, 2, 50, Float64Array.of(0.21, -0.4));
    change(seen.points);
    echo.observe(codec.decode(seen));
    expect([echo.foreignSeq, echo.foreignCommands, echo.age(100)]).toEqual([0, 1, 50]);
  });

  it('of positions that comes back with a velocity is not ours', () => {
    const positions = { type: 'joint_position', message: 'joint_trajectory' };
    const seen = JSON.parse(JSON.stringify(message(positions, 0.5, -1)));
    expect(codecOf(positions).decode(seen).setpoint).toEqual(Float64Array.of(0.5, -1));
    seen.points[0].velocities = [1, 1];
    expect(codecOf(positions).decode(seen).setpoint).toBeNull();
  });

  it('in silence stops on a way no longer than the limits reckon with, by the braking law or its own ramp', () => {
    const robot = robotOf(velocity);
    const l = jointLimits(safetySchema.parse({ risk: {} }), robot);
    for (const v of [0.01, 0.1, 0.5, 1, 2]) {
      // Beside one that takes ten times as long.
      const { points } = message(velocity, v, 2) as {
        points: { positions: number[]; time_from_start: { sec: number; nanosec: number } }[];
      };
      const [hold, end] = points.map((p) => p.time_from_start.sec + p.time_from_start.nanosec * 1e-9) as [
        number,
        number,
      ];
      const way = v * hold + points.at(-1)!.positions[0]! - 0.2;
      expect(way).toBeCloseTo(v * hold + (v * (end - hold)) / 2, 9);
      const reckoned = v * l.reaction[0]! + (v * v) / (2 * l.deceleration[0]!);
      expect(way).toBeLessThanOrEqual(reckoned + 1e-12);
      // The ramp is no steeper than the joint's acceleration limit: a robot can follow it.
      expect(v / (end - hold)).toBeLessThanOrEqual(l.acceleration[0]!);
      // And the braking law of the gate, which may use all of it, stops sooner still.
      let [speed, was, time] = [v, v, 0];
      let a = 0;
      while (speed > 0 && time < 1) {
        was = speed;
        speed = brakeVelocity(speed, a, l.acceleration[0]!, l.jerk[0]!, 1e-4);
        a = (speed - was) / 1e-4;
        time += 1e-4;
      }
      expect(time).toBeLessThanOrEqual(end - hold + 1e-3);
    }
  });

  it('ends within the lease for the speeds that the lease is long enough for', () => {
    // (100 − 30 − 5) ms · 7 rad/s²
    const { points } = message(velocity, 0.455, 0) as { points: { time_from_start: { nanosec: number } }[] };
    expect(points[1]!.time_from_start.nanosec).toBe(100_000_000);
  });
});

describe('PoseStamped', () => {
  const cartesian = { type: 'cartesian_impedance', message: 'pose_stamped' };
  const setpoint = [1, 2, 3, 0, 0, 0.6, 0.8, 700, 30];
  const pose = { position: { x: 1, y: 2, z: 3 }, orientation: { x: 0, y: 0, z: 0.6, w: 0.8 } };
  const { header } = stamped;

  it('is the equilibrium pose at the time of the robot, and no more', () => {
    expect(codecOf(cartesian).encode(action(...setpoint))).toEqual({
      topic: '/command',
      type: 'geometry_msgs/msg/PoseStamped',
      message: { header, pose },
    });
    expect(codecOf(cartesian).besides).toEqual([]);
  });

  it('is preceded by the stiffness where the controller has a topic for it', () => {
    const codec = codecOf({ ...cartesian, stiffness_topic: '/stiffness' });
    const type = 'geometry_msgs/msg/WrenchStamped';
    expect(codec.besides).toEqual([{ topic: '/stiffness', type }]);
    const message = { header, wrench: { force: { x: 700, y: 700, z: 700 }, torque: { x: 30, y: 30, z: 30 } } };
    expect(codec.encode(action(...setpoint)).before).toEqual([{ topic: '/stiffness', type, message }]);
  });

  it('and first of all comes the lease, where there is one', () => {
    const codec = withLease(codecOf({ ...cartesian, stiffness_topic: '/stiffness' }), '/lease');
    expect(codec.besides?.map((b) => b.topic)).toEqual(['/lease', '/stiffness']);
    expect(codec.encode(action(...setpoint)).before?.map((b) => b.topic)).toEqual(['/lease', '/stiffness']);
  });

  it('that comes back is known by its pose; the stiffness is not in it', () => {
    const codec = codecOf(cartesian);
    const seen = codec.decode({ header, pose });
    expect(seen).toEqual({ epoch: -1, seq: -1, stampNs: UNSTAMPED, setpoint: Float64Array.from(setpoint.slice(0, 7)) });
    const echo = new Echo(codec.carries!);
    echo.sent(Float64Array.from(setpoint), 12, 1, 5);
    echo.observe(seen);
    expect([echo.heard, echo.foreignSeq]).toEqual([true, -1]);
    echo.observe(codec.decode({ header, pose: { ...pose, position: { x: 1, y: 2, z: 3.1 } } }));
    expect(echo.foreignSeq).toBe(0);
  });
});

const SPELLINGS = [
  { type: 'joint_velocity', message: 'joint_trajectory', trajectory: { positions: true } },
  ...['joint_velocity', 'joint_position'].flatMap((type) =>
    ['float64_multi_array', 'joint_jog', 'joint_trajectory'].map((m) => ({ type, message: m })),
  ),
  { type: 'cartesian_impedance', message: 'pose_stamped', stiffness_topic: '/stiffness' },
];

describe.each(SPELLINGS)('$message of a $type interface', (how) => {
  const codec = codecOf(how);
  const setpoint = how.type === 'cartesian_impedance' ? [1, 2, 3, 0, 0, 0.6, 0.8, 700, 30] : [0.5, -1];
  // Velocities in a trajectory have positions after them.
  const isLed = 'trajectory' in how;
  const sent = { ...action(...setpoint), ...(isLed ? {} : { reach: new Float64Array(0) }) } as SafeAction;
  const seen = how.type === 'cartesian_impedance' ? setpoint.slice(0, 7) : isLed ? [...setpoint, 0.2, -0.4] : setpoint;

  it('is of its type by the definition', () => {
    const { before = [], ...command } = codec.encode(sent);
    for (const one of [command, ...before]) expect(validate(one.type, structuredClone(one.message))).toBeNull();
  });

  it('comes back from the wire as it went, in both dialects', () => {
    const encoded = codec.encode(sent);
    expect(spellType(encoded.type, 1).split('/')).toHaveLength(2);
    const ros1 = JSON.stringify(spellOutgoing(encoded.message, 1));
    expect(ros1).not.toMatch(/nanosec/);
    expect(codec.decode(JSON.parse(JSON.stringify(encoded.message))).setpoint).toEqual(Float64Array.from(seen));
    if (!('points' in (encoded.message as object))) return;
    expect(codec.decode(JSON.parse(ros1)).setpoint).toEqual(Float64Array.from(seen));
  });

  it.each([null, undefined, 7, [], {}, { data: [1] }, { joint_names: ['x', 'y'] }, { points: [null] }, { pose: null }])(
    'does not read %j as a command of ours, and does not fail',
    (other) => {
      const { setpoint: read } = codec.decode(other);
      expect(read === null || [...read].every(Number.isNaN)).toBe(true);
    },
  );

  it('with other joints, or fewer, is nobody of ours', () => {
    if (how.type === 'cartesian_impedance') return;
    const encoded = JSON.parse(JSON.stringify(codec.encode(sent).message));
    if ('data' in encoded) encoded.data.pop();
    else encoded.joint_names.reverse();
    expect(codec.decode(encoded).setpoint).toBeNull();
  });
});
