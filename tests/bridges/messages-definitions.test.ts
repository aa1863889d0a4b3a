import { parse } from '@foxglove/rosmsg';
import { MessageReader, MessageWriter } from '@foxglove/rosmsg2-serialization';
import { describe, expect, it } from 'vitest';
import { definitionOf, definitions } from '../../bridges/messages/definitions.ts';
import { TYPES } from '../../bridges/messages/messages.ts';

const header = { stamp: { sec: 12, nanosec: 345_678_901 }, frame_id: 'base' };
const point = { x: 0.5, y: -0.25, z: 0.125 };
const upright = { x: 0, y: 0, z: 0, w: 1 };
const pose = { position: point, orientation: upright };
const list = (...v: number[]) => Float64Array.from(v);
const twist = { linear: point, angular: { x: 0, y: 0, z: -0.5 } };
const covariance = new Float64Array(36).fill(0.5);

const trajectoryPoint = {
  positions: list(),
  velocities: list(0.5),
  accelerations: list(),
  effort: list(),
  time_from_start: { sec: 0, nanosec: 30_000_000 },
};

const diagnosticStatus = {
  level: 2,
  name: 'reflexarc: ladder',
  message: 'STOPPED: brain_lost',
  hardware_id: 'fr3',
  values: [{ key: 'incident', value: '4' }],
};

/** One message of each type; 1.7e12 is an epoch of milliseconds, above 2^32. uint64 is read back as a bigint. */
const EXAMPLES: Record<string, object> = {
  'builtin_interfaces/msg/Time': header.stamp,
  'std_msgs/msg/Header': header,
  'std_msgs/msg/Float64': { data: 0.1 },
  'std_msgs/msg/String': { data: 'ACTIVE' },
  'geometry_msgs/msg/Vector3': point,
  'geometry_msgs/msg/Point': point,
  'geometry_msgs/msg/Quaternion': upright,
  'geometry_msgs/msg/Pose': pose,
  'geometry_msgs/msg/Wrench': { force: point, torque: point },
  'geometry_msgs/msg/PoseStamped': { header, pose },
  'geometry_msgs/msg/WrenchStamped': { header, wrench: { force: point, torque: { ...point, x: Number.NaN } } },
  'sensor_msgs/msg/JointState': {
    header,
    name: ['joint1', 'joint2'],
    position: list(1, Number.NaN),
    velocity: list(0.5, -0.5),
    effort: list(),
  },
  'geometry_msgs/msg/Twist': twist,
  'geometry_msgs/msg/TwistStamped': { header, twist },
  'geometry_msgs/msg/PoseWithCovariance': { pose, covariance },
  'geometry_msgs/msg/TwistWithCovariance': { twist, covariance },
  'nav_msgs/msg/Odometry': {
    header,
    child_frame_id: 'base_link',
    pose: { pose, covariance },
    twist: { twist, covariance },
  },
  'sensor_msgs/msg/LaserScan': {
    header,
    angle_min: -1.5,
    angle_max: 1.5,
    angle_increment: 1.5,
    time_increment: 0,
    scan_time: 0.125,
    range_min: 0.0625,
    range_max: 12,
    ranges: Float32Array.of(1, Number.NaN, Number.POSITIVE_INFINITY),
    intensities: new Float32Array(0),
  },
  'sensor_msgs/msg/Range': {
    header,
    radiation_type: 1,
    field_of_view: 0.5,
    min_range: 0.03125,
    max_range: 4,
    range: 1.5,
  },
  'sensor_msgs/msg/CompressedImage': { header, format: 'jpeg', data: Uint8Array.of(255, 216, 0) },
  'sensor_msgs/msg/Image': {
    header,
    height: 1,
    width: 2,
    encoding: 'mono8',
    is_bigendian: 0,
    step: 2,
    data: Uint8Array.of(7, 255),
  },
  'builtin_interfaces/msg/Duration': { sec: 0, nanosec: 30_000_000 },
  'std_msgs/msg/MultiArrayDimension': { label: 'joint', size: 7, stride: 7 },
  'std_msgs/msg/MultiArrayLayout': { dim: [], data_offset: 0 },
  'std_msgs/msg/Float64MultiArray': { layout: { dim: [], data_offset: 0 }, data: list(0.5, -1) },
  'trajectory_msgs/msg/JointTrajectoryPoint': trajectoryPoint,
  'trajectory_msgs/msg/JointTrajectory': { header, joint_names: ['a'], points: [trajectoryPoint, trajectoryPoint] },
  'control_msgs/msg/JointJog': {
    header,
    joint_names: ['a', 'b'],
    displacements: list(),
    velocities: list(0.5, -1),
    duration: 0.1,
  },
  'rosgraph_msgs/msg/Clock': { clock: header.stamp },
  'std_msgs/msg/UInt64MultiArray': {
    layout: { dim: [{ label: 'epoch, seq, lease_us', size: 3, stride: 3 }], data_offset: 0 },
    data: BigUint64Array.of(1_700_000_000_123n, 7n, 100_000n),
  },
  'diagnostic_msgs/msg/KeyValue': { key: 'mode', value: 'ACTIVE' },
  'diagnostic_msgs/msg/DiagnosticStatus': diagnosticStatus,
  'diagnostic_msgs/msg/DiagnosticArray': { header, status: [diagnosticStatus, diagnosticStatus] },
  'std_srvs/srv/Trigger_Response': { success: true, message: 'episode 3' },
  'reflexarc_msgs/msg/EquilibriumCommand': {
    header,
    epoch: 1_700_000_000_123n,
    seq: 7,
    lease_ms: 100,
    state_stamp: { sec: 12, nanosec: 340_000_000 },
    pose,
    stiffness: 2000,
    stiffness_rotation: 150,
    mode: 'ACTIVE',
    source: 'policy',
  },
  'reflexarc_msgs/msg/Stop': { header, epoch: 1_700_000_000_123n, reason: 'reflex silent for 51 ms' },
  'reflexarc_msgs/msg/RobotStatus': {
    header,
    holding: true,
    reason: 'deadman',
    epoch: 3n,
    seq: 4_000_000_000,
    accepted: 10,
    refused: 2,
    last_refusal: 'old epoch',
    command_age_ms: -1,
  },
  'reflexarc_msgs/msg/EpisodeStatus': {
    header,
    episode: 2,
    seed: 9,
    phase: 'success',
    success: true,
    violation: false,
    max_force: 12.5,
    depth: 0.02,
    duration_s: 3.25,
  },
  'reflexarc_msgs/msg/State': {
    header,
    mode: 'STOPPED',
    cause: 'brain_lost',
    detail: 'the brain process is gone',
    incident: 4,
    epoch: 1_700_000_000_123n,
    command_seq: 4_000_000_000,
    source: 'hold',
    link_up: true,
    brain_up: false,
    residual_scale: 0.5,
    speed_scale: 1,
    takeover: '',
    takeovers_refused: 3,
    takeover_refusal: 'stale',
    interventions: 2,
  },
  'reflexarc_msgs/msg/Takeover': {
    header,
    epoch: 1_700_000_000_123n,
    command_seq: 71,
    seq: 5,
    action: list(0, -1, 0.5, 0),
    release: false,
    operator: 'desk',
  },
  'reflexarc_msgs/msg/Command': {
    header,
    epoch: 1_700_000_000_123n,
    seq: 72,
    lease_ms: 100,
    mode: 'ACTIVE',
    source: 'takeover',
    tick: 500,
    decision_seq: -1n,
    takeover_seq: 5n,
    setpoint: list(3, 4, 5),
  },
  'reflexarc_msgs/msg/Intervention': { header, epoch: 5n, cause: 'takeover', by: 'person', count: 2 },
  'reflexarc_msgs/srv/SetScale_Request': { scale: 0.25 },
  'reflexarc_msgs/srv/SetScale_Response': { success: false, message: 'residual_scale 2 is not within 0 to 1' },
  'reflexarc_msgs/msg/Decision': {
    header,
    epoch: 5n,
    seq: 6,
    observation_seq: 7,
    observation_stamp: { sec: 1, nanosec: 2 },
    observation_base: list(1, 2, 3),
    observation_residual: list(4),
    base: list(0, 0.5, -1, 1),
    residual: list(0, 0, 0, 0.125),
    residual_scale: 0.5,
  },
  'reflexarc_msgs/msg/TickRecord': {
    header,
    epoch: 5n,
    seq: 6,
    mode: 'ACTIVE',
    source: 'policy',
    state_seq: 7,
    state_stamp: { sec: 1, nanosec: 2 },
    decision_seq: 8n,
    command_seq: 72,
    takeover_seq: -1n,
    residual_fraction: 0.5,
    risk: 0.25,
    force: 3.5,
    cause: '',
    value: 1.5,
    limit: 2.5,
    aim: list(1, 2),
    setpoint: list(3, 4, 5),
    sent: true,
    refused: '',
    compute_us: 41.5,
    loop_us: 180,
  },
  'reflexarc_msgs/msg/GateJournal': {
    header,
    version: 1,
    first: 3n,
    entries: list(0, 2, 1, 7, Number.NaN),
  },
  'reflexarc_msgs/msg/LadderTransition': {
    header,
    from_mode: 'ACTIVE',
    to_mode: 'STOPPING',
    cause: 'force_limit',
    detail: 'force 31 N, allowed 30 N',
    value: 31,
    limit: 30,
    margin: -1,
    incident: 4,
    epoch: 5n,
  },
};

describe('message definitions', () => {
  it('has an example here of every type, and a definition of every topic type that we speak', () => {
    expect([...definitions.keys()].sort()).toEqual(Object.keys(EXAMPLES).sort());
    for (const type of Object.values(TYPES)) {
      const message = type.includes('/srv/') ? `${type}_Response` : type;
      expect(definitions.has(message), message).toBe(true);
    }
  });

  it.each(Object.entries(EXAMPLES))('writes %s as CDR and reads back the same', (type, example) => {
    const parsed = parse(definitionOf(type), { ros2: true });
    const bytes = new MessageWriter(parsed).writeMessage(example);
    expect([...bytes.subarray(0, 4)]).toEqual([0, 1, 0, 0]);
    const reader = new MessageReader(parsed);
    expect(reader.readMessage(bytes)).toEqual(example);
    expect(reader.lastReadHadTrailingBytes()).toBe(false);
  });

  it('takes an epoch that is a number, as our messages hold it', () => {
    const parsed = parse(definitionOf(TYPES.stop), { ros2: true });
    const bytes = new MessageWriter(parsed).writeMessage({ header, epoch: 1_700_000_000_123, reason: '' });
    expect(new MessageReader(parsed).readMessage<{ epoch: bigint }>(bytes).epoch).toBe(1_700_000_000_123n);
  });

  it('joins the used types below 80 equal signs, each once, in order of first use', () => {
    const lines = definitionOf('geometry_msgs/msg/PoseStamped').split('\n');
    expect(lines.slice(0, 2)).toEqual(['std_msgs/Header header', 'geometry_msgs/Pose pose']);
    expect(lines.filter((line) => line.startsWith('MSG: '))).toEqual([
      'MSG: std_msgs/Header',
      'MSG: builtin_interfaces/Time',
      'MSG: geometry_msgs/Pose',
      'MSG: geometry_msgs/Point',
      'MSG: geometry_msgs/Quaternion',
    ]);
    expect(lines.filter((line) => line === '='.repeat(80))).toHaveLength(5);
  });

  it('says which types there are when asked for another', () => {
    expect(() => definitionOf('sensor_msgs/msg/Imu')).toThrow(/RA_INTERNAL: no definition of sensor_msgs\/msg\/Imu/);
  });
});
