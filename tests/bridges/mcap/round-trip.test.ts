import { afterAll, describe, expect, it } from 'vitest';
import { definitions } from '../../../bridges/messages/definitions.ts';
import { folder, readAll, recording } from './rig.ts';

const at = folder();
afterAll(() => at.remove());

const stamp = { sec: 1_700_000_000, nanosec: 999_999_999 };
const header = { stamp, frame_id: 'base' };
const xyz = { x: 0.5, y: -0.25, z: 1e-9 };
const pose = { position: xyz, orientation: { x: 0, y: 0, z: 0, w: 1 } };
const twist = { linear: xyz, angular: { x: 0, y: 0, z: -0.5 } };
const covariance = Array<number>(36).fill(0.25);

/** One message of every type that we write: what goes in, and what comes out where it differs (64 bits, times). */
const SAMPLES: Record<string, { in: Record<string, unknown>; out?: Record<string, unknown> }> = {
  'sensor_msgs/msg/JointState': {
    in: { header, name: ['a', 'b'], position: [0.1, -2], velocity: [Number.NaN, 0], effort: [] },
  },
  'geometry_msgs/msg/PoseStamped': { in: { header, pose } },
  'geometry_msgs/msg/WrenchStamped': { in: { header, wrench: { force: xyz, torque: { x: 1, y: 2, z: 3 } } } },
  'geometry_msgs/msg/Twist': { in: { ...twist } },
  'geometry_msgs/msg/TwistStamped': { in: { header, twist } },
  'nav_msgs/msg/Odometry': {
    in: { header, child_frame_id: 'base_link', pose: { pose, covariance }, twist: { twist, covariance } },
  },
  'sensor_msgs/msg/CompressedImage': { in: { header, format: 'png', data: [137, 80] } },
  'sensor_msgs/msg/Image': {
    in: {
      ...{ header, height: 1, width: 1, encoding: 'rgb8', is_bigendian: 0, step: 3, data: [1, 2, 3] },
    },
  },
  'sensor_msgs/msg/LaserScan': {
    in: {
      ...{ header, angle_min: -1.5, angle_max: 1.5, angle_increment: 1.5, time_increment: 0, scan_time: 0.125 },
      ...{ range_min: 0.0625, range_max: 12, ranges: [1, Number.NaN, Number.POSITIVE_INFINITY], intensities: [] },
    },
  },
  'sensor_msgs/msg/Range': {
    in: { header, radiation_type: 1, field_of_view: 0.5, min_range: 0.03125, max_range: 4, range: 1.5 },
  },
  'std_msgs/msg/Float64MultiArray': { in: { layout: { dim: [], data_offset: 0 }, data: [0.5, -1] } },
  'trajectory_msgs/msg/JointTrajectory': {
    in: {
      header,
      joint_names: ['a'],
      points: [{ ...{ positions: [], velocities: [1], accelerations: [], effort: [] }, time_from_start: stamp }],
    },
  },
  'control_msgs/msg/JointJog': {
    in: { header, joint_names: ['a'], displacements: [], velocities: [1], duration: 0.1 },
  },
  'rosgraph_msgs/msg/Clock': { in: { clock: stamp } },
  'std_msgs/msg/String': { in: { data: 'force 31 N > 30 N: µ, Δ, 力' } },
  'std_msgs/msg/Float64': { in: { data: Number.POSITIVE_INFINITY } },
  'reflexarc_msgs/msg/EquilibriumCommand': {
    in: {
      ...{ header, epoch: 2 ** 40, seq: 2 ** 31, lease_ms: 100, state_stamp: stamp, pose },
      ...{ stiffness: 2000, stiffness_rotation: 150, mode: 'ACTIVE', source: 'policy' },
    },
    out: { epoch: 2n ** 40n },
  },
  'reflexarc_msgs/msg/Stop': { in: { header, epoch: 7, reason: 'reflex silent' }, out: { epoch: 7n } },
  'reflexarc_msgs/msg/RobotStatus': {
    in: {
      ...{ header, holding: true, reason: 'deadman', epoch: 1, seq: 2, accepted: 3, refused: 4 },
      ...{ last_refusal: '', command_age_ms: -1 },
    },
    out: { epoch: 1n },
  },
  'reflexarc_msgs/msg/EpisodeStatus': {
    in: {
      ...{ header, episode: 4, seed: 9, phase: 'running', success: false, violation: true },
      ...{ max_force: 31.5, depth: 0.004, duration_s: 2.5 },
    },
  },
  'reflexarc_msgs/msg/Decision': {
    in: {
      ...{ header, epoch: 2, seq: 11, observation_seq: 12, observation_stamp: stamp },
      ...{
        observation_base: [1, 2, 3],
        observation_residual: [],
        base: [0, 0, -1, 1],
        residual: [0, 0, 0, 0],
        residual_scale: 1,
      },
    },
    out: { epoch: 2n },
  },
  'reflexarc_msgs/msg/TickRecord': {
    in: {
      ...{ header, epoch: 2, seq: 5, mode: 'RECOVERY', source: 'recovery', state_seq: 8, state_stamp: stamp },
      ...{ decision_seq: -1, residual_fraction: 0.5, risk: Number.NaN, force: 12 },
      ...{ cause: 'risk', value: 0.4, limit: 0.35 },
      ...{ aim: [1, 2], setpoint: [3, 4], sent: true, refused: '', compute_us: 40.5, loop_us: 900 },
    },
    out: { epoch: 2n, decision_seq: -1n },
  },
  'reflexarc_msgs/msg/GateJournal': {
    in: { header, version: 1, first: 12, entries: [0, 2, 1, 7, Number.NaN, -0] },
    out: { first: 12n },
  },
  'reflexarc_msgs/msg/LadderTransition': {
    in: {
      ...{ header, from_mode: 'ACTIVE', to_mode: 'STOPPING', cause: 'force_limit', detail: 'force 31 N' },
      ...{ value: 31, limit: 30, margin: -1, incident: 6, epoch: 2 },
    },
    out: { epoch: 2n },
  },
};

/** Typed arrays become plain ones. */
function plain(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return Array.from(value as Float64Array);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]));
}

describe('a message comes back as it was', () => {
  it('and there is a sample of every type that we write', () => {
    // Of the standard types those that only occur inside others, and a service's answer, are no topic of ours.
    const parts =
      /^(builtin_interfaces|geometry_msgs\/msg\/(Vector3|Point|Quaternion|Pose|Wrench|\w+WithCovariance)$|std_msgs\/msg\/(Header|MultiArray\w+)|trajectory_msgs\/msg\/JointTrajectoryPoint|std_srvs)/;
    expect(Object.keys(SAMPLES).sort()).toEqual([...definitions.keys()].filter((type) => !parts.test(type)).sort());
  });

  it.each(Object.entries(SAMPLES))('%s', async (type, sample) => {
    const path = at.path(`${type.replaceAll('/', '_')}.mcap`);
    const { recorder, errors } = await recording(path);
    const given = structuredClone(sample.in);
    recorder.record('/topic', type, given, 5, 6);
    await recorder.close();
    expect(errors).toEqual([]);
    // The caller's message is not changed.
    expect(given).toEqual(sample.in);
    const { messages, error } = await readAll(path);
    expect(error).toBeNull();
    expect(messages.map((m) => ({ ...m, message: plain(m.message) }))).toEqual([
      { topic: '/topic', type, logTimeNs: 5n, message: { ...sample.in, ...sample.out } },
    ]);
  });

  it('a float that a bridge delivered as null is NaN in the log, not 0', async () => {
    const path = at.path('null.mcap');
    const { recorder } = await recording(path);
    const message = { header, name: ['a'], position: [null], velocity: [0], effort: [1, null] };
    recorder.record('/joint_states', 'sensor_msgs/msg/JointState', message, 1, 1);
    recorder.record('/f', 'std_msgs/msg/Float64', { data: null }, 1, 1);
    await recorder.close();
    const [joints, single] = (await readAll(path)).messages.map((m) => plain(m.message)) as [typeof message, unknown];
    expect([joints.position, joints.velocity, joints.effort]).toEqual([[Number.NaN], [0], [1, Number.NaN]]);
    expect(single).toEqual({ data: Number.NaN });
  });

  it('64-bit integers are found inside nested messages and arrays', async () => {
    const path = at.path('nested.mcap');
    const separator = '='.repeat(80);
    const { recorder } = await recording(path, {
      definitionOf: () => `Inner inner\nInner[] more\nuint64[] ids\n${separator}\nMSG: t/Inner\nint64 n\nfloat64 v`,
    });
    const message = { inner: { n: 1, v: 2 }, more: [{ n: -3, v: Number.NaN }], ids: [4, 5n, 6] };
    recorder.record('/nested', 't/msg/Outer', message, 1, 1);
    await recorder.close();
    expect(recorder.counters.droppedBecause.encoding).toBe(0);
    const [read] = (await readAll(path)).messages;
    expect(read?.message.inner).toEqual({ n: 1n, v: 2 });
    expect(read?.message.more).toEqual([{ n: -3n, v: Number.NaN }]);
    expect(Array.from(read?.message.ids as BigUint64Array)).toEqual([4n, 5n, 6n]);
  });
});
